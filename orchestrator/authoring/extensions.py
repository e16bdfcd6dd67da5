"""What `x-ai-` extensions of a description say of a function, as far as a v2.2 manifest can carry it.

The forms are those that Kiota writes and reads. A value of another form is passed over, never copied.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice

from orchestrator.authoring.wording import without_keys
from orchestrator.manifest.known import MAX_STRING
from orchestrator.response.jsonpath import InvalidQuery, select
from runtimes.limits import MAX_DEPTH
from runtimes.openapi.document import Description, list_at, object_at, text_at
from runtimes.values import Json, JsonObject, depth_of, dump_json

MAX_INSTRUCTIONS = 50
"""Instructions of one state."""

MAX_CARD_BYTES = 64 * 1024
"""The JSON text of a card that stands in a description."""

MAX_CARD_DEPTH = MAX_DEPTH // 2
"""How deep such a card may nest: the manifest around it nests too."""

MAX_CARD_FILES = 500
"""Files of cards that are read for one description; each function has one."""

DATA_HANDLING = ("GetPublicData", "GetPrivateData", "DataTransform", "ResourceStateUpdate")
"""The values that version 2.2 of the schema knows (spec 9.5.2.1)."""

CARD = "x-ai-adaptive-card"

_CITATION = ("title", "subtitle", "url", "thumbnail_url", "information_protection_label", "template_selector")
_CONFIRMATION_TYPES = {"none": "None", "adaptivecard": "AdaptiveCard"}

Cards = Mapping[str, JsonObject]
"""Those that are in files, by the names that the description has for them."""


def _short(value: Json) -> str:
    text = without_keys(value) if isinstance(value, str) else ""
    return text if text.strip() and len(text) <= MAX_STRING else ""


def _texts(value: JsonObject, names: tuple[str, ...]) -> JsonObject:
    return {name: text for name in names if (text := _short(value.get(name)))}


def _is_query(text: str) -> bool:
    try:
        select(text, None)
    except InvalidQuery:
        return False
    return True


def _queries(value: JsonObject, names: tuple[str, ...]) -> JsonObject:
    """Those that are JSONPath queries: what is none would be read as nothing."""
    return {name: text for name, text in _texts(value, names).items() if isinstance(text, str) and _is_query(text)}


def instructions_of(operation: JsonObject, state: str) -> JsonObject:
    """The `instructions` of `x-ai-reasoning-instructions` or `x-ai-responding-instructions` (spec 10.2.2)."""
    name = f"x-ai-{state}-instructions"
    if text := _short(operation.get(name)):
        return {"instructions": text}
    lines: list[Json] = [line for one in list_at(operation, name)[:MAX_INSTRUCTIONS] if (line := _short(one))]
    return {"instructions": lines} if lines else {}


def _file_of(value: Json) -> str:
    """The file that a card is in; empty for what names none."""
    file = value.get("file") if isinstance(value, dict) else value
    return file if isinstance(file, str) and len(file) <= MAX_STRING else ""


def _named_cards(operation: JsonObject) -> Iterator[str]:
    """The files of the cards of an operation."""
    semantics = object_at(object_at(operation, "x-ai-capabilities"), "response_semantics")
    for value in (operation.get(CARD), semantics.get("static_template")):
        if file := _file_of(value):
            yield file


def card_files(description: Description) -> tuple[str, ...]:
    """The files of cards that its operations name, each once."""
    named = (file for entry in description.entries for file in _named_cards(entry.operation))
    return tuple(dict.fromkeys(islice(named, MAX_CARD_FILES)))


def _template(value: Json, cards: Cards) -> JsonObject | None:
    """A card within limits, which stands there or is in a file.

    It is written out in either case: a manifest names files of cards in version 2.4 only.
    """
    if not isinstance(value, dict):
        return None
    card = cards.get(_file_of(value), {}) if "file" in value else value
    if card.get("type") != "AdaptiveCard" or depth_of(card) > MAX_CARD_DEPTH:
        return None
    return card if len(dump_json(card)) <= MAX_CARD_BYTES else None


def card_semantics(operation: JsonObject, cards: Cards) -> JsonObject:
    """Members of `response_semantics` from `x-ai-adaptive-card`: a card, and what stands beside its file."""
    written = operation.get(CARD)
    value: JsonObject = {"file": written} if isinstance(written, str) else object_at(operation, CARD)
    template = _template(value, cards)
    if template is None:
        return {}
    if "file" not in value:
        return {"static_template": template}
    found: JsonObject = {**_queries(value, ("data_path",)), "static_template": template}
    if properties := _queries(value, _CITATION):
        found["properties"] = properties
    return found


def _semantics(value: JsonObject, cards: Cards) -> JsonObject:
    found = _queries(value, ("data_path", "oauth_card_path"))
    if properties := _queries(object_at(value, "properties"), _CITATION):
        found["properties"] = properties
    if template := _template(value.get("static_template"), cards):
        found["static_template"] = template
    return found


def _confirmation(value: JsonObject) -> JsonObject:
    found = _texts(value, ("title", "body"))
    if kind := _CONFIRMATION_TYPES.get(text_at(value, "type")[:20].casefold()):
        found["type"] = kind
    return found


def capabilities_of(operation: JsonObject, cards: Cards) -> dict[str, JsonObject]:
    """The capabilities of `x-ai-capabilities` (spec 9), each with its legal members; without those that are empty."""
    given = object_at(operation, "x-ai-capabilities")
    handling: list[Json] = [
        one for one in DATA_HANDLING if one in list_at(object_at(given, "security_info"), "data_handling")
    ]
    found: dict[str, JsonObject] = {
        "confirmation": _confirmation(object_at(given, "confirmation")),
        "response_semantics": _semantics(object_at(given, "response_semantics"), cards),
        "security_info": {"data_handling": handling} if handling else {},
    }
    return {name: value for name, value in found.items() if value}
