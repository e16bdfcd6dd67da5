"""`docs/window.md` says what the code says."""

from __future__ import annotations

import re
from pathlib import Path

from orchestrator.events import HISTORY_TOKENS
from orchestrator.labels import CLEAN
from orchestrator.turn.prompts import earlier_message
from orchestrator.turn.summarising import (
    KEPT_SHARE,
    MAX_SUMMARY_TOKENS,
    MAX_TOLD,
    MIN_WINDOW,
    SUMMARY_SECONDS,
    TEXT_SHARE,
)
from orchestrator.turn.window import BYTES_OF_OTHERS, BYTES_OF_WORDS, summary_of

SOURCE = (Path(__file__).resolve().parents[2] / "docs" / "window.md").read_text(encoding="utf-8")
TEXT = " ".join(SOURCE.split())


def test_the_limits_are_those_in_the_code() -> None:
    assert (BYTES_OF_WORDS, BYTES_OF_OTHERS, KEPT_SHARE, TEXT_SHARE) == (4, 2, 2, 4)
    for limit in (
        f"{HISTORY_TOKENS:,} tokens unless said",
        f"A summary has at most {MAX_SUMMARY_TOKENS:,} tokens and at most a quarter of the window",
        f"long results are cut at {MAX_TOLD:,} characters",
        f"fails or takes longer than {SUMMARY_SECONDS:g} seconds",
        f"in a window of less than {MIN_WINDOW:,} tokens",
    ):
        assert limit in TEXT


def test_what_stands_in_the_place_of_turns_is_what_the_page_shows() -> None:
    [shown] = re.findall(r"```text\n(.*?)```", SOURCE, re.DOTALL)
    told, _, rest = shown.partition("\n\n")
    assert told == earlier_message(7, summary_of("", 7, CLEAN, ""), ()).text
    first, *_, last = rest.splitlines()
    assert first == last
    assert re.fullmatch(r"data-[0-9a-f]{16}", first)
