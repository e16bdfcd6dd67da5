"""Makes the page: one file that holds the data, the renderer and all else, and may load the plugin's pictures only."""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import Collection
from dataclasses import asdict
from importlib import resources
from typing import Final

from orchestrator.content import Card, CardOrigin, Shown
from orchestrator.render import page
from orchestrator.response.hidden import clean_line, clean_value
from runtimes.values import JsonObject

PICTURES: Final = "data:"
"""Where pictures may come from beside the given origins; nothing else is loaded, and no server is told a referrer."""

_ORIGINS: Final[dict[CardOrigin, str]] = {
    "selected": "made with the template that template_selector chooses",
    "static": "made with static_template",
    "plain": "made by the host from title, subtitle and URL",
    "local": "sent by the local plugin",
    "rich": "found in the rich response",
    "sign-in": "asks for a sign-in",
}


def _part(name: str) -> str:
    return (resources.files(page) / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """The text as a content security policy names it."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _card(card: Card) -> JsonObject:
    about = f"{_ORIGINS[card.origin]}{f', result {card.result_id!r}' if card.result_id else ''}"
    return {"body": card.body, "template": card.template, "about": about, "notes": [*card.notes]}


def _data(shown: Shown, title: str) -> str:
    """JSON that no mark-up can be read from: it has neither `<` nor characters beyond ASCII."""
    data: JsonObject = {
        "title": title,
        "text": shown.text,
        "notes": [*shown.notes],
        "left_out": shown.cards_left_out,
        "rich": shown.rich,
        "citations": [{**asdict(citation)} for citation in shown.citations],
        "cards": [_card(card) for card in shown.cards],
    }
    return json.dumps(clean_value(data)).replace("<", "\\u003c")


def page_of(shown: Shown, *, title: str, pictures: Collection[str] = ()) -> str:
    """A page for what a person is shown, complete in one file.

    Its policy names its scripts and styles by their hashes, so that nothing in the data can run, be sent or be framed.
    `pictures` are the origins that pictures may be loaded from: any other would be told what stands in their URLs.
    """
    style, renderer, script = (
        _part("adaptivecards.css") + _part("page.css"),
        _part("adaptivecards.min.js"),
        _part("page.js"),
    )
    policy = (
        f"default-src 'none'; script-src {_hash(renderer)} {_hash(script)}; style-src {_hash(style)}; "
        f"img-src {' '.join([PICTURES, *sorted(pictures)])}; base-uri 'none'; form-action 'none'"
    )
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{html.escape(clean_line(title))}</title>
<style>{style}</style>
</head>
<body>
<main id="page"><noscript>The cards are drawn by a script: let this page run it.</noscript></main>
<script type="application/json" id="shown">{_data(shown, title)}</script>
<script>{renderer}</script>
<script>{script}</script>
</body>
</html>
"""
