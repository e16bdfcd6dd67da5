"""For each way in which a recording does not fit any more, the exact words that a person then reads (issue 6)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.model.scripted import Call, Phrase, Say, ScriptTurn
from tests.orchestrator.testing.playing import play
from tests.orchestrator.testing.recorded import home, record, write_files
from tests.servers.loopback import Answer, Request, serve

CASES = Path(__file__).resolve().parents[2] / "cases" / "conversations" / "recordings"
CONVERSATION = """
name: Two homes
api: recorded
credentials: {key: a-test-key-1}
turns:
  - say: Find home 1
  - say: Find home 2, then drop it
    decide: approve
"""
SCRIPT = (
    ScriptTurn(user="Find home 1", steps=(Call("getHome", {"id": "1"}), Say("It is in Oak Street."))),
    ScriptTurn(
        user="Find home 2, then drop it",
        steps=(
            Call("getHome", {"id": "2"}),
            Call("dropHome", {"id": "2"}),
            Phrase("Shall I drop home 2?"),
            Say("It is gone."),
        ),
    ),
)
Change = Callable[[Path], None]


def _replaced(name: str, old: str, new: str) -> Change:
    def change(folder: Path) -> None:
        path = folder / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    return change


def _removed(folder: Path) -> None:
    (folder / "homes.cassette.yaml").unlink()


CHANGES: dict[str, Change] = {
    "a_description_of_a_function": _replaced("plugin.json", "Finds a home", "Finds a home or a flat"),
    "what_the_person_says": _replaced("homes.conversation.yaml", "Find home 1", "Where is home 1?"),
    "arguments_of_a_reply": _replaced("homes.cassette.yaml", 'id: "2"', 'id: "3"'),
    "an_answer": _replaced("homes.cassette.yaml", "name: Oak Street", "name: Elm Road"),
    "a_phrase": _replaced("homes.cassette.yaml", "function: dropHome", "function: sellHome"),
    "a_reply_that_is_left": _replaced("plugin.json", "{{ ''|model_generated }}", "It is yours."),
    "a_turn_more": _replaced("homes.conversation.yaml", "    decide: approve", "    decide: approve\n  - say: Bye"),
    "another_name": _replaced("homes.conversation.yaml", "Two homes", "Two places"),
    "no_cassette": _removed,
}


@pytest.mark.parametrize("name", CHANGES)
async def test_what_does_not_fit_is_told(tmp_path: Path, name: str) -> None:
    async with serve(_home) as server:
        path = write_files(tmp_path, server.url, CONVERSATION)
        assert await record(path, *SCRIPT) == ()
        origin = server.url
    CHANGES[name](tmp_path)
    [outcome] = await play(path)
    told = "".join(f"{failure.text}\n" for failure in outcome.failures).replace(origin, "http://homes.example")
    assert told == (CASES / f"{name}.txt").read_text(encoding="utf-8")


async def _home(request: Request) -> Answer:
    return home(request)
