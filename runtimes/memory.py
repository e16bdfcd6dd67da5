"""Python functions as a runtime: the in-memory twin of the seam, and the shortest way to give a model a tool.

Names, descriptions and parameters are read from the functions. A caller's program passes a `MemoryRuntime` where a
factory is wanted; `runtimes.signatures` reads one function.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncGenerator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import anyio
import anyio.to_thread
import orjson

from auth import SignIn
from runtimes.base import (
    CallContext,
    CallResult,
    FunctionCall,
    FunctionSignature,
    RuntimeExecutor,
    RuntimeServices,
    RuntimeSpec,
    WireMessage,
)
from runtimes.errors import InvocationError
from runtimes.signatures import Parameter, description_of, parameters_of, schema_of
from runtimes.values import InvalidJson, Json, JsonObject, parse_json
from runtimes.wrappers import one_line

Function = Callable[..., object]
"""A function with named parameters; a coroutine function is awaited, any other runs in a worker thread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    function: Function
    parameters: Mapping[str, Parameter]
    signature: FunctionSignature


def _known(function: Function, is_read_only: bool) -> _Known:
    if not function.__name__.isidentifier():
        raise ValueError(f"{function.__name__!r} is not a name that a model can call; define the function with def")
    parameters = parameters_of(function)
    return _Known(
        function=function,
        parameters=parameters,
        signature=FunctionSignature(
            name=function.__name__,
            description=description_of(function),
            parameters=schema_of(parameters),
            destination="this program",
            repeatable=is_read_only,
            is_consequential=False if is_read_only else None,
        ),
    )


async def _run(function: Function, arguments: Mapping[str, object]) -> object:
    if inspect.iscoroutinefunction(function):
        return await function(**arguments)
    bound = functools.partial(function, **arguments)
    return await anyio.to_thread.run_sync(bound, abandon_on_cancel=True)


def _payload(name: str, value: object) -> Json:
    try:
        return parse_json(orjson.dumps(value))
    except (orjson.JSONEncodeError, InvalidJson) as error:
        raise InvocationError(f"the function {name!r} returned what is not JSON: {error}") from error


def _converted(parameters: Mapping[str, Parameter], arguments: JsonObject) -> dict[str, object]:
    unknown = {name: value for name, value in arguments.items() if name not in parameters}
    return unknown | {name: parameters[name].convert(value) for name, value in arguments.items() if name in parameters}


class _MemoryExecutor:
    def __init__(self, known: Mapping[str, _Known], unusable: Mapping[str, str]) -> None:
        self._known = known
        self._unusable = unusable

    @property
    def functions(self) -> Mapping[str, FunctionSignature]:
        return {name: known.signature for name, known in self._known.items()}

    @property
    def unusable(self) -> Mapping[str, str]:
        return self._unusable

    def preview(self, call: FunctionCall, /) -> tuple[WireMessage, ...]:
        raise InvocationError(f"a call of {call.function!r} runs in this program and sends nothing")

    async def sign_in(self, function: str, person: str, /) -> SignIn | None:
        del function, person
        return None

    async def invoke(self, call: FunctionCall, context: CallContext, /) -> CallResult:
        known = self._known.get(call.function)
        if known is None:
            raise InvocationError(
                f"there is no function {call.function!r}; known functions: {', '.join(self._known) or 'none'}"
            )
        with anyio.move_on_after(context.timeout):
            try:
                value = await _run(known.function, _converted(known.parameters, call.arguments))
            except Exception as error:  # noqa: BLE001  what a caller's function raises is its answer
                return CallResult(payload={"error": type(error).__name__, "message": one_line(error)}, is_error=True)
            return CallResult(payload=_payload(call.function, value))
        raise InvocationError(f"the function {call.function!r} took longer than {context.timeout:g} s")


class MemoryRuntime:
    """A factory for executors over the given functions; a `RuntimeSpec` may choose among them by name."""

    def __init__(self, *functions: Function, read_only: Collection[str] = ()) -> None:
        """`read_only` names those that change nothing: they may be repeated, and say so.

        Raises: `ValueError` when two functions share a name, a name in `read_only` has no function, or a function
        cannot be called by name or has a parameter of a type that JSON does not have.
        """
        self._known = {function.__name__: _known(function, function.__name__ in read_only) for function in functions}
        if len(self._known) < len(functions):
            raise ValueError("two functions have the same name; give each its own")
        if missing := sorted(set(read_only) - self._known.keys()):
            raise ValueError(f"read_only names {', '.join(map(repr, missing))}, which is none of the functions")

    @asynccontextmanager
    async def __call__(self, spec: RuntimeSpec, services: RuntimeServices, /) -> AsyncGenerator[RuntimeExecutor, None]:
        """Opens the functions that the spec names, all where it names none."""
        del services
        chosen = tuple(self._known) if spec.functions is None else spec.functions
        unusable = {name: "the program has no such function" for name in chosen if name not in self._known}
        yield _MemoryExecutor({name: self._known[name] for name in chosen if name in self._known}, unusable)
