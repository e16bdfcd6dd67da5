"""Stories for tests that have an event loop of their own, or none: they are told in a thread beside the test."""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Mapping
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self, Unpack

import anyio
import anyio.to_thread
from anyio.abc import TaskGroup, TaskStatus
from anyio.from_thread import BlockingPortal, start_blocking_portal

from orchestrator.errors import OrchestratorError, UsageError
from orchestrator.testing.python.backend import Backend
from orchestrator.testing.python.story import Story, ToldTurn
from orchestrator.testing.python.written import Written, WrittenSettings, WrittenTurn

Telling = Callable[[Story], Awaitable[ToldTurn]]
"""What is to be told."""

TurnComing = Coroutine[object, object, ToldTurn]
"""A turn that is to be awaited."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Keeping:
    """What keeps stories open in the thread: each is closed in the task that has opened it."""

    tasks: TaskGroup
    is_over: anyio.Event


@asynccontextmanager
async def _keeping() -> AsyncGenerator[_Keeping]:
    async with anyio.create_task_group() as tasks:
        keeping = _Keeping(tasks=tasks, is_over=anyio.Event())
        try:
            yield keeping
        finally:
            keeping.is_over.set()


async def _keep_open(story: Story, is_over: anyio.Event, *, task_status: TaskStatus[None]) -> None:
    """Raises: `Unplayable`."""
    await story.open()
    try:
        task_status.started()
        await is_over.wait()
    finally:
        await story.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Telling:
    """A turn that is being told."""

    scope: anyio.CancelScope
    has_ended: anyio.Event


class ThreadedStory:
    """A story that is told in the thread, one turn after the other; it is opened when its first word is said."""

    def __init__(self, story: Story, portal: BlockingPortal, keeping: _Keeping) -> None:
        self.story = story
        self._portal = portal
        self._keeping = keeping
        self._telling: _Telling | None = None

    def tell(self, telling: Telling) -> ToldTurn:
        """Tells a turn, and waits for what comes of it. Raises: what that raises."""
        __tracebackhide__ = True
        try:
            return self._portal.call(self._told, telling)
        except (AssertionError, OrchestratorError) as error:
            raise error.with_traceback(None) from None  # the way through the thread is of no interest
        except BaseException:  # such as a time limit
            self.give_up()
            raise

    async def tell_async(self, telling: Telling) -> ToldTurn:
        """The same for a test on an event loop, which goes on meanwhile; a turn that is cancelled has then ended."""
        __tracebackhide__ = True
        turn = self._portal.start_task_soon(self._told, telling)
        try:
            return await anyio.to_thread.run_sync(turn.result, abandon_on_cancel=True)
        except (AssertionError, OrchestratorError) as error:
            raise error.with_traceback(None) from None  # the way through the threads is of no interest
        except BaseException:
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(self.give_up)
            raise

    def give_up(self) -> None:
        """Ends the turn that is being told, if there is one, and waits until it has ended."""
        self._portal.call(self._end)

    async def _end(self) -> None:
        if self._telling is not None:
            self._telling.scope.cancel()
            await self._telling.has_ended.wait()

    async def _told(self, telling: Telling) -> ToldTurn:
        if self._telling is not None:
            raise UsageError("a conversation has one turn at a time: await the turn before")
        with anyio.CancelScope() as scope:
            self._telling = one = _Telling(scope=scope, has_ended=anyio.Event())
            try:
                if not self.story.is_open:
                    await self._keeping.tasks.start(_keep_open, self.story, self._keeping.is_over)
                return await telling(self.story)
            finally:
                self._telling = None
                one.has_ended.set()
        raise UsageError("the turn was given up")


class Stories:
    """The stories of one test; a context manager that closes them."""

    def __init__(self, *, folder: Path, backend: Backend, update: bool) -> None:
        self._folder = folder
        self._backend = backend
        self._update = update
        self._stack = ExitStack()
        self._stories: list[ThreadedStory] = []
        self._coming: list[TurnComing] = []

    def __enter__(self) -> Self:
        self._portal = self._stack.enter_context(start_blocking_portal("asyncio", name="conversations"))
        self._stack.callback(self._portal.call, self._portal.stop, True)
        self._keeping = self._stack.enter_context(self._portal.wrap_async_context_manager(_keeping()))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._stack:
            self._is_one_forgotten()
            for story in self._stories:
                story.give_up()

    def new(self, settings: WrittenSettings) -> ThreadedStory:
        """A story with these settings. Raises: `UsageError`."""
        __tracebackhide__ = True
        story = Story(folder=self._folder, backend=self._backend, update=self._update, **settings)
        self._stories.append(ThreadedStory(story, self._portal, self._keeping))
        return self._stories[-1]

    def coming(self, turn: TurnComing) -> TurnComing:
        """The turn; it is looked at whether anybody awaits it."""
        self._coming.append(turn)
        return turn

    def settle(self) -> str:
        """What is wrong with the last turn of one of them, if nothing was expected of it."""
        if self._is_one_forgotten():
            return "a turn was not awaited, and so not played: write 'await' before 'chat.say(…)' or 'chat.decide(…)'"
        return next(filter(None, (one.story.settle() for one in self._stories)), "")

    def _is_one_forgotten(self) -> bool:
        """True where a turn was never begun; such turns are closed, lest Python warns of them, too."""
        forgotten = [turn for turn in self._coming if inspect.getcoroutinestate(turn) == inspect.CORO_CREATED]
        self._coming.clear()
        for turn in forgotten:
            turn.close()
        return bool(forgotten)


class BlockingStory:
    """A story for a test that is no coroutine: each word waits for what comes of it."""

    def __init__(self, story: ThreadedStory) -> None:
        self._story = story

    def say(self, said: str | Mapping[str, object], **members: Unpack[WrittenTurn]) -> ToldTurn:
        """As `Story.say`. Raises: as that, and as `Story.open` the first time."""
        __tracebackhide__ = True
        return self._story.tell(lambda story: story.say(said, **members))

    def decide(self, answers: Written, **members: Unpack[WrittenTurn]) -> ToldTurn:
        """As `Story.decide`. Raises: as that."""
        __tracebackhide__ = True
        return self._story.tell(lambda story: story.decide(answers, **members))


class AwaitedStory:
    """A story for a test that is a coroutine, on whatever event loop."""

    def __init__(self, stories: Stories, story: ThreadedStory) -> None:
        self._stories = stories
        self._story = story

    def say(self, said: str | Mapping[str, object], **members: Unpack[WrittenTurn]) -> TurnComing:
        """As `Story.say`. Raises: as that, and as `Story.open` the first time."""
        __tracebackhide__ = True
        return self._stories.coming(self._story.tell_async(lambda story: story.say(said, **members)))

    def decide(self, answers: Written, **members: Unpack[WrittenTurn]) -> TurnComing:
        """As `Story.decide`. Raises: as that."""
        __tracebackhide__ = True
        return self._stories.coming(self._story.tell_async(lambda story: story.decide(answers, **members)))


class BlockingStories:
    """The fixture `conversation` of a test that is no coroutine."""

    def __init__(self, stories: Stories) -> None:
        self._stories = stories

    def __call__(self, **settings: Unpack[WrittenSettings]) -> BlockingStory:
        """A conversation with these settings. Raises: `UsageError`."""
        __tracebackhide__ = True
        return BlockingStory(self._stories.new(settings))


class AwaitedStories:
    """The fixture `conversation` of a test that is a coroutine."""

    def __init__(self, stories: Stories) -> None:
        self._stories = stories

    def __call__(self, **settings: Unpack[WrittenSettings]) -> AwaitedStory:
        """A conversation with these settings. Raises: `UsageError`."""
        __tracebackhide__ = True
        return AwaitedStory(self._stories, self._stories.new(settings))
