"""Whole conversations as lines of JSON: what is written is read again, and nothing else is taken for one."""

from __future__ import annotations

import base64
import itertools
import json
from collections.abc import Iterable
from dataclasses import replace
from random import Random

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from orchestrator.content import Card, Shown
from orchestrator.event_json import FORMAT
from orchestrator.events import (
    CallDecided,
    CallReturned,
    Fact,
    ReplyReceived,
    RequestedCall,
    TurnStarted,
)
from orchestrator.journal.lines import VERSION, first_line, lines
from orchestrator.journal.reading import HistoryUnreadable, Written, read
from runtimes.limits import MAX_DEPTH
from runtimes.values import Json, parse_json
from tests.orchestrator.any_event import FACTS
from tests.orchestrator.journal.written import (
    PICTURE,
    PICTURE_HASH,
    STARTED,
    TURN,
    call,
    data_of,
    end_line,
    problems_of,
    text_of,
    written,
)
from tests.rounds import rounds

# --- writing


def test_the_lines_are_what_the_form_says() -> None:
    data = data_of(written(TURN[:1], PICTURE))
    first, fact, file, end = [parse_json(line) for line in data.splitlines()]
    assert first == {"format": "orchestrator-history", "version": VERSION}
    assert isinstance(fact, dict)
    assert isinstance(fact["fact"], dict)
    assert (list(fact), fact["conversation"], fact["sequence"]) == (["conversation", "sequence", "fact"], "c1", 0)
    assert (fact["fact"]["kind"], fact["fact"]["v"]) == ("turn_started", FORMAT)
    assert file == {"conversation": "c1", "file": PICTURE_HASH, "data": base64.b64encode(PICTURE).decode()}
    assert end == {"conversation": "c1", "facts": 1, "files": 1}


def test_facts_are_written_one_by_one() -> None:
    """A line is there before the next fact is asked for."""

    def facts() -> Iterable[Fact]:
        yield STARTED
        raise NotImplementedError

    assert b"turn_started" in next(iter(lines("c1", facts(), ())))


# --- what is written is read again


def with_own_calls(facts: Iterable[Fact]) -> Iterable[Fact]:
    """The facts, each call in them under an id that no other has."""
    numbers = itertools.count()
    for fact in facts:
        match fact:
            case ReplyReceived():
                yield replace(fact, calls=tuple(replace(one, call_id=str(next(numbers))) for one in fact.calls))
            case CallDecided(edited=RequestedCall() as edited):
                yield replace(fact, edited=replace(edited, call_id=str(next(numbers))))
            case _:
                yield fact


NAMES = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=20)
CONVERSATIONS = st.lists(
    st.tuples(
        NAMES,
        st.lists(FACTS.filter(lambda fact: not isinstance(fact, TurnStarted)), max_size=6),
        st.lists(st.binary(max_size=40), max_size=2),
    ),
    max_size=3,
    unique_by=lambda parts: parts[0],
).map(
    lambda all_parts: tuple(
        written([STARTED, *with_own_calls(facts)], *files, name=name) for name, facts, files in all_parts
    )
)


@settings(max_examples=rounds(1.5))
@given(CONVERSATIONS, st.integers(1, 3000))
def test_what_was_written_is_read_however_it_is_cut(conversations: tuple[Written, ...], size: int) -> None:
    data = data_of(*conversations)
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    came = read(pieces, source="it")
    assert came == conversations
    assert repr(came) == repr(conversations)


def test_lines_of_conversations_may_be_mixed() -> None:
    """Two exports that were sorted, or merged."""
    one, other = written(name="c1"), written(TURN[:1], PICTURE, name="c2")
    mixed = [
        line
        for pair in itertools.zip_longest(*(lines(c.conversation, c.facts, c.files.items()) for c in (one, other)))
        for line in pair
        if line is not None
    ]
    assert read([first_line(), *mixed], source="it") == (one, other)


def test_an_answer_as_deep_as_may_be_is_read_again() -> None:
    body: Json = {"it": parse_json("[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1))}
    assert isinstance(body, dict)
    deep = written([STARTED, CallReturned(call_id="c", text="", shown=Shown(cards=(Card(body=body),)))])
    assert read([data_of(deep)], source="it") == (deep,)


def test_facts_of_an_older_version_are_read() -> None:
    old = json.loads(data_of(written(TURN[:1])).splitlines()[1])
    old["fact"]["v"] = 1
    for name in ("attended", "sources", "history_tokens"):
        del old["fact"][name]
    assert read([text_of(old, end_line(1))], source="it") == (written(TURN[:1]),)


def test_the_last_line_feed_may_be_missing() -> None:
    assert read([data_of(written())[:-1]], source="it") == (written(),)


def test_a_file_without_conversations_has_none() -> None:
    assert read([first_line()], source="it") == ()


# --- damage

SAMPLE = (
    written(TURN, PICTURE, name="first"),
    written([*TURN, STARTED, ReplyReceived(text="é\U0001f600", calls=(call(1),))], name="second"),
)
SAMPLE_DATA = data_of(*SAMPLE)


def _shape(conversations: Iterable[Written]) -> list[tuple[int, int]]:
    return [(len(one.facts), len(one.files)) for one in conversations]


def _damaged(data: bytes, random: Random) -> bytes:
    at, size = random.randrange(len(data)), random.choice([1, 1, 2, 40, 400])
    parts = data.splitlines(keepends=True)
    match random.randrange(6):
        case 0:
            return data[:at] + random.randbytes(size) + data[at + size :]
        case 1:
            return data[:at] + data[at + size :]
        case 2:
            return data[:at] + data[at : at + size] * 2 + data[at + size :]
        case 3:
            return data[:at]
        case 4:
            random.shuffle(parts)
            return b"".join(parts)
        case _:
            return b"".join(random.choices(parts, k=len(parts)))


@settings(max_examples=rounds(6))
@given(st.randoms(use_true_random=False), st.integers(1, 3))
def test_damage_is_refused_or_leaves_whole_conversations(random: Random, times: int) -> None:
    """A changed letter of a text cannot be told; half a conversation can."""
    data = SAMPLE_DATA
    for _ in range(times):
        data = _damaged(data, random) if data else data
    try:
        came = read([data], source="it")
    except HistoryUnreadable:
        return
    whole = _shape(SAMPLE)
    assert all(shape in whole for shape in _shape(came))
    assert len(came) <= len(SAMPLE)


@given(st.integers(0, len(SAMPLE_DATA) - 2))
def test_a_file_that_was_cut_anywhere_is_refused_or_ends_with_a_conversation(end: int) -> None:
    whole = [SAMPLE[:count] for count in range(3) if end + 1 >= len(data_of(*SAMPLE[:count]))]
    if whole and end <= len(data_of(*whole[-1])):
        assert read([SAMPLE_DATA[:end]], source="it") == whole[-1]
    else:
        assert problems_of(SAMPLE_DATA[:end])


@given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
def test_anything_else_is_refused(data: bytes) -> None:
    assume(not data.startswith(b"{"))
    assert problems_of(data)
    assert problems_of(first_line() + data) if data else read([first_line()], source="it") == ()
