"""The benchmark of conversations still measures what it says, in a short form (issue 6)."""

from __future__ import annotations

import re

import pytest

from benchmarks.conversations import main


def test_the_contenders_do_the_same_turns_and_are_told_with_their_ratios(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--conversations", "4", "--repetitions", "1"])
    told = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[0] for line in told] == ["bare", "played", "with reading", "-j 1", "-j 2"]
    assert all(re.search(r" \d+\.\d\d ms a conversation   ratio +\d+\.\d\d", line) for line in told[:3])
    assert all(re.search(r" \d+ conversations a second", line) for line in told[3:])
