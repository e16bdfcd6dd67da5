"""Conversations to write as lines, and lines to read."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterable, Sequence

import pytest

from orchestrator.event_json import FORMAT
from orchestrator.events import AnswerReceived, Fact, RequestedCall, TurnEnded, TurnStarted
from orchestrator.journal.line_checks import Bounds
from orchestrator.journal.lines import first_line, lines
from orchestrator.journal.reading import HistoryUnreadable, Written, read
from orchestrator.model.base import ModelCall
from runtimes.values import Json

STARTED = TurnStarted(text="hello", person="ada", documents={"todo": "ab"})
ANSWERED = AnswerReceived(text="Hello, Ada")
ENDED = TurnEnded(reason="answered")
TURN: tuple[Fact, ...] = (STARTED, ANSWERED, ENDED)
PICTURE = b"\x89PNG\r\n\x1a\n"
FIRST = json.dumps({"format": "orchestrator-history", "version": 1})
PICTURE_HASH = hashlib.sha256(PICTURE).hexdigest()


def written(facts: Iterable[Fact] = TURN, *files: bytes, name: str = "c1") -> Written:
    return Written(
        conversation=name,
        facts=tuple(facts),
        files={hashlib.sha256(data).hexdigest(): data for data in files},
    )


def data_of(*conversations: Written) -> bytes:
    parts = (lines(one.conversation, one.facts, one.files.items()) for one in conversations)
    return b"".join([first_line(), *itertools.chain.from_iterable(parts)])


def call(number: int) -> RequestedCall:
    """One that a model makes."""
    return RequestedCall(call_id=str(number), request=ModelCall(id="", tool="", arguments=""))


def problems_of(data: bytes, bounds: Bounds | None = None) -> Sequence[tuple[str, int]]:
    """The code and the line of each."""
    with pytest.raises(HistoryUnreadable) as caught:
        read([data], source="kept.jsonl", bounds=bounds or Bounds())
    assert str(caught.value).startswith(f"kept.jsonl:{caught.value.problems[0].line}: ")
    return [(problem.code, problem.line) for problem in caught.value.problems]


def text_of(*values: Json | str) -> bytes:
    """Lines, the first of them the one that a file begins with."""
    texts = [one if isinstance(one, str) else json.dumps(one) for one in values]
    return "".join(f"{text}\n" for text in (FIRST, *texts)).encode()


def fact_line(sequence: Json, *, name: Json = "c1", **members: Json) -> Json:
    fact: Json = {"kind": "answer_received", "text": "a", "v": FORMAT, **members}
    return {"conversation": name, "sequence": sequence, "fact": fact}


def start_line(name: str = "c1", person: str = "ada", sequence: int = 0) -> Json:
    return fact_line(sequence, name=name, kind="turn_started", person=person, documents={})


def end_line(facts: Json, files: Json = 0, name: str = "c1") -> Json:
    return {"conversation": name, "facts": facts, "files": files}
