"""What a person is shown beside the words of an answer."""

from __future__ import annotations

from dataclasses import dataclass

from runtimes.values import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """Where a piece of an answer comes from (spec 9.4.2.2)."""

    title: str
    subtitle: str | None = None
    url: str | None = None
    """An http or https URL, or nothing."""
    thumbnail_url: str | None = None
    information_protection_label: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A visual result; `body` is the card's JSON as the plugin sent it."""

    body: JsonObject
    template: str | None = None
    """The URL of the template that `body` is the data for (spec 13.2.2.1); None when `body` is a card itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What one call gives the person to see."""

    text: str = ""
    citations: tuple[Citation, ...] = ()
    cards: tuple[Card, ...] = ()
