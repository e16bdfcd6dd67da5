"""Writes JSON values as YAML that people can review: blocks, few quotes, texts of several lines as they are. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from runtimes.values import Json

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*(?: [A-Za-z0-9_./-]+)*")
_OTHERWISE = frozenset({"null", "true", "false", "yes", "no", "on", "off"})
"""Words that are no texts unless they are quoted, for YAML 1.1 or 1.2."""

_UNPRINTABLE = re.compile("[^\n -~\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]|[\u2028\u2029]")
"""What a YAML reader would refuse, or take for the end of a line."""

_LINES = re.compile(r"[^\n]+(?:\n+[^\n]+)+\n*")
"""A text of several lines, none of which it begins with empty."""


def _escape(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


def _scalar(value: Json) -> str:
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.casefold() not in _OTHERWISE:
        return value
    return _UNPRINTABLE.sub(_escape, json.dumps(value, ensure_ascii=False))


def _is_block(value: Json) -> bool:
    return isinstance(value, str) and bool(_LINES.fullmatch(value)) and not _UNPRINTABLE.search(value)


def _block(head: str, text: str, indent: str) -> Iterator[str]:
    """A text as a literal block; the mark after the bar says what becomes of its last line ends."""
    body = text.rstrip("\n")
    ends = len(text) - len(body)
    width = "2" if text.startswith(" ") else ""
    mark = "-" if not ends else "" if ends == 1 else "+"
    yield f"{head} |{width}{mark}"
    yield from (f"{indent}{line}" if line else "" for line in body.split("\n"))
    yield from [""] * (ends - 1)


def _under(key: str, value: Json, indent: str) -> Iterator[str]:
    if isinstance(value, dict | list) and value:
        yield f"{indent}{key}:"
        yield from _lines(value, f"{indent}  ")
    elif isinstance(value, str) and _is_block(value):
        yield from _block(f"{indent}{key}:", value, f"{indent}  ")
    else:
        yield f"{indent}{key}: {_scalar(value)}"


def _element(value: Json, indent: str) -> Iterator[str]:
    if isinstance(value, dict | list) and value:
        first, *others = _lines(value, f"{indent}  ")
        yield f"{indent}- {first.lstrip(' ')}"
        yield from others
    elif isinstance(value, str) and _is_block(value):
        yield from _block(f"{indent}-", value, f"{indent}  ")
    else:
        yield f"{indent}- {_scalar(value)}"


def _lines(value: Json, indent: str) -> Iterator[str]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _under(_scalar(name), item, indent)
    elif isinstance(value, list):
        for item in value:
            yield from _element(item, indent)


def yaml_text(value: Json) -> str:
    """The text of a document that reads back as the value: an object or a list with something in it."""
    return "\n".join(_lines(value, "")) + "\n"
