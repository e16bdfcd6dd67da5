"""The array that a local plugin answers with (spec 13.2): text for the model, text and cards for the person.

The array is a stranger's: an entry that cannot be read is named in the model's text, and the others count. Pure but
for the clock it is given.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from orchestrator.content import Card, Shown
from orchestrator.response.templates import MAX_CARDS, Chosen, Expander, NoCard, fits, is_card, work_for_answer
from runtimes.values import InvalidJson, Json, JsonObject, dump_json, parse_json

TEMPLATES = "https://copilot.microsoft.com/schemas/visual-templates/"
"""What the URL of a card template starts with (spec 13.2.2.1)."""
ADAPTIVE_CARD = "text/adaptivecard"
MAX_ENTRIES = 50
"""How many entries of the array are read."""
MAX_ID = 200
"""Characters of a result's id; a longer one is none."""

_NO_TEMPLATES: Mapping[str, JsonObject] = {}


class _BadEntry(Exception):
    """An entry is not a local plugin result; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """What one entry is worth."""

    for_model: str
    text: str = ""
    cards: tuple[Card, ...] = ()


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


def _template_of(data: JsonObject) -> tuple[str, str]:
    """The template's URL, empty where it has none that is allowed; and why that is so."""
    template = data.get("template")
    if isinstance(template, str) and template.startswith(TEMPLATES):
        return template, ""
    if template is None:
        return "", "it names no template"
    return "", f"its template is not used: it does not start with {TEMPLATES}"


def _id(entry: JsonObject) -> str:
    name = entry.get("id")
    return name if isinstance(name, str) and len(name) <= MAX_ID else ""


def template_name(url: str) -> str:
    """What a known template is called: the last part of its URL (spec 13.2.2.1)."""
    return urlsplit(url).path.rpartition("/")[2]


class _Reader:
    """Reads the entries of one array."""

    def __init__(self, templates: Mapping[str, JsonObject], expander: Expander) -> None:
        self._templates = templates
        self._expander = expander

    def _expanded(self, url: str, content: Json, data: Card) -> tuple[Card, ...]:
        """The content in its template; as data where the template is not known, or makes no card of it."""
        name = template_name(url)
        if name not in self._templates:
            return (data,)
        try:
            chosen = Chosen(origin="local", content=self._templates[name], name=f"the template {name!r}")
            return tuple(Card(body=body) for body in self._expander.cards(chosen, content))
        except NoCard as reason:
            return (replace(data, notes=(str(reason),)),)

    def _cards(self, entry: JsonObject) -> tuple[tuple[Card, ...], Json]:
        """The cards of an entry, and what they are about."""
        data = _card_data(entry.get("data"))
        if is_card(data):
            return (Card(body=data),), data
        inner = data.get("data")
        content: Json = inner.get("cardContent") if isinstance(inner, dict) else None
        if not isinstance(content, dict | list):
            raise _BadEntry("its data has neither 'cardContent' that is an object or an array, nor an Adaptive Card")
        url, why_none = _template_of(data)
        body: JsonObject = content if isinstance(content, dict) else {"cardContent": content}
        if is_card(content):
            return (Card(body=body),), content
        if not url:
            return (Card(body=body, template="", notes=(why_none,)),), body
        return self._expanded(url, content, Card(body=body, template=url)), body

    def read(self, entry: Json) -> _Entry:
        """What the entry is worth. Raises: `_BadEntry`."""
        if not isinstance(entry, dict):
            raise _BadEntry("it is not an object")
        description = _description(entry)
        if _media_type(entry) == ADAPTIVE_CARD:
            cards, content = self._cards(entry)
            if not all(fits(card.body) for card in cards):
                raise _BadEntry("it is larger than a card may be")
            named = tuple(replace(card, result_id=_id(entry)) for card in cards)
            told = description or f"A card is shown with: {dump_json(content)}"
            return _Entry(for_model=told, cards=named)
        if "data" not in entry:
            raise _BadEntry("it has no data")
        data = entry["data"]
        text = data if isinstance(data, str) else dump_json(data)
        return _Entry(for_model=f"{description}\n{text}".strip(), text=text)


def read_local_results(
    payload: Json,
    templates: Mapping[str, JsonObject] = _NO_TEMPLATES,
    locale: str | None = None,
    clock: Callable[[], float] = time.time,
) -> tuple[str, Shown] | None:
    """What the model is told and what the person is shown; None when the payload is no such array (spec 13.2.1).

    An array counts when at least one entry has a `text/` type and data. `text/plain`, and any other text that is no
    card, goes to both. A card goes to the person and its `description_for_model` to the model; without one the model
    gets the card's content. `templates` are those that are known, by the last part of their URLs: content is expanded
    in them, and stays data for people to read where the template is not among them. A template that spec 13.2.2.1
    does not allow is dropped, its data stays data, and a note says why; content that is an array becomes the member
    `cardContent` of the body.
    """
    if not isinstance(payload, list) or not any(map(_is_result, payload)):
        return None
    told: list[str] = []
    notes: list[str] = []
    entries: list[_Entry] = []
    reader = _Reader(templates, Expander(work_for_answer(), locale, clock))
    for number, raw in enumerate(payload[:MAX_ENTRIES], start=1):
        try:
            entry = reader.read(raw)
        except _BadEntry as error:
            notes.append(f"result {number} of {len(payload)} cannot be used: {error}")
            told.append(f"[{notes[-1]}]")
            continue
        told.append(entry.for_model)
        entries.append(entry)
    if len(payload) > MAX_ENTRIES:
        notes.append(f"{len(payload) - MAX_ENTRIES} further results are left out")
        told.append(f"[{notes[-1]}]")
    cards = [card for entry in entries for card in entry.cards]
    return "\n\n".join(filter(None, told)), Shown(
        text="\n\n".join(entry.text for entry in entries if entry.text),
        cards=tuple(cards[:MAX_CARDS]),
        cards_left_out=len(cards[MAX_CARDS:]),
        notes=tuple(notes),
    )
