"""What counts as an answer, and to which question; nothing counts as yes but a yes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.repl.answers import MAX_NOTE, Answer, Typed, read_answer, read_typed

YES = Answer(choice="approve")


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("y", YES),
        (" YES. ", YES),
        ("n", Answer(choice="decline")),
        ("No, the wrong city", Answer(choice="decline", note="the wrong city")),
        ("n " + "x" * 2 * MAX_NOTE, Answer(choice="decline", note="x" * MAX_NOTE)),
        ("e", Answer(choice="edit")),
        ("Edit", Answer(choice="edit")),
        ("a", Answer(choice="always")),
        ("always!", Answer(choice="always")),
        ("", None),
        ("yes but only one", None),
        ("yes please", None),
        ("a yes", None),
        ("e city", None),
        ("yep", None),
        ("maybe", None),
        ("\uff59", None),
        ("y\x1b[2J", YES),
    ],
)
def test_what_counts_as_an_answer(text: str, answer: Answer | None) -> None:
    assert read_answer(text) == answer


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("y", Typed(answer=YES)),
        ("1 y", Typed(which="1", answer=YES)),
        ("(1) y", None),
        ("02) yes", Typed(which="2", answer=YES)),
        ("2 n because it is late", Typed(which="2", answer=Answer(choice="decline", note="because it is late"))),
        ("3: a", Typed(which="3", answer=Answer(choice="always"))),
        ("all y", Typed(which="all", answer=YES)),
        ("ALL n too many", Typed(which="all", answer=Answer(choice="decline", note="too many"))),
        ("2", Typed(which="2", answer=None)),
        ("all", None),
        ("all a", None),
        ("all e", None),
        ("1 2 y", None),
        ("y 1", None),
        ("1 yes please", None),
        ("99999 y", None),
        ("", None),
        ("1 ", Typed(which="1", answer=None)),
    ],
)
def test_which_question_is_answered(text: str, typed: Typed | None) -> None:
    assert read_typed(text) == typed


@given(st.text(max_size=40))
def test_no_other_text_is_a_yes(text: str) -> None:
    typed = read_typed(text)
    if typed is not None and typed.answer is not None and typed.answer.choice != "decline":
        *number, word = text.casefold().split()
        assert len(number) <= 1
        assert set(word) & set("yea")
