"""Python functions as a runtime."""

from __future__ import annotations

import threading
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from enum import Enum
from typing import Annotated, Literal

import pytest

from runtimes.base import CallContext, CallResult, FunctionCall, RuntimeExecutor, RuntimeSpec
from runtimes.errors import InvocationError
from runtimes.memory import MemoryRuntime
from runtimes.values import Json, JsonObject
from tests.servers.no_http import NO_SERVICES


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


def add(first: int, second: float = 1.5) -> float:
    """Adds two numbers,
    whatever they are.

    The rest is for programmers.
    """
    return first + second


async def paint(colours: list[Colour], coat: Colour | None = None) -> str:
    return "+".join(colour.name for colour in [*colours, *([coat] if coat else [])])


@asynccontextmanager
async def opened(
    runtime: MemoryRuntime, functions: tuple[str, ...] | None = None
) -> AsyncGenerator[RuntimeExecutor, None]:
    spec = RuntimeSpec(plugin="p", type="x-memory", spec={}, location="", functions=functions)
    async with runtime(spec, NO_SERVICES) as executor:
        yield executor


async def ask(runtime: MemoryRuntime, function: str, **arguments: Json) -> CallResult:
    async with opened(runtime) as executor:
        call = FunctionCall(id="c", function=function, arguments=arguments)
        return await executor.invoke(call, CallContext(person="ada", timeout=5))


async def test_a_function_describes_itself() -> None:
    async with opened(MemoryRuntime(add, paint, read_only={"add"})) as executor:
        signature = executor.functions["add"]
        assert signature.description == "Adds two numbers, whatever they are."
        assert signature.parameters == {
            "type": "object",
            "properties": {"first": {"type": "integer"}, "second": {"type": "number", "default": 1.5}},
            "required": ["first"],
            "additionalProperties": False,
        }
        assert (signature.method, signature.repeatable, signature.is_consequential) == (None, True, False)
        other = executor.functions["paint"]
        assert (other.description, other.repeatable, other.is_consequential) == ("", False, None)


def scalars(
    text: str, yes: bool, size: Literal["s", "m"], colour: Colour, told: Annotated[int, "how many"], anything: Json
) -> None:
    raise NotImplementedError


def containers(names: list[str], table: dict[str, int], maybe: str | None, *, late: list[Colour] | None = None) -> None:
    raise NotImplementedError


def bare(names: object, table: object, anything: object = None) -> None:
    raise NotImplementedError


bare.__annotations__ = {"names": list, "table": dict}

PROPERTIES: dict[str, JsonObject] = {
    "scalars": {
        "text": {"type": "string"},
        "yes": {"type": "boolean"},
        "size": {"enum": ["s", "m"]},
        "colour": {"enum": ["red", "blue"]},
        "told": {"type": "integer", "description": "how many"},
        "anything": {},
    },
    "containers": {
        "names": {"type": "array", "items": {"type": "string"}},
        "table": {"type": "object", "additionalProperties": {"type": "integer"}},
        "maybe": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "late": {
            "anyOf": [{"type": "array", "items": {"enum": ["red", "blue"]}}, {"type": "null"}],
            "default": None,
        },
    },
    "bare": {"names": {"type": "array"}, "table": {"type": "object"}, "anything": {"default": None}},
}


async def test_each_kind_of_annotation_has_its_schema() -> None:
    async with opened(MemoryRuntime(scalars, containers, bare)) as executor:
        parameters = {name: signature.parameters for name, signature in executor.functions.items()}
    assert {name: schema["properties"] for name, schema in parameters.items()} == PROPERTIES
    assert {name: schema["required"] for name, schema in parameters.items()} == {
        "scalars": ["text", "yes", "size", "colour", "told", "anything"],
        "containers": ["names", "table", "maybe"],
        "bare": ["names", "table"],
    }


async def test_arguments_go_in_by_name_and_the_value_comes_out() -> None:
    assert (await ask(MemoryRuntime(add), "add", second=2, first=1)).payload == 3
    assert (await ask(MemoryRuntime(add), "add", first=1)).payload == 2.5


async def test_members_of_an_enumeration_arrive_as_such() -> None:
    runtime = MemoryRuntime(paint)
    assert (await ask(runtime, "paint", colours=["red", "blue"], coat="red")).payload == "RED+BLUE+RED"
    assert (await ask(runtime, "paint", colours=[], coat=None)).payload == ""
    refused = await ask(runtime, "paint", colours=["green"])
    assert refused == CallResult(
        payload={"error": "ValueError", "message": "'green' is not a valid Colour"}, is_error=True
    )


async def test_an_ordinary_function_does_not_hold_up_the_loop() -> None:
    def where() -> bool:
        return threading.current_thread() is threading.main_thread()

    assert (await ask(MemoryRuntime(where), "where")).payload is False


async def test_an_exception_is_an_answer_without_a_traceback_or_a_query() -> None:
    def look() -> None:
        raise LookupError("nothing at https://api.example/x?token=secret\nsecond line")

    assert await ask(MemoryRuntime(look), "look") == CallResult(
        payload={"error": "LookupError", "message": "nothing at https://api.example/x?…"}, is_error=True
    )


async def test_a_missing_or_unknown_argument_is_an_answer_too() -> None:
    result = await ask(MemoryRuntime(add), "add", third=1)
    assert result.is_error
    assert isinstance(result.payload, dict)
    assert result.payload["error"] == "TypeError"


@pytest.mark.parametrize(
    "value", [object(), {1, 2}, {1: "a", (2,): "b"}, 2**70], ids=["object", "set", "key", "number"]
)
async def test_a_value_that_is_not_json_is_an_invocation_error(value: object) -> None:
    def give() -> object:
        return value

    with pytest.raises(InvocationError, match="'give' returned what is not JSON"):
        await ask(MemoryRuntime(give), "give")


async def test_a_spec_chooses_functions_and_names_that_are_missing() -> None:
    async with opened(MemoryRuntime(add, paint), ("paint", "remove")) as executor:
        assert set(executor.functions) == {"paint"}
        assert executor.unusable == {"remove": "the program has no such function"}


def positional(first: int, /) -> None:
    raise NotImplementedError


def many(*numbers: int) -> None:
    raise NotImplementedError


def odd(value: complex) -> None:
    raise NotImplementedError


def odd_default(value: object = object()) -> None:
    raise NotImplementedError


def unresolved(value: object) -> None:
    raise NotImplementedError


unresolved.__annotations__ = {"value": "NoSuchType"}


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (unresolved, "the parameters of 'unresolved' cannot be read: name 'NoSuchType' is not defined"),
        (positional, "parameter 'first' of 'positional' cannot be passed by name"),
        (many, "parameter 'numbers' of 'many' cannot be passed by name"),
        (odd, "parameter 'value' of 'odd': <class 'complex'> is not a type that JSON has"),
        (odd_default, "parameter 'value' of 'odd_default': Type is not JSON serializable: object"),
    ],
)
def test_what_cannot_be_offered_is_refused_at_once(function: Callable[..., None], reason: str) -> None:
    with pytest.raises(ValueError, match="parameter") as failure:
        MemoryRuntime(function)
    assert str(failure.value) == reason


def test_names_must_be_clear() -> None:
    with pytest.raises(ValueError, match="'<lambda>' is not a name that a model can call"):
        MemoryRuntime(lambda: None)
    with pytest.raises(ValueError, match="two functions have the same name"):
        MemoryRuntime(add, add)
    with pytest.raises(ValueError, match="read_only names 'ad'"):
        MemoryRuntime(add, read_only={"ad"})
