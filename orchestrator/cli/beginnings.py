"""Ids that a person names by how they begin."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise, takewhile

from orchestrator.errors import MAX_NAMES_LISTED, UnknownName, UsageError

SHORT_ID = 8
"""Characters of an id that is shown, where they tell it from the others."""


def named_by(written: str, ids: Sequence[str], *, kind: str) -> str:
    """The id itself, else the only one that begins so.

    Raises: `UnknownName`; `UsageError` when several do. `kind` is what has the id, in messages.
    """
    if written in ids:
        return written
    found = sorted(one for one in ids if written and one.startswith(written))
    if not found:
        raise UnknownName(kind, written, ids)
    if len(found) > 1:
        listed = ", ".join(found[:MAX_NAMES_LISTED]) + (", …" if len(found) > MAX_NAMES_LISTED else "")
        raise UsageError(f"{len(found)} ids of a {kind} begin with {written!r}: {listed}")
    return found[0]


def _alike(one: str, other: str) -> int:
    """How many characters they begin with alike."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def short_length(ids: Sequence[str]) -> int:
    """How many characters tell these ids from each other; `SHORT_ID` at least."""
    return max(SHORT_ID, *(_alike(*pair) + 1 for pair in pairwise(sorted(ids))), 0)
