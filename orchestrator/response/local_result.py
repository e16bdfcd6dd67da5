"""The array that a local plugin answers with (spec 13.2): text for the model, text and cards for the person.

Pure. The array is a stranger's: an entry that cannot be read is named in the model's text, and the others count.
"""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.content import Card, Shown
from runtimes.values import InvalidJson, Json, JsonObject, dump_json, parse_json

TEMPLATES = "https://copilot.microsoft.com/schemas/visual-templates/"
"""What the URL of a card template starts with (spec 13.2.2.1)."""
ADAPTIVE_CARD = "text/adaptivecard"
MAX_ENTRIES = 50
"""How many entries of the array are read."""


class _BadEntry(Exception):
    """An entry is not a local plugin result; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """What one entry is worth."""

    for_model: str
    text: str = ""
    card: Card | None = None


def _is_result(entry: Json) -> bool:
    if not isinstance(entry, dict):
        return False
    kind = entry.get("type")
    return isinstance(kind, str) and kind.casefold().startswith("text/") and "data" in entry


def _media_type(entry: JsonObject) -> str:
    """The type without its parameters, in lower case."""
    kind = entry.get("type")
    if not isinstance(kind, str) or not kind.casefold().startswith("text/"):
        raise _BadEntry("its type does not start with 'text/'")
    return kind.partition(";")[0].strip().casefold()


def _description(entry: JsonObject) -> str:
    description = entry.get("description_for_model")
    return description.strip() if isinstance(description, str) else ""


def _card_data(data: Json) -> JsonObject:
    """The visual card data object (spec 13.2.2): a string holding it, or leniently the object itself."""
    if isinstance(data, str):
        try:
            data = parse_json(data)
        except InvalidJson as error:
            raise _BadEntry(f"its data is not JSON: {error.reason}") from error
    if not isinstance(data, dict):
        raise _BadEntry("its data is not a JSON object")
    return data


def _template_of(data: JsonObject) -> tuple[str | None, str]:
    """The template's URL, and what is to be said about it where it is not one."""
    template = data.get("template")
    if isinstance(template, str) and template.startswith(TEMPLATES):
        return template, ""
    if template is None:
        return None, ""
    return None, f" (its template is not used: it does not start with {TEMPLATES})"


def _card(entry: JsonObject) -> tuple[Card, str]:
    data = _card_data(entry.get("data"))
    if data.get("type") == "AdaptiveCard":
        return Card(body=data), ""
    inner = data.get("data")
    content: Json = inner.get("cardContent") if isinstance(inner, dict) else None
    if isinstance(content, list):
        content = {"cardContent": content}
    if not isinstance(content, dict):
        raise _BadEntry("its data has neither 'cardContent' that is an object or an array, nor an Adaptive Card")
    template, note = _template_of(data)
    return Card(body=content, template=template), note


def _read(entry: Json) -> _Entry:
    if not isinstance(entry, dict):
        raise _BadEntry("it is not an object")
    description = _description(entry)
    if _media_type(entry) == ADAPTIVE_CARD:
        card, note = _card(entry)
        return _Entry(for_model=(description or f"A card is shown with: {dump_json(card.body)}") + note, card=card)
    if "data" not in entry:
        raise _BadEntry("it has no data")
    data = entry["data"]
    text = data if isinstance(data, str) else dump_json(data)
    return _Entry(for_model=f"{description}\n{text}".strip(), text=text)


def read_local_results(payload: Json) -> tuple[str, Shown] | None:
    """What the model is told and what the person is shown; None when the payload is no such array (spec 13.2.1).

    An array counts when at least one entry has a `text/` type and data. `text/plain`, and any other text that is no
    card, goes to both. A card goes to the person and its `description_for_model` to the model; without one the model
    gets the card's content. A template that spec 13.2.2.1 does not allow is dropped and its data kept as the card's
    body; content that is an array becomes the member `cardContent` of the body.
    """
    if not isinstance(payload, list) or not any(map(_is_result, payload)):
        return None
    told: list[str] = []
    entries: list[_Entry] = []
    for number, raw in enumerate(payload[:MAX_ENTRIES], start=1):
        try:
            entry = _read(raw)
        except _BadEntry as error:
            told.append(f"[result {number} of {len(payload)} cannot be used: {error}]")
            continue
        told.append(entry.for_model)
        entries.append(entry)
    if len(payload) > MAX_ENTRIES:
        told.append(f"[{len(payload) - MAX_ENTRIES} further results are left out]")
    return "\n\n".join(filter(None, told)), Shown(
        text="\n\n".join(entry.text for entry in entries if entry.text),
        cards=tuple(entry.card for entry in entries if entry.card is not None),
    )
