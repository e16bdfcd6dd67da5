"""Sign-ins that calls wait for, in any conversation, as short blocks of lines and as JSON. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from orchestrator.cli.conversations.table import cut_to
from orchestrator.journal.base import Kept
from orchestrator.render.sanitize import clean_line
from orchestrator.render.sign_ins import command_for
from orchestrator.render.times import local_time
from orchestrator.reply import SignInQuestion
from runtimes.values import Json, JsonObject

MIN_ROOM = 20
"""Cells that what a row says has on any terminal."""

_NAMES = 9
"""Cells that the names of the rows take."""
_INDENT = "    "


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsigned:
    """A call that waits for a sign-in, and the conversation that it is made in."""

    kept: Kept
    sign_in: SignInQuestion

    @property
    def what(self) -> str:
        """The call, for people."""
        return clean_line(f"{self.sign_in.function} of {self.sign_in.plugin}")

    @property
    def command(self) -> str:
        """What the person runs."""
        return command_for(self.sign_in.name, self.sign_in.kind)


def _rows(one: Unsigned, own: str) -> Iterator[tuple[str, str]]:
    sign_in, kept = one.sign_in, one.kept
    yield "goes to", clean_line(sign_in.destination)
    yield "because", clean_line(sign_in.reason)
    yield "until", local_time(sign_in.expires)
    yield "person", "" if kept.person == own else clean_line(kept.person)
    yield "in", clean_line(f"{kept.conversation} ({kept.title})")


def as_lines(one: Unsigned, *, id_length: int, own: str, width: int) -> Iterator[str]:
    """What waits, and the command that it waits for, which is never cut.

    `id_length` is how much of the call's id is shown; the person is where that is not `own`.
    """
    yield cut_to(f"{clean_line(one.sign_in.call_id[:id_length])}  {one.what} waits until you have signed in", width)
    yield f"{_INDENT}{'run':<{_NAMES}}{one.command}"
    room = max(width - len(_INDENT) - _NAMES, MIN_ROOM)
    for name, text in _rows(one, own):
        if text:
            yield f"{_INDENT}{name:<{_NAMES}}{cut_to(text, room)}"


def as_json(one: Unsigned) -> JsonObject:
    """The same for programs; times are in seconds since the epoch."""
    sign_in = one.sign_in
    scopes: list[Json] = [*sign_in.scopes]
    return {
        "call_id": sign_in.call_id,
        "name": sign_in.name,
        "kind": sign_in.kind,
        "reason": sign_in.reason,
        "scopes": scopes,
        "command": one.command,
        "plugin": sign_in.plugin,
        "function": sign_in.function,
        "destination": sign_in.destination,
        "expires": sign_in.expires,
        "conversation": one.kept.conversation,
        "conversation_title": one.kept.title,
        "person": one.kept.person,
    }
