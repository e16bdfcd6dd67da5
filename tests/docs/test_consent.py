"""`docs/consent.md` says what the code says."""

from __future__ import annotations

import re
from pathlib import Path

from orchestrator.events import Reason
from orchestrator.response.question_card import ALWAYS, APPROVE, DECLINE, MAX_NOTE, NOTE, VERSION, Asked, question_card
from orchestrator.turn.questions import MAX_SENTENCE, QUESTION_LIFETIME
from orchestrator.turn.wording import MAX_TEXT, worded
from runtimes.values import JsonObject

SOURCE = (Path(__file__).resolve().parents[2] / "docs" / "consent.md").read_text(encoding="utf-8")
TEXT = " ".join(SOURCE.split())
ARGUMENTS: JsonObject = {
    "title": "Buy milk",
    "item": {"sizes": [{"unit": "cm"}]},
    "short-name": "milk",
    "short name": "milk",
    "$filter": "fresh",
    "price": 2.6,
}


def test_the_limits_are_those_in_the_code() -> None:
    for limit in (
        f"A title and a body have at most {MAX_TEXT} characters.",
        f"It has at most {MAX_SENTENCE} characters;",
        f"the card's input `{NOTE}` is a word to the model of at most {MAX_NOTE} characters",
        f"can be answered for {QUESTION_LIFETIME / 86400:g} days.",
        f"is an Adaptive Card ({VERSION})",
    ):
        assert limit in TEXT


def test_the_buttons_are_those_of_the_card() -> None:
    asked = Asked(
        call_id="c", plugin="p", function="f", arguments={}, destination="d", title="t", body="b", may_always=True,
        reasons=(Reason(source="host", text="r"),),
    )  # fmt: skip
    actions = question_card(asked)["actions"]
    assert isinstance(actions, list)
    made = [(str(one["verb"]), str(one["title"])) for one in actions if isinstance(one, dict)]
    assert [verb for verb, _ in made] == [APPROVE, DECLINE, ALWAYS]
    assert all(f"| `{verb}` | {title} |" in SOURCE for verb, title in made)


def test_every_spelling_of_the_table_is_filled() -> None:
    rows = re.findall(r"^\| (`.*\{.*`.*?) \| ", SOURCE, re.MULTILINE)
    spellings = [spelling.replace("\\|", "|") for row in rows for spelling in re.findall(r"`([^`]+\})`", row)]
    assert len(spellings) >= 14
    for spelling in spellings:
        if not spelling.startswith("{%"):
            text = worded(spelling, "buy", ARGUMENTS, sentence="Buy it?").text
            assert text in {"Buy milk", "cm", "milk", "fresh", "buy", "Buy it?", "3"}
