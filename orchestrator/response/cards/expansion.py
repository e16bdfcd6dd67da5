"""Expands a card's template over data: `${…}`, `$data`, `$when`, `$index`, `$root`, `$host`. Pure but for the clock.

It does what the reference does, also where that is odd: a string that is one expression keeps the type of its value,
an array in an array is taken apart, an object that is repeated once stands alone, one that is dropped is null where it
is no element of an array, and `$when` is false for everything but true.
"""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

import orjson

from orchestrator.response.cards.card import Card
from orchestrator.response.cards.function import Setting
from orchestrator.response.cards.limits import Budget
from orchestrator.response.cards.template import check_size, part_of
from orchestrator.response.cards.utf16 import encoded
from orchestrator.response.cards.values import ABSENT, from_json
from runtimes.values import Json

_KEPT: Final = 64
"""Templates that are kept prepared."""

MAX_KEPT_CHARS: Final = 200_000
"""Characters of a template that is kept prepared; a larger one is prepared each time."""


def _whole(value: Json) -> Json:
    """The same with U+FFFD for every half character."""
    if isinstance(value, str):
        return encoded(value).decode()
    if isinstance(value, list):
        return [_whole(item) for item in value]
    return {encoded(name).decode(): _whole(item) for name, item in value.items()} if isinstance(value, dict) else value


def _writable(card: Json) -> Json:
    """A card that can be written: functions that count in UTF-16 units may have cut a character in two."""
    try:
        orjson.dumps(card)
    except TypeError:
        return _whole(card)
    return card


class Template:
    """A template that is read once and can be expanded often.

    Raises: `CardError` for an expression that cannot be read, `CardLimit`.
    """

    def __init__(self, template: Json) -> None:
        self._part = part_of(template)

    def expand(
        self,
        data: Json,
        *,
        host: Json = None,
        locale: str = "en-US",
        now: datetime | None = None,
        seed: int | None = None,
        budget: Budget | None = None,
    ) -> Json:
        """The card for that data; `host` is what the card knows as `$host`.

        Raises: `CardError` for an expression that has no value, `CardLimit`.
        """
        setting = Setting(
            budget=budget or Budget(),
            now=now or datetime.now(UTC),
            locale=locale,
            random=random.Random(seed),  # noqa: S311  # what cards draw decides nothing
        )
        card = Card(from_json(data), ABSENT if host is None else from_json(host), setting)
        expanded = self._part(card)
        return None if expanded is ABSENT else _writable(expanded)


@lru_cache(maxsize=_KEPT)
def _kept(text: str) -> Template:
    return Template(json.loads(text))


def prepared(template: Json) -> Template:
    """The template made ready; equal ones are read once. Raises: `CardError`, `CardLimit`."""
    check_size(template)
    text = json.dumps(template)
    return _kept(text) if len(text) <= MAX_KEPT_CHARS else Template(template)


def expand(
    template: Json,
    data: Json,
    *,
    host: Json = None,
    locale: str = "en-US",
    now: datetime | None = None,
    seed: int | None = None,
) -> Json:
    """Expands a template over data, as `Template.expand`. Raises: `CardError`, `CardLimit`."""
    return prepared(template).expand(data, host=host, locale=locale, now=now, seed=seed)
