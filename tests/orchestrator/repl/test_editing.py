"""Arguments are edited as JSON; nothing is lost or shown that was typed unseen."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.errors import UsageError
from orchestrator.repl.editing import MAX_EDITED, draft_of, edited, without_unseen
from orchestrator.reply import Question
from orchestrator.response.unseen import UNSEEN
from runtimes.values import Json, JsonObject

PLAIN = Question(
    call_id="c1",
    plugin="bank",
    function="transfer",
    arguments={"to": "ada", "pin": 4711},
    title="",
    body="",
    destination="https://bank.example.test",
    reasons=(),
    expires=0.0,
    secret=("pin",),
)

VALUES: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), VALUES, max_size=4))
def test_a_draft_that_is_left_as_it_is_says_the_same(arguments: JsonObject) -> None:
    question = replace(PLAIN, arguments=arguments, secret=tuple(list(arguments)[:1]))
    assert edited(draft_of(question), question) == arguments


def test_what_was_typed_unseen_is_not_in_the_draft_and_is_kept_when_the_rest_is_edited() -> None:
    draft = draft_of(PLAIN)
    assert "4711" not in draft
    assert edited(draft.replace("ada", "eve"), PLAIN) == {"to": "eve", "pin": 4711}
    assert edited(draft.replace(UNSEEN, "0815"), PLAIN) == {"to": "ada", "pin": "0815"}
    assert edited('{"to": "ada"}', PLAIN) == {"to": "ada"}


def test_a_mark_elsewhere_is_only_a_text() -> None:
    assert edited(f'{{"to": "{UNSEEN}"}}', PLAIN) == {"to": UNSEEN}


def test_characters_that_mislead_are_written_as_escapes() -> None:
    draft = draft_of(replace(PLAIN, arguments={"to": "a\u202eb\u200bc\x9b"}, secret=()))
    assert draft == '{"to":"a\\u202eb\\u200bc\\u009b"}'


def test_long_arguments_have_a_line_for_each_member() -> None:
    assert draft_of(replace(PLAIN, arguments={"to": "x" * 60, "n": 1})) == f'{{\n  "to": "{"x" * 60}",\n  "n": 1\n}}'


def test_too_much_to_be_edited_is_said() -> None:
    with pytest.raises(UsageError, match="too long to be edited here; say what to change with n WHY"):
        draft_of(replace(PLAIN, arguments={"to": "x" * MAX_EDITED}))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "this is not JSON: there is nothing in it"),
        ("{", "this is not JSON: "),
        ("[1]", "the arguments stand in braces"),
        ("y", "this is not JSON: "),
    ],
)
def test_what_is_no_object_is_not_taken(text: str, complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint):
        edited(text, PLAIN)


def test_a_complaint_does_not_quote_what_was_typed_unseen() -> None:
    assert without_unseen("4711 is not one of 1, 2", PLAIN) == f"{UNSEEN} is not one of 1, 2"
