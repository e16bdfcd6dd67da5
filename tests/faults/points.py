"""The commits of a turn, by what they keep: at each of them, before and after, a worker dies."""

from __future__ import annotations

from dataclasses import dataclass

from tests.faults.records import LEASE_ALONE, Side
from tests.faults.shop import LOOK, ORDER, PAY, SEND


@dataclass(frozen=True, slots=True)
class Point:
    """Before or after the first commit of a worker that has a fact of this kind."""

    side: Side
    kind: str
    rounds: str = ""
    """What the worker is asked for; empty where it goes on with what another one left."""


SIDES: tuple[Side, ...] = ("before", "after")

_BEGUN = (
    ("turn_started", LOOK),
    ("reply_received", f"{LOOK}/{LOOK}"),
    ("call_asked", PAY),
    ("call_dispatched", SEND),
    ("call_returned", f"{SEND}+{LOOK}"),
    ("answer_received", ORDER),
    ("turn_ended", LOOK),
)
"""What a worker comes to that begins a turn."""

_TAKEN_OVER = (
    (LEASE_ALONE, Point("after", "turn_started", LOOK)),
    ("turn_taken_up", Point("after", "call_returned", LOOK)),
    ("call_unknown", Point("after", "call_dispatched", SEND)),
    ("call_interrupted", Point("after", "call_dispatched", ORDER)),
)
"""What one comes to that takes over from one that died there."""

SEQUENCES: tuple[tuple[Point, ...], ...] = (
    *((Point(side, kind, rounds),) for kind, rounds in _BEGUN for side in SIDES),
    *((earlier, Point(side, kind)) for kind, earlier in _TAKEN_OVER for side in SIDES),
)
"""Deaths that follow each other: the commits of a turn, each once before and once after it."""
