"""One message and out: the turn of `chat -m`, for a person or, as JSON lines, for a program."""

from __future__ import annotations

import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from orchestrator.errors import OrchestratorError, QuestionsPending, UsageError
from orchestrator.event_json import encode
from orchestrator.events import EndReason, Event, Fact
from orchestrator.host import Orchestrator
from orchestrator.journal.base import Kept
from orchestrator.model.open import OFFLINE
from orchestrator.render.sanitize import plain_json
from orchestrator.repl.answering import Beforehand
from orchestrator.repl.cards import NOT_HERE
from orchestrator.repl.dialogue import OFFLINE_NOTICE, labels_of
from orchestrator.repl.going_on import Carrying, Revisit, is_over, last_turn, show_again
from orchestrator.repl.interrupts import Interrupts
from orchestrator.repl.keeping import Keeper
from orchestrator.repl.signing_in import how_to
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

    def __init__(
        self,
        host: Orchestrator,
        revisit: Revisit,
        *,
        approve_all: bool,
        json_lines: bool,
        start: ChatStart | None,
    ) -> None:
        labels = labels_of(host)
        self._revisit, self._resumed = revisit, revisit.resumed
        self._keeper = Keeper(host, labels, start, is_resumed=self._resumed is not None)
        self._errors = view_for(host, sys.stderr)
        self._view = self._errors if json_lines else view_for(host, sys.stdout)
        self._audience: Audience = JsonLines(sys.stdout) if json_lines else self._view
        self._answering = Beforehand(self._view, labels, self._audience.show) if approve_all else None
        if not approve_all:
            self._audience = Unattended(self._audience, self._view, host)
        self._is_offline = host.model.name == OFFLINE
        id = self._resumed.conversation if self._resumed is not None else None
        self.chat = host.conversation(id=id, attended=approve_all)
        self._is_json = json_lines

    async def run(self, text: str, attachments: Sequence[Attachment], save: Path | None, interrupts: Interrupts) -> int:
        """Returns the exit code."""
        try:
            if save is not None:
                self._keeper.refuse(save)
            if self._is_offline:
                self._errors.notice(OFFLINE_NOTICE)
            turns = Turns(self._audience, self._answering, interrupts)
            if self._resumed is not None and await self._carry_on(turns, self._resumed) == "cancelled":
                return INTERRUPTED
            end = await turns.run(self.chat, text, attachments)
            if self._view.offers:
                self._view.notice(NOT_HERE)
            if save is not None:
                await self._keep(save)
        except BrokenPipeError:
            return leave_quietly(sys.stdout)
        except QuestionsPending:
            sign_ins = () if self.chat.pending else self.chat.sign_ins
            waiting = f"a call waits until you have signed in with {how_to(sign_ins)}"
            self._errors.failure(waiting if sign_ins else self._revisit.nobody_here)
            return BROKE_OFF
        except OrchestratorError as error:
            self._errors.failure(str(error))
            return WRONG_USE if isinstance(error, UsageError) else BROKE_OFF
        return INTERRUPTED if end == "cancelled" else BROKE_OFF if end in _BAD_ENDS else FINE

    async def _carry_on(self, turns: Turns, kept: Kept) -> EndReason | None:
        """Shows the turn that was left, if there is one, and goes on with it."""
        turn = last_turn(await self.chat.facts())
        if not turn or is_over(turn):
            return None
        self._show(turn, 0)
        return await Carrying(turns, self._errors.notice, self._show).run(self.chat, turn, kept)

    def _show(self, turn: Sequence[Fact], after: int) -> None:
        """Shows what is kept of a turn, from one of its facts on."""
        if not self._is_json:
            show_again(self._view, turn, after)
            return
        for fact in turn[after:]:
            self._audience.show(fact)

    async def _keep(self, path: Path) -> None:
        """Says what has become of it where that is not plain: not every turn can be played again."""
        for line in await self._keeper.keep(path, [self.chat]):
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
    revisit: Revisit | None = None,
) -> int:
    """Runs one turn, and returns the exit code: 1 when it ended by an error or a limit.

    Nobody is asked: what needs a yes has it from `approve_all`, or is not allowed, and the output says so. With
    `json_lines` the output is the events, and everything else is said on the error stream. `revisit` names a
    conversation to go on with: a turn that was left in it is carried on first.
    """
    interrupts, revisit = Interrupts(), revisit or Revisit()
    message = _Message(host, revisit, approve_all=approve_all, json_lines=json_lines, start=start)
    code = INTERRUPTED
    async with interrupts.heeded():
        code = await message.run(text, attachments, save, interrupts)
    if not json_lines and code != WRONG_USE and not (message.chat.pending or message.chat.sign_ins):
        revisit.tell(message.chat, sys.stderr)
    return code
