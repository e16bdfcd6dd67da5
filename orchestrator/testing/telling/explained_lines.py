"""An explanation as lines for a terminal. Pure."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from orchestrator.render.sanitize import clean, clean_line
from orchestrator.testing.answering.in_memory import ORIGIN
from orchestrator.testing.telling.explanation import (
    Excerpt,
    ExplainedCall,
    ExplainedCard,
    ExplainedExchange,
    ExplainedQuestion,
    ExplainedRequest,
    ExplainedTurn,
)

WIDTH = 78
"""Characters of a line, where nobody says it: two of 80 are left to set it in."""

MAX_LINES = 12
"""Lines that one text takes."""

_LABEL = 11
"""Characters of a label and the space after it."""

_TIGHT_COMMA = re.compile(r',(?=["{\[])')
"""A comma of compact JSON: there a line may end."""

_VERDICTS = {"allow": "allowed", "ask": "asked", "deny": "denied"}
_BESIDE_STATUS = frozenset({"refused", "error", "failed", "unknown"})
"""Where a call ended without an answer to use: it is said, together with what the model was told."""


def _wrapped(text: str, width: int) -> list[str]:
    lines = [
        part
        for line in _TIGHT_COMMA.sub(", ", clean(text)).expandtabs(4).splitlines()
        for part in textwrap.wrap(line, width, break_on_hyphens=False) or [""]
    ]
    more = len(lines) - MAX_LINES
    return [*lines[:MAX_LINES], f"… {more} more lines"] if more > 0 else lines


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """A text after its label; what does not fit on the line goes on below it."""

    indent: int
    label: str
    told: Excerpt


def _row(indent: int, label: str, told: str | Excerpt) -> Iterator[_Row]:
    yield _Row(indent=indent, label=label, told=told if isinstance(told, Excerpt) else Excerpt(text=told))


def _lines(row: _Row, width: int) -> Iterator[str]:
    lines = _wrapped(row.told.text, width - row.indent - _LABEL) or [""]
    lines += [f"… {row.told.left_out:,} more characters"] if row.told.left_out else []
    for index, line in enumerate(lines):
        yield f"{'':{row.indent}}{'' if index else row.label:{_LABEL}}{line}".rstrip()


def _exchange(one: ExplainedExchange, indent: int) -> Iterator[_Row]:
    yield from _row(indent, "sent", clean_line(one.request))
    if one.body is not None:
        yield from _row(indent, "", one.body)
    if one.error:
        yield from _row(indent, "came", f"nothing: {one.error}")
    if one.status is None:
        return
    what = f", {one.media_type}, {one.size:,} bytes" if one.size else ", nothing in it"
    yield from _row(indent, "came", clean_line(f"{one.status}{what}"))
    if one.answer is not None:
        yield from _row(indent, "", one.answer)


def _question(one: ExplainedQuestion, indent: int) -> Iterator[_Row]:
    yield from _row(indent, "question", one.title)
    yield from _row(indent, "", one.body) if one.body.text else ()
    yield from _row(indent, "", f"(goes to {one.destination})") if one.destination != ORIGIN else ()
    note = f": {one.note}" if one.note else ""
    yield from _row(indent, "person", f"{one.answer}{note}")


def _card(one: ExplainedCard, indent: int) -> Iterator[_Row]:
    yield from _row(indent, "card", f"{one.origin}:")
    for line in one.lines:
        yield from _row(indent, "", f"| {line}")
    if one.left_out:
        yield from _row(indent, "", f"| … {one.left_out} more lines")


def _shown(call: ExplainedCall, indent: int) -> Iterator[_Row]:
    """What the person saw of it."""
    if call.text is not None:
        yield from _row(indent, "shown", call.text)
    for index, citation in enumerate(call.citations):
        yield from _row(indent, "" if index else "cited", clean_line(citation))
    for card in call.cards:
        yield from _card(card, indent)
    for note in call.notes:
        yield from _row(indent, "note", note)


def _call(call: ExplainedCall, indent: int) -> Iterator[_Row]:
    label = "edited" if call.edits else "called"
    yield from _row(indent, label, replace(call.arguments, text=f"{clean_line(call.function)} {call.arguments.text}"))
    inner = indent + 2
    for index, reason in enumerate(call.reasons):
        yield from _row(inner, "" if index else _VERDICTS.get(call.verdict, "judged"), reason)
    if call.status == "set_aside":
        yield from _row(inner, "set aside", call.decision)
    for question in call.questions:
        yield from _question(question, inner)
    for exchange in call.exchanges:
        yield from _exchange(exchange, inner)
    if call.code:
        yield from _row(inner, "refused", call.code)
    elif call.status in _BESIDE_STATUS:
        yield from _row(inner, "ended", call.status)
    if call.told is not None:
        is_same = bool(call.exchanges) and call.told == call.exchanges[-1].answer
        yield from _row(inner, "told", "as it came" if is_same else call.told)
    yield from _shown(call, inner)


def _request(request: ExplainedRequest, before: Sequence[str], answer: Excerpt | None, indent: int) -> Iterator[_Row]:
    yield from _row(indent, f"request {request.number}", f"{request.state}: {clean_line(request.why)}")
    inner = indent + 2
    if request.offered:
        offered = "as before" if request.offered == before else ", ".join(map(clean_line, request.offered))
        yield from _row(inner, "offered", offered)
    if request.text is not None:
        yield from _row(inner, "wrote" if request.text != answer else "answer", request.text)
    for call in request.calls:
        yield from _call(call, inner)


def _rows_of_turn(turn: ExplainedTurn) -> Iterator[_Row]:
    said = turn.said if turn.said is not None else "goes on"
    yield from _row(0, f"turn {turn.number}", said)
    for call in turn.resumed:
        yield from _call(call, 2)
    before: Sequence[str] = ()
    for request in turn.requests:
        yield from _request(request, before, turn.answer, 2)
        before = request.offered or before
    for exchange in turn.exchanges:
        yield from _exchange(exchange, 2)
    if turn.answer is not None and all(request.text != turn.answer for request in turn.requests):
        yield from _row(2, "answer", turn.answer)
    tokens = f", {turn.tokens:,} tokens" if turn.tokens is not None else ""
    detail = f": {turn.detail}" if turn.detail else ""
    yield from _row(2, "ended", f"{turn.end}{tokens}{detail}")


def lines_of_turn(turn: ExplainedTurn, *, width: int = WIDTH) -> Iterator[str]:
    """The turn, one line after the other, none longer than `width`."""
    return (line for row in _rows_of_turn(turn) for line in _lines(row, width))
