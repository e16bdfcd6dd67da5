"""Reads the lines of whole conversations (`orchestrator.journal.lines`), which anybody may have written. Pure.

What `read` gives is well-formed, and no more than that: every fact is one, they are in order and all there, and the
bytes of files are those of their hashes. What the facts say is the file's claim; `orchestrator.turn.importing` says
what becomes of it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from orchestrator.errors import OrchestratorError, Problem
from orchestrator.events import (
    CallDecided,
    CallJudged,
    CallRefused,
    DataSetAside,
    Fact,
    ReplyReceived,
    TurnsSummarised,
    TurnStarted,
)
from orchestrator.journal.base import ConversationId
from orchestrator.journal.line_checks import (
    MAX_ID_CHARS,
    Bounds,
    Final,
    Mistake,
    check_first,
    check_name,
    fact_of,
    is_count,
    lines_of,
    parsed,
    shown,
)
from runtimes.values import Json

MAX_PROBLEMS = 100
"""How many problems of a file are told."""

MAX_MEMBERS_LISTED = 5
"""How many members of a line are named that is none of ours."""

_BOUNDS = Bounds()
_SHA256 = re.compile(r"[0-9a-f]{64}")


class HistoryUnreadable(OrchestratorError):
    """A file of conversations cannot be read; `problems` has every reason at once, up to `MAX_PROBLEMS`."""

    def __init__(self, source: str, problems: tuple[Problem, ...]) -> None:
        first, more = problems[0], len(problems) - 1
        super().__init__(f"{source}:{first.line}: {first.message}{f' (and {more} more)' if more else ''}")
        self.source = source
        self.problems = problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A conversation as a file has it."""

    conversation: ConversationId
    facts: tuple[Fact, ...]
    files: Mapping[str, bytes]
    """The bytes of its files, by their hash."""


def _new_calls(fact: Fact) -> Iterator[str]:
    """The ids of the calls that begin with it."""
    if isinstance(fact, ReplyReceived):
        yield from (call.call_id for call in fact.calls)
    elif isinstance(fact, CallDecided) and fact.edited is not None:
        yield fact.edited.call_id


def _plugins_of(fact: Fact) -> Iterator[Collection[str]]:
    """The plugins that it names, as it lists them."""
    match fact:
        case TurnStarted():
            yield from (fact.documents, fact.set_aside)
        case CallJudged():
            yield from ((fact.plugin,), fact.across, fact.label.seen, fact.label.private, fact.label.isolated)
        case TurnsSummarised():
            yield from (fact.label.seen, fact.label.private, fact.label.isolated)
        case DataSetAside():
            yield fact.plugins
        case CallRefused():
            yield (fact.plugin,)
        case _:
            pass


@dataclass(slots=True, kw_only=True)
class _Reading:
    """One conversation, as far as it has been read."""

    conversation: ConversationId
    bounds: Bounds
    line: int = 0
    """Where it was last heard of."""
    facts: list[Fact] = field(default_factory=list[Fact])
    files: dict[str, bytes] = field(default_factory=dict[str, bytes])
    expected: int = 0
    """The sequence number of the next fact."""
    person: str | None = None
    turns: int = 0
    turn_facts: int = 0
    turn_calls: int = 0
    call_ids: set[str] = field(default_factory=set[str])
    plugins: set[str] = field(default_factory=set[str])
    is_complete: bool = False

    def take_fact(self, sequence: int, value: Json) -> None:
        expected, self.expected = self.expected, max(self.expected, sequence + 1)
        if sequence < expected:
            raise Mistake("repeated", f"fact {sequence} of conversation {shown(self.conversation)} was there before")
        if sequence > expected:
            raise Mistake(
                "gap", f"fact {sequence} of conversation {shown(self.conversation)} stands where {expected} is due"
            )
        fact = fact_of(value)
        if sequence == 0 and not isinstance(fact, TurnStarted):
            raise Mistake("no-beginning", f"a conversation begins with a 'turn_started', not with a {fact.kind!r}")
        self._count(fact)
        self.facts.append(fact)

    def _count(self, fact: Fact) -> None:
        if isinstance(fact, TurnStarted):
            self.turns += 1
            self.turn_facts = self.turn_calls = 0
            if self.person not in (None, fact.person):
                raise Mistake("several-persons", f"conversation {shown(self.conversation)} is another person's")
            check_name(fact.person, "a person")
            self.person = fact.person
        self.turn_facts += 1
        for call_id in _new_calls(fact):
            if call_id in self.call_ids:
                raise Mistake("repeated", f"call {shown(call_id)} of this conversation was there before")
            self.call_ids.add(call_id)
            self.turn_calls += 1
        for names in _plugins_of(fact):
            self.plugins.update(names)
            if len(names) > self.bounds.plugins or len(self.plugins) > self.bounds.plugins:
                raise Final("too-large", f"a conversation may name {self.bounds.plugins} plugins")
        most = self.bounds
        if self.turns > most.turns or self.turn_facts > most.turn_facts or self.turn_calls > most.turn_calls:
            raise Final(
                "too-large",
                f"a conversation may have {most.turns} turns, a turn {most.turn_facts} facts and "
                f"{most.turn_calls} calls",
            )

    def take_file(self, sha256: str, data: str) -> None:
        if not _SHA256.fullmatch(sha256):
            raise Mistake("wrong-shape", "'file' is not a SHA-256 in 64 hexadecimal digits")
        if sha256 in self.files:
            raise Mistake("repeated", f"file {sha256} of conversation {shown(self.conversation)} was there before")
        try:
            content = base64.b64decode(data, validate=True)
        except (binascii.Error, ValueError):
            raise Mistake("wrong-shape", "'data' is not base64") from None
        if hashlib.sha256(content).hexdigest() != sha256:
            raise Mistake("hash", f"the bytes are not those that {sha256} is the hash of")
        self.files[sha256] = content

    def check(self, facts: int, files: int) -> None:
        if not facts or (facts, files) != (len(self.facts), len(self.files)):
            raise Mistake(
                "incomplete",
                f"conversation {shown(self.conversation)} has {facts} facts and {files} files by its last line, and "
                f"{len(self.facts)} and {len(self.files)} here",
            )


