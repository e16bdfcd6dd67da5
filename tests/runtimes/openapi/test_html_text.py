"""The words of a page, whatever its markup."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtimes.openapi.html_text import MAX_PAGE_CHARS, html_to_text
from tests.pace import soon

PAGES = {
    "<p>one<p>two": "one\ntwo",
    "<h1>Homes</h1> <p>In\n  <b>Seattle</b>&nbsp;and&#32;more</p>": "Homes\nIn Seattle and more",
    "a<br>b<br/>c": "a\nb\nc",
    "<ul><li>one<li><a href='/x'>two</a></ul><li></li>": "- one\n- two",
    "<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table>": "a\tb\n1\t2",
    "<title>T &lt;b&gt;</title><style>p { }</style><SCRIPT>if (a < b) '</p>'</Script >after": "T <b>\nafter",
    "<svg><text>no</text></svg>yes<template><p>no</template>": "yes",
    "a<!-- no > <b> -->b<!doctype html><?php no ?>c": "abc",
    "<img alt='a > b' src=\"x>y\">text": "text",
    "<a href=it's>text</a>": "text",
    "1 < 2 &amp;&amp; 3 > 2": "1 < 2 && 3 > 2",
    "never <b closed": "never",
    "never <!-- closed <p>": "never",
    "never <script>closed": "never",
    "&#xD800;&#0;&#99999999999999999999;&unknown;": "\ufffd\ufffd\ufffd&unknown;",
    "": "",
}


@pytest.mark.parametrize(("page", "text"), PAGES.items())
def test_a_page_becomes_its_words(page: str, text: str) -> None:
    assert html_to_text(page) == text


HOSTILE = [
    "<!--",
    "<a ",
    '<a ="',
    "<a ='",
    "<script></",
    "<![CDATA[",
    "< ",
    "&a",
    "<svg>",
    "<a",
    " ",
    "x<b> ",
    "&#9",
    "</",
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_a_hostile_page_takes_time_in_proportion_to_its_length(piece: str) -> None:
    with soon(5, time.thread_time):
        html_to_text(piece * (MAX_PAGE_CHARS // len(piece)))


def test_a_long_page_is_read_as_far_as_its_limit() -> None:
    assert len(html_to_text("x" * (MAX_PAGE_CHARS + 10))) == MAX_PAGE_CHARS


@given(st.lists(st.sampled_from(["<", ">", "p", "/", "'", '"', "=", "!--", "-->", "script", "&", "#", " ", "a", "é"])))
def test_any_text_is_a_page(pieces: list[str]) -> None:
    text = html_to_text("".join(pieces))
    assert all(line == line.strip() != "" for line in text.split("\n")) or text == ""
