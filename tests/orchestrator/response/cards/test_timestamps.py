"""Points in time as people write them, compared with the engine that the reference leaves them to."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.response.cards.instants import iso_text
from orchestrator.response.cards.timestamps import parse_timestamp
from runtimes.values import JsonObject
from tests.oracle.reference import ask, why_silent
from tests.pace import soon

PIECES = (
    *(
        "2018",
        "03",
        "3",
        "15",
        "1",
        "12",
        "31",
        "32",
        "49",
        "50",
        "0",
        "24",
        "59",
        "60",
        "100",
        "999",
        "012018",
        "0000",
    ),
    *(
        "+",
        "-",
        ":",
        ".",
        "/",
        " ",
        "T",
        "Z",
        "z",
        "AM",
        "pm",
        "Mar",
        "december",
        "foo",
        "GMT",
        "EST",
        "(",
        ")",
        "x(y)",
    ),
    *(",", "\N{NO-BREAK SPACE}", "é", "1234567890", "+05:30", "-0800", "10:20:30", "2018-03-15", "Sat, ", "::", "00.5"),
)
STAMPS = (
    "2018-03-15T13:00:00.000Z",
    "2018-03-15T13:00:00+05:30",
    "+012018-03-15T00:00:00.000Z",
    "Mon, 25 Dec 1995 13:30:00 GMT",
    "12/25/1995 10:05 PM",
    "Thu Mar 15 2018 13:00:00 GMT+0100 (CET)",
)


def _texts(count: int) -> Iterator[str]:
    """Texts like timestamps, most of them not quite."""
    chance = random.Random(20261121)
    for _ in range(count):
        yield "".join(chance.choice(PIECES) for _ in range(chance.randint(1, 7)))
        letters = list(chance.choice(STAMPS))
        for _ in range(chance.randint(0, 3)):
            letters[chance.randrange(len(letters))] = chance.choice("0123456789-:.+ TZtz/,()aAmP")
        yield "".join(letters)


@pytest.mark.skipif(why_silent() is not None, reason=why_silent() or "")
def test_what_is_a_date_and_which_agrees_with_the_reference() -> None:
    texts = list(_texts(1500))
    questions: list[JsonObject] = [{"expression": "formatDateTime(a)", "scope": {"a": f"{text}Z"}} for text in texts]
    moments = [parse_timestamp(f"{text}Z") for text in texts]
    ours = [{"value": f"{iso_text(moment)}"} if moment is not None else None for moment in moments]
    theirs = [answer if "value" in answer else None for answer in ask(questions)]
    near = [pair for pair in zip(texts, ours, theirs, strict=True) if not _is_far(pair[1])]
    assert sum(their is not None for _, _, their in near) > 300
    assert [(text, our, their) for text, our, their in near if our != their] == []


def _is_far(answer: dict[str, str] | None) -> bool:
    """Patterns write years below 0 and above 9999 in another way."""
    return answer is not None and answer["value"][0] in "+-"


@given(st.text(max_size=60))
def test_no_text_breaks_the_reader(text: str) -> None:
    moment = parse_timestamp(text)
    assert moment is None or isinstance(moment, int)


@pytest.mark.parametrize("piece", ["(", ")", "1 ", "a", ":", "(1)", "1:", "é\N{NO-BREAK SPACE}"])
def test_long_texts_are_read_in_linear_time(piece: str) -> None:
    with soon(3):
        assert parse_timestamp(piece * 100_000) is None
