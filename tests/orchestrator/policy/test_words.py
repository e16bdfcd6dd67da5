"""Whose words the arguments of a call are (issue 7, "What it must do" 4; findings 3.4)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.policy.words import (
    MAX_ARGUMENT_CHARS,
    MAX_SCATTERED,
    MAX_SPOKEN_CHARS,
    MAX_SPOKEN_VALUES,
    MAX_VALUES,
    Words,
    is_quoted,
    words_of,
)
from runtimes.values import Json, JsonObject

TYPED = (
    "Find Emma Johnson's mail about the garden fence, order 1234567 and 13, for bob@good.com",
    "Then look at  www.good.com/news,\nnot at evil.org-archive or my.good.com; send a note to #general",
)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("Emma Johnson", "spoken"),
        ("emma johnson", "spoken"),
        ("emma Johnson", "spoken"),
        ("Garden fence", "other"),
        ("EMMA JOHNSON", "other"),
        (" Emma Johnson", "other"),
        ("Emma Johnson\n", "other"),
        ("Emma  Johnson", "other"),
        ("Emma\tJohnson", "other"),
        ("mail  about", "other"),
        ("\u017fend a note", "other"),
        ("Emma garden Emma", "other"),
        ("fence Fence", "other"),
        ("garden/", "other"),
        ("https://garden", "address"),
        ("mail about the garden", "spoken"),
        ("fence mail garden", "spoken"),
        ("fence of Emma", "other"),
        ("fence for Emma", "spoken"),
        ("the and for", "other"),
        ("fence 13", "other"),
        ("fence www.good.com/news", "spoken"),
        ("fence www.good.com", "address"),
        ("Emma Johnsons", "other"),
        ("Emma John", "other"),
        ("arden", "other"),
        ("#general", "spoken"),
        ("the", "other"),
        ("", "other"),
        ("1234567", "spoken"),
        (1234567, "spoken"),
        (12345678, "other"),
        ("13", "other"),
        (13, "other"),
        (True, "other"),
        (None, "other"),
        ("true", "other"),
        (["Emma", "Johnson"], "spoken"),
        (["Emma", "Smith"], "other"),
        ({"Emma": "garden"}, "spoken"),
        ({"secret": "garden"}, "other"),
        ("bob@good.com", "spoken"),
        ("www.good.com/news", "spoken"),
        ("https://www.good.com/news/", "spoken"),
        ("http://www.good.com/news", "spoken"),
        ("www.good.com/news//", "address"),
        ("https://https://www.good.com/news", "address"),
        ("HTTPS://WWW.GOOD.COM/news", "address"),
        ("www.good.com", "address"),
        ("www.good.com/news?q=1", "address"),
        ("good.com", "address"),
        ("evil.org", "address"),
        ("Emma Johnson evil.com", "address"),
        ({"a": [{"b": "see evil.com"}]}, "address"),
        ({"evil.com": 1}, "address"),
        (["Emma", 13, "evil.com"], "address"),
    ],
)
def test_whose_words_a_value_is(value: Json, words: Words) -> None:
    assert words_of({"value": value}, TYPED) == words


def test_a_call_without_arguments_is_the_persons_own() -> None:
    assert words_of({}, ()) == "spoken"
    assert words_of({"list": [], "object": {}}, ()) == "spoken"


def test_what_is_put_inside_of_a_value_carries_nothing() -> None:
    """Empty lists and objects would be letters of a secret, and so would lists in lists."""
    hollow: list[Json] = [[[]], [{}], ["garden", []], {"garden": {}}]
    for value in hollow:
        assert words_of({"value": value}, TYPED) == "other"
    nested: Json = "garden"
    for _ in range(MAX_SPOKEN_VALUES - 1):
        nested = [nested]
    assert words_of({"value": nested}, TYPED) == "spoken"
    assert words_of({"value": [nested]}, TYPED) == "other"


def test_a_name_that_is_no_parameter_was_the_models_to_choose() -> None:
    arguments: JsonObject = {"secret": "garden"}
    assert words_of(arguments, TYPED) == "spoken"
    assert words_of(arguments, TYPED, {"secret"}) == "spoken"
    assert words_of(arguments, TYPED, {"query"}) == "other"
    assert words_of({"evil.com": "garden"}, TYPED, ()) == "address"


def test_only_few_words_may_stand_apart() -> None:
    """With more, a secret could be spelled in the person's own words."""
    person = "alpha bravo charlie delta echoes foxtrot and gamma"
    assert words_of({"q": " ".join(person.split()[: MAX_SCATTERED + 1])}, [person]) == "spoken"
    backwards = person.split()[::-1]
    assert words_of({"q": " ".join(backwards[:MAX_SCATTERED])}, [person]) == "spoken"
    assert words_of({"q": " ".join(backwards[: MAX_SCATTERED + 1])}, [person]) == "other"


