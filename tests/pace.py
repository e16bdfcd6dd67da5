"""How fast this machine is just now: a limit of processor time means the same on a slow one, and on a busy one.

Processor time is no constant of a program. Two tests that share a core, or a machine of another kind, make it twice or
three times as much; a limit that forgives that everywhere would not notice much on a quick machine.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

_ROUNDS = 200_000
_USUAL_SECONDS = 0.02
"""What the rounds take on the machine that the limits are meant for."""


def slowness() -> float:
    """How many times longer than there things take here, now; 1 at least."""
    started = time.process_time()
    total = 0
    for number in range(_ROUNDS):
        total += number
    return max(1.0, (time.process_time() - started) / _USUAL_SECONDS)


@contextmanager
def soon(seconds: float, clock: Callable[[], float] = time.process_time) -> Generator[None]:
    """What is done within takes less than `seconds` of the processor, or of `clock`, as they would be there."""
    before = slowness()
    started = clock()
    yield
    took = clock() - started
    pace = max(before, slowness())
    assert took < seconds * pace, f"it took {took:.2f} s on a machine {pace:.1f} times as slow as the usual one"
