"""A conversation says what time it is: cards show it, and questions expire by it (issue 6)."""

from __future__ import annotations

import json
from pathlib import Path

from orchestrator.testing.playing.clock import Clock
from orchestrator.turn.questions import QUESTION_LIFETIME
from runtimes.values import JsonObject
from tests.orchestrator.testing.playing import API, CARD, DROP, FIND, PLUGIN, played, write_plugin

AT = "clock: 2026-11-21T09:00:00+02:00"
LATER = "2026-11-28T09:00:01+02:00"
DATED: JsonObject = {**CARD, "body": [{"type": "TextBlock", "text": "${formatDateTime(utcNow(), 'yyyy-MM-dd HH:mm')}"}]}


def _dated(folder: Path) -> None:
    text = json.dumps(PLUGIN).replace(json.dumps(CARD), json.dumps(DATED))
    assert "utcNow" in text
    write_plugin(folder, API)
    (folder / "plugin.json").write_text(text)


async def test_cards_show_the_time_of_the_conversation(tmp_path: Path) -> None:
    _dated(tmp_path)
    later = "  - {say: Again, clock: 2027-01-01T00:00:00Z, model: [{call: getHome, with: {id: '1'}}, Yes.],"
    expect = "    expect: {cards: 2026-11-21 07:00}\n"
    assert await played(tmp_path, f"{AT}{FIND}{expect}{later} expect: {{cards: 2027-01-01 00:00}}}}\n") == ""


async def test_a_question_expires_by_the_clock_and_not_by_the_time_that_passes(tmp_path: Path) -> None:
    assert QUESTION_LIFETIME == 7 * 24 * 3600
    asked = DROP.replace("      - Done.\n", "")
    rest = f"""
    expect: {{end: waiting}}
  - decide: approve
    clock: {LATER}
    model: It is too late.
    expect: {{calls: {{call: dropHome, status: expired}}, requests: [], questions: {{call: dropHome, answer: expired}}}}
"""
    assert await played(tmp_path, AT + asked + rest) == ""


def test_a_clock_that_is_not_set_goes_on() -> None:
    clock = Clock()
    first = clock()
    assert first > 1_700_000_000
    while clock() <= first:
        pass
