"""Runs somebody else's coroutines in tasks of their own: whatever they raise or swallow, nobody else waits for them.

It knows nothing of runtimes. A task that does not end when it is cancelled is left behind after a while, and its
coroutine closed. What blocks the event loop blocks it all the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Generic, TypeGuard, TypeVar

import anyio

from runtimes.foreign.words import words_of

T = TypeVar("T")
R = TypeVar("R")

CANCEL_GRACE = 2.0
"""Seconds that a coroutine has to end when it is cancelled."""


def _is_group(error: BaseException) -> TypeGuard[BaseExceptionGroup[BaseException]]:
    return isinstance(error, BaseExceptionGroup)


def _only(error: BaseException) -> BaseException:
    """What a task group wraps, where that is one exception."""
    while _is_group(error) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error


class Failed(Exception):
    """It raised; `error` is what, and may be no `Exception`: somebody else's `sys.exit()` ends their call alone."""

    def __init__(self, error: BaseException) -> None:
        only = _only(error)
        super().__init__(words_of(only))
        self.error = only


@dataclass(frozen=True, slots=True)
class _Raised:
    error: BaseException


async def _caught(work: Callable[[], Awaitable[T]]) -> T | _Raised:
    """The event loop would end with what is neither an `Exception` nor a cancellation."""
    try:
        return await work()
    except asyncio.CancelledError:
        raise
    except BaseException as error:  # noqa: BLE001  that is what this is for
        return _Raised(error)


def _result(task: asyncio.Task[T | _Raised]) -> T:
    """Of a task that is done. Raises: `Failed`."""
    if task.cancelled():
        raise Failed(asyncio.CancelledError("it was cancelled, and not by us"))
    outcome = task.result()
    if isinstance(outcome, _Raised):
        raise Failed(outcome.error) from outcome.error
    return outcome


def _forget(task: asyncio.Task[T]) -> None:
    """Takes note of how a task has ended, so that nobody else is told."""
    if not task.cancelled():
        task.exception()


def _leave(task: asyncio.Task[T]) -> None:
    """A closed coroutine ends its task at the next turn of the loop, unless it goes on all the same."""
    task.add_done_callback(_forget)
    coroutine = task.get_coro()
    if isinstance(coroutine, Coroutine):
        try:
            coroutine.close()
        except BaseException as error:  # noqa: BLE001  it is left behind in any case
            del error
    task.cancel()


async def _end(task: asyncio.Task[T], grace: float, patience: float = 0.0) -> None:
    """Cancels a task, after waiting for it with patience, and leaves it behind where that does not end it."""
    if task.done():
        return
    try:
        with anyio.CancelScope(shield=True):
            if patience:
                await asyncio.wait({task}, timeout=patience)
            if not task.done():
                task.cancel()
                await asyncio.wait({task}, timeout=grace)
    finally:
        if not task.done():
            _leave(task)


async def run_apart(
    work: Callable[[], Awaitable[T]],
    *,
    seconds: float | None = None,
    grace: float = CANCEL_GRACE,
    until: asyncio.Task[R] | None = None,
) -> T:
    """What comes of it.

    Raises: `Failed` with what it raised, a cancellation of its own among it; `TimeoutError` where it takes longer than
    that, or than another task, and has ended or been left behind.
    """
    task = asyncio.create_task(_caught(work))
    awaited: set[asyncio.Task[object]] = {task} if until is None else {task, until}
    try:
        await asyncio.wait(awaited, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        is_in_time = task.done()
    finally:
        await _end(task, grace)
    if not is_in_time:
        raise TimeoutError
    return _result(task)


class Held(Generic[T]):
    """What a context manager has opened."""

    def __init__(self, inside: T, task: asyncio.Task[_Raised | None]) -> None:
        self.inside = inside
        self._task = task

    def refuse_ended(self) -> None:
        """Raises: `Failed` when it has closed before its time."""
        if self._task.done():
            _result(self._task)
            raise Failed(RuntimeError("it has closed before its time"))

    async def run_apart(
        self, work: Callable[[], Awaitable[R]], *, seconds: float | None = None, grace: float = CANCEL_GRACE
    ) -> R:
        """As `run_apart`, for work that is of no use once this has closed. Raises: as that, and as `refuse_ended`."""
        try:
            return await run_apart(work, seconds=seconds, grace=grace, until=self._task)
        except TimeoutError:
            self.refuse_ended()
            raise


@asynccontextmanager
async def held_open(
    opening: Callable[[], AbstractAsyncContextManager[T]],
    *,
    open_seconds: float,
    close_seconds: float,
    grace: float = CANCEL_GRACE,
) -> AsyncGenerator[Held[T], None]:
    """Holds a context manager open from a task of its own. What closing it raises is passed over.

    Raises: `Failed` with what opening it raised; `TimeoutError` where that takes longer.
    """
    inside: list[T] = []
    is_settled, closing = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        async with opening() as opened:
            inside.append(opened)
            is_settled.set()
            await closing.wait()

    task = asyncio.create_task(_caught(hold))
    task.add_done_callback(lambda _: is_settled.set())
    try:
        with anyio.move_on_after(open_seconds):
            await is_settled.wait()
        if not inside:
            if task.done():
                _result(task)
            raise TimeoutError
        yield Held(inside[0], task)
    finally:
        closing.set()
        await _end(task, grace, close_seconds if inside else 0.0)
