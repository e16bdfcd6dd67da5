"""A conversation that is told in Python turn by turn, in the words of a conversation file."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self, Unpack

from orchestrator.errors import UsageError
from orchestrator.events import Event
from orchestrator.host import Orchestrator
from orchestrator.model.base import ChatModel
from orchestrator.reply import Call, Reply, reply_of
from orchestrator.testing.answering.api import Apis
from orchestrator.testing.answering.scripted import SteppedModel
from orchestrator.testing.format.conversation import Conversation
from orchestrator.testing.format.places import Where
from orchestrator.testing.judging.judge import Failure
from orchestrator.testing.judging.observed import ModelRequest, Observed
from orchestrator.testing.playing.opening_chat import open_chat
from orchestrator.testing.playing.play import Play
from orchestrator.testing.playing.programs import ProgramFailed
from orchestrator.testing.playing.stage import Stage, Unplayable, staged, stub_body
from orchestrator.testing.python.backend import Backend
from orchestrator.testing.python.written import (
    Written,
    WrittenExpect,
    WrittenSettings,
    WrittenTurn,
    written_conversation,
    written_turn,
)
from orchestrator.testing.telling.explained import explained
from orchestrator.testing.telling.transcript import transcript
from orchestrator.tools.toolbox import Toolbox
from runtimes.base import WireMessage


def _texts(failures: tuple[Failure, ...]) -> str:
    return "\n".join(failure.text for failure in failures)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Opened:
    """What a story is told on."""

    play: Play
    apis: Apis
    toolbox: Toolbox
    ended: Callable[[], Sequence[ProgramFailed]]
    """Tells which services have ended by themselves."""

    def failed(self, texts: str) -> str:
        """What is not as expected, and the services that have ended."""
        told = [line for one in self.ended() for line in (str(one), *(f"    output: {line}" for line in one.output))]
        return "\n".join((texts, *told))


class ToldTurn:
    """A turn that was played: what came of it, and what is expected of that."""

    def __init__(
        self, number: int, written: Mapping[str, object], observed: Observed, reply: Reply, opened: _Opened
    ) -> None:
        self._number = number
        self._written = written
        self._observed = observed
        self._opened = opened
        self._is_judged = False
        self.reply = reply
        """Where the turn stands: the answer, cards, citations, open questions, and how it ended."""

    @property
    def calls(self) -> tuple[Call, ...]:
        """The calls of the turn."""
        return self.reply.calls

    @property
    def requests(self) -> tuple[WireMessage, ...]:
        """The HTTP requests and JSON-RPC frames that went out."""
        return self._observed.requests

    @property
    def model_requests(self) -> tuple[ModelRequest, ...]:
        """What the model was asked, and given to read."""
        return self._observed.model_requests

    @property
    def events(self) -> tuple[Event, ...]:
        """Facts and signals since the person spoke."""
        return self._observed.events

    def expect(self, **members: Unpack[WrittenExpect]) -> None:
        """Judges the turn, by the members that `expect` has in a file.

        Raises: `AssertionError` with what is not as expected, `UsageError` for members that no file could have.
        """
        __tracebackhide__ = True
        self._is_judged = True
        failures, around = self._judged(members)
        if failures:
            error = AssertionError(failures)
            error.add_note(f"\n{around}")
            raise error

    def settle(self) -> str:
        """What is wrong with the turn if nothing was expected of it: it must have ended, with every step used."""
        if self._is_judged:
            return ""
        self._is_judged = True
        failures, around = self._judged({})
        return f"turn {self._number}, of which nothing is expected:\n{failures}\n\n{around}" if failures else ""

    def _judged(self, members: WrittenExpect) -> tuple[str, str]:
        """What is not as expected, and the turn with that marked in it."""
        __tracebackhide__ = True
        turn = written_turn({**self._written, "expect": members})
        _, failures = self._opened.play.judged(turn, self._observed, Where())
        told = explained(self._observed, self._opened.toolbox, self._number) if failures else None
        texts = self._opened.failed(_texts(failures)) if failures else ""
        return texts, "\n".join(transcript([(told, failures)]) if told is not None else ())


def _with_details(reason: Unplayable) -> Unplayable:
    """The reason with all that is known of it: what a program has printed."""
    lines = (f"{label}: {text}" for label, text in reason.details)
    return Unplayable(reason.member, "\n".join((str(reason), *lines)))


@asynccontextmanager
async def _stage(settings: Conversation, folder: Path, backend: Backend) -> AsyncGenerator[Stage]:
    """Raises: `Unplayable`."""
    apis = Apis(settings.api, stub_body(folder))
    async with AsyncExitStack() as stack:
        try:
            stage = await stack.enter_async_context(staged(settings, folder, apis))
        except Unplayable as reason:
            raise _with_details(reason) from None
        backend.begin(apis, settings.api.stubs)
        yield stage


@asynccontextmanager
async def hosted(
    *,
    folder: Path | None = None,
    backend: Backend | None = None,
    model: ChatModel | None = None,
    **settings: Unpack[WrittenSettings],
) -> AsyncGenerator[Orchestrator]:
    """An open host with the plugins and APIs of a conversation file; paths are relative to the folder.

    Raises: `UsageError` for settings that no file could have, `Unplayable`.
    """
    __tracebackhide__ = True
    written = written_conversation(settings)
    async with _stage(written, folder or Path(), backend or Backend()) as stage:
        await stage.host.use_model(model or SteppedModel())
        yield stage.host


class Story:
    """A conversation in Python; an async context manager, which opens its plugins.

    Of a turn that is not asked to `expect` anything, the next one and the end say whether it ended answered, with every
    reply of the model and every decision used.
    """

    def __init__(
        self,
        *,
        folder: Path | None = None,
        backend: Backend | None = None,
        update: bool = False,
        **settings: Unpack[WrittenSettings],
    ) -> None:
        """`settings` are those of a conversation file, and paths are relative to the folder.

        `update` writes snapshots of cards anew. Raises: `UsageError` for settings that no file could have.
        """
        __tracebackhide__ = True
        self._settings = written_conversation(settings)
        self._folder = folder or Path()
        self._backend = backend or Backend()
        self._update = update
        self._stack = AsyncExitStack()
        self._opened: _Opened | None = None
        self._turns: list[ToldTurn] = []
        self._is_telling = False

    async def __aenter__(self) -> Self:
        """Raises: `Unplayable`."""
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Raises: `AssertionError` where the last turn is not as it must be."""
        __tracebackhide__ = True
        await self.close()
        if error is None and (reason := self.settle()):
            raise AssertionError(reason)

    @property
    def is_open(self) -> bool:
        """True once its plugins are open."""
        return self._opened is not None

    async def open(self) -> None:
        """Opens its plugins. Raises: `Unplayable`."""
        async with AsyncExitStack() as stack:
            stage = await stack.enter_async_context(_stage(self._settings, self._folder, self._backend))
            model = SteppedModel()
            await stage.host.use_model(model)
            chat = await open_chat(stage.host, self._settings)
            play = Play(chat, model, stage, self._folder, update=self._update)
            self._opened = _Opened(play=play, apis=stage.apis, toolbox=stage.host.toolbox, ended=stage.ended)
            self._stack = stack.pop_all()

    async def close(self) -> None:
        """Closes them, in the task that has opened them."""
        await self._stack.aclose()

    async def say(self, said: str | Mapping[str, object], **members: Unpack[WrittenTurn]) -> ToldTurn:
        """Plays a turn that begins with this.

        Raises: `AssertionError` where it does not come to an end, and where the turn before is not as it must be;
        `UsageError` for what no file could say.
        """
        __tracebackhide__ = True
        return await self._told({"say": said, **members})

    async def decide(self, answers: Written, **members: Unpack[WrittenTurn]) -> ToldTurn:
        """Goes on with the turn before, whose questions are answered. Raises: as `say`."""
        __tracebackhide__ = True
        if self._opened is not None and not self._turns:
            raise UsageError("there is no turn to go on with: `say` something first")
        return await self._told({**members, "decide": answers})

    def settle(self) -> str:
        """What is wrong with the last turn, if nothing was expected of it."""
        return self._turns[-1].settle() if self._turns else ""

    async def _told(self, written: Mapping[str, object]) -> ToldTurn:
        __tracebackhide__ = True
        opened = self._opened
        if opened is None:
            raise UsageError("a story is told while it is open, inside 'async with'")
        if self._is_telling:
            raise UsageError("a conversation has one turn at a time: await the turn before")
        if reason := self.settle():
            raise AssertionError(reason)
        turn = written_turn(written)
        self._backend.keep(opened.apis)
        self._is_telling = True
        try:
            observed, failures = await opened.play.happened(turn, Where())
        finally:
            self._is_telling = False
        state = observed.turn()
        if failures or state is None:
            raise AssertionError(opened.failed(_texts(failures) or "the turn did not start"))
        told = ToldTurn(len(self._turns) + 1, written, observed, reply_of(state), opened)
        self._turns.append(told)
        return told
