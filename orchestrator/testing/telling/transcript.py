"""The turns around a failure, as a person may have seen them, marked where they failed. Pure."""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from orchestrator.render.sanitize import clean_line
from orchestrator.testing.judging.judge import Failure
from orchestrator.testing.telling.explanation import (
    Excerpt,
    ExplainedCall,
    ExplainedExchange,
    ExplainedQuestion,
    ExplainedRequest,
    ExplainedTurn,
)

WIDTH = 76
"""Characters of a line: four of 80 are left to set it in."""

MAX_ROWS = 60
"""Lines of one turn."""

MAX_DECISION = 4
"""Lines of what was decided of one call."""

_LABEL = 10
"""Characters of a label and the space after it."""

_MARK = "> "
"""Before a line that an expectation is not met by."""

_PLACE = re.compile(r"/expect/([a-z_]+)(?:/in_order/(\d+))?")
_OF_ANSWER = frozenset({"text", "tokens"})
_LISTED = frozenset({"calls", "questions", "requests", "cards", "citations"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """One line."""

    label: str
    text: str
    kind: str = ""
    """The member of `expect` that looks at it."""


def _short(one: Excerpt | None) -> str:
    """The text on one line."""
    return clean_line(one.text) + ("…" if one.left_out else "") if one is not None else ""


def _exchange(one: ExplainedExchange) -> _Row:
    came = one.status if one.status is not None else one.error or "?"
    return _Row(label="sent", text=f"{one.request} → {came}", kind="requests")


def _question(one: ExplainedQuestion) -> _Row:
    note = f" ({one.note})" if one.note else ""
    return _Row(label="question", text=f"{one.title} → {one.answer}{note}", kind="questions")


def _call(call: ExplainedCall) -> Iterator[_Row]:
    yield _Row(label="call", text=f"{call.function} {_short(call.arguments)} → {call.status}", kind="calls")
    decision = textwrap.wrap(clean_line(call.decision), WIDTH - _LABEL - len(_MARK), max_lines=MAX_DECISION)
    for index, line in enumerate(decision):
        yield _Row(label="" if index else "decision", text=line)
    yield from map(_question, call.questions)
    yield from map(_exchange, call.exchanges)
    if call.told is not None:
        yield _Row(label="result", text=_short(call.told))
    if call.text is not None:
        yield _Row(label="shown", text=_short(call.text))
    yield from (_Row(label="cited", text=citation, kind="citations") for citation in call.citations)
    yield from (_Row(label="card", text=" / ".join(card.lines), kind="cards") for card in call.cards)


def _request(request: ExplainedRequest, answer: Excerpt | None) -> Iterator[_Row]:
    label = request.state if request.state in ("phrase", "disengaging") else "model"
    if request.text is not None and request.text != answer:
        yield _Row(label=label, text=_short(request.text), kind="model")
    elif request.text is None and not request.calls:
        yield _Row(label=label, text=f"(request {request.number}, {request.state})", kind="model")
    for call in request.calls:
        yield from _call(call)


def _rows(turn: ExplainedTurn) -> Iterator[_Row]:
    if turn.said is not None:
        yield _Row(label="person", text=_short(turn.said), kind="say")
    for call in turn.resumed:
        yield from _call(call)
    for request in turn.requests:
        yield from _request(request, turn.answer)
    yield from map(_exchange, turn.exchanges)
    if turn.answer is not None:
        yield _Row(label="answer", text=_short(turn.answer), kind="text")
    detail = f": {turn.detail}" if turn.detail else ""
    yield _Row(label="ended", text=f"{turn.end}{detail}", kind="end")


def _marked(failure: Failure, rows: Sequence[_Row]) -> int | None:
    """The line that a failure is about; None where no single one is."""
    found = _PLACE.search(failure.pointer)
    kind, index = (found[1], found[2]) if found is not None else (failure.kind, None)
    kind = "text" if kind in _OF_ANSWER else kind
    at = [number for number, row in enumerate(rows) if row.kind == kind]
    if kind in _LISTED:
        return at[int(index)] if index is not None and int(index) < len(at) else None
    return at[-1] if at else None


def _line(row: _Row, *, is_marked: bool) -> str:
    line = f"{_MARK if is_marked else ' ' * len(_MARK)}{row.label:<{_LABEL}}{clean_line(row.text)}"
    return line if len(line) <= WIDTH else f"{line[: WIDTH - 1]}…"


def _whole(turn: ExplainedTurn, failures: Sequence[Failure]) -> Iterator[str]:
    rows = tuple(_rows(turn))
    marked = {_marked(failure, rows) for failure in failures}
    yield f"turn {turn.number}"
    for number, row in enumerate(rows[:MAX_ROWS]):
        yield _line(row, is_marked=number in marked)
    if len(rows) > MAX_ROWS:
        yield f"  … {len(rows) - MAX_ROWS} more lines"


def _in_short(turn: ExplainedTurn) -> str:
    calls = (*turn.resumed, *(call for request in turn.requests for call in request.calls))
    counted = Counter(call.function for call in calls).items()
    called = (f"{function} ({count} times)" if count > 1 else function for function, count in counted)
    told = [_short(turn.said) or "goes on", *called, _short(turn.answer) or turn.end]
    line = clean_line(f"turn {turn.number}: {' → '.join(told)}")
    return line if len(line) <= WIDTH else f"{line[: WIDTH - 1]}…"


def transcript(turns: Sequence[tuple[ExplainedTurn, Sequence[Failure]]]) -> tuple[str, ...]:
    """The turns with what failed in each: a line for those that are well, all of the others."""
    return tuple(
        line for turn, failures in turns for line in (_whole(turn, failures) if failures else [_in_short(turn)])
    )
