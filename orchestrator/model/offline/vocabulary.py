"""Word lists, written as one string each."""

from __future__ import annotations


def vocabulary(text: str) -> frozenset[str]:
    """The words of a string, each once."""
    return frozenset(text.split())
