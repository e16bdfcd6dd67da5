"""Two thousand spoilt streams of JSON-RPC: each becomes messages, errors or an end, and the next call works.

The long form is `python -m tests.fuzz.streams` (issue 10).
"""

from __future__ import annotations

from tests.fuzz import streams

RUN = 7
"""Another number makes other inputs."""

INPUTS = 2000


def test_a_spoilt_stream_is_read_the_same_however_it_is_cut_and_harms_nothing() -> None:
    words = [streams.check(streams.of(RUN, index)) for index in range(INPUTS)]
    assert min(words.count(word) for word in ("broken", "messages", "nothing")) > INPUTS // 50


def test_the_same_number_makes_the_same_stream_and_another_makes_another() -> None:
    assert streams.of(RUN, 11) == streams.of(RUN, 11)
    assert len({streams.of(RUN, index).pieces for index in range(50)}) > 40
