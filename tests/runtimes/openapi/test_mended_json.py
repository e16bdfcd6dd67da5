"""Answers that are JSON but for single values."""

from __future__ import annotations

import time

import pytest

from runtimes.openapi.mended_json import mended
from runtimes.values import Json
from tests.pace import soon
from tests.runtimes.openapi.answering import answered
from tests.servers.loopback import Answer, Request, Response


@pytest.mark.parametrize(
    ("text", "value", "places"),
    [
        (r'{"a": "x\ud800y", "b": [1]}', {"a": "x\ufffdy", "b": [1]}, "one place"),
        (
            r'{"\udc00": "\ud83d\ude00 \\ud800 \ud83d\ud83d\ude00"}',
            {"\ufffd": "\U0001f600 \\ud800 \ufffd\U0001f600"},
            "2 places",
        ),
        ('[1e400, -1.5E+999, 1e300, 1e-400, "1e400"]', ["1e400", "-1.5E+999", 1e300, 0.0, "1e400"], "2 places"),
        (r'["\ud800", ]', r'["\ud800", ]', ""),
        (r'["\ud8', r'["\ud8', ""),
        ("[1e4000", "[1e4000", ""),
    ],
)
async def test_one_bad_value_does_not_make_a_text_of_all_others(text: str, value: Json, places: str) -> None:
    async def handler(request: Request) -> Answer:
        del request
        return Response(headers=(("Content-Type", "application/json"),), body=text.encode())

    result = await answered(handler)
    assert result.payload == value
    (note,) = result.notes
    assert note.startswith(f"{places} in the answer" if places else "the answer is declared as JSON and is not")


@pytest.mark.parametrize("piece", ['\\"', "1", "1.", "-1", '"', '"\\ud800', "1e400,", "\\ud800"])
def test_an_answer_is_mended_in_the_time_it_takes_to_read_it(piece: str) -> None:
    with soon(2, time.thread_time):
        mended('"' * (piece == '\\"') + piece * (1_000_000 // len(piece)) + r" \ud800 1e400")