class _Reader:
    """Takes line after line; what is wrong is noted, and reading goes on."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._readings: dict[ConversationId, _Reading] = {}
        self._number = 0
        self.problems: list[Problem] = []

    def read(self, pieces: Iterable[bytes]) -> tuple[Written, ...]:
        """What there is, of use only where there are no problems."""
        try:
            for line in lines_of(pieces, self._bounds):
                self._number += 1
                self._note_mistakes(line)
        except Final as final:
            self._note(final.code, final.message, self._number or 1)
        else:
            self._note_open_ends()
        return tuple(
            Written(conversation=one.conversation, facts=tuple(one.facts), files=one.files)
            for one in self._readings.values()
        )

    def _note(self, code: str, message: str, line: int) -> None:
        self.problems.append(Problem(severity="error", code=code, message=message, line=line, column=1))

    def _note_mistakes(self, line: bytes) -> None:
        """Raises: `Final`."""
        try:
            self._take(line)
        except Final:
            raise
        except Mistake as mistake:
            if len(self.problems) == MAX_PROBLEMS - 1:
                raise Final("too-many", f"there are {MAX_PROBLEMS} problems or more") from None
            is_cut = mistake.code == "not-json" and not line.endswith(b"\n")
            code, message = ("cut-short", "the last line is not whole") if is_cut else (mistake.code, mistake.message)
            self._note(code, message, self._number)

    def _take(self, line: bytes) -> None:
        if self._number == 1:
            check_first(line)
            return
        match value := parsed(line):
            case {"conversation": str(name), "sequence": sequence, "fact": fact} if is_count(sequence):
                self._at(name).take_fact(sequence, fact)
            case {"conversation": str(name), "file": str(sha256), "data": str(data)}:
                self._at(name).take_file(sha256, data)
            case {"conversation": str(name), "facts": facts, "files": files} if is_count(facts) and is_count(files):
                self._close(self._at(name), facts, files)
            case _:
                members = ", ".join(map(shown, list(value)[:MAX_MEMBERS_LISTED])) or "nothing"
                raise Mistake("wrong-shape", f"it is no fact, no file and no end of a conversation: it has {members}")

    def _at(self, name: ConversationId) -> _Reading:
        if not 0 < len(name) <= MAX_ID_CHARS:
            raise Mistake("wrong-shape", f"the id of a conversation has 1 to {MAX_ID_CHARS} characters")
        check_name(name, "a conversation")
        if name not in self._readings and len(self._readings) >= self._bounds.conversations:
            raise Final("too-large", f"there are more than {self._bounds.conversations} conversations")
        reading = self._readings.setdefault(name, _Reading(conversation=name, bounds=self._bounds))
        if reading.is_complete:
            raise Mistake("repeated", f"conversation {shown(name)} has ended before")
        reading.line = self._number
        return reading

    def _close(self, reading: _Reading, facts: int, files: int) -> None:
        reading.is_complete = True
        if not self.problems:  # with one, it does not come out right for that very reason
            reading.check(facts, files)

    def _note_open_ends(self) -> None:
        if not self._number:
            self._note("wrong-shape", "there is nothing in it", 1)
        for one in self._readings.values():
            if not one.is_complete and len(self.problems) < MAX_PROBLEMS:
                message = f"the lines of conversation {shown(one.conversation)} end here without saying so"
                self._note("cut-short", message, one.line)


def read(pieces: Iterable[bytes], *, source: str, bounds: Bounds = _BOUNDS) -> tuple[Written, ...]:
    """The conversations of a file, in the order in which they begin; `pieces` are its bytes, cut anywhere.

    Raises: `HistoryUnreadable` with every problem of it, under the name `source`: then there is none of them.
    """
    reader = _Reader(bounds)
    written = reader.read(pieces)
    if reader.problems:
        raise HistoryUnreadable(source, tuple(reader.problems))
    return written
