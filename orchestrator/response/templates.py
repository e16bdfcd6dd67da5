"""Templates of cards: where a result's own is selected, and what a template makes of data (spec 9.4.2).

Pure but for the clock it is given.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from orchestrator.content import CardOrigin
from orchestrator.manifest.queries import Path, Reading, path_of, within_result
from orchestrator.response import cards
from orchestrator.response.card_language import card_language
from orchestrator.response.cards.errors import CardError
from orchestrator.response.cards.limits import Budget as Work
from orchestrator.response.cards.limits import CardLimit
from orchestrator.response.jsonpath import Budget, InvalidQuery, select
from runtimes.values import InvalidJson, Json, JsonObject, depth_of, dump_json, parse_json

CARD = "AdaptiveCard"
"""The type of a card."""

MAX_CARDS = 20
"""Cards of one answer; those that are left out are counted."""

MAX_CARD = 200_000
"""Characters of one card, as JSON; a larger one is not shown."""

MAX_CARD_DEPTH = 100
"""Containers inside each other in one card; events that carry it are read back within the limit of all JSON."""

ANSWER_SECONDS = 2.0
"""Seconds that all cards of one answer may take to be made."""

ANSWER_OUTPUT = 2_000_000
"""Characters that the expansions of one answer may make together."""

MAX_NOTE = 300
"""Characters of a note on why a card is not shown."""

_QUOTED_IN_NOTE = 80
"""Characters of the expression that a note quotes."""

_DATA = re.compile(r"'[^']*'|\"[^\"]*\"|\d[\d.]*")
"""What may be data in the words of an error."""


class NoCard(Exception):
    """There is no card; the message is one line that says why, for the author, without data of the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardTemplate:
    """A function's `static_template` (spec 9.4.2.3)."""

    content: JsonObject | None = field(default=None, repr=False)
    """None where it lies in a file that cannot be read."""
    problem: str = ""
    """Why that is so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A template that a result is to be shown by."""

    origin: CardOrigin
    content: JsonObject
    name: str
    """What notes call it."""


def is_card(value: Json) -> bool:
    """True for an Adaptive Card, expanded or not."""
    kind = value.get("type") if isinstance(value, dict) else None
    return isinstance(kind, str) and kind.casefold() == CARD.casefold()


def card_in(value: Json) -> JsonObject | None:
    """The card that a value is, or holds as JSON text; None for anything else."""
    if isinstance(value, str) and value.lstrip().startswith("{"):
        try:
            value = parse_json(value)
        except InvalidJson:
            return None
    return value if isinstance(value, dict) and is_card(value) else None


def fits(card: JsonObject) -> bool:
    """True for a card that can be kept and shown."""
    return depth_of(card) <= MAX_CARD_DEPTH and len(dump_json(card)) <= MAX_CARD


def work_for_answer() -> Work:
    """The work that all cards of one answer share."""
    return Work(output=ANSWER_OUTPUT, seconds=ANSWER_SECONDS)


# --- selecting


def _first(query: str, value: Json, budget: Budget) -> Json:
    try:
        nodes = select(query, value, budget)
    except InvalidQuery:
        return None
    return nodes[0] if nodes else None


def _selected_in(query: str, result: Json, path: str, payload: Json, budget: Budget) -> Json:
    """From the result on; else as one that repeats the data path; else from the root of the answer on."""
    found = _first(query, result, budget)
    if found is None and (meant := within_result(query, path)) is not None:
        found = _first(meant, result, budget)
    return found if found is not None else _first(query, payload, budget)


def _referred(found: Json, payload: Json, budget: Budget) -> Json:
    """What the selected value leads to: a card, the path of one in the whole answer, or its place in an array."""
    if isinstance(found, int) and not isinstance(found, bool) and isinstance(payload, list):
        return payload[found] if 0 <= found < len(payload) else None
    if not isinstance(found, str) or (card := card_in(found)) is None:
        query = path_of(found.strip()) if isinstance(found, str) else None
        return found if query is None else _first(query, payload, budget)
    return card


def selected_template(
    reading: Reading | None, result: Json, *, path: str, payload: Json, budget: Budget
) -> Chosen | None:
    """The template that `template_selector` selects for a result that was found by `path`; None where it has none.

    Raises: `NoCard` where it has one that is no card.
    """
    parts = reading.parts if reading is not None else ()
    query = parts[0].query if len(parts) == 1 and isinstance(parts[0], Path) else None
    found = _selected_in(query, result, path, payload, budget) if query is not None else None
    if query is None or found in (None, ""):
        return None
    card = _referred(found, payload, budget)
    if not isinstance(card, dict) or not is_card(card):
        raise NoCard(f"template_selector {query[:_QUOTED_IN_NOTE]!r} leads to no Adaptive Card")
    return Chosen(origin="selected", content=card, name="the template that template_selector selects")


# --- expanding


def _without_data(message: str, text: str) -> str:
    """The words of an error without what does not stand in the template."""
    return _DATA.sub(lambda found: found[0] if found[0].strip("'\"") in text else "…", message)


def _why(name: str, error: CardError | CardLimit) -> str:
    if isinstance(error, CardLimit):
        return f"{name} is not used: {error}"
    place = f" at {error.pointer}" if error.pointer else ""
    quoted = error.text[max(0, error.offset - _QUOTED_IN_NOTE // 2) :][:_QUOTED_IN_NOTE]
    message = _without_data(error.message, error.text)
    return " ".join(f"{name} cannot be expanded: {message}, in {quoted!r}{place}".split())[:MAX_NOTE]


def _checked(card: Json, name: str) -> JsonObject:
    if not isinstance(card, dict) or not is_card(card):
        raise NoCard(f"{name} makes no Adaptive Card")
    if not fits(card):
        raise NoCard(f"{name} makes a card of more than {MAX_CARD} characters, or deeper than {MAX_CARD_DEPTH}")
    return card


class Expander:
    """Expands the templates of one answer, within one budget; each template is read once."""

    def __init__(self, work: Work, locale: str | None, clock: Callable[[], float] = time.time) -> None:
        """`clock` tells the time that cards know, in seconds since the epoch."""
        self._work = work
        self._clock = clock
        self._locale = card_language(locale)
        self._read: dict[int, cards.Template | str] = {}
        self._held: list[JsonObject] = []

    def _template(self, chosen: Chosen) -> cards.Template:
        key = id(chosen.content)
        if key not in self._read:
            self._held.append(chosen.content)  # so that its identity stays its own
            try:
                self._read[key] = cards.prepared(chosen.content)
            except (CardError, CardLimit) as error:
                self._read[key] = _why(chosen.name, error)
        template = self._read[key]
        if isinstance(template, str):
            raise NoCard(template)
        return template

    def cards(self, chosen: Chosen, data: Json) -> tuple[JsonObject, ...]:
        """What the template makes of the data, which is its `$root`; nothing where its own `$when` says so.

        Raises: `NoCard`.
        """
        try:
            now = datetime.fromtimestamp(self._clock(), UTC)
            made = self._template(chosen).expand(data, locale=self._locale, now=now, budget=self._work)
        except (CardError, CardLimit) as error:
            raise NoCard(_why(chosen.name, error)) from None
        if made is None:
            return ()
        return tuple(_checked(card, chosen.name) for card in (made if isinstance(made, list) else [made]))
