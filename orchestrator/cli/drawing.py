"""Cards as text: on the standard output as the chat shows them, or as plain lines."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Final

from orchestrator.content import Card
from orchestrator.errors import UsageError
from orchestrator.render.card_view import print_card
from orchestrator.render.cards import ASCII_SIGNS, DEFAULT_WIDTH, UNICODE_SIGNS, Look, card_lines
from orchestrator.render.console import console_for

WIDTHS: Final = range(20, 501)
"""The widths that can be asked for, in cells."""


def checked_width(width: int | None) -> int | None:
    """What `--width` says. Raises: `UsageError`."""
    if width is not None and width not in WIDTHS:
        raise UsageError(f"--width: a card is drawn {WIDTHS.start} to {WIDTHS.stop - 1} columns wide, not {width}")
    return width


def print_cards(cards: Sequence[Card], *, width: int | None, locale: str) -> None:
    """Prints cards with an empty line between them: in frames on a terminal, marked in a pipe."""
    is_live = sys.stdout.isatty()
    console = console_for(sys.stdout, is_live=is_live, width=width)
    for number, card in enumerate(cards):
        if number:
            console.print()
        print_card(console, card, is_live=is_live, locale=locale)


def plain_card(card: Card, *, width: int | None, locale: str, encoding: str) -> str:
    """The card as lines without a frame, with signs that the encoding has."""
    signs = UNICODE_SIGNS if encoding.casefold().startswith("utf") else ASCII_SIGNS
    return "\n".join(card_lines(card, Look(width=width or DEFAULT_WIDTH, signs=signs, locale=locale)))
