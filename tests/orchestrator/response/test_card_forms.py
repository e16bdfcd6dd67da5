"""What can be done on a card, and what is sent for it (issue 5, line 6)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.content import Card
from orchestrator.render.cards import card_lines
from orchestrator.response.card_forms import MAX_CHOICES, MAX_DEPTH, choices_of, submitted
from orchestrator.response.card_inputs import PATTERN_SECONDS, Input, Unacceptable, accepted, read_input
from runtimes.values import Json, JsonObject

_JSON: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "id", "body", "actions", "items", "card", "title", "choices", "selectAction"]),
            inner | st.sampled_from(["Action.Submit", "Action.ShowCard", "Input.Text", "Input.ChoiceSet"]),
            max_size=4,
        )
    ),
    max_leaves=30,
)


def _field(**members: Json) -> Input:
    field = read_input({"type": "Input.Text", "id": "x", **members})
    assert field is not None
    return field


def _submit(title: str, **members: Json) -> JsonObject:
    return {"type": "Action.Submit", "title": title, **members}


def test_choices_are_found_in_reading_order_wherever_a_card_may_have_them() -> None:
    inner: JsonObject = {"type": "AdaptiveCard", "actions": [_submit("inner")]}
    card: JsonObject = {
        "type": "AdaptiveCard",
        "body": [
            {"type": "Container", "items": [{"type": "ActionSet", "actions": [_submit("in the text")]}]},
            {"type": "ColumnSet", "columns": [{"type": "Column", "selectAction": _submit("a column")}]},
        ],
        "actions": [
            {"type": "Action.OpenUrl", "title": "sends nothing", "url": "https://example.com"},
            {"type": "Action.Execute", "title": "execute", "verb": "approve"},
            {"type": "Action.ShowCard", "title": "show", "card": inner},
            _submit("off", isEnabled=False),
        ],
    }
    choices = choices_of(card)
    assert [choice.title for choice in choices] == ["in the text", "a column", "execute", "inner"]
    assert choices[2].verb == "approve"


@pytest.mark.parametrize(
    ("value", "is_on", "is_off"),
    [
        (True, True, False),
        ("true", True, False),
        ("TRUE", True, False),
        (False, False, True),
        ("false", False, True),
        ("False", False, True),
        ("yes", False, False),
        (1, False, False),
        (None, False, False),
    ],
)
def test_a_flag_that_is_written_as_text_counts_as_microsofts_renderer_has_it(
    value: Json, *, is_on: bool, is_off: bool
) -> None:
    field = _field(isRequired=value, isMultiSelect=value, isVisible=value)
    assert (field.is_required, field.is_multiple, field.is_hidden) == (is_on, is_on, is_off)
    card: JsonObject = {"actions": [_submit("one", isEnabled=value)]}
    assert [choice.title for choice in choices_of(card)] == ([] if is_off else ["one"])
    drawn = card_lines(Card(body=card))
    assert drawn == (("[one] (not enabled)",) if is_off else ("[one]",))
    shown = card_lines(Card(body={"body": [{"type": "Input.Text", "id": "a", "isRequired": value}]}))
    assert shown == (("a (required): [____]",) if is_on else ("a: [____]",))


def test_a_button_takes_the_fields_of_its_own_card_and_of_those_around_it() -> None:
    inner: JsonObject = {
        "type": "AdaptiveCard",
        "body": [{"type": "Input.Text", "id": "comment"}],
        "actions": [_submit("send the comment"), _submit("send nothing", associatedInputs="None")],
    }
    card: JsonObject = {
        "body": [{"type": "Input.Text", "id": "name"}],
        "actions": [_submit("send the name"), {"type": "Action.ShowCard", "card": inner}],
    }
    by_title = {choice.title: [field.id for field in choice.inputs] for choice in choices_of(card)}
    assert by_title == {
        "send the name": ["name"],
        "send the comment": ["name", "comment"],
        "send nothing": [],
    }


def test_what_was_filled_in_goes_over_the_data_of_the_action() -> None:
    card: JsonObject = {
        "body": [{"type": "Input.Text", "id": "name"}, {"type": "Input.Text", "id": "left empty"}],
        "actions": [_submit("go", data={"name": "old", "kind": "x"})],
    }
    (choice,) = choices_of(card)
    action = submitted(choice, {"name": "Ada", "left empty": "", "unknown": "y"}, call_id="c1", result_id="r1")
    assert action.data == {"name": "Ada", "kind": "x"}
    assert (action.title, action.call_id, action.result_id) == ("go", "c1", "r1")


def test_data_that_is_no_object_is_sent_as_it_is_and_beside_fields_as_a_member() -> None:
    card: JsonObject = {"body": [{"type": "Input.Text", "id": "n"}], "actions": [_submit("go", data="yes")]}
    (choice,) = choices_of(card)
    assert submitted(choice, {}, call_id="c").data == "yes"
    assert submitted(choice, {"n": "1"}, call_id="c").data == {"data": "yes", "n": "1"}


def test_choices_are_bounded_in_number_and_depth() -> None:
    assert len(choices_of({"actions": [_submit("x") for _ in range(MAX_CHOICES + 5)]})) == MAX_CHOICES
    deep: JsonObject = {"actions": [_submit("deep")]}
    for _ in range(MAX_DEPTH + 1):
        deep = {"items": [deep]}
    assert choices_of(deep) == ()


@pytest.mark.parametrize(
    ("members", "typed", "value"),
    [
        ({}, "  as typed ", "  as typed "),
        ({"type": "Input.Number", "min": 1, "max": 5}, " 3 ", "3"),
        ({"type": "Input.Date", "min": "2026-01-01"}, "2026-02-28", "2026-02-28"),
        ({"type": "Input.Time", "max": "17:00"}, "09:30", "09:30"),
        ({"type": "Input.Toggle", "valueOn": "agreed"}, "Yes", "agreed"),
        ({"type": "Input.Toggle"}, "", "false"),
        ({"type": "Input.ChoiceSet", "choices": [{"title": "Red", "value": "r"}]}, "red", "r"),
        ({"type": "Input.ChoiceSet", "choices": [{"title": "Red", "value": "r"}]}, "1", "r"),
        (
            {
                "type": "Input.ChoiceSet",
                "isMultiSelect": True,
                "choices": [{"title": "Red", "value": "r"}, {"title": "Blue", "value": "b"}],
            },
            "blue, 1, Blue",
            "b,r",
        ),
        ({"type": "Input.ChoiceSet", "choices.data": {}}, "anything", "anything"),
        ({"regex": "^\\d+$"}, "42", "42"),
        ({"regex": "(("}, "a broken pattern forbids nothing", "a broken pattern forbids nothing"),
        ({"type": "Input.Number", "min": "few"}, "-7", "-7"),
        ({"type": "Input.Number"}, "", ""),
    ],
)
def test_an_answer_that_fits_becomes_the_text_that_is_sent(members: JsonObject, typed: str, value: str) -> None:
    assert accepted(_field(**members), typed) == value


@pytest.mark.parametrize(
    ("members", "typed", "told"),
    [
        ({"isRequired": True}, "", "an answer is needed here"),
        ({"isRequired": True, "errorMessage": "who are you?"}, "", "who are you?"),
        ({"maxLength": 2}, "abc", "at most 2 characters, these are 3"),
        ({"regex": "^\\d+$"}, "x", "this does not have the form that is asked for"),
        ({"type": "Input.Number"}, "nan", "a number is wanted, such as 3 or 2.5"),
        ({"type": "Input.Number", "max": 5}, "6", "at most 5"),
        ({"type": "Input.Date"}, "31.1.2027", "a date is wanted, such as 2027-01-31"),
        ({"type": "Input.Date", "min": "2026-01-01"}, "2025-12-31", "at least 2026-01-01"),
        ({"type": "Input.Time"}, "9", "a time of day is wanted, such as 09:30"),
        ({"type": "Input.Toggle"}, "maybe", "yes or no"),
        ({"type": "Input.ChoiceSet", "choices": [{"title": "Red", "value": "r"}]}, "2", "one of: Red"),
    ],
)
def test_an_answer_that_does_not_fit_is_told_what_would(members: JsonObject, typed: str, told: str) -> None:
    with pytest.raises(Unacceptable) as refused:
        accepted(_field(**members), typed)
    assert str(refused.value) == told


def test_a_pattern_that_never_ends_forbids_nothing_and_is_stopped() -> None:
    slow = _field(regex="^(a|a)*(a|aa)*$")
    assert accepted(slow, "a" * 40 + "!") == "a" * 40 + "!"
    assert PATTERN_SECONDS < 1


@given(card=_JSON, typed=st.text(max_size=20))
def test_no_card_and_no_answer_raises_anything_but_what_is_declared(card: Json, typed: str) -> None:
    if not isinstance(card, dict):
        return
    for choice in choices_of(card):
        values: dict[str, str] = {}
        for field in choice.inputs:
            try:
                values[field.id] = accepted(field, typed)
            except Unacceptable:
                continue
        submitted(choice, values, call_id="c")
