"""Tries again, for a while, what a store cannot do at the moment."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from orchestrator.errors import StoreUnavailable

STORE_PATIENCE = 10.0
"""Seconds in which a store that cannot be used is tried again in the middle of a turn."""

FIRST_PAUSE, LONGEST_PAUSE = 0.05, 1.0
"""Seconds between two tries; each pause is twice the one before."""

T = TypeVar("T")


async def patiently(step: Callable[[], Awaitable[T]]) -> T:
    """What the step returns; one that may be done again. Raises: `StoreError`."""
    try:
        return await step()
    except StoreUnavailable:
        import tenacity  # here because hardly any step is done again

    async def once() -> T:
        return await step()

    again = tenacity.AsyncRetrying(
        retry=tenacity.retry_if_exception_type(StoreUnavailable),
        wait=tenacity.wait_exponential(FIRST_PAUSE, max=LONGEST_PAUSE),
        stop=tenacity.stop_after_delay(STORE_PATIENCE),
        reraise=True,
    )
    return await again(once)
