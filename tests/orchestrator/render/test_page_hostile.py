"""The page of cards in a browser, with cards that want to act: they stay what they are, data."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runtimes.values import JsonObject
from tests.servers.browser import Browser
from tests.servers.card_page import card, opened, text, words_of

ACT = "document.title='acted'"
MARK_UP = [
    f'<img src=x onerror="{ACT}">',
    f"<svg onload={ACT}>",
    f"</script><script>{ACT}</script>",
    f"</p><iframe srcdoc='<script>parent.{ACT}</script>'></iframe>",
    f"[click](javascript:{ACT})",
    f"[click](data:text/html,<script>{ACT}</script>)",
    f'[click](https://x.example/"onmouseover="{ACT})',
    f"[cli](https://x.example/[x](https://y.example/'onclick='{ACT}))",
    f"**<b onclick={ACT}>**_<i onclick={ACT}>_",
    "\u0000" + "60;img src=x onerror=1" + "\u0000" + "62;",
]


def assert_harmless(browser: Browser) -> None:
    """Of the cards' texts there are only the elements and attributes that Markdown may make, and links to the web."""
    tags = browser.value("[...new Set([...document.querySelectorAll('.frame *')].map(one => one.localName))]")
    names = browser.value(
        "[...new Set([...document.querySelectorAll('.frame *')].flatMap(one => one.getAttributeNames()))]"
    )
    links = browser.value("[...document.querySelectorAll('.frame a')].map(one => one.protocol)")
    assert isinstance(tags, list)
    assert isinstance(names, list)
    assert isinstance(links, list)
    assert {*map(str, tags)} <= {"p", "strong", "em", "a", "ul", "ol", "li", "div", "br"}
    assert {*map(str, names)} <= {"class", "style", "href", "target", "rel", "start", "tabindex", "aria-hidden"}
    assert {*map(str, links)} <= {"http:", "https:"}
    assert browser.value("document.title") == "Contoso: getListings"


def test_mark_up_in_a_card_stays_words(chromium: Browser, tmp_path: Path) -> None:
    browser = opened(chromium, tmp_path, card(*(text(words) for words in MARK_UP)))
    assert_harmless(browser)
    for words in ("<img src=x onerror=", "<svg onload=", "</script><script>", "[click](javascript:"):
        assert words in words_of(browser, ".frame")


def test_a_text_too_long_to_be_read_as_markdown_is_shown_as_it_was_written(chromium: Browser, tmp_path: Path) -> None:
    """The time for its emphasis would grow with the square of its length."""
    browser = opened(chromium, tmp_path, card(text("*a " * 60_000 + "<b>**end**"), text("**bold**")))
    assert "*a *a" in words_of(browser, ".frame")
    assert "<b>**end**" in words_of(browser, ".frame")
    assert browser.value("[...document.querySelectorAll('.frame strong')].map(one => one.textContent)") == ["bold"]


PIECES = [
    "[",
    "]",
    "(",
    ")",
    "*",
    "_",
    "**",
    "__",
    "-",
    "+",
    "1.",
    "#",
    "<",
    ">",
    "&",
    '"',
    "'",
    "`",
    "\\",
    "\n",
    "\r",
    "\x00",
    "a",
    "https://x.example/",
    "http://",
    "javascript:1",
    "data:,",
    "onclick=",
    "<b>",
    "</p>",
    "<a",
    "href=",
    "&lt;",
    "&#60;",
    "60;",
    ";",
]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    texts=st.lists(st.lists(st.sampled_from(["", " ", *PIECES]), max_size=14).map("".join), min_size=40, max_size=40)
)
def test_no_text_gets_mark_up_through(chromium: Browser, tmp_path: Path, texts: list[str]) -> None:
    assert_harmless(opened(chromium, tmp_path, card(*map(text, texts))))


def hostile(url: str) -> JsonObject:
    opens: JsonObject = {"type": "Action.OpenUrl", "title": "Open", "url": url}
    return card(
        {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": "run", "selectAction": opens}]},
        {"type": "Container", "items": [text("box")], "selectAction": opens},
        {"type": "Image", "url": url, "altText": "a picture", "selectAction": opens},
        {"type": "Media", "poster": url, "sources": [{"mimeType": "video/mp4", "url": url}]},
        actions=[{"type": "Action.OpenUrl", "title": "Press", "url": url, "iconUrl": url}],
        backgroundImage=url,
    )


@pytest.mark.parametrize("url", [f"javascript:{ACT}", f"data:text/html,<script>{ACT}</script>", "file:///etc/hostname"])
def test_a_url_that_is_no_web_address_is_never_followed(chromium: Browser, tmp_path: Path, url: str) -> None:
    browser = opened(chromium, tmp_path, hostile(url))
    browser.click("Press")
    assert "is no web address" in words_of(browser, ".sent")
    browser.value(
        "document.querySelectorAll('.frame a, .frame [role=link], .frame [role=button]').forEach(one => one.click())"
    )
    assert browser.value("document.querySelectorAll('.frame a[href]').length") == 0
    assert browser.value("document.title") == "Contoso: getListings"
    assert browser.value("location.href") == (tmp_path / "page.html").as_uri()


def test_the_policy_stops_a_script_that_gets_into_the_page(chromium: Browser, tmp_path: Path) -> None:
    """The second wall: should mark-up ever get through, it does not act and loads nothing."""
    browser = opened(chromium, tmp_path, card(text("x")))
    mark_up = f'<img src="http://192.0.2.1/a.png" onerror="{ACT}"><iframe src="https://192.0.2.1/"></iframe>'
    stopped = browser.value(f"""new Promise(resolve => {{
        const stopped = new Set();
        document.addEventListener("securitypolicyviolation", event => {{
            stopped.add(event.effectiveDirective);
            if (stopped.size === 4) resolve([...stopped].sort());
        }});
        document.querySelector(".frame").insertAdjacentHTML("beforeend", {json.dumps(mark_up)});
        const script = document.createElement("script");
        script.textContent = {json.dumps(ACT)};
        document.body.append(script);
    }})""")
    assert stopped == ["frame-src", "img-src", "script-src-attr", "script-src-elem"]
    assert browser.value("document.title") == "Contoso: getListings"
