"""Issue 7, confirmation: the card of a question in a browser, drawn by Microsoft's renderer."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from orchestrator.events import Reason
from orchestrator.response.cards import expand
from orchestrator.response.question_card import Asked, question_card
from runtimes.values import JsonObject
from tests.oracle.reference import ask, why_silent
from tests.servers.browser import Browser
from tests.servers.card_page import opened, words_of

SLY = (
    "[free](https://evil.example) ![x](https://evil.example/x.png) "
    "{{DATE(2020-01-01T00:00:00Z,SHORT)}} ${$root} <b>b</b>"
)
CARD = question_card(
    Asked(
        call_id="c1",
        plugin="shop",
        function="buy_now_or_later",
        arguments={"count": 2, "note": f"**first**  line\n{SLY}", "empty": ""},
        destination="https://shop.example",
        title="Buy?",
        body=f"* **Note**: {SLY}\n- a",
        reasons=(Reason(source="data", text="the model had read mail"), Reason(source="method", text="it is a POST")),
        may_always=True,
    )
)


def test_a_question_is_drawn_word_for_word_and_loads_nothing(chromium: Browser, tmp_path: Path) -> None:
    browser = opened(chromium, tmp_path, CARD)
    assert words_of(browser, ".frame") == (
        "May this be run? Mind this • the model had read mail "
        "Function buy_now_or_later Plugin shop Goes to https://shop.example "
        f'With count 2 note **first** line {SLY} empty "" You are asked because • it is a POST '
        f"The plugin says: Buy? • Note: {SLY} • a "
        "With a no, a word to the assistant Run it Don't run it Always allow this function"
    )
    assert browser.value("document.querySelectorAll('.frame a, .frame img').length") == 0
    assert [url for url in browser.loaded() if not url.startswith("data:")] == [(tmp_path / "page.html").as_uri()]
    assert browser.complaints() == []


def test_only_a_no_sends_the_word_to_the_model(chromium: Browser, tmp_path: Path) -> None:
    browser = opened(chromium, tmp_path, CARD)
    note = "document.querySelector('.ac-textInput')"
    browser.value(f"{note}.value = 'too dear'; {note}.dispatchEvent(new Event('input'))")
    sent: list[JsonObject] = []
    for label in ("Run it", "Don't run it", "Always allow this function"):
        browser.click(label)
        sent.append(json.loads(str(browser.value("document.querySelector('.sent pre').textContent"))))
    assert [(one["verb"], one["data"]) for one in sent] == [
        ("approve", {"call_id": "c1"}),
        ("decline", {"call_id": "c1", "note": "too dear"}),
        ("always", {"call_id": "c1"}),
    ]


def test_nothing_is_left_to_expand_by_our_engine_or_the_reference() -> None:
    data: JsonObject = {"function": "evil", "x": 1}
    assert expand(CARD, data) == CARD
    if reason := why_silent():
        assert not os.environ.get("CI"), reason
        pytest.skip(f"the reference cannot be asked: {reason}")
    assert ask([{"template": CARD, "data": data}]) == [{"value": CARD}]
