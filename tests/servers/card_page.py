"""Cards, and their page in a browser."""

from __future__ import annotations

import json
from pathlib import Path

from orchestrator.content import Card, Shown
from orchestrator.render.page.document import page_of
from runtimes.values import Json, JsonObject
from tests.servers.browser import Browser


def card(*body: Json, **members: Json) -> JsonObject:
    return {"type": "AdaptiveCard", "version": "1.5", "body": [*body], **members}


def text(words: str) -> JsonObject:
    return {"type": "TextBlock", "text": words, "wrap": True}


def opened(browser: Browser, folder: Path, *cards: JsonObject | Card, shown: Shown | None = None) -> Browser:
    """The page of these cards in the browser."""
    made = shown or Shown(cards=tuple(one if isinstance(one, Card) else Card(body=one) for one in cards))
    file = folder / "page.html"
    file.write_text(page_of(made, title="Contoso: getListings"), encoding="utf-8")
    browser.open(file)
    return browser


def words_of(browser: Browser, selector: str) -> str:
    """What a person reads in the first element, with single spaces."""
    return " ".join(str(browser.value(f"document.querySelector({json.dumps(selector)}).innerText")).split())


def html_of(browser: Browser, selector: str) -> str:
    return str(browser.value(f"document.querySelector({json.dumps(selector)}).innerHTML"))
