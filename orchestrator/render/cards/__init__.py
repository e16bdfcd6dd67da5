"""Adaptive Cards 1.6 as lines of text, for terminals and pipes."""

from __future__ import annotations

from orchestrator.render.cards.lines import Line, Span, plain
from orchestrator.render.cards.look import ASCII_SIGNS, DEFAULT_WIDTH, UNICODE_SIGNS, Look, Signs
from orchestrator.render.cards.text import card_lines, card_text

__all__ = [
    "ASCII_SIGNS",
    "DEFAULT_WIDTH",
    "UNICODE_SIGNS",
    "Line",
    "Look",
    "Signs",
    "Span",
    "card_lines",
    "card_text",
    "plain",
]
