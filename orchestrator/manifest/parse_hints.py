"""What to do about a text that is no JSON or no YAML: told from the words of its parser and what stands there. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

_DOUBLE_QUOTES = 'write it in double quotes, as "…"'
_NO_COMMENTS = "JSON has no comments: remove it"

_BY_REASON: Sequence[tuple[str, str]] = (
    ("not UTF-8", "save the file as UTF-8"),
    ("trailing comma", "remove the comma before the closing bracket"),
    ("control character", r"write a line end within a string as \n, and a tab as \t"),
    ("escaped sequence", r"write a backslash within a string as \\"),
    ("unexpected end", "see that every bracket and every quotation mark is closed"),
    ("content after document", "keep one document, and remove what follows it"),
    ("leading zero", "remove the zero, or write a string"),
    ("no digit", "write the number with digits on both sides of its point and no plus sign, or write a string"),
    ("tab character", "indent with spaces: YAML takes no tabs"),
    ("occurs twice", "remove one of them"),
    (
        "mapping values are not allowed",
        "put a text that has a colon in it into quotes, or see that lines are indented alike",
    ),
    ("did not find expected key", "see that lines are indented alike, and that quotes within a text are doubled"),
    ("expected '-' indicator", "see that lines are indented alike"),
    ("expected ',' or", "close the bracket, or put a comma between its elements"),
    ("unknown escape character", r"write a backslash as \\, or the text in single quotes"),
    ("more than one document", "keep one document, and remove what follows `---`"),
)
"""What the parser says, in part; and the hint."""

_BY_TEXT: Sequence[tuple[re.Pattern[str], str, str]] = (
    (re.compile(r"//|/\*|#"), "unexpected character", _NO_COMMENTS),
    (re.compile(r"'[^']*'"), "unexpected character", _DOUBLE_QUOTES),
    (re.compile("[\u2018\u2019\u201c\u201d\u201e]"), "unexpected character", 'write straight double quotes, as "…"'),
    (re.compile(r"[-+]?(?:NaN|Infinity)\b"), "", "JSON has no such number: write null or a string"),
    (re.compile(r"(?:True|False)\b"), "unexpected character", "write it in small letters"),
    (re.compile(r"(?:None|undefined)\b"), "unexpected character", "write null, or remove the member"),
    (re.compile(r"<"), "a JSON value", "this looks like a page for a browser: name the JSON file itself"),
    (re.compile(r"[A-Za-z_$]"), "a string key", _DOUBLE_QUOTES),
    (re.compile(r""), "expected ','", "put a comma before it, or close the bracket"),
    (re.compile(r"\t"), "cannot start any token", "indent with spaces: YAML takes no tabs"),
    (re.compile(r"[@`%]"), "cannot start any token", "put the text into quotes"),
)
"""What stands at the place, what the parser says, in part; and the hint."""


def _from(text: str, line: int, column: int) -> str:
    """The rest of the line from the place on."""
    lines = text.split("\n", line)
    return lines[line - 1][column - 1 :] if 0 < line <= len(lines) and column > 0 else ""


def parse_hint(reason: str, text: str, line: int, column: int) -> str:
    """The hint for a text that a parser refuses at a place, 1-based; empty where there is nothing obvious."""
    rest = _from(text, line, column)
    found = (hint for pattern, said, hint in _BY_TEXT if said in reason and rest and pattern.match(rest))
    return next(found, next((hint for said, hint in _BY_REASON if said in reason), ""))
