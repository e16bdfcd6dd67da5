"""What has changed in the JSON form of events: one step for each version that is no longer written. Pure.

A step takes an event as the older version wrote it and gives it as the next version would have. Steps follow each
other, so that each is written once and never again looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from runtimes.values import JsonObject

_SINCE_2: Mapping[str, JsonObject] = {
    "turn_started": {"attended": True, "sources": [], "history_tokens": 50_000},
    "call_judged": {"changes_something": False},
    "call_dispatched": {"destination": "", "at": 0.0},
}
"""What version 2 says more, by kind: if somebody can be asked in a turn, what its plugins come from, and how far it
looks back; if a call changes something although it may be repeated; where and when it was sent.

The values are written out: what version 1 meant does not change with a default of today."""


def _to_2(event: JsonObject) -> JsonObject:
    return {**event, **_SINCE_2.get(str(event.get("kind")), {})}


def _to_3(event: JsonObject) -> JsonObject:
    """Version 3 has sign-ins beside all that version 2 had, and says nothing more of the rest."""
    return {**event}


UPCASTERS: Mapping[int, Callable[[JsonObject], JsonObject]] = {1: _to_2, 2: _to_3}
"""The step from each version to the next; what it is given and gives is without its `v`."""
