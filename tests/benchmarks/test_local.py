"""The benchmark of local plugins still measures what it says, in a short form (issue 10)."""

from __future__ import annotations

import re

import pytest

from benchmarks.local import main


def test_the_contenders_do_the_same_calls_and_are_told_with_their_ratios(capfd: pytest.CaptureFixture[str]) -> None:
    main(["--repetitions", "1", "--calls", "64"])
    *compared, held = capfd.readouterr().out.splitlines()
    assert [re.sub(r" +", " ", line.partition("ours")[0]).strip() for line in compared] == [
        "1 at once wall",
        "processor",
        "64 at once wall",
        "processor",
    ] * 2
    assert ["bare echo" in line for line in compared] == [True] * 4 + [False] * 4
    assert all(re.search(r" \d+ calls/s .* ratio +\d+\.\d\d", line) for line in compared[::2])
    assert all(re.search(r" us .* ratio +\d+\.\d\d", line) for line in compared[1::2])
    assert held.startswith("1000 calls at once, answered in reverse order: all right, in ")
