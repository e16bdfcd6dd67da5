"""The page of cards as a file: what is in it, and that data stays data."""

from __future__ import annotations

import json
import os
import re
from html.parser import HTMLParser
from importlib import resources
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.content import Card, Citation, Shown
from orchestrator.render import page
from orchestrator.render.page.document import page_of
from orchestrator.response.hidden import clean

PACKAGES = Path(__file__).resolve().parents[2] / "oracle" / "node_modules" / "adaptivecards"

LINK = re.compile(rb" Please see https://[^\"]*#supporting-markdown")
"""What a message of the renderer says about a page of a package registry."""


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("adaptivecards.min.js", "dist/adaptivecards.min.js"),
        ("adaptivecards.css", "dist/adaptivecards.css"),
    ],
)
def test_the_renderer_is_the_published_one_without_a_link_in_a_message(ours: str, theirs: str) -> None:
    if not PACKAGES.is_dir():
        assert not os.environ.get("CI"), "the Node packages of tests/oracle are not installed"
        pytest.skip("the Node packages of tests/oracle are not installed (npm ci)")
    published = LINK.sub(b"", (PACKAGES / theirs).read_bytes())
    assert (resources.files(page) / ours).read_bytes() == published


def test_the_licences_of_the_renderer_lie_beside_it() -> None:
    licences = (resources.files(page) / "LICENSES.txt").read_text(encoding="utf-8")
    for holder in ("Copyright (c) 2017 Microsoft", "Copyright (c) 2019 Vladimir Kharlampidi", "Jeff Ward"):
        assert holder in licences


class Parts(HTMLParser):
    """What stands in the script elements of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.scripts: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._is_script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._is_script = tag == "script"
        if self._is_script:
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        self._is_script = False

    def handle_data(self, data: str) -> None:
        if self._is_script:
            self.scripts[-1] += data


def parts_of(html: str) -> Parts:
    parts = Parts()
    parts.feed(html)
    parts.close()
    return parts


def test_the_page_refers_to_nothing_outside_itself() -> None:
    tags = parts_of(page_of(Shown(text="x"), title="t")).tags
    assert not [tag for tag, attributes in tags if "src" in attributes or "href" in attributes or "style" in attributes]
    policies = [str(attributes["content"]) for tag, attributes in tags if tag == "meta" and "http-equiv" in attributes]
    assert len(policies) == 1
    assert policies[0].startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policies[0]
    assert "img-src data:;" in policies[0]


def test_pictures_are_loaded_from_the_given_origins_only() -> None:
    """Issue 7: the URL of a picture may hold what the conversation is about."""
    tags = parts_of(page_of(Shown(), title="t", pictures=["https://b.example:443", "https://a.example:443"])).tags
    policy = next(str(attributes["content"]) for _, attributes in tags if "http-equiv" in attributes)
    assert "; img-src data: https://a.example:443 https://b.example:443;" in policy


@given(words=st.text(st.characters(codec=None), max_size=40) | st.sampled_from(["</script>", "<!--<script>", "]]>"]))
def test_whatever_the_data_is_it_stays_data(words: str) -> None:
    """Property: the data block reads back as it was, the page's scripts stay three, whatever stands in a card."""
    shown = Shown(text=words, citations=(Citation(title=words),), cards=(Card(body={words: words}, notes=(words,)),))
    parts = parts_of(page_of(shown, title="t" + words))
    assert len(parts.scripts) == 3
    read = json.loads(parts.scripts[0])
    assert (read["text"], read["citations"][0]["title"]) == (clean(words), clean(words))
    assert read["cards"][0]["body"] == {clean(words): clean(words)}