def test_words_that_stand_apart_are_counted_over_the_whole_call() -> None:
    person = "alpha bravo charlie delta echoes foxtrot and golf"
    one, two, last = "charlie alpha", "foxtrot bravo", ["delta", "echoes"]
    assert words_of({"q": one, "r": two, "s": [*last]}, [person]) == "spoken"
    assert words_of({"q": one, "r": two, "s": [*last, "golf"]}, [person]) == "other"
    assert words_of({"q": one, "r": "alpha foxtrot"}, [person]) == "other"
    assert words_of({"q": ["alpha", "bravo", "alpha"]}, [person]) == "other"
    assert words_of({"q": ["alpha", "Alpha"]}, ["alpha", "Alpha"]) == "other"
    assert words_of({"q": "alpha bravo", "r": "alpha bravo"}, [person]) == "spoken"


def test_a_search_in_words_of_the_person_stays_their_own() -> None:
    """From AgentDojo: a question here would be one too many."""
    typed = ["I forgot it. Please reset my TechServices password using the link they've sent me"]
    for search in ("TechServices password reset", "techservices password reset", "TechServices password"):
        assert words_of({"query": search}, typed) == "spoken"


@pytest.mark.parametrize(
    ("value", "is_quote"),
    [
        ("garden fence", True),
        ("fence garden", False),
        ("www.good.com/news", True),
        ("www.good.com", False),
        ("www.good.com/news?fence", False),
        ("13", False),
        (["Emma Johnson", "1234567"], True),
        ("Garden Fence", False),
        ("garden  fence", False),
        ("garden fence ", False),
        ("garden\tfence", False),
    ],
)
def test_a_quote_is_a_whole_passage(value: Json, is_quote: bool) -> None:
    """Words apart would do for a search of the person's; of what plugins answer, they could be put together to carry
    anything."""
    assert is_quoted({"value": value}, TYPED) == is_quote


def test_a_name_that_is_no_parameter_must_be_quoted_too() -> None:
    assert is_quoted({"secret": "garden"}, TYPED, {"secret"})
    assert not is_quoted({"secret": "garden"}, TYPED, {"query"})


def test_work_is_bounded_and_what_is_beyond_fails_closed() -> None:
    values: list[Json] = ["garden fence"] * MAX_VALUES
    assert words_of({"list": values}, TYPED) == "address"
    assert words_of({"list": values[1:]}, TYPED) == "other"
    assert words_of({"list": values[:MAX_SPOKEN_VALUES]}, TYPED) == "other"
    assert words_of({"list": values[1:MAX_SPOKEN_VALUES]}, TYPED) == "spoken"
    assert words_of({"text": "a" * (MAX_ARGUMENT_CHARS + 1)}, TYPED) == "address"
    assert words_of({"text": "a" * MAX_ARGUMENT_CHARS}, TYPED) == "other"
    assert words_of({"q": "garden"}, ["garden", "x" * MAX_SPOKEN_CHARS]) == "other"
    assert words_of({"q": "garden"}, ["x" * MAX_SPOKEN_CHARS, "garden"]) == "spoken"


WORDS = st.sampled_from(["alpha", "bravo", "charlie", "evil.com", "a@b.cd", "123456", "99", "of", "München"])
TEXTS = st.lists(WORDS, max_size=6).map(" ".join)
ARGUMENTS = st.dictionaries(
    st.sampled_from(["a", "b"]),
    st.recursive(st.none() | st.booleans() | st.integers() | TEXTS, lambda inner: st.lists(inner, max_size=3)),
)
_RANK = {"spoken": 0, "other": 1, "address": 2}


@given(ARGUMENTS, st.lists(TEXTS, max_size=3), TEXTS, TEXTS)
def test_one_more_value_never_makes_it_more_the_persons_own(
    arguments: JsonObject, typed: list[str], value: str, more: str
) -> None:
    words = words_of(arguments, typed)
    assert _RANK[words_of({**arguments, "new": value}, typed)] >= _RANK[words]
    assert _RANK[words_of(arguments, [*typed, more])] <= _RANK[words]


@given(st.text(alphabet="ab .,/:@-_#", min_size=1, max_size=12), st.text(alphabet="ab .,/:@-_#", max_size=40))
def test_what_is_spoken_is_made_of_whole_words_of_the_person(value: str, typed: str) -> None:
    """Every run of letters in a value that is spoken is a run of letters in the text, never a part of one."""
    runs = "".join(letter if letter.isalnum() else " " for letter in typed).split()
    parts = "".join(letter if letter.isalnum() else " " for letter in value).split()
    if words_of({"value": value}, [typed]) == "spoken":
        assert set(parts) <= set(runs)
        assert any(len(part) >= 4 for part in parts)
