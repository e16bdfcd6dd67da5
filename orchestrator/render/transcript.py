"""A conversation's facts as a document: Markdown to read, or JSON lines to keep."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from orchestrator.content import Citation
from orchestrator.errors import UsageError
from orchestrator.event_json import encode
from orchestrator.events import (
    AnswerReceived,
    CallAsked,
    CallJudged,
    CallReturned,
    Fact,
    ReplyReceived,
    TurnEnded,
    TurnStarted,
    TurnUndone,
)
from orchestrator.render.calls import CallLog, Labels
from orchestrator.render.card_view import text_lines
from orchestrator.render.decisions import Decisions
from orchestrator.render.plain_words import address_in_markdown, in_markdown
from orchestrator.render.sanitize import clean, clean_line
from orchestrator.response.numbering import TurnCitations

JSON_LINES = ".jsonl"
"""The ending of a file that facts are kept in as they are."""


def _no_time() -> float:
    return 0.0


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in clean(text).strip().splitlines())


def _is_denial(fact: Fact) -> bool:
    return isinstance(fact, CallJudged) and fact.verdict == "deny"


class _Turn:
    """Collects one turn."""

    def __init__(self, started: TurnStarted, log: CallLog) -> None:
        self._started = started
        self._log = log
        self._decisions = Decisions()
        self._lines: dict[str, list[str]] = {}
        self._asked: dict[str, str] = {}
        self._answer = ""
        self._end = ""
        self._citations = TurnCitations()
        self._cards: list[str] = []
        log.read(started)

    def read(self, fact: Fact) -> None:
        self._citations.read(fact)
        if not _is_denial(fact):  # its line is the decision itself
            self._decisions.read(fact)
        if line := self._log.read(fact):
            detail = f": {in_markdown(line.detail)}" if line.detail else ""
            self._lines.setdefault(line.call_id, []).append(f"- {in_markdown(line.text)}{detail}")
        match fact:
            case ReplyReceived():
                self._answer = "" if fact.calls else fact.text
            case AnswerReceived():
                self._answer = fact.text
            case CallJudged():
                self._lines.setdefault(fact.call_id, [])
            case CallAsked():
                self._asked[fact.call_id] = f"- {in_markdown(self._log.title(fact.call_id))}"
            case CallReturned():
                from orchestrator.render.cards import card_lines

                shown = [text_lines(fact.shown.text), *map(card_lines, fact.shown.cards)]
                self._cards += ["\n".join(f"    {line}" for line in lines) for lines in shown if lines]
            case TurnEnded():
                self._answer = self._answer or fact.partial
                detail = f": {in_markdown(clean_line(fact.detail))}" if fact.detail else ""
                self._end = "" if fact.reason == "answered" else f"*{fact.reason}{detail}*"
            case _:
                pass

    def _calls(self) -> Iterator[str]:
        """What became of each call, and below it what was decided before; who was asked is told of in any case."""
        for call_id, lines in self._lines.items():
            asked = self._asked.get(call_id)
            told = lines or ([asked] if asked else [])
            yield from told
            if told and (decided := self._decisions.line(call_id)):
                yield f"  - {in_markdown(decided)}"

    def blocks(self) -> Iterator[str]:
        attached = [f"[{in_markdown(clean_line(file.label))}]" for file in self._started.attachments]
        yield _quoted("\n".join([self._started.text, *attached]))
        yield "\n".join(self._calls())
        yield clean(self._answer).strip()
        yield from self._cards
        yield "\n".join(_citation(number, citation) for citation, number in self._citations.numbers.items())
        yield self._end


def _citation(number: int, citation: Citation) -> str:
    words = (citation.title, citation.subtitle, citation.information_protection_label)
    parts = [in_markdown(clean_line(part)) for part in words if part]
    if citation.url:
        parts.append(address_in_markdown(clean_line(citation.url)))
    return f"{number}. " + " · ".join(parts)


def as_markdown(facts: Iterable[Fact], labels: Labels) -> str:
    """The conversation to read: what was said, the calls, the answers and their sources."""
    log = CallLog(labels, _no_time)
    turns: list[_Turn] = []
    for fact in facts:
        match fact:
            case TurnStarted():
                turns.append(_Turn(fact, log))
            case TurnUndone():
                turns = turns[:-1]
            case _ if turns:
                turns[-1].read(fact)
            case _:
                pass
    blocks = [block for turn in turns for block in turn.blocks() if block]
    return "\n\n".join(["# Conversation", *blocks]) + "\n"


def as_json_lines(facts: Iterable[Fact]) -> str:
    """The facts, one JSON object a line."""
    return "".join(f"{encode(fact).decode()}\n" for fact in facts)


def refuse_existing(path: Path) -> None:
    """Raises: `UsageError` when saving would overwrite something, or there is no folder to save into."""
    try:
        if path.exists():
            raise UsageError(f"{str(path)!r} exists and is not overwritten; choose another name")
        if not path.parent.is_dir():
            raise UsageError(f"there is no folder {str(path.parent)!r} to save into")
    except OSError as error:
        raise UsageError(f"cannot write {str(path)!r}: {error.strerror}") from None


def save_transcript(path: Path, facts: Sequence[Fact], labels: Labels) -> None:
    """Writes the conversation to a file that must not exist: JSON lines when its name ends so, else Markdown.

    Raises: `UsageError` when the file exists or cannot be written.
    """
    refuse_existing(path)
    text = as_json_lines(facts) if path.suffix == JSON_LINES else as_markdown(facts, labels)
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        raise UsageError(f"cannot write {str(path)!r}: {error.strerror}") from None
