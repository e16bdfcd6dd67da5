"""Conversations that are kept without a host, and the command line over their store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import anyio
import pytest

from orchestrator.cli.main import main
from orchestrator.events import CallAsked, CallJudged, Fact, ReplyReceived, RequestedCall, TurnEnded, TurnStarted
from orchestrator.journal.open import open_journal
from orchestrator.model.base import ModelCall

HOSTILE = "\x1b[2J\u202eevil\nline"


@dataclass(frozen=True, slots=True)
class Done:
    code: int
    out: str
    err: str


Run = Callable[..., Done]
"""Runs one command, on one store or on another that is named `store`."""


def command_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """In this process, over stores in the folder."""

    def command(*arguments: str, store: str = "chats.db") -> Done:
        capsys.readouterr()
        code = main([*arguments, "--store", str(folder / store)])
        told = capsys.readouterr()
        return Done(code, told.out, told.err)

    return command


async def _keep(store: Path, conversations: Sequence[tuple[str, Sequence[Fact]]], wake: float | None) -> None:
    async with open_journal(f"sqlite:///{store}") as journal:
        for name, facts in conversations:
            await journal.append(name, 0, facts, wake=wake)


def keep(folder: Path, *conversations: tuple[str, Sequence[Fact]], wake: float | None = None) -> None:
    anyio.run(_keep, folder / "chats.db", conversations, wake)


def said(text: str, person: str = "me") -> tuple[Fact, ...]:
    return (TurnStarted(text=text, person=person, documents={}), TurnEnded(reason="answered"))


def asked(call_id: str, *, expires: float, words: str = "Order it?") -> tuple[Fact, ...]:
    call = RequestedCall(call_id=call_id, request=ModelCall(id="m", tool="order", arguments="{}"))
    judged = CallJudged(
        call_id=call_id, plugin=HOSTILE, function="order", arguments={"item": HOSTILE}, verdict="ask", reasons=()
    )
    question = CallAsked(
        call_id=call_id, fingerprint="", title=words, body="", destination="https://api", expires=expires
    )
    return (
        TurnStarted(text=HOSTILE, person="me", documents={}),
        ReplyReceived(text="", calls=(call,)),
        judged,
        question,
    )
