"""The host's own card for a result whose template fails: title, subtitle, picture and link (spec 9.4.2.2). Pure.

Texts stand in runs, which renderers show as they are: what an API answers is no Markdown of the host's.
"""

from __future__ import annotations

from orchestrator.content import Citation
from runtimes.values import Json, JsonObject

VERSION = "1.5"
"""The version of Adaptive Cards that the card has."""

OPEN = "Open"
"""What the button says that opens the result's address."""


def _text(text: str, **look: Json) -> JsonObject:
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text, **look}]}


def _words(said: Citation) -> list[Json]:
    words: list[Json] = [_text(said.title, weight="Bolder", size="Medium")]
    if said.subtitle:
        words.append(_text(said.subtitle, isSubtle=True))
    return words


def _beside_picture(url: str, words: list[Json], title: str) -> JsonObject:
    picture: JsonObject = {"type": "Image", "url": url, "altText": title, "size": "Medium"}
    columns: list[Json] = [
        {"type": "Column", "width": "auto", "items": [picture]},
        {"type": "Column", "width": "stretch", "items": words},
    ]
    return {"type": "ColumnSet", "columns": columns}


def plain_card(said: Citation) -> JsonObject:
    """A card of what is said of a result; its addresses are http(s) already."""
    words = _words(said)
    body = [_beside_picture(said.thumbnail_url, words, said.title)] if said.thumbnail_url else words
    card: JsonObject = {"type": "AdaptiveCard", "version": VERSION, "body": [*body]}
    if said.url:
        card["actions"] = [{"type": "Action.OpenUrl", "title": OPEN, "url": said.url}]
    return card
