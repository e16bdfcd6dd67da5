"""Guesses at misspelt names: near ones are found, and none costs more than a bounded number of comparisons."""

from __future__ import annotations

from orchestrator.manifest.guesses import MAX_COMPARED, MAX_GUESSED_FROM, MAX_KNOWN, guess, nearest


def test_the_nearest_name_is_the_hint() -> None:
    assert guess("getItme", ["listItems", "getItem"], "none") == "did you mean 'getItem'?"
    assert guess("delete", ["listItems", "getItem"], "none") == "none"


def test_a_name_that_is_too_long_is_not_compared() -> None:
    assert nearest("a" * MAX_GUESSED_FROM, ["a" * MAX_GUESSED_FROM]) is not None
    assert nearest("a" * (MAX_GUESSED_FROM + 1), ["a" * MAX_GUESSED_FROM]) is None
    assert nearest("abc", ["a" * (MAX_GUESSED_FROM + 1), "abd"]) == "abd"


def test_among_many_those_that_begin_alike_are_compared() -> None:
    many = [f"other{number}" for number in range(MAX_COMPARED)]
    assert nearest("getItme", [*many, "getItem"]) == "getItem"
    assert nearest("gteItem", [*many, "getItem"]) is None


def test_names_beyond_the_limit_are_not_looked_at() -> None:
    assert nearest("getItme", [*("x" for _ in range(MAX_KNOWN)), "getItem"]) is None
