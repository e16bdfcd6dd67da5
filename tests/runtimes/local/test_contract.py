"""What a program may ask of its host, read from what it sends."""

from __future__ import annotations

import pytest

from runtimes.local.contract import (
    MAX_FORM_MEMBERS,
    Asked,
    InvalidDemand,
    Told,
    introduction,
    read_demand,
    written_answer,
)
from runtimes.questions import MAX_QUESTION_CHARS, MAX_TITLE_CHARS, LiveAnswer, LiveQuestion
from runtimes.values import Json, JsonObject


def form_of(**members: Json) -> JsonObject:
    return {"type": "object", "properties": dict(members)}


@pytest.mark.parametrize("call", [3, "3", 3.0])
def test_the_call_that_a_request_belongs_to_may_come_in_each_spelling_that_an_answer_may(call: Json) -> None:
    assert read_demand("host/message", {"call": call, "text": "hello"}) == Told(call=3, text="hello")


def test_texts_are_bounded_and_printable() -> None:
    read = read_demand("host/confirm", {"text": "a\x1b[2J\nb" + "x" * 9999, "title": "one\ntwo\0" + "x" * 999})
    assert isinstance(read, Asked)
    assert read.question.text.startswith("a [2J\nbxx")
    assert len(read.question.text) == MAX_QUESTION_CHARS
    assert read.question.title.startswith("one two x")
    assert len(read.question.title) == MAX_TITLE_CHARS


@pytest.mark.parametrize(
    "member",
    [
        {"type": "string", "format": "date", "maxLength": 5},
        {"type": "array", "items": {"enum": ["a", "b"]}},
        {"type": "string", "oneOf": [{"const": "a", "title": "A"}]},
        {"type": "object"},
    ],
)
def test_which_members_a_form_may_have_is_said_by_whoever_puts_it_to_a_person(member: JsonObject) -> None:
    form = form_of(one=member)
    read = read_demand("host/ask", {"call": 1, "text": "Which?", "form": form})
    assert read == Asked(call=1, question=LiveQuestion(text="Which?", form=form))


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        ([], "'form' is no JSON Schema of an object"),
        ({"type": "string"}, "'form' is no JSON Schema of an object"),
        ({"type": "object"}, "'form' needs 'properties'"),
        (form_of(), "'form' needs 'properties'"),
        ({"properties": []}, "'form' needs 'properties'"),
        ({"properties": {str(n): {"type": "string"} for n in range(MAX_FORM_MEMBERS + 1)}}, "from 1 to 20 of them"),
    ],
)
def test_a_form_that_is_none_is_refused(form: Json, reason: str) -> None:
    with pytest.raises(InvalidDemand, match=reason) as refusal:
        read_demand("host/ask", {"text": "Which?", "form": form})
    assert refusal.value.code == -32602


def test_a_form_that_was_not_filled_in_is_answered_without_content() -> None:
    question = LiveQuestion(text="Which?", form=form_of(one={"type": "string"}))
    declined = LiveAnswer(action="decline", content={"one": "x"}, reason="no")
    assert written_answer(declined, question) == {"action": "decline", "reason": "no"}


def test_the_introduction_says_who_we_are_and_what_we_offer() -> None:
    introduced = introduction()
    assert introduced["protocol"] == 1
    assert introduced["offers"] == ["host/confirm", "host/ask", "host/message"]
    assert isinstance(introduced["host"], dict)
    assert introduced["host"]["name"] == "plugin-orchestrator"
