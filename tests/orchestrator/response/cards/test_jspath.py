"""Issue 5: paths of `jPath` are walked, not run, and end in a limit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.response.cards.jspath import found_by
from orchestrator.response.cards.jspath_syntax import BadPath, parsed_path
from orchestrator.response.cards.limits import Budget, CardLimit
from orchestrator.response.cards.values import Value

DATA: Value = {"a": [{"b": 1, "c": "x"}, {"b": 2, "a": {"b": 3}}], "b": None}
NUMBERS: list[Value] = list(range(3000))


def _found(path: str, data: Value = DATA, **limits: int) -> Value:
    return found_by(parsed_path(path), data, Budget(steps=limits.get("steps", 100_000)))


def _is_path(text: str) -> bool:
    try:
        _found(text)
    except (BadPath, CardLimit):
        return False
    return True


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (".a.b", [1, 2]),
        ("..b", [None, 1, 2, 3]),
        (".a[-1].b", [2]),
        (".a[0].b[0]", 1),
        (".a{.c == 'X'}.b", [1]),
        (".a.b | .b", [1, 2, None]),
    ],
)
def test_a_path_leads_to_what_it_names(path: str, found: Value) -> None:
    assert _found(path) == found


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        (".a" * 1001, "longer than"),
        ("(" * 40 + ".a" + ")" * 40, "nested more than"),
        (".a{" * 40, "nested more than"),
        (".a{" + "(" * 40, "nested more than"),
        (".a{" + "!" * 40, "nested more than"),
        (".a[" + "-" * 40, "nested more than"),
        (".a.b c", "goes on"),
        (".a{.b", "no '}'"),
        ("a", "no path begins"),
        ('.a{"];process.exit()//"', "no '}'"),
        (".a\\", "no part of a path"),
    ],
)
def test_what_is_no_path_is_refused_with_a_reason(path: str, reason: str) -> None:
    with pytest.raises(BadPath, match=reason):
        parsed_path(path)


def test_comparing_everything_with_everything_ends_in_the_limit() -> None:
    with pytest.raises(CardLimit, match="more steps"):
        _found(".a{. > ^.a}", {"a": NUMBERS})


def test_a_name_with_program_text_in_it_is_only_a_name() -> None:
    assert _found("..'\"];throw 1;[\"'") == []


@given(st.text(alphabet=".abc[]{}()|^$*!=<>&-+/%:'\" 0123", max_size=20))
def test_any_text_is_a_path_or_is_refused(text: str) -> None:
    assert _is_path(text) in (True, False)
