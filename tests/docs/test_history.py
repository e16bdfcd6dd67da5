"""docs/history.md: what going on after a crash looks like, and the limits that the page names."""

from __future__ import annotations

import re
from pathlib import Path

import anyio

from orchestrator.events import CallDispatched, Fact
from orchestrator.repl.going_on import MAX_TURNS_AGAIN, MAX_WAIT
from orchestrator.turn.questions import QUESTION_LIFETIME
from tests.orchestrator.repl.test_going_on import left_after, talked, the_one
from tests.servers.person import WrittenPerson

PATH = Path(__file__).resolve().parents[2] / "docs" / "history.md"
START = "<!-- screen: written by `python -m tests.docs.test_history` -->\n"
END = "<!-- end of what is written -->\n"


def _has_left(fact: Fact) -> bool:
    return isinstance(fact, CallDispatched)


async def screen() -> str:
    """What a person sees of a process that has died right after a call left; the id and the time are made up."""
    journal = await left_after("save a search for Seattle", ["y"], _has_left)
    text, _ = await talked(journal, WrittenPerson([]), await the_one(journal))
    text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "2027-03-01 09:30:12", text)
    text = re.sub(r"[0-9a-f]{16}", "4f0c66f2c1a7e9d3", text)
    shown = text.partition("I got:")[0].strip()
    return f"```text\n{re.sub(r'(?<=[;:.]) (?=going|all of|It is|it went)', chr(10) + '  ', shown)}\n```\n"


async def test_the_page_shows_what_a_person_sees() -> None:
    """Issue 8, item 3. Renew it with `python -m tests.docs.test_history`."""
    shown = PATH.read_text(encoding="utf-8").partition(START)[2].partition(END)[0]
    assert shown == await screen()


def test_the_limits_are_those_of_the_code() -> None:
    said = " ".join(PATH.read_text(encoding="utf-8").split())
    assert MAX_TURNS_AGAIN == 3
    assert "The last three turns are shown again" in said
    assert f"up to {MAX_WAIT:.0f} seconds" in said
    assert f"leaves it open for {QUESTION_LIFETIME / 24 / 3600:.0f} days" in said


def _write() -> None:
    before, start, rest = PATH.read_text(encoding="utf-8").partition(START)
    PATH.write_text(f"{before}{start}{anyio.run(screen)}{END}{rest.partition(END)[2]}", encoding="utf-8")


if __name__ == "__main__":
    _write()
