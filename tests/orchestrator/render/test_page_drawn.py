"""The page of cards in a browser: what Microsoft's renderer makes of them, and what stands around it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from orchestrator.content import Card, Citation, Shown
from runtimes.values import JsonObject
from tests.servers.browser import Browser
from tests.servers.card_page import card, html_of, opened, text, words_of

CELL: JsonObject = {"type": "TableCell", "items": [text("in a cell")]}
EVERY_TEXT = card(
    {"type": "TextBlock", "text": "Brick bungalow", "size": "Large"},
    {"type": "FactSet", "facts": [{"title": "Price", "value": "$895,000"}]},
    {"type": "ColumnSet", "columns": [{"type": "Column", "items": [text(side)]} for side in ("left", "right")]},
    {"type": "Table", "columns": [{"width": 1}], "rows": [{"type": "TableRow", "cells": [CELL]}]},
    {"type": "RichTextBlock", "inlines": ["plain ", {"type": "TextRun", "text": "run"}]},
    {"type": "Input.Text", "id": "note", "label": "Your note"},
    {"type": "Input.ChoiceSet", "id": "day", "style": "expanded", "choices": [{"title": "Monday", "value": "1"}]},
    {"type": "Input.Toggle", "id": "sure", "title": "Quite sure"},
    {"type": "Carousel", "pages": [{"type": "CarouselPage", "items": [text("the first page")]}]},
    version="1.6",
    actions=[
        {"type": "Action.OpenUrl", "title": "Open", "url": "https://homes.example/1"},
        {"type": "Action.Submit", "title": "Save", "data": {"id": 7}},
        {"type": "Action.ShowCard", "title": "More", "card": card(text("the inner card"))},
        {"type": "Action.OpenUrlDialog", "title": "Dialogue", "url": "https://homes.example/2"},
    ],
)
WORDS = [
    "Brick bungalow",
    "Price $895,000",
    "left",
    "right",
    "in a cell",
    "plain run",
    "Your note",
    "Monday",
    "Quite sure",
    "the first page",
]


def test_a_card_is_drawn_with_its_texts_and_buttons(chromium: Browser, tmp_path: Path) -> None:
    browser = opened(chromium, tmp_path, EVERY_TEXT)
    drawn = words_of(browser, ".frame")
    assert [words for words in WORDS if words not in drawn] == []
    buttons = browser.value("[...document.querySelectorAll('.ac-actionSet button')].map(one => one.textContent.trim())")
    assert buttons == ["Open", "Save", "More", "Dialogue"]
    asked_for = [url for url in browser.loaded() if not url.startswith("data:")]
    assert asked_for == [(tmp_path / "page.html").as_uri()]
    assert browser.complaints() == []


def test_an_inner_card_opens_and_a_submission_shows_what_would_be_sent(chromium: Browser, tmp_path: Path) -> None:
    browser = opened(chromium, tmp_path, EVERY_TEXT)
    assert "the inner card" not in words_of(browser, ".frame")
    browser.click("More")
    assert "the inner card" in words_of(browser, ".frame")
    note = "document.querySelector('.ac-textInput')"
    browser.value(f"{note}.value = 'call me'; {note}.dispatchEvent(new Event('input'))")
    browser.click("Save")
    sent = json.loads(str(browser.value("document.querySelector('.sent pre').textContent")))
    assert sent["title"] == "Save"
    assert sent["data"]["id"] == 7
    assert sent["data"]["note"] == "call me"


def test_the_json_the_origin_and_the_notes_stand_with_a_card(chromium: Browser, tmp_path: Path) -> None:
    made = Card(body=card(text("x")), origin="static", notes=("the selected template has no function 'f'",))
    browser = opened(chromium, tmp_path, made)
    assert words_of(browser, ".about") == "made with static_template"
    assert words_of(browser, ".note") == "the selected template has no function 'f'"
    folded = "[...document.querySelectorAll('details')].find(one => one.innerText.startsWith('JSON'))"
    assert browser.value(f"{folded}.open") is False
    assert json.loads(str(browser.value(f"{folded}.querySelector('pre').textContent"))) == card(text("x"))


def test_what_the_renderer_remarks_is_told(chromium: Browser, tmp_path: Path) -> None:
    browser = opened(chromium, tmp_path, card({"type": "TextBock", "text": "x"}))
    browser.value("document.querySelectorAll('details').forEach(one => (one.open = true))")
    assert "TextBock" in words_of(browser, "details")


def test_the_data_for_an_unknown_template_is_shown_as_data(chromium: Browser, tmp_path: Path) -> None:
    browser = opened(chromium, tmp_path, Card(body={"state": "off"}, template="https://cards.example/t.json"))
    assert "https://cards.example/t.json is not known" in words_of(browser, ".note")
    assert json.loads(str(browser.value("document.querySelector('.card pre').textContent"))) == {"state": "off"}


def test_citations_and_text_are_shown(chromium: Browser, tmp_path: Path) -> None:
    citations = (
        Citation(
            title="Loft", subtitle="Seattle", url="https://homes.example/2", information_protection_label="Internal"
        ),
        Citation(title="No address", url="javascript:document.title='acted'"),
    )
    browser = opened(chromium, tmp_path, shown=Shown(text="Two <b>homes</b>", citations=citations))
    assert words_of(browser, "main pre") == "Two <b>homes</b>"
    assert words_of(browser, ".citations") == "Citations Loft (Internal) Seattle No address"
    links = "[...document.querySelectorAll('.citations a')].map(one => [one.href, one.rel])"
    assert browser.value(links) == [["https://homes.example/2", "noopener noreferrer"]]


def test_what_is_not_shown_is_told_at_the_end(chromium: Browser, tmp_path: Path) -> None:
    shown = Shown(cards_left_out=12, notes=("the data path selects nothing",), rich={"kind": ["of", "its"], "own": 1})
    browser = opened(chromium, tmp_path, shown=shown)
    assert "12 more cards are left out" in words_of(browser, "main")
    assert words_of(browser, ".note") == "the data path selects nothing"
    assert json.loads(str(browser.value("document.querySelector('details pre').textContent"))) == shown.rich


def test_nothing_to_show_is_said(chromium: Browser, tmp_path: Path) -> None:
    assert "nothing to show" in words_of(opened(chromium, tmp_path), "main")


@pytest.mark.parametrize(
    ("written", "drawn"),
    [
        ("**bold** and _italic_", "<strong>bold</strong> and <em>italic</em>"),
        ("*italic* **_both_**", "<em>italic</em> <strong><em>both</em></strong>"),
        ("snake_case_name and 2*3*4", "snake_case_name and 2*3*4"),
        (r"\*not\* \_this\_", "*not* _this_"),
        ("a < b & c", "a &lt; b &amp; c"),
    ],
)
def test_markdown_is_bold_italic_and_escapes(chromium: Browser, tmp_path: Path, written: str, drawn: str) -> None:
    assert html_of(opened(chromium, tmp_path, card(text(written))), ".frame p") == drawn


def test_markdown_has_links_lists_and_paragraphs(chromium: Browser, tmp_path: Path) -> None:
    words = (
        'see [the **one**](https://homes.example/a_b_c?x=1&y=2 "title")\n\n- one\n- two\n\n3. three\n4. four\r\n\r\nend'
    )
    drawn = html_of(opened(chromium, tmp_path, card(text(words))), ".ac-textBlock")
    assert re.sub(r' (style|class|target|rel)="[^"]*"', "", drawn) == (
        '<p>see <a href="https://homes.example/a_b_c?x=1&amp;y=2">the <strong>one</strong></a></p>'
        "<ul><li>one</li><li>two</li></ul>"
        '<ol start="3"><li>three</li><li>four</li></ol><p>end</p>'
    )
    assert 'rel="noopener noreferrer"' in drawn


def test_a_picture_that_does_not_load_is_named(chromium: Browser, tmp_path: Path) -> None:
    picture: JsonObject = {"type": "Image", "url": "http://192.0.2.1/house.png", "altText": "a house"}
    browser = opened(chromium, tmp_path, card(picture))
    assert browser.until("document.querySelector('.missing')?.textContent") == "a house"


def test_the_button_turns_light_into_dark_and_back(chromium: Browser, tmp_path: Path) -> None:
    browser = opened(chromium, tmp_path, card(text("x")))
    colour = "getComputedStyle(document.querySelector('.ac-adaptiveCard')).backgroundColor"
    light = browser.value(colour)
    browser.click("light / dark")
    assert browser.value(colour) != light
    browser.click("light / dark")
    assert browser.value(colour) == light == "rgb(255, 255, 255)"
