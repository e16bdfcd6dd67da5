"""A stranger's runtime that dies meanwhile, works in threads, or whose members raise, takes nobody along."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from typing import Never

import anyio
import pytest

from runtimes.base import CallContext, CallResult, FunctionCall, FunctionSignature, RuntimeServices, RuntimeSpec
from runtimes.errors import InvocationError, RuntimeUnavailable
from runtimes.foreign.lent import MAX_PROGRESS_NOTES
from runtimes.foreign.opening import guarded
from runtimes.limits import MAX_DEPTH
from runtimes.questions import LiveQuestion
from runtimes.values import Json
from tests.runtimes.foreign.strangers import CALL, CONTEXT, QUICK, SIGNATURE, SPEC, WHERE, Zoo, is_factory, opening
from tests.servers.no_http import NO_SERVICES

SOON = 10.0
"""Seconds within which a test ends by far."""


async def test_a_call_does_not_outlive_its_runtime_and_the_next_is_not_made() -> None:
    crash = anyio.Event()

    async def crashing() -> None:
        await crash.wait()
        raise ConnectionResetError("the worker has gone")

    async def waiting(call: FunctionCall, context: CallContext) -> Never:
        crash.set()
        await anyio.sleep_forever()
        raise NotImplementedError

    @asynccontextmanager
    async def factory(spec: RuntimeSpec, services: RuntimeServices, /) -> AsyncGenerator[object]:
        async with anyio.create_task_group() as group:
            group.start_soon(crashing)
            yield Zoo(waiting)

    made: object = factory
    assert is_factory(made)
    failures: list[InvocationError] = []
    with anyio.fail_after(SOON):
        async with guarded(made, WHERE, QUICK)(SPEC, NO_SERVICES) as executor:
            for _ in range(2):
                with pytest.raises(InvocationError, match="ConnectionResetError: the worker has gone") as failure:
                    await executor.invoke(CALL, CONTEXT)
                failures.append(failure.value)
    assert [failure.is_unsent for failure in failures] == [False, True]


async def ask_elsewhere(context: CallContext) -> None:
    await context.ask(LiveQuestion(text="Is it hungry?"))


async def test_progress_is_told_on_the_event_loop_whatever_thread_it_comes_from() -> None:
    told: list[tuple[str, int]] = []
    kept: list[CallContext] = []

    async def in_a_thread(call: FunctionCall, context: CallContext) -> object:
        kept.append(context)

        def work() -> CallResult:
            for number in range(MAX_PROGRESS_NOTES + 5):
                context.progress(f"step {number}")
            with pytest.raises(RuntimeError, match="on the event loop of the call"):
                asyncio.run(ask_elsewhere(context))
            return CallResult(payload=1)

        return await asyncio.to_thread(work)

    context = CallContext(person="ada", progress=lambda text: told.append((text, threading.get_ident())))
    async with opening(Zoo(in_a_thread)) as executor:
        assert (await executor.invoke(CALL, context)).payload == 1
        await asyncio.to_thread(kept[0].progress, "late")
        await anyio.lowlevel.checkpoint()
    assert told == [(f"step {number}", threading.get_ident()) for number in range(MAX_PROGRESS_NOTES)]


async def test_progress_after_the_event_loop_has_closed_is_passed_over() -> None:
    kept: list[CallContext] = []

    async def keeps(call: FunctionCall, context: CallContext) -> object:
        kept.append(context)
        await asyncio.to_thread(context.progress, "now")
        return CallResult(payload=1)

    async def elsewhere() -> None:
        async with opening(Zoo(keeps)) as executor:
            await executor.invoke(CALL, CONTEXT)

    await asyncio.to_thread(asyncio.run, elsewhere())
    kept[0].progress("late")


class Once:
    """An executor whose functions can be read once."""

    unusable: object = {}

    def __init__(self) -> None:
        self._answers: Iterator[object] = iter([{"feed": SIGNATURE}])
        self.preview, self.sign_in, self.invoke = Zoo().preview, Zoo().sign_in, Zoo().invoke

    @property
    def functions(self) -> object:
        return next(self._answers)


async def test_members_are_read_once() -> None:
    async with opening(Once()) as executor:
        assert set(executor.functions) == {"feed"}
        assert (await executor.invoke(CALL, CONTEXT)).payload == {"fed": "otter"}


class Raising(dict[str, FunctionSignature]):
    """A mapping that cannot be counted."""

    def __len__(self) -> int:
        raise GeneratorExit


async def test_whatever_reading_a_member_raises_the_runtime_is_unavailable() -> None:
    with pytest.raises(RuntimeUnavailable, match="reading its 'functions' raises GeneratorExit"):
        async with opening(Zoo(functions=Raising(feed=SIGNATURE))):
            raise NotImplementedError


class Notes(list[str]):
    """A list that cannot be cut."""

    def __getitem__(self, key: object) -> Never:
        raise ValueError("not now")


async def test_whatever_reading_an_answer_raises_is_an_invocation_error() -> None:
    async def odd(call: FunctionCall, context: CallContext) -> object:
        result = CallResult(payload=1)
        object.__setattr__(result, "notes", Notes(["a"]))
        return result

    async with opening(Zoo(odd)) as executor:
        with pytest.raises(InvocationError, match="the runtime of 'feed' failed: ValueError: not now"):
            await executor.invoke(CALL, CONTEXT)


async def test_a_factory_that_raises_what_ends_generators_is_unavailable() -> None:
    def factory(spec: RuntimeSpec, services: RuntimeServices, /) -> Never:
        raise GeneratorExit

    with anyio.fail_after(SOON), pytest.raises(RuntimeUnavailable, match="cannot be opened: GeneratorExit"):
        async with guarded(factory, WHERE, QUICK)(SPEC, NO_SERVICES):
            raise NotImplementedError


async def test_arguments_that_cannot_be_copied_are_not_sent() -> None:
    deep: Json = 1
    for _ in range(MAX_DEPTH + 1):
        deep = [deep]
    async with opening(Zoo()) as executor:
        with pytest.raises(InvocationError, match="the arguments of 'feed' are no JSON") as failure:
            await executor.invoke(FunctionCall(id="c", function="feed", arguments={"a": deep}), CONTEXT)
    assert failure.value.is_unsent
