"""The flags of an Adaptive Card, which may be written as text. Pure."""

from __future__ import annotations

from runtimes.values import Json


def flag(value: Json, *, otherwise: bool = False) -> bool:
    """What a flag says: true or false, or either as text in any case; of anything else what it is by default."""
    if isinstance(value, bool):
        return value
    word = value.casefold() if isinstance(value, str) else ""
    return word == "true" if word in ("true", "false") else otherwise
