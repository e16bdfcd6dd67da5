"""Issue 5: authors' regular expressions read as ECMAScript's, and end in a limit."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.response.cards.limits import Budget, CardLimit
from orchestrator.response.cards.pattern_syntax import BadPattern
from orchestrator.response.cards.patterns import compiled


def _found(pattern: str, text: str, flags: str = "") -> list[str]:
    return [match[0] for match in compiled(pattern, flags).matches(text, Budget())]


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("a$", "a\na", ["a"]),
        (r"\d", "٣3", ["3"]),
        (r"\w+", "été", ["t"]),
        ("[^]", "\n", ["\n"]),
        ("[]", "a", []),
        (r"(b)?a\1", "a", ["a"]),
        (r"\u0041\x42\cA", "AB\x01", ["AB\x01"]),
        ("a{,2}", "a{,2}", ["a{,2}"]),
        (r"[\D]", "1a", ["a"]),
        (r"(?<n>.)\k<n>", "abb", ["bb"]),
        ("^.$", "😀", []),
    ],
)
def test_a_pattern_finds_what_it_finds_in_a_browser(pattern: str, text: str, found: list[str]) -> None:
    assert _found(pattern, text) == found


@pytest.mark.parametrize(
    "pattern",
    ["(", ")", "[", "[b-a]", "a**", "a++", "*", "{1}", "a{2,1}", "(?P<n>a)", "(?<n>a)(?<n>b)", "\\", r"(?<n>a)\k"],
)
def test_what_is_no_pattern_in_a_browser_is_refused(pattern: str) -> None:
    with pytest.raises(BadPattern):
        compiled(pattern)


def test_flags_let_dots_match_lines_and_edges_match_every_line() -> None:
    assert _found("A.b", "a\nb", "is") == ["a\nb"]
    assert _found("^b$", "a\u2028b\rc", "m") == ["b"]


def test_a_search_that_takes_for_ever_ends_in_a_limit() -> None:
    with pytest.raises(CardLimit, match="seconds"):
        compiled("^(a|aa)+$").is_in("a" * 60 + "b", Budget())


def test_many_searches_use_the_budget_up() -> None:
    clock = iter(range(1000))
    budget = Budget(clock=lambda: next(clock))
    pattern = compiled("a")
    with pytest.raises(CardLimit):
        _ = [pattern.is_in("a", budget) for _ in range(100)]


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("a" * 2001, "longer than"),
        ("(" * 101 + ")" * 101, "more than 100 groups"),
        ("(?:" * 101 + ")" * 101, "inside each other"),
        ("(?:(?:a{1000}){1000}){1000}", "written out"),
        ("(?:a{100}b){0,1000}", "written out"),
    ],
)
def test_a_huge_pattern_is_refused(pattern: str, reason: str) -> None:
    with pytest.raises(BadPattern, match=reason):
        compiled(pattern)


def _is_in(pattern: str, text: str) -> bool | None:
    try:
        return compiled(pattern, "i").is_in(text, Budget())
    except (BadPattern, CardLimit):
        return None


@given(st.text(alphabet="ab(){}[]|*+?^$.\\dkux1-,<>:=!é😀", max_size=20), st.text(max_size=10))
def test_any_text_is_a_pattern_or_is_refused(pattern: str, text: str) -> None:
    assert _is_in(pattern, text) in (True, False, None)


@given(st.text(max_size=10))
def test_an_escaped_text_finds_itself(text: str) -> None:
    pattern = re.sub(r"[\\^$.*+?()\[\]{}|/]", r"\\\g<0>", text)
    assert compiled(f"^(?:{pattern})$").is_in(text, Budget())
