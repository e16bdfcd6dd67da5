"""Fallbacks are taken as the format has it, and what nobody can reveal cannot be chosen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.response.card_forms import buttons_of, choices_of
from orchestrator.response.card_standing import MAX_DEPTH, standing
from runtimes.values import Json, JsonObject


def text(words: str, **members: Json) -> JsonObject:
    return {"type": "TextBlock", "text": words, **members}


def _body(*elements: Json) -> Json:
    return standing({"body": list(elements)})["body"]


CASES: list[tuple[JsonObject, list[Json]]] = [
    (text("a"), [text("a")]),
    ({"type": "Badge"}, [{"type": "Badge"}]),
    ({"type": "Badge", "fallback": text("a")}, [text("a")]),
    ({"type": "Badge", "fallback": "drop"}, []),
    ({"type": "Badge", "fallback": 7}, [{"type": "Badge", "fallback": 7}]),
    ({"type": "Badge", "fallback": {"type": "Star", "fallback": text("a")}}, [text("a")]),
    (text("a", fallback=text("b")), [text("a", fallback=text("b"))]),
    (text("a", requires={"hologram": "*"}, fallback="drop"), []),
    (text("a", requires={"adaptiveCards": "1.7"}, fallback="drop"), []),
    (text("a", requires={"adaptiveCards": "nonsense"}, fallback="drop"), []),
    ({"type": "Container", "items": [{"type": "Badge"}], "fallback": text("a")}, [text("a")]),
    (
        {"type": "Container", "items": [{"type": "Badge", "fallback": "drop"}], "fallback": text("a")},
        [{"type": "Container", "items": [], "fallback": text("a")}],
    ),
    (
        {"type": "ActionSet", "actions": [{"type": "Action.Fly", "fallback": {"type": "Action.Submit"}}]},
        [{"type": "ActionSet", "actions": [{"type": "Action.Submit"}]}],
    ),
    (
        {"type": "ColumnSet", "columns": [{"items": [text("a")]}], "fallback": "drop"},
        [{"type": "ColumnSet", "columns": [{"items": [text("a")]}], "fallback": "drop"}],
    ),
]


@pytest.mark.parametrize(("element", "stands"), CASES)
def test_what_is_not_understood_is_replaced(element: JsonObject, stands: list[Json]) -> None:
    """Issue 5, line 6: unknown elements use their `fallback`."""
    assert _body(element) == stands


def _submit(title: str) -> JsonObject:
    return {"type": "Action.Submit", "title": title}


def _hidden(name: str) -> JsonObject:
    return {
        "type": "Container",
        "id": name,
        "isVisible": False,
        "items": [
            {"type": "Input.Text", "id": f"{name} text", "value": "v"},
            {"type": "ActionSet", "actions": [_submit(name)]},
        ],
    }


def test_what_nobody_can_reveal_keeps_its_fields_and_loses_its_buttons() -> None:
    toggle: JsonObject = {"type": "Action.ToggleVisibility", "targetElements": ["shown"]}
    card = standing({"body": [_hidden("shown"), _hidden("lost")], "actions": [toggle, _submit("send")]})
    choices = choices_of(card)
    assert [choice.title for choice in choices] == ["shown", "send"]
    assert [(field.id, field.is_hidden) for field in choices[1].inputs] == [("shown text", False), ("lost text", True)]


def test_what_is_in_an_element_that_is_only_named_cannot_be_chosen() -> None:
    card = standing({"body": [{"type": "Badge", "selectAction": _submit("a"), "items": [{"type": "ActionSet"}]}]})
    assert card["body"] == [{"type": "Badge"}]


def test_the_button_of_a_fallback_can_be_chosen() -> None:
    card = standing({"actions": [{"type": "Action.Fly", "title": "Fly", "fallback": _submit("Walk")}]})
    assert [choice.title for choice in choices_of(card)] == ["Walk"]


def test_buttons_are_the_actions_that_choices_are_read_from() -> None:
    inline: JsonObject = {"type": "Input.Text", "id": "i", "inlineAction": _submit("inline")}
    card = standing({"body": [inline], "actions": [_submit("a"), _submit("b")], "selectAction": _submit("whole")})
    assert [node["title"] for node in buttons_of(card)] == [choice.title for choice in choices_of(card)]
    assert [choice.title for choice in choices_of(card)] == ["inline", "a", "b", "whole"]


def test_a_card_of_any_depth_is_looked_into_only_so_far() -> None:
    node: JsonObject = {"type": "Badge"}
    for _ in range(MAX_DEPTH * 10):
        node = {"type": "Container", "items": [node], "fallback": "drop"}
    assert _body(node) == [node]


MEMBERS: tuple[str, ...] = (
    "type",
    "body",
    "items",
    "actions",
    "fallback",
    "card",
    "isVisible",
    "requires",
    "targetElements",
    "id",
)
LEAVES: st.SearchStrategy[Json] = st.none() | st.booleans() | st.sampled_from(("Container", "Badge", "drop", "a"))


def _nested(inner: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    objects: st.SearchStrategy[Json] = st.dictionaries(st.sampled_from(MEMBERS), inner, max_size=5)
    lists: st.SearchStrategy[Json] = st.lists(inner, max_size=4)
    return objects | lists


@given(st.dictionaries(st.sampled_from(MEMBERS), st.recursive(LEAVES, _nested, max_leaves=20), max_size=5))
def test_what_stands_stands_again(card: JsonObject) -> None:
    once = standing(card)
    assert standing(once) == once
