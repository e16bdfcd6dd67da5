"""The loop: a line from the person, then a command or a turn, until there are no more lines."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import IO

import anyio

from orchestrator.errors import UsageError
from orchestrator.host import Orchestrator
from orchestrator.manifest.model import ConversationStarter
from orchestrator.render.terminal import TerminalView
from orchestrator.repl.commands import COMMANDS, is_command, run_command
from orchestrator.repl.dialogue import Dialogue
from orchestrator.repl.going_on import Revisit
from orchestrator.repl.input import PersonInput, PipeInput, history_file, without_echo
from orchestrator.repl.interrupts import Interrupts
from orchestrator.repl.message import run_message
from orchestrator.repl.signing_in import SignsIn
from orchestrator.repl.streams import FINE, INTERRUPTED, WRONG_USE, leave_quietly, view_for
from orchestrator.testing.chats.chat_start import ChatStart

__all__ = ["run_message", "run_repl"]


def _person(host: Orchestrator, view: TerminalView) -> PersonInput:
    def repeat(text: str) -> None:
        view.person(host.secrets.masked(text))

    stdin: IO[str] | None = sys.stdin  # None where the program was started without one
    if stdin is None:
        return PipeInput(os.open(os.devnull, os.O_RDONLY), echo=repeat)
    if not (stdin.isatty() and sys.stdout.isatty()):
        return PipeInput(stdin.fileno(), echo=repeat)

    from orchestrator.repl.prompt import PromptInput

    def functions() -> Iterable[str]:
        return (function.name for function in host.toolbox.functions)

    return PromptInput(tuple(COMMANDS), functions, history_file(), host.secrets.masked)


async def converse(dialogue: Dialogue, person: PersonInput, interrupts: Interrupts) -> int:
    """The loop itself; returns the exit code."""
    await dialogue.begin()
    while not dialogue.is_over:
        if person.is_interactive:
            dialogue.view.part()
        with interrupts.stoppable() as reading:
            text = await person.message()
            if text is None:
                return FINE
            dialogue.view.reset()
        if reading.cancelled_caught:
            if person.is_interactive:
                continue
            return INTERRUPTED
        if is_command(text):
            await run_command(dialogue, text)
        else:
            await dialogue.say(text)
    return FINE


async def _session(dialogue: Dialogue, person: PersonInput, interrupts: Interrupts, save: Path | None) -> int:
    try:
        if save is not None:
            dialogue.keeper.refuse(save)
        try:
            code = await converse(dialogue, person, interrupts)
        finally:
            if save is not None:
                with anyio.CancelScope(shield=True):  # Ctrl-C, pressed twice, ends the rest
                    await dialogue.save(save, everything=True)
    except BrokenPipeError:
        return leave_quietly(sys.stdout)
    except UsageError as error:
        dialogue.view.failure(str(error))
        return WRONG_USE
    return code


async def run_repl(
    host: Orchestrator,
    *,
    approve_all: bool = False,
    banner: str | None = None,
    save: Path | None = None,
    starters: Sequence[ConversationStarter] = (),
    start: ChatStart | None = None,
    revisit: Revisit | None = None,
    signs_in: SignsIn | None = None,
) -> int:
    """Talks with the person at the terminal, or with the lines of a pipe, until they end. Returns the exit code.

    `approve_all` says yes to every question beforehand. `save` names a new file for all that is said.
    `starters` are offered before those of the plugins. `start` is how the chat was started; without it no conversation
    file is made of it. `revisit` names a conversation to go on with, and how this one is come back to. `signs_in` leads
    the person through the sign-ins that calls wait for; without it they are told what to run.
    """
    view = view_for(host, sys.stdout)
    person = _person(host, view)
    interrupts = Interrupts()
    echo = without_echo(sys.stdin.fileno()) if person.is_interactive else nullcontext()
    if banner:
        view.banner(banner)
    dialogue = Dialogue(
        host,
        view,
        person,
        interrupts,
        approve_all=approve_all,
        starters=starters,
        start=start,
        revisit=revisit,
        signs_in=signs_in,
    )
    code = INTERRUPTED
    async with interrupts.heeded():
        with echo:
            code = await _session(dialogue, person, interrupts, save)
    if revisit is not None:
        revisit.tell(dialogue.talked, sys.stderr)
    return code
