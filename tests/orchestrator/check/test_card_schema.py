"""The table of Adaptive Cards 1.6 against what Microsoft's renderer reads, and its reader against a JSON Schema."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from collections.abc import Mapping
from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import TypeIs

from orchestrator.check.card_members import Version, version_of
from orchestrator.check.card_schema import KINDS
from orchestrator.check.cards import schema_problems
from runtimes.values import Json, JsonObject, parse_json
from tests.orchestrator.check.card_shapes import card_validator
from tests.orchestrator.check.referring import CASES, QUIET, ROOT

ORACLE = ROOT / "tests" / "oracle"
RECORDED = ROOT / "tests" / "cases" / "card_classes.json"
OTHER_NAMES = {
    "RefreshDefinition": "Refresh",
    "AuthCardButton": "AuthenticationButton",
    "ChoiceSetInputDataQuery": "Data.Query",
}
"""What the renderer calls what has no type."""

NO_KIND = {"HostCapabilities"}
"""What has no members of its own."""

OTHER_VERSIONS: Mapping[tuple[str, str], str] = {
    ("AdaptiveCard", "rtl"): "documented with 1.5",
    ("Container", "rtl"): "documented with 1.5",
    ("Column", "rtl"): "documented with 1.5",
    ("Container", "backgroundImage"): "documented with 1.2; the renderer has it where the card has it",
    ("Column", "backgroundImage"): "documented with 1.2; the renderer has it where the card has it",
    ("ColumnSet", "style"): "documented with 1.2; the renderer has it where containers have it",
    ("Input.Text", "inlineAction"): "documented with 1.2",
}
"""Members that the renderer reads in cards of an earlier version than the documentation says, with the reason."""

MORE_WORDS = {("ImageSet", "imageSize"): {"auto", "stretch"}}
"""Words that the documentation has and the renderer does not know."""

NOT_LISTED: Mapping[str, set[str]] = {
    "AdaptiveCard": {"body", "actions", "metadata"},
    "Container": {"items"},
    "Column": {"items"},
    "ColumnSet": {"columns"},
    "RichTextBlock": {"inlines"},
    "ActionSet": {"actions"},
    "Carousel": {"pages", "isVisible"},
    "CarouselPage": {"items", "isVisible"},
    "Table": {"rows", "firstRowAsHeader"},
    "TableRow": {"cells"},
    "TableCell": {"items"},
    "TableColumnDefinition": {"type"},
    "Action.ShowCard": {"card"},
    "Data.Query": {"filter", "value", "associatedInputs"},
    "Refresh": {"expires"},
}
"""Members that the renderer reads by hand, as it does `fallback` everywhere, or that only the documentation has."""

SAMPLER: JsonObject = {
    "type": "AdaptiveCard",
    "version": "1.6",
    "body": [
        {"type": "TextBlock", "text": "a", "wrap": True, "color": "good", "maxLines": 2, "fallback": "drop"},
        {"type": "RichTextBlock", "inlines": ["a", {"type": "TextRun", "text": "b", "underline": True}]},
        {"type": "ColumnSet", "columns": [{"width": "auto", "items": [{"type": "Image", "url": "u", "width": "9px"}]}]},
        {"type": "FactSet", "facts": [{"title": "a", "value": "b"}]},
        {"type": "Table", "columns": [{"width": 1}], "rows": [{"type": "TableRow", "cells": [{"items": []}]}]},
        {"type": "Input.ChoiceSet", "id": "c", "choices": [{"title": "a", "value": "b"}], "style": "filtered"},
        {"type": "Container", "items": [{"type": "Glass", "fallback": {"type": "Media", "sources": [{"url": "u"}]}}]},
        {"type": "Carousel", "pages": [{"type": "CarouselPage", "items": [{"type": "Badge"}]}]},
    ],
    "actions": [
        {
            "type": "Action.ShowCard",
            "card": {"type": "AdaptiveCard", "body": [{"type": "Input.Toggle", "id": "t", "title": "a"}]},
        },
        {"type": "Action.ToggleVisibility", "targetElements": ["a", {"elementId": "b", "isVisible": "false"}]},
        {"type": "Action.Execute", "verb": "v", "data": {"a": 1}, "associatedInputs": "none"},
    ],
}
VALUES: tuple[Json, ...] = (None, True, 5, "", "${a}", "auto", "TextBlock", "Action.Submit", "9px", [], {}, ["a"], [[]])
SCHEMA_CODES = {"card-type", "card-value", "card-missing"}
"""What a JSON Schema can see."""


def classes() -> Mapping[str, JsonObject]:
    found = parse_json(RECORDED.read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return {OTHER_NAMES.get(name, name): one for name, one in found.items() if isinstance(one, dict)}


def members(one: JsonObject) -> Mapping[str, JsonObject]:
    found = one["members"]
    assert isinstance(found, dict)
    return {name: member for name, member in found.items() if isinstance(member, dict)}


def version(value: Json) -> Version:
    found = version_of(value)
    assert found is not None
    return found


@pytest.mark.skipif(
    shutil.which("node") is None or not (ORACLE / "node_modules" / "adaptivecards").is_dir(),
    reason="the renderer is not installed (npm ci in tests/oracle)",
)
def test_the_recorded_classes_are_those_of_the_renderer() -> None:
    done = subprocess.run(["node", "card_classes.js"], cwd=ORACLE, capture_output=True, timeout=60, check=True)
    assert done.stdout == RECORDED.read_bytes()


@pytest.mark.parametrize("name", sorted(set(classes()) - NO_KIND))
def test_a_kind_has_the_members_versions_and_words_that_the_renderer_has(name: str) -> None:
    """Issue 5, point 6: the Adaptive Cards schema is our own, and judged by what somebody else wrote."""
    theirs, kind = classes()[name], KINDS[name]
    unlisted = NOT_LISTED.get(name, set()) | ({"fallback"} & set(kind.members))
    assert set(members(theirs)) == set(kind.members) - unlisted
    if kind.is_named and theirs["since"] != "1.0":
        assert version(theirs["since"]) == kind.since
    for key, member in members(theirs).items():
        ours = kind.members[key]
        if (name, key) not in OTHER_VERSIONS:
            assert max(version(member["since"]), kind.since) == max(ours.since, kind.since), key
        else:
            assert version(member["since"]) < ours.since, "no difference"
        words = member.get("words", {})
        assert isinstance(words, dict)
        if words:
            known = {word.lower(): since for word, since in ours.words.items()}
            more = MORE_WORDS.get((name, key), set())
            assert known == {word.lower(): version(since) for word, since in words.items()} | dict.fromkeys(
                more, (1, 0)
            )


def _has_violations(card: JsonObject) -> bool:
    return any(found.code in SCHEMA_CODES for found in schema_problems(card))


def _containers(value: Json) -> list[JsonObject | list[Json]]:
    if isinstance(value, dict):
        return [value, *(one for item in value.values() for one in _containers(item))]
    if isinstance(value, list):
        return [value, *(one for item in value for one in _containers(item))]
    return []


def _mutated(card: JsonObject, chance: random.Random) -> JsonObject:
    made = deepcopy(card)
    for _ in range(chance.randint(0, 3)):
        spot = chance.choice(_containers(made))
        value = deepcopy(chance.choice(VALUES))
        if isinstance(spot, list):
            spot[: chance.randint(0, 1)] = [value]
        elif spot and chance.random() < 0.4:
            del spot[chance.choice([*spot])]
        else:
            names = [*spot, "items", "columns", "url", "type", "selectAction", "fallback", "$data", "facts", "style"]
            spot[chance.choice(names)] = value
    return made


def is_card(value: Json) -> TypeIs[JsonObject]:
    return isinstance(value, dict) and value.get("type") == "AdaptiveCard"


def _cards() -> list[JsonObject]:
    cases = [case for case in (*CASES.values(), *QUIET.values()) if case.code != "card-limit"]
    texts = [case.files["card.json"] for case in cases if "card.json" in case.files]
    read: list[Json] = [json.loads(text.replace("▶", "")) for text in texts]
    return [SAMPLER, *(card for card in read if is_card(card))]


CARDS = _cards()


@given(st.integers(0, 2**32))
def test_a_card_is_judged_as_a_json_schema_of_the_table_judges_it(seed: int) -> None:
    """The walk of `validate` and a validator that somebody else wrote see the same mistakes."""
    chance = random.Random(seed)
    card = _mutated(chance.choice(CARDS), chance)
    if is_card(card):
        card["version"] = "1.6"  # which has codes of its own
        assert _has_violations(card) != card_validator().is_valid(card), json.dumps(card)


def test_a_card_with_everything_is_right() -> None:
    assert list(schema_problems(SAMPLER)) == []
    assert card_validator().is_valid(SAMPLER)
