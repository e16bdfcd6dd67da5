"""A few hundred spoilt plugins: whatever is in them, `orchestrator validate` says what is wrong, and where.

The long form is `python -m tests.fuzz.run` (issue 3).
"""

from __future__ import annotations

import signal
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType

import pytest

from tests.fuzz import inputs
from tests.fuzz.seeds import MANIFEST, own_seeds

HANG_SECONDS = 60
"""After which one input hangs."""

RUN = 7
"""Another number makes other inputs."""


@contextmanager
def watchdog() -> Generator[None]:
    """A hang in plain code ends where it hangs, which a timeout of the event loop cannot do."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise TimeoutError(f"one input takes more than {HANG_SECONDS} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(HANG_SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("part", range(4))
async def test_a_spoilt_plugin_has_a_verdict_and_places_and_reports(part: int) -> None:
    seeds = own_seeds()
    for index in range(part, 400, 4):
        with watchdog():
            assert await inputs.check(inputs.of(seeds, RUN, index), is_twice=index % 8 == part)


def test_the_same_number_makes_the_same_input_and_another_makes_another() -> None:
    seeds = own_seeds()
    assert inputs.of(seeds, RUN, 11) == inputs.of(seeds, RUN, 11)
    made = {inputs.of(seeds, RUN, len(seeds) * nth).files[MANIFEST] for nth in range(20)}
    assert len(made) > 10
