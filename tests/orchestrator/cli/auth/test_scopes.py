"""Scopes are words as RFC 6749 3.3 writes them, and few enough for an address. Issue 9."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.cli.auth.scopes import MAX_SCOPES, MAX_SCOPES_CHARS, Scopes, scopes_of

TEXTS = st.lists(st.text(max_size=12) | st.text("ab", min_size=1, max_size=1000), max_size=90)
OWN = st.lists(st.text("abc:/.", min_size=1, max_size=8), max_size=20)


@given(wanted=TEXTS, own=OWN)
def test_what_is_asked_for_can_be_written_and_nothing_is_lost_unsaid(wanted: list[str], own: list[str]) -> None:
    scopes = scopes_of(wanted, own)
    assert all(re.fullmatch(r"[\x21\x23-\x5b\x5d-\x7e]+", one) for one in scopes.taken)
    assert len(scopes.taken) <= MAX_SCOPES
    assert len(" ".join(scopes.taken)) <= MAX_SCOPES_CHARS
    assert set(own) <= set(scopes.taken)
    assert {*scopes.taken, *scopes.unwritable, *scopes.beyond} == {*wanted, *own}


def test_each_is_asked_for_once_in_the_order_of_the_plugins() -> None:
    assert scopes_of(["b", "a", "b"], ["c", "a"]) == Scopes(taken=("b", "a", "c"))


@pytest.mark.parametrize("own", [[str(number) for number in range(MAX_SCOPES + 1)], ["x" * MAX_SCOPES_CHARS]])
def test_too_many_of_the_persons_own_are_wrong_use(own: list[str]) -> None:
    with pytest.raises(ValueError, match="at most 64 scopes"):
        scopes_of([], own)
