"""Guesses at what a misspelt name was to be, for hints. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

from orchestrator.manifest.problems import quoted

MAX_GUESSED_FROM = 64
"""How long a misspelt name, and one that may have been meant, may be for a guess, in characters."""

MAX_KNOWN = 500
"""How many of the known names a guess looks at."""

MAX_COMPARED = 50
"""How many of these it compares, which is costly; a document may have a thousand misspelt names."""


def _likely(written: str, known: Iterable[str]) -> Sequence[str]:
    """The known names to compare: where there are many, those first that begin as the name does."""
    short = [name for name in islice(known, MAX_KNOWN) if len(name) <= MAX_GUESSED_FROM]
    if len(short) <= MAX_COMPARED:
        return short
    beginning = written[:2].casefold()
    return sorted(short, key=lambda name: not name.casefold().startswith(beginning))[:MAX_COMPARED]


def nearest(written: str, known: Iterable[str]) -> str | None:
    """The known name that was probably meant; None where none is near, and for a name too long to compare."""
    from difflib import get_close_matches

    if len(written) > MAX_GUESSED_FROM:
        return None
    return next(iter(get_close_matches(written, _likely(written, known), n=1)), None)


def guess(written: str, known: Iterable[str], otherwise: str) -> str:
    """The hint that says which of the known names was probably meant; `otherwise` is the hint where none is near."""
    near = nearest(written, known)
    return f"did you mean {quoted(near)}?" if near is not None else otherwise
