"""The start of a local plugin's program, cancelled at any moment."""

from __future__ import annotations

import gc
import sys

import anyio
import anyio.lowlevel

from runtimes.base import LocalEndpoint
from runtimes.local.transports import open_stdio

WAITING = LocalEndpoint(command=(sys.executable, "-S", "-c", "import sys; sys.stdin.read()"))
"""A program that lives until its input ends."""

MOMENTS = range(0, 400, 4)
"""After how many steps of the event loop the start is cancelled: before, within and after it."""


async def _hold() -> None:
    async with open_stdio(WAITING):
        await anyio.sleep_forever()


async def _cancelled_after(steps: int) -> None:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_hold)
        for _ in range(steps):
            await anyio.lowlevel.checkpoint()
        tasks.cancel_scope.cancel()


def test_a_start_that_is_cancelled_at_any_moment_leaves_no_program_behind() -> None:
    for steps in MOMENTS:
        anyio.run(_cancelled_after, steps)
        gc.collect()  # a program that nobody has waited for says so now, and fails this test
