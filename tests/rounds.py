"""How many examples of a property are tried: few in a usual run, many in a long one.

    pytest -m hypothesis --hypothesis-profile=long

A usual run tries the same examples each time, so that it fails on what was changed and on nothing else; a long one
tries new ones.
"""

from __future__ import annotations

from hypothesis import settings

USUAL = "short"

# how long an example takes is the machine's and its load's
settings.register_profile(USUAL, deadline=None, max_examples=40, derandomize=True)
settings.register_profile("long", deadline=None, max_examples=1000)


def rounds(factor: float) -> int:
    """So many times as many examples as of another property."""
    return round(factor * settings().max_examples)
