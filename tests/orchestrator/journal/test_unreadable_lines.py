"""A file of conversations that is wrong is refused as a whole, with every mistake in it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from dataclasses import replace

import pytest

from orchestrator.event_json import FORMAT
from orchestrator.events import (
    AnswerReceived,
    CallDecided,
    DataSetAside,
    Fact,
    ReplyReceived,
    TurnsSummarised,
)
from orchestrator.journal.line_checks import MAX_ID_CHARS, Bounds
from orchestrator.journal.lines import first_line
from orchestrator.journal.reading import MAX_PROBLEMS, HistoryUnreadable, Written, read
from orchestrator.labels import Label
from runtimes.values import Json
from tests.orchestrator.journal.written import (
    ANSWERED,
    ENDED,
    FIRST,
    PICTURE,
    PICTURE_HASH,
    STARTED,
    TURN,
    call,
    data_of,
    end_line,
    fact_line,
    problems_of,
    start_line,
    text_of,
    written,
)

STARTED_WITH_A_CALL = (STARTED, ReplyReceived(text="", calls=(call(1),)))


def edited(number: int, other: int) -> CallDecided:
    return CallDecided(call_id=str(number), decision="approve", by="ada", edited=call(other))


TEXT_FOR_FACT: Json = {"conversation": "c1", "sequence": 1, "fact": "text"}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["{", end_line(1)], [("not-json", 2)]),
        ([""], [("not-json", 2)]),
        ([start_line(), fact_line(1, usage=[float("nan")]), end_line(1)], [("not-json", 3)]),
        (["7"], [("wrong-shape", 2)]),
        (["{}"], [("wrong-shape", 2)]),
        ([FIRST], [("wrong-shape", 2)]),
        ([{"conversation": "c1"}], [("wrong-shape", 2)]),
        ([fact_line("0"), fact_line(-1), fact_line(True), fact_line(2**60)], [("wrong-shape", n) for n in range(2, 6)]),
        ([fact_line(0, name=7)], [("wrong-shape", 2)]),
        ([fact_line(0, name="")], [("wrong-shape", 2)]),
        ([fact_line(0, name="c" * (MAX_ID_CHARS + 1))], [("wrong-shape", 2)]),
        ([start_line(), fact_line(1, text=7), end_line(2)], [("wrong-shape", 3)]),
        ([start_line(), fact_line(1, kind="nothing"), end_line(2)], [("wrong-shape", 3)]),
        ([start_line(), TEXT_FOR_FACT, end_line(2)], [("wrong-shape", 3)]),
        ([start_line(), fact_line(1, v=FORMAT + 1), end_line(2)], [("unknown-version", 3)]),
        ([start_line(), fact_line(1, v=None), end_line(2)], [("wrong-shape", 3)]),
        ([start_line(), fact_line(2), fact_line(3), end_line(3)], [("gap", 3)]),
        ([start_line(sequence=1), end_line(1)], [("gap", 2)]),
        ([start_line(), fact_line(1), fact_line(1), end_line(3)], [("repeated", 4)]),
        ([start_line(), fact_line(2), fact_line(1), end_line(3)], [("gap", 3), ("repeated", 4)]),
        ([fact_line(0), end_line(1)], [("no-beginning", 2)]),
        ([start_line(), start_line(person="eve", sequence=1), end_line(2)], [("several-persons", 3)]),
        ([start_line(), fact_line(1, kind="text_delta", state="reasoning"), end_line(2)], [("signal", 3)]),
        ([start_line(), end_line(1), end_line(1), fact_line(1)], [("repeated", 4), ("repeated", 5)]),
        ([start_line()], [("cut-short", 2)]),
        ([start_line(), end_line(2)], [("incomplete", 3)]),
        ([start_line(), end_line(1, 1)], [("incomplete", 3)]),
        ([end_line(0)], [("incomplete", 2)]),
        ([start_line(), end_line(True)], [("wrong-shape", 3), ("cut-short", 2)]),
    ],
)
def test_a_mistake_is_told_with_its_line(values: list[Json], expected: list[tuple[str, int]]) -> None:
    assert problems_of(text_of(*values)) == expected


@pytest.mark.parametrize(
    ("file", "data", "code"),
    [
        (PICTURE_HASH, base64.b64encode(PICTURE + b"!").decode(), "hash"),
        (PICTURE_HASH, "", "hash"),
        (PICTURE_HASH, "$$$$", "wrong-shape"),
        (PICTURE_HASH, "é", "wrong-shape"),
        (PICTURE_HASH, "abc", "wrong-shape"),
        (PICTURE_HASH.upper(), base64.b64encode(PICTURE).decode(), "wrong-shape"),
        ("../../etc", "", "wrong-shape"),
        (7, "", "wrong-shape"),
        (PICTURE_HASH, None, "wrong-shape"),
    ],
)
def test_bytes_that_are_not_those_of_their_hash_are_refused(file: Json, data: Json, code: str) -> None:
    line: Json = {"conversation": "c1", "file": file, "data": data}
    assert problems_of(text_of(start_line(), line, end_line(1, 1))) == [(code, 3)]


@pytest.mark.parametrize(("depth", "codes"), [(190, []), (250, [("not-json", 3)]), (100_000, [("not-json", 3)])])
def test_a_fact_that_is_nested_too_deep_is_no_more_than_a_mistake(depth: int, codes: list[tuple[str, int]]) -> None:
    judged = fact_line(
        1, kind="call_judged", call_id="c", plugin="", function="", verdict="allow", reasons=[], arguments={"n": 0.5}
    )
    line = json.dumps(judged).replace("0.5", "[" * depth + "9" * 300 + "]" * depth)
    data = text_of(start_line(), line, end_line(2))
    if codes:
        assert problems_of(data) == codes
    else:
        assert len(read([data], source="it")[0].facts) == 2


def test_a_file_that_comes_twice_is_refused() -> None:
    *_, file, _ = data_of(written(TURN[:1], PICTURE)).decode().splitlines()
    assert problems_of(text_of(start_line(), file, file, end_line(1, 2))) == [("repeated", 4)]


@pytest.mark.parametrize("number", ["1e400", "-1e999", "9" * 400 + ".0"])
def test_a_number_that_cannot_be_kept_is_refused(number: str) -> None:
    judged = fact_line(
        1, kind="call_judged", call_id="c", plugin="", function="", verdict="allow", reasons=[], arguments={"n": 0.5}
    )
    line = json.dumps(judged).replace("0.5", number)
    assert problems_of(text_of(start_line(), line, end_line(2))) == [("wrong-shape", 3)]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "wrong-shape"),
        (b"\n", "wrong-shape"),
        (b"\xff\xfe{\x00", "wrong-shape"),
        (b"{}\n", "wrong-shape"),
        (b'{"format":"other","version":1}\n{\n{\n', "wrong-shape"),
        (b'{"format":"orchestrator-history"}\n', "unknown-version"),
        (b'{"format":"orchestrator-history","version":2}\n{\n', "unknown-version"),
        (b'{"format":"orchestrator-history","version":"1"}\n', "unknown-version"),
    ],
)
def test_a_file_of_another_form_is_refused_at_its_first_line(data: bytes, code: str) -> None:
    assert problems_of(data) == [(code, 1)]


def test_every_problem_is_told_at_once() -> None:
    lines_of_it = ["{", start_line(), fact_line(3), fact_line(0, name="c2"), end_line(1, name="c2"), end_line(2)]
    assert problems_of(text_of(*lines_of_it)) == [("not-json", 2), ("gap", 4), ("no-beginning", 5)]


def test_so_many_problems_are_told_and_no_more() -> None:
    came = problems_of(text_of(*["{"] * 500))
    assert len(came) == MAX_PROBLEMS
    assert came[-1] == ("too-many", MAX_PROBLEMS + 1)
    open_ones = [start_line(name=str(number)) for number in range(500)]
    assert len(problems_of(text_of(*open_ones))) == MAX_PROBLEMS


def test_a_last_line_that_is_not_whole_is_told_as_such() -> None:
    data = data_of(written())
    assert problems_of(data[:-20])[0] == ("cut-short", 5)


def test_what_the_file_holds_does_not_get_into_a_message() -> None:
    with pytest.raises(HistoryUnreadable) as caught:
        read([text_of(start_line(), fact_line(1, text={"secret": "hunter2"}), "hunter2")], source="it")
    assert "hunter2" not in "".join(problem.message for problem in caught.value.problems)
    assert str(caught.value).endswith("(and 2 more)")


@pytest.mark.parametrize(
    "facts",
    [
        (*STARTED_WITH_A_CALL, edited(1, 1)),
        (*STARTED_WITH_A_CALL, edited(1, 2), edited(2, 1)),
        (*STARTED_WITH_A_CALL, STARTED_WITH_A_CALL[1]),
        (*STARTED_WITH_A_CALL, ENDED, *STARTED_WITH_A_CALL),
        (STARTED, ReplyReceived(text="", calls=(call(1), call(1)))),
    ],
)
def test_a_call_that_was_there_before_is_refused(facts: tuple[Fact, ...]) -> None:
    """Each has an id of its own; what stands in the place of another would come back to it."""
    assert problems_of(data_of(written(facts))) == [("repeated", len(facts) + 1)]


@pytest.mark.parametrize("name", ["c\0", "c\ud800"])
def test_a_name_that_not_every_store_can_hold_is_refused(name: str) -> None:
    assert problems_of(text_of(fact_line(0, name=name)))[0][1] == 2
    assert problems_of(text_of(start_line(person=name), end_line(1)))[0][1] == 2


# --- bounds


@pytest.mark.parametrize(
    ("bounds", "last"),
    [
        (Bounds(total=500), written()),
        (Bounds(line=200), written([STARTED, AnswerReceived(text="a" * 500)])),
        (Bounds(conversations=1), written(name="c2")),
        (Bounds(turns=2), written(TURN * 3)),
        (Bounds(turn_facts=3), written([STARTED, ANSWERED, ANSWERED, ENDED])),
        (Bounds(turn_calls=2), written([STARTED, ReplyReceived(text="", calls=tuple(map(call, range(3))))])),
        (Bounds(turn_calls=2), written([STARTED, ReplyReceived(text="", calls=(call(1), call(2))), edited(2, 3)])),
        (Bounds(plugins=2), written([replace(STARTED, documents=dict.fromkeys("abc", ""))])),
        (Bounds(plugins=2), written([STARTED, DataSetAside(plugins=("a", "b"))])),
        (Bounds(plugins=2), written([STARTED, TurnsSummarised(text="", turns=1, label=Label(seen=("a",) * 3))])),
        (Bounds(plugins=2), written([STARTED, TurnsSummarised(text="", turns=1, label=Label(isolated=("a", "b")))])),
    ],
)
def test_more_than_the_bounds_is_refused_at_once(bounds: Bounds, last: Written) -> None:
    data = data_of(written(TURN[:1], name="c0"), last) + b"{\n" * 10
    assert [code for code, _ in problems_of(data, bounds)] == ["too-large"]


def test_a_line_without_an_end_is_not_collected() -> None:
    def endless() -> Iterable[bytes]:
        yield first_line()
        for _ in range(11):
            yield b"[" * 100
        raise NotImplementedError

    with pytest.raises(HistoryUnreadable, match="more than 1000 bytes"):
        read(endless(), source="it", bounds=Bounds(line=1000))


def test_a_line_of_a_great_many_values_is_not_built() -> None:
    line = '{"conversation":"c","sequence":0,"fact":[' + "[]," * 1_000_001 + "[]]}"
    assert problems_of(text_of(line)) == [("not-json", 2)]


def test_bounds_on_turns_start_anew_with_each() -> None:
    talk = written(TURN * 3)
    assert read([data_of(talk)], source="it", bounds=Bounds(turn_facts=3)) == (talk,)
