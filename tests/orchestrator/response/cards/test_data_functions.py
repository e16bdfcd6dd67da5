"""Functions of texts, arrays, objects and addresses: what the case tables cannot say (limits, purity, properties)."""

from __future__ import annotations

import base64
import copy
import random
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.response.cards import (
    collection_functions,
    conversion_functions,
    object_functions,
    text_functions,
    type_functions,
    uri_functions,
)
from orchestrator.response.cards.errors import Crash
from orchestrator.response.cards.function import Function, NoValue, Setting
from orchestrator.response.cards.limits import Budget, CardLimit
from orchestrator.response.cards.values import ABSENT, Ticks, Value
from orchestrator.response.cards.web_address import BadAddress, web_address

MODULES = (
    text_functions,
    collection_functions,
    object_functions,
    conversion_functions,
    uri_functions,
    type_functions,
)
LISTED: list[Function] = [function for module in MODULES for function in module.FUNCTIONS]
FUNCTIONS = {function.name: function for function in LISTED}
LONG = "ab" * 3000
MANY: list[Value] = ["x" * 10] * 3000
ONE: Value = [1]
ONES: list[Value] = [ONE] * 3000
MEMBER: Value = {"a": 1}
MEMBERS: list[Value] = [MEMBER] * 3000
SEVENTHS: list[Value] = [{"a": index % 7} for index in range(2000)]
MAKING_MUCH: list[tuple[str, tuple[Value, ...]]] = [
    ("concat", (LONG, LONG)),
    ("replace", (LONG, "a", "b" * 100)),
    ("replaceIgnoreCase", (LONG, "a", "$`")),
    ("join", (MANY, LONG)),
    ("split", (LONG, "")),
    ("toUpper", (LONG,)),
    ("setProperty", ([], "4000000", 1)),
    ("setProperty", ([], "length", 4_000_000)),
    ("union", (MANY,)),
    ("createArray", tuple(MANY)),
    ("indicesAndValues", (MANY,)),
    ("sortBy", (MANY,)),
    ("jsonStringify", (MANY,)),
    ("xml", (MANY,)),
    ("uriComponent", (LONG,)),
    ("base64", (LONG,)),
    ("json", (LONG,)),
    ("reverse", (LONG,)),
    ("merge", (MEMBERS,)),
    ("uriHost", ("http://" + LONG,)),
]
READING_MUCH: list[tuple[str, tuple[Value, ...]]] = [
    ("contains", (ONES, 5)),
    ("indexOf", (MANY, "y")),
    ("length", ("a" * 400_000,)),
    ("sortBy", (SEVENTHS, "a")),
    ("countWord", ("a" * 400_000,)),
]
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.binary(max_size=4)
VALUES: st.SearchStrategy[Value] = st.recursive(
    SCALARS | st.just(ABSENT) | st.builds(Ticks, st.integers(0, 10**18)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


def setting(budget: Budget | None = None) -> Setting:
    return Setting(budget=budget or Budget(), now=datetime(2026, 11, 21, tzinfo=UTC), random=random.Random(1))


def call(name: str, *arguments: Value) -> Value:
    return FUNCTIONS[name].call(arguments, setting())


def _outcome(function: Function, arguments: list[Value]) -> str:
    try:
        function.call(arguments, setting())
    except (NoValue, Crash, CardLimit) as error:
        return str(error)
    return "a value"


def test_no_function_is_listed_twice() -> None:
    assert len(FUNCTIONS) == len(LISTED)


@pytest.mark.parametrize("function", LISTED, ids=lambda function: function.name)
@settings(max_examples=30)
@given(data=st.data())
def test_any_arguments_have_a_value_or_a_reason_why_not(function: Function, data: st.DataObject) -> None:
    arguments = [data.draw(VALUES) for _ in (*function.takes, *function.may_take)]
    before = copy.deepcopy(arguments)
    assert _outcome(function, arguments)
    assert repr(arguments) == repr(before)


@pytest.mark.parametrize(("name", "arguments"), MAKING_MUCH)
def test_what_makes_much_ends_in_the_limit(name: str, arguments: tuple[Value, ...]) -> None:
    with pytest.raises(CardLimit, match="more text than the host allows"):
        FUNCTIONS[name].call(arguments, setting(Budget(output=2000)))


@pytest.mark.parametrize(("name", "arguments"), READING_MUCH)
def test_what_reads_much_ends_in_the_limit(name: str, arguments: tuple[Value, ...]) -> None:
    with pytest.raises(CardLimit, match="more steps"):
        FUNCTIONS[name].call(arguments, setting(Budget(steps=2500)))


def test_ends_of_text_are_looked_at_without_reading_the_whole() -> None:
    once = setting()
    FUNCTIONS["startsWith"].call(("a" * 1_000_000, "ab"), once)
    FUNCTIONS["endsWith"].call(("a" * 1_000_000, "ab"), once)
    assert once.budget.steps > Budget().steps - 10


def test_a_member_is_set_in_a_copy() -> None:
    given: Value = {"a": 1}
    assert call("setProperty", given, "a", 2) == {"a": 2}
    assert call("reverse", [1, 2]) == [2, 1]
    assert given == {"a": 1}


def test_identifiers_are_random_in_the_way_that_is_given() -> None:
    assert call("newGuid") == call("newGuid")
    once = setting()
    assert FUNCTIONS["newGuid"].call((), once) != FUNCTIONS["newGuid"].call((), once)


def test_a_message_shows_no_query_of_an_address() -> None:
    with pytest.raises(NoValue, match="is no absolute address") as caught:
        call("uriHost", "/path?key=secret")
    assert "secret" not in str(caught.value)


def test_a_message_shows_only_the_beginning_of_a_text() -> None:
    with pytest.raises(NoValue, match="is no JSON") as caught:
        call("json", "x" * 10_000)
    assert len(str(caught.value)) < 200


@given(st.text(alphabet=st.characters(codec="utf-8")))
def test_text_in_base_64_is_that_of_everybody_else(text: str) -> None:
    assert call("base64", text) == base64.b64encode(text.encode()).decode()


@given(st.binary())
def test_base_64_is_read_as_everybody_else_reads_it(data: bytes) -> None:
    assert call("base64ToString", base64.b64encode(data).decode()) == data.decode("latin-1")


@given(st.text(alphabet=st.characters(codec="utf-8")))
def test_a_component_of_an_address_is_read_back(text: str) -> None:
    assert call("uriComponentToString", call("uriComponent", text)) == text


@given(st.lists(st.integers() | st.text(max_size=3)))
def test_a_sorted_array_has_the_same_elements_and_sorting_again_changes_nothing(items: list[Value]) -> None:
    ordered = call("sortBy", items)
    assert isinstance(ordered, list)
    assert sorted(map(repr, ordered)) == sorted(map(repr, items))
    assert call("sortBy", ordered) == ordered


def _scheme(text: str) -> str | None:
    try:
        return web_address(text).scheme
    except BadAddress:
        return None


@given(st.text(alphabet="htp:/\\?#@[]%0123456789abcx.-é😀 \t", max_size=30))
def test_any_text_is_an_address_or_is_none(text: str) -> None:
    assert _scheme(text) != ""


@given(
    st.from_regex(
        r"https?://[a-z]{1,8}\.example(:[1-9][0-9]{0,3})?(/[a-z0-9]{1,5}){0,3}(\?[a-z]=[0-9])?", fullmatch=True
    )
)
def test_a_plain_address_is_taken_apart_as_everybody_takes_it(text: str) -> None:
    ours, theirs = web_address(text), urlsplit(text)
    assert (ours.scheme, ours.host, ours.query) == (theirs.scheme, theirs.hostname, theirs.query)
    assert ours.path == (theirs.path or "/")
    assert ours.port == (None if theirs.port in (80, 443) and ours.port is None else theirs.port)
