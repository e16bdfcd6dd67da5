"""Cards on a console, and the choices that stand on them by number."""

from __future__ import annotations

from dataclasses import dataclass

from rich import box
from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from orchestrator.content import Card
from orchestrator.events import CallReturned, Event
from orchestrator.render.sanitize import clean
from orchestrator.response.card_forms import Choice, choices_of
from orchestrator.response.card_standing import standing

MAX_CARDS = 10
"""How many cards of one turn are shown."""
MAX_TEXT_LINES = 60
"""Lines that are shown of a text that a plugin has for the person."""
MAX_NOTES = 5
"""How many notes are shown on cards that are not there."""
MAX_CARD_WIDTH = 160
"""Cells of a card's lines; wider terminals leave the rest empty."""
_FRAME = 4
"""Cells of a frame and the space in it, on both sides."""
_MARK = "| "
"""Before each line of a card in a pipe."""


def text_lines(text: str) -> tuple[str, ...]:
    """A text of a plugin as lines, clean and bounded."""
    lines = clean(text).strip().splitlines()
    more = len(lines) - MAX_TEXT_LINES
    return (*lines[:MAX_TEXT_LINES], f"… and {more} more lines") if more > 0 else tuple(lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A choice that is on the screen."""

    number: int
    call_id: str
    """The call whose answer the card came with."""
    result_id: str
    choice: Choice


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedCard:
    """A card, and the choices on it."""

    card: Card
    first: int
    """The number of its first choice."""
    offers: tuple[Offer, ...]


class TurnCards:
    """The cards of one turn, as its calls bring them."""

    def __init__(self) -> None:
        self._cards: list[tuple[str, Card]] = []
        self._left_out = 0
        self._notes: dict[str, None] = {}
        self._texts: list[str] = []

    def read(self, event: Event) -> None:
        """Takes what the event brings."""
        if isinstance(event, CallReturned):
            self._cards += [(event.call_id, card) for card in event.shown.cards]
            self._left_out += event.shown.cards_left_out
            self._notes |= dict.fromkeys(event.shown.notes)
            self._texts += [event.shown.text] if event.shown.text else []

    def texts(self) -> tuple[tuple[str, ...], ...]:
        """What local plugins say to the person besides (spec 13.2.1), as lines, each clean."""
        return tuple(text_lines(text) for text in self._texts[:MAX_CARDS])

    def offered(self) -> tuple[OfferedCard, ...]:
        """The cards that are shown; their choices are numbered from 1, across all of them."""
        shown: list[OfferedCard] = []
        first = 1
        for call_id, card in self._cards[:MAX_CARDS]:
            choices = choices_of(standing(card.body)) if card.template is None else ()
            offers = tuple(
                Offer(number=number, call_id=call_id, result_id=card.result_id, choice=choice)
                for number, choice in enumerate(choices, first)
            )
            shown.append(OfferedCard(card=card, first=first, offers=offers))
            first += len(offers)
        return tuple(shown)

    def remarks(self) -> tuple[str, ...]:
        """What is to be said of cards that are not shown, a line each."""
        more = max(0, len(self._cards) - MAX_CARDS) + self._left_out
        left_out = (f"… and {more} more card{'s' if more > 1 else ''}",) if more else ()
        return (*left_out, *list(self._notes)[:MAX_NOTES])


def print_card(console: Console, card: Card, *, is_live: bool, first: int | None = None, locale: str = "") -> None:
    """Prints the card: in a frame on a terminal, with a mark before each line in a pipe.

    `first` is the number of its first choice; None where choices cannot be taken.
    """
    from orchestrator.render.cards import ASCII_SIGNS, UNICODE_SIGNS, Look, card_text

    look = Look(
        width=min(MAX_CARD_WIDTH, console.width - (_FRAME if is_live else len(_MARK))),
        signs=UNICODE_SIGNS if console.encoding.casefold().startswith("utf") else ASCII_SIGNS,
        first=first,
        is_plain=not is_live,
        locale=locale,
    )
    lines = [Text.assemble(*line) for line in card_text(card, look)]
    if is_live:
        body = Text("\n", no_wrap=True, overflow="crop").join(lines)
        console.print(Panel(body, box=box.ROUNDED, border_style="dim", expand=False, padding=(0, 1)))
        return
    for line in lines:
        console.print(Text(_MARK) + line if line else Text(_MARK.rstrip()))
