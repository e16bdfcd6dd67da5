"""Somebody else's coroutines end, or are left behind; the host goes on in either case."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Never, TypeGuard

import anyio
import pytest

from runtimes.foreign.apart import Failed, Held, held_open, run_apart

SOON = 10.0
"""Seconds within which a test ends by far."""


async def five() -> int:
    return 5


class Stubborn:
    """Waits, and goes on waiting when it is cancelled."""

    def __init__(self) -> None:
        self.waiting = asyncio.Event()
        self.cancellations = 0

    async def __call__(self) -> Never:
        while True:
            try:
                self.waiting.set()
                await anyio.sleep_forever()
            except asyncio.CancelledError:
                self.cancellations += 1


def others() -> set[asyncio.Task[object]]:
    current = asyncio.current_task()
    return {task for task in asyncio.all_tasks() if task is not current}


def is_work(value: object) -> TypeGuard[Callable[[], Awaitable[int]]]:
    """What a stranger claims."""
    return callable(value)


async def test_what_comes_of_it_is_handed_out() -> None:
    assert await run_apart(five) == 5


@pytest.mark.parametrize(
    "error", [ValueError("no"), SystemExit(3), KeyboardInterrupt(), BaseException("odd"), GeneratorExit()]
)
async def test_whatever_it_raises_is_a_failure_of_its_own(error: BaseException) -> None:
    async def work() -> Never:
        raise error

    with pytest.raises(Failed) as failure:
        await run_apart(work)
    assert failure.value.error is error


async def test_what_a_task_group_wraps_is_told_unwrapped() -> None:
    async def work() -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(fails)
            await anyio.sleep_forever()

    async def fails() -> Never:
        raise ValueError("the only one")

    with pytest.raises(Failed, match=r"^ValueError: the only one$"):
        await run_apart(work)


async def test_a_cancellation_that_is_not_ours_is_a_failure() -> None:
    async def work() -> Never:
        raise asyncio.CancelledError

    with pytest.raises(Failed, match="cancelled, and not by us"):
        await run_apart(work)


async def test_what_cannot_be_awaited_is_a_failure() -> None:
    work: object = dict
    assert is_work(work)
    with pytest.raises(Failed, match="TypeError"):
        await run_apart(work)


async def test_our_cancellation_reaches_it_and_it_may_tidy_up() -> None:
    tidied: list[str] = []
    waiting = asyncio.Event()

    async def work() -> None:
        try:
            waiting.set()
            await anyio.sleep_forever()
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.lowlevel.checkpoint()
            tidied.append("tidied")

    with anyio.fail_after(SOON):
        async with anyio.create_task_group() as group:
            group.start_soon(run_apart, work)
            await waiting.wait()
            group.cancel_scope.cancel()
    assert tidied == ["tidied"]


async def test_what_takes_longer_than_it_may_is_ended() -> None:
    before = others()
    with anyio.fail_after(SOON), pytest.raises(TimeoutError):
        await run_apart(anyio.sleep_forever, seconds=0.01)
    assert others() == before


async def test_what_does_not_end_when_it_is_cancelled_is_left_behind_and_closed() -> None:
    stubborn, before = Stubborn(), others()
    with anyio.fail_after(SOON), pytest.raises(TimeoutError):
        await run_apart(stubborn, seconds=0.01, grace=0.01)
    assert stubborn.cancellations == 1
    left = others() - before
    with anyio.fail_after(SOON):
        await asyncio.wait(left) if left else None
    assert stubborn.cancellations == 1


async def test_a_cancelled_host_does_not_wait_for_what_does_not_end() -> None:
    stubborn = Stubborn()
    with anyio.fail_after(SOON):
        async with anyio.create_task_group() as group:
            group.start_soon(lambda: run_apart(stubborn, grace=0.01))
            await stubborn.waiting.wait()
            group.cancel_scope.cancel()
    assert stubborn.cancellations == 1


async def test_nothing_of_what_was_left_behind_keeps_the_program_from_ending() -> None:
    """asyncio waits at its end for every task that there is."""
    program = (
        "import asyncio, anyio\n"
        "from runtimes.foreign.apart import run_apart\n"
        "async def stubborn():\n"
        "    while True:\n"
        "        try:\n"
        "            await asyncio.Event().wait()\n"
        "        except asyncio.CancelledError:\n"
        "            pass\n"
        "async def main():\n"
        "    try:\n"
        "        await run_apart(stubborn, seconds=0.01, grace=0.01)\n"
        "    except TimeoutError:\n"
        "        print('left behind')\n"
        "asyncio.run(main())\n"
    )
    with anyio.fail_after(60):
        done = await anyio.run_process([sys.executable, "-W", "error", "-c", program])
    assert (done.stdout, done.stderr) == (b"left behind\n", b"")


@asynccontextmanager
async def logged(log: list[str]) -> AsyncGenerator[str]:
    async with anyio.create_task_group() as group:
        group.start_soon(anyio.sleep_forever)
        log.append("opened")
        yield "inside"
        log.append("closed")
        group.cancel_scope.cancel()


def held(opening: AbstractAsyncContextManager[str]) -> AbstractAsyncContextManager[Held[str]]:
    return held_open(lambda: opening, open_seconds=SOON, close_seconds=0.05, grace=0.05)


async def test_a_context_manager_is_open_as_long_as_the_block_lasts() -> None:
    log: list[str] = []
    with anyio.fail_after(SOON):
        async with held(logged(log)) as one, held(logged(log)) as other:
            one.refuse_ended()
            assert (one.inside, other.inside, log) == ("inside", "inside", ["opened", "opened"])
    assert log == ["opened"] * 2 + ["closed"] * 2


async def test_the_hosts_own_exception_goes_through_and_is_not_seen_inside() -> None:
    log: list[str] = []

    async def use() -> None:
        async with held(logged(log)):
            raise LookupError("the host's own")

    with anyio.fail_after(SOON), pytest.raises(LookupError, match="the host's own"):
        await use()
    assert log == ["opened", "closed"]


class Bad:
    """A context manager that raises, or does not end, where it is told to."""

    def __init__(self, *, opening: BaseException | None = None, closing: BaseException | None = None) -> None:
        self._opening = opening
        self._closing = closing

    async def __aenter__(self) -> str:
        await self._do(self._opening)
        return "inside"

    async def __aexit__(self, *_: object) -> None:
        await self._do(self._closing)

    async def _do(self, error: BaseException | None) -> None:
        if isinstance(error, TimeoutError):
            await Stubborn()()
        if error is not None:
            raise error


@pytest.mark.parametrize("error", [ValueError("no"), SystemExit(3), TimeoutError()], ids=["raises", "exits", "hangs"])
async def test_what_closing_raises_or_takes_is_passed_over(error: BaseException) -> None:
    with anyio.fail_after(SOON):
        async with held(Bad(closing=error)):
            pass


async def test_what_opening_raises_is_a_failure_and_what_it_takes_too() -> None:
    with anyio.fail_after(SOON):
        with pytest.raises(Failed, match="SystemExit: 3"):
            async with held(Bad(opening=SystemExit(3))):
                raise NotImplementedError
        with pytest.raises(TimeoutError):
            async with held_open(
                lambda: Bad(opening=TimeoutError()), open_seconds=0.01, close_seconds=0.01, grace=0.01
            ):
                raise NotImplementedError


async def test_one_that_closes_before_its_time_says_so() -> None:
    has_crashed = asyncio.Event()

    @asynccontextmanager
    async def crashing() -> AsyncGenerator[str]:
        async def crash() -> None:
            raise ValueError("the worker has crashed")

        try:
            async with anyio.create_task_group() as group:
                group.start_soon(crash)
                yield "inside"
        finally:
            has_crashed.set()

    with anyio.fail_after(SOON):
        async with held(crashing()) as opened:
            await has_crashed.wait()
            await anyio.lowlevel.checkpoint()
            with pytest.raises(Failed, match="the worker has crashed"):
                opened.refuse_ended()
