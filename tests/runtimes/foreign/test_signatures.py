"""The functions that a stranger's runtime offers are checked one by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from enum import Enum
from http import HTTPMethod

import pytest

from runtimes.base import FunctionSignature
from runtimes.foreign.signatures import MAX_DESCRIPTION_CHARS, MAX_FUNCTIONS, MAX_SCHEMA_BYTES, checked_functions
from runtimes.foreign.words import Unfit
from runtimes.limits import MAX_DEPTH
from runtimes.values import Json, JsonObject
from tests.runtimes.foreign.strangers import SIGNATURE, spoilt


def changed(**fields: object) -> FunctionSignature:
    return spoilt(replace(SIGNATURE), **fields)


def nested(depth: int) -> JsonObject:
    schema: JsonObject = {}
    for _ in range(depth):
        schema = {"not": schema}
    return schema


class Half(FunctionSignature):
    """Of a class of its own, one field of which cannot be read."""

    def __getattribute__(self, name: str) -> object:
        if name == "repeatable":
            raise ValueError("not now")
        return super().__getattribute__(name)


class Feeding(FunctionSignature):
    """Of a class of its own, which is made in another way."""

    def __init__(self, animal: str) -> None:
        super().__init__(name="feed", description=f"Feeds the {animal}.", destination="the zoo")


class Name(str, Enum):  # noqa: UP042  the difference is what is tested
    """A text that says something else when it is asked for its text."""

    FEED = "feed"


UNFIT: dict[str, tuple[object, str]] = {
    "no signature": ({"name": "feed"}, "it is of the type dict, and no FunctionSignature"),
    "another name": (changed(name="fed"), "its signature has the name 'fed'"),
    "a name that is no text": (changed(name=5), "its name is of the type int, and not a text"),
    "two mistakes": (
        changed(description=None, repeatable="yes"),
        "its description is None, and not a text; its repeatable is of the type str, and not a bool",
    ),
    "a list of parameters": (changed(parameters=[]), "its parameters is of the type list, and not a JSON object"),
    "a number that JSON has not": (
        changed(parameters={"properties": {"a": {"default": float("inf")}}}),
        "its parameters are no good: it has the number inf, which JSON has not",
    ),
    "a field that cannot be read": (Half(name="feed", destination="the zoo"), "reading it raises ValueError: not now"),
    "no JSON": (
        changed(parameters={"properties": {5}}),
        "its parameters are no JSON: TypeError: Object of type set is not JSON serializable",
    ),
    "too deep": (
        changed(parameters=nested(MAX_DEPTH + 1)),
        f"its parameters are no JSON: InvalidJson: nested more than {MAX_DEPTH} deep (line 1, column 897)",
    ),
    "too long": (
        changed(parameters={"description": "x" * MAX_SCHEMA_BYTES}),
        f"its parameters are no good: it has {MAX_SCHEMA_BYTES + 18} bytes, and {MAX_SCHEMA_BYTES} is the limit",
    ),
    "another type": (changed(parameters={"type": "array"}), "its parameters have a 'type' that is not 'object'"),
    "a list of properties": (
        changed(parameters={"properties": []}),
        "the 'properties' of its parameters are no JSON object; its parameters are no JSON Schema",
    ),
    "no schema": (changed(parameters={"properties": {"a": {"type": "text"}}}), "its parameters are no JSON Schema"),
    "nowhere": (changed(destination=" \n"), "its destination is empty: where the arguments go, for people"),
    "an odd method": (changed(method="get it"), "its method is no HTTP method"),
    "an odd hint": (changed(is_read_only=1), "its is_read_only is of the type int, and not a bool or None"),
    "odd statuses": (changed(responses=[200]), "its responses is of the type list, and not a tuple of texts"),
    "odd reasons": (changed(left_out={"a": None}), "its left_out is of the type dict, and not a mapping of texts"),
}


@pytest.mark.parametrize("name", UNFIT)
def test_a_function_that_is_no_good_is_left_out_with_the_reason(name: str) -> None:
    value, mistakes = UNFIT[name]
    other = replace(SIGNATURE, name="clean")
    usable, unusable = checked_functions({"feed": value, "clean": other}, {}, None)
    assert set(usable) == {"clean"}
    assert unusable == {"feed": f"its runtime describes it wrongly: {mistakes}"}


@pytest.mark.parametrize("name", ["feed animal", "", "-feed", "fütter", "x" * 129, "a\nb"])
def test_a_function_has_a_name_that_others_can_have_unless_the_manifest_gives_it(name: str) -> None:
    offered = {name: replace(SIGNATURE, name=name)}
    assert checked_functions(offered, {}, None)[0] == {}
    assert set(checked_functions(offered, {}, [name])[0]) == {name}


def test_functions_that_were_not_asked_for_are_passed_over_and_missing_ones_named() -> None:
    offered = {"feed": SIGNATURE, "steal": replace(SIGNATURE, name="steal")}
    usable, unusable = checked_functions(offered, {"wash": "no water", "other": "x"}, ["feed", "wash", "sing"])
    assert set(usable) == {"feed"}
    assert unusable == {"wash": "no water", "sing": "its runtime does not offer it; it offers: feed, steal"}


def test_a_signature_of_a_class_of_its_own_is_kept_as_one_of_ours() -> None:
    kept = checked_functions({"feed": Feeding("otter")}, {}, None)[0]["feed"]
    assert type(kept) is FunctionSignature
    assert kept.description == "Feeds the otter."


def test_a_name_may_be_of_an_enumeration() -> None:
    signature = changed(name=Name.FEED, method=HTTPMethod.POST)
    usable, unusable = checked_functions({Name.FEED: signature}, {}, ["feed"])
    assert unusable == {}
    kept = usable["feed"]
    assert (type(kept.name), kept.name, type(kept.method), kept.method) == (str, "feed", str, "POST")


def test_what_is_kept_is_a_copy_within_bounds() -> None:
    rules = object()
    signature = changed(
        description="two\nlines\x1b[2J" + "x" * 5000,
        destination="the\nzoo",
        left_out={"a": "b\nc"},
        rules=rules,
    )
    usable, _ = checked_functions({"feed": signature}, {}, None)
    kept = usable["feed"]
    signature.parameters["changed"] = True
    assert kept.description.startswith("two\nlines [2Jx")
    assert len(kept.description) == MAX_DESCRIPTION_CHARS
    assert (kept.destination, kept.left_out, kept.rules) == ("the zoo", {"a": "b c"}, None)
    assert "changed" not in kept.parameters
    signature.parameters.pop("changed")


def test_a_fingerprint_is_made_where_there_is_none() -> None:
    def fingerprint(**fields: object) -> str:
        return checked_functions({"feed": changed(**fields)}, {}, None)[0]["feed"].fingerprint

    assert fingerprint() == fingerprint()
    assert fingerprint() != fingerprint(parameters={})
    assert fingerprint(fingerprint="v1") == "v1"


class Raising(Mapping[str, FunctionSignature]):
    def __getitem__(self, name: str) -> FunctionSignature:
        raise ValueError("not now")

    def __iter__(self) -> Iterator[str]:
        return iter(["feed"])

    def __len__(self) -> int:
        return 1


@pytest.mark.parametrize(
    ("functions", "message"),
    [
        (None, "its 'functions' is None, and no mapping"),
        (["feed"], "its 'functions' is of the type list, and no mapping"),
        ({None: SIGNATURE}, "its 'functions' has a name that is None"),
        (Raising(), "reading its 'functions' raises ValueError: not now"),
        (dict.fromkeys(map(str, range(MAX_FUNCTIONS + 1))), f"its 'functions' has {MAX_FUNCTIONS + 1} entries"),
    ],
)
def test_what_cannot_be_read_is_unfit(functions: object, message: str) -> None:
    with pytest.raises(Unfit, match=message):
        checked_functions(functions, {}, None)


def test_a_reason_that_is_no_text_is_not_shown() -> None:
    odd: dict[str, Json] = {"a": None, "b": "line\nline"}
    assert checked_functions({}, odd, None)[1] == {"a": "its runtime does not say why", "b": "line line"}
