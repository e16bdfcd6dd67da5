"""One message and out: the turn of `chat -m`, for a person or, as JSON lines, for a program."""

from __future__ import annotations

import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from orchestrator.errors import OrchestratorError, UsageError
from orchestrator.event_json import encode
from orchestrator.events import EndReason, Event
from orchestrator.host import Orchestrator
from orchestrator.model.open import OFFLINE
from orchestrator.render.sanitize import plain_json
from orchestrator.repl.answering import Beforehand
from orchestrator.repl.cards import NOT_HERE
from orchestrator.repl.dialogue import OFFLINE_NOTICE, labels_of
from orchestrator.repl.interrupts import Interrupts
from orchestrator.repl.keeping import Keeper
from orchestrator.repl.streams import BROKE_OFF, FINE, INTERRUPTED, WRONG_USE, leave_quietly, prepare, view_for
from orchestrator.repl.turns import Audience, Turns
from orchestrator.repl.unattended import Unattended
from orchestrator.testing.chats.chat_start import ChatStart, is_conversation
from runtimes.base import Attachment

_BAD_ENDS: tuple[EndReason | None, ...] = ("error", "limit", None)


class JsonLines:
    """Writes every event as one line of JSON, in UTF-8."""

    def __init__(self, file: IO[str]) -> None:
        prepare(file, encoding="utf-8")
        self._file = file

    @contextmanager
    def following(self) -> Generator[None]:
        """Nothing is repainted."""
        yield

    def show(self, event: Event, /) -> None:
        """Writes the event, and passes it on at once."""
        print(plain_json(encode(event).decode()), file=self._file, flush=True)

    def stopped(self) -> None:
        """The exit code says it."""


class _Message:
    """The turn of one message, and where its words go."""

    def __init__(self, host: Orchestrator, *, approve_all: bool, json_lines: bool, start: ChatStart | None) -> None:
        labels = labels_of(host)
        self._keeper = Keeper(host, labels, start)
        self._errors = view_for(host, sys.stderr)
        self._view = self._errors if json_lines else view_for(host, sys.stdout)
        self._audience: Audience = JsonLines(sys.stdout) if json_lines else self._view
        self._answering = Beforehand(self._view, labels, self._audience.show) if approve_all else None
        if not approve_all:
            self._audience = Unattended(self._audience, self._view, host)
        self._is_offline = host.model.name == OFFLINE
        self._chat = host.conversation(attended=approve_all)

    async def run(self, text: str, attachments: Sequence[Attachment], save: Path | None, interrupts: Interrupts) -> int:
        """Returns the exit code."""
        try:
            if save is not None:
                self._keeper.refuse(save)
            if self._is_offline:
                self._errors.notice(OFFLINE_NOTICE)
            end = await Turns(self._audience, self._answering, interrupts).run(self._chat, text, attachments)
            if self._view.offers:
                self._view.notice(NOT_HERE)
            if save is not None:
                await self._keep(save)
        except BrokenPipeError:
            return leave_quietly(sys.stdout)
        except OrchestratorError as error:
            self._errors.failure(str(error))
            return WRONG_USE if isinstance(error, UsageError) else BROKE_OFF
        return INTERRUPTED if end == "cancelled" else BROKE_OFF if end in _BAD_ENDS else FINE

    async def _keep(self, path: Path) -> None:
        """Says what has become of it where that is not plain: not every turn can be played again."""
        for line in await self._keeper.keep(path, [self._chat]):
            if is_conversation(path):
                self._errors.notice(line)


async def run_message(
    host: Orchestrator,
    text: str,
    *,
    attachments: Sequence[Attachment] = (),
    approve_all: bool = False,
    json_lines: bool = False,
    save: Path | None = None,
    start: ChatStart | None = None,
) -> int:
    """Runs one turn, and returns the exit code: 1 when it ended by an error or a limit.

    Nobody is asked: what needs a yes has it from `approve_all`, or is not allowed, and the output says so. With
    `json_lines` the output is the events, and everything else is said on the error stream.
    """
    interrupts = Interrupts()
    async with interrupts.heeded():
        message = _Message(host, approve_all=approve_all, json_lines=json_lines, start=start)
        return await message.run(text, attachments, save, interrupts)
    return INTERRUPTED
