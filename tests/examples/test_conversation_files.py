"""The conversation files of the examples pass, and leave nothing of their plugins out (issue 6)."""

from __future__ import annotations

import re
from pathlib import Path

from orchestrator.testing.format.finding import conversation_files
from orchestrator.testing.playing.collect import Choice, Collected, collect
from orchestrator.testing.playing.outcome import Outcome, Wanted, outcome_of
from orchestrator.testing.playing.stages import Stages
from orchestrator.testing.telling.coverage import merged
from tests.servers.example_service import EXAMPLES

README = Path(__file__).resolve().parents[2] / "README.md"
FILES = conversation_files([str(EXAMPLES)])
NAMES = {"Contoso Real Estate", "Donations", "Suno", "Windows Settings"}


def collected() -> Collected:
    found = collect(FILES, Choice())
    assert found.problems == ()
    return found


async def test_they_pass_and_cover_every_function_state_confirmation_and_card() -> None:
    outcomes: list[Outcome] = []
    async with Stages() as stages:
        for file, placed in collected().conversations:
            played = await stages.play(placed, file)
            outcomes.append(outcome_of(played, file, Wanted(coverage=True)))
    assert {outcome.name: outcome.failures for outcome in outcomes if outcome.failures} == {}
    coverage = merged(outcome.coverage for outcome in outcomes if outcome.coverage is not None)
    assert {plugin.name for plugin in coverage.plugins} == NAMES
    assert coverage.missing("functions", "states", "parameters", "confirmations", "cards") == ()


def test_the_words_of_the_readme_are_among_them() -> None:
    text = README.read_text(encoding="utf-8")
    spoken = re.findall(r"""printf '(.+?)\\n'|-m "(.+?)"|ask\("(.+?)"\)""", text)
    words = {"".join(one) for one in spoken}
    assert len(words) == 3
    said = {
        turn.say.text
        for _, placed in collected().conversations
        for turn in placed.conversation.turns
        if turn.say is not None
    }
    assert words <= said
