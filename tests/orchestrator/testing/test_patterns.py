"""Patterns: what each matcher takes, and where a value first differs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.testing.format.matching import difference, first_difference
from orchestrator.testing.format.patterns import PatternError, escaped, read_node, read_pattern
from runtimes.values import Json

SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5)
)
KEYS = st.text(alphabet="ab$", max_size=3)
VALUES: st.SearchStrategy[Json] = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=10,
)


def fits(pattern: Json, value: Json) -> bool:
    return first_difference(read_pattern(pattern), value) is None


@pytest.mark.parametrize(
    ("pattern", "value"),
    [
        (1, 1.0),
        ({"$any": True}, None),
        ({"$any": "string"}, ""),
        ({"$any": "integer"}, 3.0),
        ({"$any": "number"}, 3.5),
        ({"$any": "boolean"}, False),
        ({"$any": "array"}, []),
        ({"$any": "object"}, {}),
        ({"$any": "null"}, None),
        ({"$regex": "^a+$"}, "aa"),
        ({"$contains": "b"}, "abc"),
        ({"$approx": 3.14, "within": 0.01}, 3.141),
        ({"$approx": 10**400}, 10**400),
        ({"$at-least": 3}, 3),
        ({"$at-most": 3}, 2.5),
        ({"$one-of": [1, {"$regex": "b"}]}, "abc"),
        ({"a": {"$absent": True}}, {}),
        ({"$subset": {"a": [{"b": 1}]}}, {"a": [0, {"b": 1, "c": 2}], "d": 3}),
        ({"$subset": {"a": {"$exact": {"b": 1}}}}, {"a": {"b": 1}, "c": 2}),
        ({"$literal": {"$regex": "["}}, {"$regex": "["}),
        ({"$$regex": "a", "$$": 1}, {"$regex": "a", "$": 1}),
        ("$regex", "$regex"),
    ],
)
def test_a_value_fits(pattern: Json, value: Json) -> None:
    assert fits(pattern, value)


@pytest.mark.parametrize(
    ("pattern", "value", "path"),
    [
        (1, True, "$"),
        (1, "1", "$"),
        (None, False, "$"),
        ({"$any": "integer"}, 3.5, "$"),
        ({"$any": "number"}, True, "$"),
        ({"$any": "null"}, 0, "$"),
        ({"$regex": "^b"}, "ab", "$"),
        ({"$regex": "(a+)+$"}, "a" * 5000 + "b", "$"),
        ({"$contains": "b"}, ["b"], "$"),
        ({"$approx": 3, "within": 0.1}, True, "$"),
        ({"$approx": 0.5}, 10**400, "$"),
        ({"$at-least": 3}, 2, "$"),
        ({"$at-most": 3}, "2", "$"),
        ({"a": [1, {"b c": 2}]}, {"a": [1, {"b c": 3}]}, '$.a[1]["b c"]'),
        ({"a": {"$absent": True}}, {"a": None}, "$.a"),
        ({"a": 1}, {"a": 1, "b": 2}, "$.b"),
        ({"a": 1}, {}, "$.a"),
        ([1], [1, 2], "$[1]"),
        ([1, 2], [1], "$[1]"),
        ([1], {"0": 1}, "$"),
        ({"$subset": [2, 1]}, [1, 2], "$"),
        ({"$subset": {"a": {"$exact": {"b": 1}}}}, {"a": {"b": 1, "c": 2}}, "$.a.c"),
        ({"$literal": {"$any": True}}, {}, "$.$any"),
    ],
)
def test_the_first_difference_is_named(pattern: Json, value: Json, path: str) -> None:
    found = first_difference(read_pattern(pattern), value)
    assert found is not None
    assert found.path == path.replace("$.$any", '$["$any"]')


@pytest.mark.parametrize(
    ("pattern", "pointer", "words"),
    [
        ({"a": [{"$regx": "b"}]}, "/a/0/$regx", "there is no matcher '$regx'"),
        ({"$regex": "("}, "/$regex", "is no regular expression"),
        ({"$regex": "a" * 2000}, "/$regex", "may have 1000 characters"),
        ({"$regex": 1}, "/$regex", "takes a text"),
        ({"$any": "text"}, "/$any", "takes true, or one of string"),
        ({"$approx": "1"}, "/$approx", "takes a number"),
        ({"$approx": 1, "within": -1}, "/within", "not negative"),
        ({"$one-of": []}, "/$one-of", "takes a list"),
        ({"$one-of": [1, {"$any": 1}]}, "/$one-of/1/$any", "takes true"),
        ({"$absent": True}, "/$absent", "for the member of an object"),
        ([{"$absent": True}], "/0/$absent", "for the member of an object"),
        ({"a": {"$absent": False}}, "/a/$absent", "takes true"),
        ({"$any": True, "b": 1}, "/b", "stands alone"),
        ({"$subset": {"a": {"$x": 1}}}, "/$subset/a/$x", "no matcher"),
    ],
)
def test_a_pattern_that_cannot_be_read_says_where(pattern: Json, pointer: str, words: str) -> None:
    with pytest.raises(PatternError, match=r".") as refused:
        read_pattern(pattern)
    assert refused.value.pointer == pointer
    assert words in str(refused.value)


def test_a_matcher_that_is_misspelt_gets_the_right_one_and_the_escape_as_hint() -> None:
    with pytest.raises(PatternError) as refused:
        read_pattern({"$regx": "b"})
    assert refused.value.hint == (
        "did you mean '$regex'? Else, data whose name begins with a dollar is written with two: '$$regx'"
    )


@given(VALUES)
def test_a_value_fits_itself(value: Json) -> None:
    assert fits(escaped(value), value)
    assert fits({"$literal": value}, value)


@given(VALUES)
def test_a_value_is_a_subset_of_itself(value: Json) -> None:
    assert fits({"$subset": escaped(value)}, value)


@given(VALUES, VALUES)
def test_only_the_same_value_fits_what_is_exact(one: Json, other: Json) -> None:
    """Both ways, since equality is symmetric; no difference is missed."""
    assert fits(escaped(one), other) == fits(escaped(other), one)


def more(value: Json, extra: Json) -> Json:
    """The value with more in it, wherever there may be more."""
    if isinstance(value, dict):
        return {**{name: more(item, extra) for name, item in value.items()}, "another": extra}
    return [extra, *(more(item, extra) for item in value), extra] if isinstance(value, list) else value


@given(VALUES, VALUES, VALUES)
def test_what_has_a_subset_still_has_it_with_more(part: Json, value: Json, extra: Json) -> None:
    node = read_node({"$subset": escaped(part)})
    assert difference(node, more(part, extra)) is None
    if difference(node, value) is None:
        assert difference(node, more(value, extra)) is None
