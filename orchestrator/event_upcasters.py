"""What has changed in the JSON form of events: one step for each version that is no longer written. Pure.

A step takes an event as the older version wrote it and gives it as the next version would have. Steps follow each
other, so that each is written once and never again looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from runtimes.values import JsonObject


def _with_circumstances(event: JsonObject) -> JsonObject:
    """From 1 to 2: a turn says if somebody can be asked in it, what its plugins come from, and how far it looks back; a
    call says if it changes something although it may be repeated, which nobody asked then.

    The values are written out: what version 1 meant does not change with a default of today.
    """
    if event.get("kind") == "call_judged":
        return {**event, "changes_something": False}
    if event.get("kind") != "turn_started":
        return event
    return {**event, "attended": True, "sources": [], "history_tokens": 50_000}


UPCASTERS: Mapping[int, Callable[[JsonObject], JsonObject]] = {1: _with_circumstances}
"""The step from each version to the next; what it is given and gives is without its `v`."""
