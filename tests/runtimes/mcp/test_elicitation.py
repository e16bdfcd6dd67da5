"""What a server asks, as a question to a person, and what they say, as an answer to the server."""

from __future__ import annotations

import pytest

from runtimes.mcp.elicitation import MAX_FIELDS, CannotAsk, question_of, result_of
from runtimes.questions import MAX_QUESTION_CHARS, LiveAnswer, LiveQuestion
from runtimes.values import Json, JsonObject


def form(**properties: Json) -> JsonObject:
    return {"type": "object", "properties": properties}


def test_a_form_is_asked_with_its_schema() -> None:
    schema = form(
        name={"type": "string", "format": "email"},
        size={"type": "string", "enum": ["s", "l"]},
        many={"type": "array", "items": {"type": "string", "enum": ["a"]}},
        sure={"type": "boolean"},
    )
    asked = question_of({"message": "Who?\x1b[2J", "requestedSchema": schema})
    assert asked == LiveQuestion(text="Who?[2J", form=schema)


def test_a_form_without_fields_asks_for_a_yes_or_a_no() -> None:
    assert question_of({"message": "Sure?", "requestedSchema": form()}).form is None


def test_a_page_is_asked_for_by_its_address() -> None:
    asked = question_of({"mode": "url", "message": "Pay", "url": "https://a.test/pay"})
    assert asked == LiveQuestion(text="Pay", url="https://a.test/pay")


MANY: JsonObject = {f"n{number}": {"type": "string"} for number in range(MAX_FIELDS + 1)}


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"requestedSchema": {"type": "object"}},
        {"requestedSchema": form(nested={"type": "object"})},
        {"requestedSchema": form(nested={"type": "array", "items": {"type": "object"}})},
        {"requestedSchema": form(odd=1)},
        {"requestedSchema": {"type": "object", "properties": MANY}},
        {"requestedSchema": form(long={"type": "string", "description": "x" * 20_000})},
        {"mode": "url"},
        {"mode": "url", "url": "javascript:alert(1)"},
        {"mode": "url", "url": "https://"},
        {"mode": "url", "url": "https://a.test/\n"},
        {"mode": "url", "url": "https://a.test/" + "x" * 5000},
        {"mode": "url", "url": "http://["},
    ],
)
def test_what_nobody_can_be_asked_is_said_so(params: JsonObject) -> None:
    with pytest.raises(CannotAsk):
        question_of(params)


def test_a_long_text_is_cut() -> None:
    assert len(question_of({"message": "x" * 10_000, "requestedSchema": form()}).text) == MAX_QUESTION_CHARS


def test_an_answer_carries_what_the_person_gave_and_nothing_nested() -> None:
    asked = LiveQuestion(text="?", form=form(a={"type": "string"}))
    given: JsonObject = {"a": "b", "n": 1, "many": ["x"], "none": None, "nested": {}, "odd": [1]}
    accepted = LiveAnswer(action="accept", content=given)
    assert result_of(accepted, asked) == {
        "action": "accept",
        "content": {"a": "b", "n": 1, "many": ["x"], "none": None},
    }
    assert result_of(LiveAnswer(action="decline", reason="nobody"), asked) == {"action": "decline"}
    assert result_of(accepted, LiveQuestion(text="?", url="https://a.test")) == {"action": "accept"}
