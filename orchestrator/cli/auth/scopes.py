"""Which scopes are asked for: words as RFC 6749 writes them, and not too many. Pure."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

MAX_SCOPES = 64
"""Scopes that one credential is asked for."""

MAX_SCOPES_CHARS = 4096
"""Characters of all of them, with the blanks between: they stand in the address of a login."""

_SCOPE = re.compile(r"[!#-\[\]-~]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scopes:
    """Those that are asked for, and what was left out of what plugins want."""

    taken: tuple[str, ...]
    unwritable: tuple[str, ...] = ()
    """No scopes at all (RFC 6749 3.3)."""
    beyond: tuple[str, ...] = ()
    """More than are asked for."""


def scope(text: str) -> str:
    """One that a person writes, as argparse reads it."""
    if not _SCOPE.fullmatch(text) or len(text) > MAX_SCOPES_CHARS:
        raise argparse.ArgumentTypeError(
            "a scope has no blanks, quotes and backslashes; give each with its own --scope"
        )
    return text


def _fitting(scopes: Iterable[str], count: int, chars: int) -> Iterator[str]:
    """The first ones, as many as there is room for."""
    for one in scopes:
        count, chars = count - 1, chars - len(one) - 1
        if count < 0 or chars < 0:
            return
        yield one


def _chars(scopes: Iterable[str]) -> int:
    return sum(len(one) + 1 for one in scopes)


def scopes_of(wanted: Sequence[str], given: Sequence[str]) -> Scopes:
    """Those that plugins want and those that the person adds, which always have room.

    Raises: `ValueError` where the person's own are too many.
    """
    own = tuple(dict.fromkeys(given))
    if len(own) > MAX_SCOPES or _chars(own) > MAX_SCOPES_CHARS:
        raise ValueError(f"at most {MAX_SCOPES} scopes of {MAX_SCOPES_CHARS} characters together are asked for")
    others = [one for one in dict.fromkeys(wanted) if one not in own]
    written = [one for one in others if _SCOPE.fullmatch(one)]
    fitting = tuple(_fitting(written, MAX_SCOPES - len(own), MAX_SCOPES_CHARS - _chars(own)))
    return Scopes(
        taken=tuple(dict.fromkeys((*(one for one in wanted if one in own or one in fitting), *own))),
        unwritable=tuple(one for one in others if not _SCOPE.fullmatch(one)),
        beyond=tuple(written[len(fitting) :]),
    )
