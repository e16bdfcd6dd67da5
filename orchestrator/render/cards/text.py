"""A card as lines of styled text, at any width. Everything in a card is a stranger's: nothing in it raises."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.content import Card
from orchestrator.render.cards import actions, containers, fields, pictures, texts
from orchestrator.render.cards.blocks import Block, Words
from orchestrator.render.cards.data import data
from orchestrator.render.cards.lines import (
    MAX_DRAWN_LINES,
    MIN_WIDTH,
    Flow,
    Line,
    line,
    plain,
    shortened,
    stripped,
    wrapped,
)
from orchestrator.render.cards.look import Look
from orchestrator.render.cards.prose import prose
from orchestrator.render.cards.reading import Bindings, Draw, Reading
from orchestrator.response.card_forms import buttons_of
from orchestrator.response.card_standing import standing
from runtimes.values import Json, JsonObject

MAX_CARD_LINES = 300
"""How many lines of a card are shown."""
MAX_LINE = 1_000
"""Characters of one line, those that take no cells included."""
MAX_NOTES = 5
"""How many notes on the choice of a card are shown."""
MAX_SEARCHED = 10_000
"""How many values of a card are looked through for actions that show something."""

_DRAWS: dict[str, Draw] = {
    "AdaptiveCard": containers.card,
    "TextBlock": texts.text_block,
    "RichTextBlock": texts.rich_text_block,
    "Image": pictures.image,
    "ImageSet": pictures.image_set,
    "Media": pictures.media,
    "Container": containers.container,
    "Column": containers.container,
    "TableCell": containers.container,
    "CarouselPage": containers.container,
    "ColumnSet": containers.column_set,
    "FactSet": containers.fact_set,
    "Table": containers.table,
    "Carousel": containers.carousel,
    "ActionSet": actions.action_set,
    "Input.Text": fields.field,
    "Input.Number": fields.field,
    "Input.Date": fields.field,
    "Input.Time": fields.field,
    "Input.Toggle": fields.toggle,
    "Input.ChoiceSet": fields.choice_set,
}


def _objects_in(card: JsonObject) -> Iterator[JsonObject]:
    """Every object of a card, as many as are looked through."""
    open_ones: list[Json] = [card]
    for _ in range(MAX_SEARCHED):
        if not open_ones:
            return
        value = open_ones.pop()
        if isinstance(value, dict):
            yield value
            open_ones += value.values()
        elif isinstance(value, list):
            open_ones += value


def _revealers(card: JsonObject) -> dict[str, str]:
    """By the id of an element: the title of the action that shows it, as the card has it."""
    titles: dict[str, str] = {}
    for node in _objects_in(card):
        title, targets = node.get("title"), node.get("targetElements")
        for target in targets if isinstance(targets, list) else ():
            name = target.get("elementId") if isinstance(target, dict) else target
            if isinstance(name, str):
                titles.setdefault(name, title if isinstance(title, str) else "")
    return titles


def _notes(reading: Reading, card: Card) -> Block:
    texts_of_notes = (reading.name(note) for note in card.notes[:MAX_NOTES])
    return Words(flows=tuple(Flow(spans=line(f"({text})", "dim")) for text in texts_of_notes if text))


def _otherwise(reading: Reading, card: Card) -> Block:
    """What stands where nothing of the card is seen: its text for that case."""
    otherwise = prose(reading, card.body.get("fallbackText"), is_wrapped=True)
    return otherwise if otherwise.flows else reading.note("empty card")


def _block(card: Card, look: Look) -> tuple[Reading, Block | None]:
    body = standing(card.body) if card.template is None else card.body
    numbers = {} if look.first is None else {id(node): n for n, node in enumerate(buttons_of(body), look.first)}
    locale = body.get("lang")
    reading = Reading(
        look,
        locale if isinstance(locale, str) and locale else look.locale,
        Bindings(numbers=numbers, revealers=_revealers(body)),
        _DRAWS,
    )
    if card.template is not None:
        return reading, data(reading, card.template, body)
    return reading, reading.element(body, "AdaptiveCard")


def _drawn(block: Block, notes: Block, width: int) -> tuple[list[Line], list[Line]]:
    """The lines of the card, and of the notes on it, no wider than they need."""
    room = min(width, max(MIN_WIDTH, block.natural, notes.natural))
    return block.lines(room), notes.lines(room)


def _bounded(reading: Reading, lines: list[Line], width: int) -> Iterator[Line]:
    """The lines, as many as are shown."""
    more = reading.signs.more
    shown = MAX_CARD_LINES - 1 if len(lines) > MAX_CARD_LINES else len(lines)
    yield from (stripped(shortened(one, MAX_LINE)) for one in lines[:shown])
    if shown < len(lines):
        left = len(lines) - shown
        told = f"at least {left}" if len(lines) >= MAX_DRAWN_LINES else f"{left}"
        yield from wrapped(Flow(spans=line(f"{more} and {told} more lines", "dim")), width)
    if reading.is_cut:
        yield from wrapped(Flow(spans=line(f"[{more} the card has more than is shown]", "dim")), width)


def card_text(card: Card, look: Look) -> tuple[Line, ...]:
    """The card as lines, none wider than `look.width` (or `MIN_WIDTH`), without any control character."""
    reading, block = _block(card, look)
    notes = _notes(reading, card)
    width = max(MIN_WIDTH, look.width)
    lines, below = _drawn(block, notes, width) if block is not None else ([], [])
    if not lines:
        lines, below = _drawn(_otherwise(reading, card), notes, width)
    return tuple(_bounded(reading, [*lines, *below], width))


def card_lines(card: Card, look: Look | None = None) -> tuple[str, ...]:
    """As `card_text`, without styles."""
    return tuple(map(plain, card_text(card, look or Look())))
