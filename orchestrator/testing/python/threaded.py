"""Stories for tests that have an event loop of their own, or none: they are told in a thread beside the test."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Self, Unpack

import anyio
import anyio.to_thread
from anyio.from_thread import start_blocking_portal

from orchestrator.errors import OrchestratorError
from orchestrator.testing.python.backend import Backend
from orchestrator.testing.python.story import Story, ToldTurn
from orchestrator.testing.python.written import Written, WrittenSettings, WrittenTurn

Telling = Callable[[Story], Awaitable[ToldTurn]]
"""What is to be told."""


@asynccontextmanager
async def _opened(story: Story) -> AsyncGenerator[None]:
    """Raises: `Unplayable`."""
    await story.open()
    try:
        yield
    finally:
        await story.close()


class Stories:
    """The stories of one test; a context manager that closes them."""

    def __init__(self, *, folder: Path, backend: Backend, update: bool) -> None:
        self._folder = folder
        self._backend = backend
        self._update = update
        self._stack = ExitStack()
        self._stories: list[Story] = []

    def __enter__(self) -> Self:
        self._portal = self._stack.enter_context(start_blocking_portal("asyncio", name="conversations"))
        self._stack.callback(self._portal.call, self._portal.stop, True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def new(self, settings: WrittenSettings) -> Story:
        """A story that is opened when its first word is said. Raises: `UsageError`."""
        __tracebackhide__ = True
        story = Story(folder=self._folder, backend=self._backend, update=self._update, **settings)
        self._stories.append(story)
        return story

    def settle(self) -> str:
        """What is wrong with the last turn of one of them, if nothing was expected of it."""
        return next(filter(None, (story.settle() for story in self._stories)), "")

    def tell(self, story: Story, telling: Telling) -> ToldTurn:
        """Tells a turn, and waits for what comes of it. Raises: what that raises."""
        __tracebackhide__ = True
        try:
            return self._told(story, telling)
        except (AssertionError, OrchestratorError) as error:
            raise error.with_traceback(None) from None  # the way through the thread is of no interest

    async def tell_async(self, story: Story, telling: Telling) -> ToldTurn:
        """The same for a test on an event loop, which goes on meanwhile."""
        __tracebackhide__ = True
        try:
            return await anyio.to_thread.run_sync(self._told, story, telling, abandon_on_cancel=True)
        except (AssertionError, OrchestratorError) as error:
            raise error.with_traceback(None) from None  # the way through the threads is of no interest

    def _told(self, story: Story, telling: Telling) -> ToldTurn:
        if not story.is_open:
            self._stack.enter_context(self._portal.wrap_async_context_manager(_opened(story)))
        return self._portal.call(telling, story)


class BlockingStory:
    """A story for a test that is no coroutine: each word waits for what comes of it."""

    def __init__(self, stories: Stories, story: Story) -> None:
        self._stories = stories
        self._story = story

    def say(self, said: str | Mapping[str, object], **members: Unpack[WrittenTurn]) -> ToldTurn:
        """As `Story.say`. Raises: as that, and as `Story.open` the first time."""
        __tracebackhide__ = True
        return self._stories.tell(self._story, lambda story: story.say(said, **members))

    def decide(self, answers: Written, **members: Unpack[WrittenTurn]) -> ToldTurn:
        """As `Story.decide`. Raises: as that."""
        __tracebackhide__ = True
        return self._stories.tell(self._story, lambda story: story.decide(answers, **members))


class AwaitedStory:
    """A story for a test that is a coroutine, on whatever event loop."""

    def __init__(self, stories: Stories, story: Story) -> None:
        self._stories = stories
        self._story = story

    async def say(self, said: str | Mapping[str, object], **members: Unpack[WrittenTurn]) -> ToldTurn:
        """As `Story.say`. Raises: as that, and as `Story.open` the first time."""
        __tracebackhide__ = True
        return await self._stories.tell_async(self._story, lambda story: story.say(said, **members))

    async def decide(self, answers: Written, **members: Unpack[WrittenTurn]) -> ToldTurn:
        """As `Story.decide`. Raises: as that."""
        __tracebackhide__ = True
        return await self._stories.tell_async(self._story, lambda story: story.decide(answers, **members))


class BlockingStories:
    """The fixture `conversation` of a test that is no coroutine."""

    def __init__(self, stories: Stories) -> None:
        self._stories = stories

    def __call__(self, **settings: Unpack[WrittenSettings]) -> BlockingStory:
        """A conversation with these settings. Raises: `UsageError`."""
        __tracebackhide__ = True
        return BlockingStory(self._stories, self._stories.new(settings))


class AwaitedStories:
    """The fixture `conversation` of a test that is a coroutine."""

    def __init__(self, stories: Stories) -> None:
        self._stories = stories

    def __call__(self, **settings: Unpack[WrittenSettings]) -> AwaitedStory:
        """A conversation with these settings. Raises: `UsageError`."""
        __tracebackhide__ = True
        return AwaitedStory(self._stories, self._stories.new(settings))
