"""The Adaptive Card that asks a person about one call: what would really happen, and below it the plugin's words. Pure.

All of it is made here. Whatever comes from elsewhere stands in runs, which renderers show as they are, a line in each
block, so that none of it can be a link, a heading or a button; no run has the beginning of an expression, or of the
dates that renderers fill in.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from orchestrator.events import Reason
from orchestrator.response.hidden import HIDING, clean
from runtimes.values import Json, JsonObject, pretty_json

VERSION = "1.5"
"""The version of Adaptive Cards that the card has."""

APPROVE: Final = "approve"
DECLINE: Final = "decline"
ALWAYS: Final = "always"
"""The verbs of the card's actions: `Conversation.decide` with yes, with no, and with yes for always."""

NOTE: Final = "note"
"""The input that goes with a no: a word to the model."""

MAX_NOTE = 500
"""Characters of that word."""

MAX_ROWS = 100
"""Arguments that have a row of their own; the others share one."""

MAX_LINES = 200
"""Lines of one text that are kept apart; the others follow each other on one."""

MAX_ON_ONE_LINE = 60
"""Characters of a list or an object on one line; longer ones have a line for each member."""

_FROM_DATA = "data"
"""The source of the reasons that are warnings: what the model had read."""

_MONOSPACE: JsonObject = {"fontType": "Monospace"}
_OPENING = re.compile(r"(?<=[{$])(?=\{)")
_WIDE = re.compile(r" (?= )|^ ")
_ITEM = re.compile(r"\s*+[*-]\s++(?=\S)")
_BOLD = re.compile(r"\*\*(?=\S)([^*]+)(?<=\S)\*\*")
_PLAIN = re.compile(r"\S(?:.*\S)?", re.DOTALL)
_GAP = re.compile(r"\n\s*\n\s*\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a person is asked about."""

    call_id: str
    plugin: str
    function: str
    arguments: JsonObject
    """What would be sent; what was typed unseen is masked."""
    destination: str
    title: str
    """The plugin's words."""
    body: str
    reasons: tuple[Reason, ...] = ()
    files: tuple[str, ...] = ()
    """The files that would be sent, a line each."""
    may_always: bool = False
    """True when the person may allow the function for always."""


def _runs(text: str, **look: Json) -> Iterator[JsonObject]:
    """A line as it is: blanks stay, and nothing in it is filled in by whoever shows or expands the card."""
    kept = _WIDE.sub("\u00a0", text)
    yield from ({"type": "TextRun", "text": part, **look} for part in _OPENING.split(kept))


def _line(runs: Iterator[JsonObject]) -> JsonObject:
    return {"type": "RichTextBlock", "inlines": [*runs], "spacing": "None"}


def _lines(text: str) -> Sequence[str]:
    lines = text.split("\n")
    return lines if len(lines) <= MAX_LINES else [*lines[: MAX_LINES - 1], " ".join(lines[MAX_LINES - 1 :])]


def _shown(text: str, **look: Json) -> list[Json]:
    """Text of a stranger's, line by line."""
    return [_line(_runs(line, **look)) for line in _lines(clean(text))]


def _escaped(sign: re.Match[str]) -> str:
    """As JSON writes a character that may hide something, line ends aside."""
    return json.dumps(sign[0])[1:-1]


def _value(value: Json) -> list[Json]:
    """An argument in full: a text as it is, unless it would be taken for something else, anything else as JSON."""
    if isinstance(value, str) and _is_plain(value):
        return _shown(value, **_MONOSPACE)
    short, long = json.dumps(value, ensure_ascii=False), pretty_json(value)
    text = HIDING.sub(_escaped, short if len(short) <= MAX_ON_ONE_LINE else long)
    return [_line(_runs(line, **_MONOSPACE)) for line in _lines(text)]


def _is_plain(text: str) -> bool:
    """True for a text that shows where it ends, hides nothing and looks like no number, object or list."""
    if not _PLAIN.fullmatch(text) or _GAP.search(text) or clean(text) != text:
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return True
    return False


def _label(text: str) -> JsonObject:
    """A line of the host's own."""
    return {"type": "TextBlock", "text": text, "wrap": True, "weight": "Bolder"}


def _cell(items: list[Json]) -> JsonObject:
    return {"type": "TableCell", "items": items}


def _table(rows: Sequence[tuple[list[Json], list[Json]]]) -> JsonObject:
    made: list[Json] = [{"type": "TableRow", "cells": [_cell(name), _cell(value)]} for name, value in rows]
    return {
        "type": "Table",
        "firstRowAsHeader": False,  # as it is documented
        "firstRowAsHeaders": False,  # as Microsoft's renderer has it
        "columns": [{"width": 1}, {"width": 3}],
        "rows": made,
    }


def _what(asked: Asked) -> JsonObject:
    told = {"Function": asked.function, "Plugin": asked.plugin, "Goes to": asked.destination}
    return _table([(_shown(name, isSubtle=True), _shown(text, weight="Bolder")) for name, text in told.items()])


def _arguments(arguments: JsonObject) -> list[Json]:
    if not arguments:
        return [_label("Without arguments")]
    named = [*arguments.items()]
    rest = dict(named[MAX_ROWS:])
    rows = [(_shown(name), _value(value)) for name, value in named[:MAX_ROWS]]
    if rest:
        rows.append((_shown(f"and {len(rest)} more"), _value(rest)))
    return [_label("With"), _table(rows)]


def _listed(heading: str, texts: Sequence[str], style: str = "default") -> Iterator[JsonObject]:
    if texts:
        items: list[Json] = [_label(heading)]
        for text in texts:
            items += _shown(f"• {text}")
        yield {"type": "Container", "style": style, "items": items}


def _said_line(line: str) -> JsonObject:
    """A line of the plugin's, which is often the Markdown of a list with names in bold."""
    text = _ITEM.sub("• ", line, count=1)
    runs: list[JsonObject] = []
    for number, part in enumerate(_BOLD.split(text)):
        if part:
            runs += _runs(part, weight="Bolder") if number % 2 else _runs(part)
    return _line(iter(runs))


def _said(asked: Asked) -> JsonObject:
    items: list[Json] = [_label("The plugin says:"), *_shown(asked.title, weight="Bolder")]
    items += [_said_line(line) for line in _lines(clean(asked.body)) if line.strip()]
    return {"type": "Container", "style": "emphasis", "separator": True, "items": items}


def _actions(asked: Asked) -> Iterator[JsonObject]:
    data: JsonObject = {"call_id": asked.call_id}
    button: JsonObject = {"type": "Action.Execute", "data": data, "associatedInputs": "none"}
    yield {**button, "verb": APPROVE, "title": "Run it", "style": "positive"}
    yield {**button, "verb": DECLINE, "title": "Don't run it", "associatedInputs": "auto"}
    if asked.may_always:
        yield {**button, "verb": ALWAYS, "title": "Always allow this function"}


def _note() -> JsonObject:
    return {
        "type": "Input.Text",
        "id": NOTE,
        "label": "With a no, a word to the assistant",
        "maxLength": MAX_NOTE,
        "separator": True,
    }


def question_card(asked: Asked) -> JsonObject:
    """The card; its actions carry the `call_id`, and a no carries the note."""
    warnings = [reason.text for reason in asked.reasons if reason.source == _FROM_DATA]
    others = [reason.text for reason in asked.reasons if reason.source != _FROM_DATA]
    heading: JsonObject = {**_label("May this be run?"), "size": "Large", "style": "heading"}
    body: list[Json] = [
        heading,
        *_listed("Mind this", warnings, "warning"),
        _what(asked),
        *_arguments(asked.arguments),
        *_listed("Files", asked.files),
        *_listed("You are asked because", others),
        _said(asked),
        _note(),
    ]
    return {"type": "AdaptiveCard", "version": VERSION, "body": body, "actions": [*_actions(asked)]}
