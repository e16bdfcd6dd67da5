"""Questions that wait, in any conversation, as short blocks of lines and as JSON. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from orchestrator.cli.conversations.table import cut_to, fitted
from orchestrator.journal.base import Kept
from orchestrator.phrases import counted
from orchestrator.render.sanitize import clean, clean_line, plain_json
from orchestrator.render.times import local_time
from orchestrator.reply import Question
from orchestrator.response.unseen import masked
from orchestrator.turn.questions import QUESTION_LIFETIME
from runtimes.values import Json, JsonObject, dump_json

MAX_SAID_LINES = 3
"""Lines of the plugin's own words that a list shows."""

MIN_ROOM = 20
"""Cells that what a row says has on any terminal."""

_NAMES = 9
"""Cells that the names of the rows take."""
_INDENT = "    "
_QUOTED = "> "
"""What each line of the plugin's words begins with, so that none of them looks like the host's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A question, and the conversation that it was asked in."""

    kept: Kept
    question: Question

    @property
    def asked(self) -> float:
        """When, in seconds since the epoch."""
        return min(self.question.expires - QUESTION_LIFETIME, self.kept.updated)


def _reasons(question: Question, *, from_data: bool) -> str:
    return "; ".join(clean_line(reason.text) for reason in question.reasons if (reason.source == "data") is from_data)


def _rows(one: Waiting, own: str) -> Iterator[tuple[str, str]]:
    """What the host says, clean; arguments as they are, with every space of theirs."""
    question, kept = one.question, one.kept
    arguments = masked(question.arguments, question.secret)
    yield "goes to", clean_line(question.destination)
    yield "with", plain_json(dump_json(arguments)) if arguments else "no arguments"
    yield "files", "; ".join(clean_line(file.label) for file in question.attachments)
    yield "because", _reasons(question, from_data=False)
    yield "careful", _reasons(question, from_data=True)
    yield "asked", f"{local_time(one.asked)}, can be answered until {local_time(question.expires)}"
    yield "person", "" if kept.person == own else clean_line(kept.person)
    yield "in", clean_line(f"{kept.conversation} ({kept.title})")


def _said(question: Question) -> Iterator[str]:
    """The plugin's words, or the beginning of them."""
    said = [line for text in (question.title, question.body) for line in clean(text).splitlines() if line.strip()]
    yield from said[:MAX_SAID_LINES]
    if (more := len(said) - MAX_SAID_LINES) > 0:
        yield f"… and {counted(more, 'more line')}"


def as_lines(one: Waiting, *, id_length: int, own: str, width: int) -> Iterator[str]:
    """What is asked, by what the host knows of it, and then in the plugin's words; each line is cut to the width.

    `id_length` is how much of the call's id is shown; the person is where that is not `own`.
    """
    question = one.question
    what = clean_line(f"{question.function} of {question.plugin}")
    yield cut_to(f"{clean_line(question.call_id[:id_length])}  {what}", width)
    room = max(width - len(_INDENT) - _NAMES, MIN_ROOM)
    for name, text in _rows(one, own):
        if text:
            yield f"{_INDENT}{name:<{_NAMES}}{cut_to(text, room)}"
    for line in _said(question):
        yield f"{_INDENT}{_QUOTED}{fitted(line, max(width - len(_INDENT) - len(_QUOTED), MIN_ROOM))}"


def as_json(one: Waiting) -> JsonObject:
    """The question with all that it is about; times are in seconds since the epoch."""
    question = one.question
    reasons: list[Json] = [{"source": reason.source, "text": reason.text} for reason in question.reasons]
    files: list[Json] = [
        {"name": file.name, "media_type": file.media_type, "size": file.size} for file in question.attachments
    ]
    return {
        "call_id": question.call_id,
        "plugin": question.plugin,
        "function": question.function,
        "title": question.title,
        "body": question.body,
        "destination": question.destination,
        "arguments": masked(question.arguments, question.secret),
        "files": files,
        "reasons": reasons,
        "asked": one.asked,
        "expires": question.expires,
        "conversation": one.kept.conversation,
        "conversation_title": one.kept.title,
        "person": one.kept.person,
    }
