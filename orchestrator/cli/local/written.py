"""The text of `orchestrator.toml` with an entry of a local plugin added or replaced. Pure.

All else stays as it is written, comments too. What comes of it is read again: where anything but the entry would mean
something else, nothing is handed out.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass

from orchestrator.cli.configured_local import local_table
from orchestrator.errors import UsageError
from runtimes.values import Json, JsonObject

_LOCAL = "local"
_HEADER = re.compile(r"[ \t]*\[.*\][ \t]*(?:#.*)?\r?")
_BARE = re.compile(r"[A-Za-z0-9_-]+")


def _text(text: str) -> str:
    """A basic string of TOML, which JSON's are but for one character."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _text(name)


def _value(value: Json) -> str:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{_key(name)} = {_value(item)}' for name, item in value.items())} }}"
    return json.dumps(value)


def entry_text(identifier: str, members: JsonObject) -> str:
    """The entry as a table of its own, a line for each member."""
    lines = [f"[{_LOCAL}.{_text(identifier)}]", *(f"{_key(name)} = {_value(item)}" for name, item in members.items())]
    return "".join(f"{line}\n" for line in lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Section:
    """A header and what stands below it, in numbers of lines."""

    path: tuple[str, ...]
    """The keys of its header."""
    start: int
    end: int
    """Behind its last line that says something: comments above the next header are the next one's."""


def _path(header: str) -> tuple[str, ...] | None:
    """The keys of a header; None for what is none."""
    try:
        document: JsonObject = tomllib.loads(header)
    except tomllib.TOMLDecodeError:
        return None
    inner: Json = document
    path: list[str] = []
    while isinstance(inner, dict) and len(inner) == 1:
        [(key, inner)] = inner.items()
        path.append(key)
        inner = inner[0] if isinstance(inner, list) and inner else inner
    return tuple(path)


def _is_whole(text: str) -> bool:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return False
    return True


def _last_word(lines: Sequence[str], start: int, end: int) -> int:
    """The number behind the last line in between that is neither blank nor a comment."""
    while end > start + 1 and (not lines[end - 1].strip() or lines[end - 1].lstrip().startswith("#")):
        end -= 1
    return end


def _sections(lines: Sequence[str]) -> list[_Section]:
    """Those of a document that can be read. A line that looks like a header may be part of an array or of a text: it
    is one where what stands before it is whole."""
    starts: list[int] = []
    paths: list[tuple[str, ...]] = []
    for number, line in enumerate(lines):
        before = lines[starts[-1] if starts else 0 : number]
        if _HEADER.fullmatch(line) and (path := _path(line.rstrip("\r"))) and _is_whole("\n".join([*before, ""])):
            starts.append(number)
            paths.append(path)
    ends = [*starts[1:], len(lines)][: len(starts)]
    return [
        _Section(path=path, start=start, end=_last_word(lines, start, end))
        for path, start, end in zip(paths, starts, ends, strict=True)
    ]


def _document(text: str, place: str) -> JsonObject:
    """Raises: `UsageError`."""
    try:
        document: JsonObject = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{place}: not TOML: {error}") from None
    return document


def _entries(document: JsonObject) -> JsonObject:
    entries = document.get(_LOCAL)
    return entries if isinstance(entries, dict) else {}


def _rest(document: JsonObject, identifier: str) -> JsonObject:
    """The document without the entry."""
    entries = {name: entry for name, entry in _entries(document).items() if name != identifier}
    return {**document, _LOCAL: entries}


def _appended(text: str, entry: str, newline: str) -> str:
    if not text:
        return entry
    return f"{text}{'' if text.endswith(newline) else newline}{newline}{entry}"


def _replaced(text: str, identifier: str, entry: str) -> str:
    """The text with the entry in the place of the first section that is its own; the text itself where none is."""
    lines = text.split("\n")
    own = [one for one in _sections(lines) if one.path[:2] == (_LOCAL, identifier)]
    for section in reversed(own):
        lines[section.start : section.end] = entry.rstrip("\n").split("\n") if section is own[0] else []
    return "\n".join(lines)


def members_of(text: str, place: str, identifier: str) -> JsonObject:
    """What the text says of an entry; empty where it has none. Raises: `UsageError` where it is no TOML."""
    entry = _entries(_document(text, place)).get(identifier)
    return entry if isinstance(entry, dict) else {}


def with_entry(text: str, place: str, identifier: str, members: JsonObject, *, replace: bool) -> str:
    """The text with that entry; `place` is what messages call the file.

    Raises: `UsageError` where there is one already and none may be replaced, where the text is no TOML, and where the
    entry is written in a way in which it cannot be changed alone.
    """
    before = _document(text, place)
    newline = "\r\n" if "\r\n" in text else "\n"
    entry = entry_text(identifier, members).replace("\n", newline)
    if identifier not in _entries(before):
        changed = _appended(text, entry, newline)
    elif not replace:
        raise UsageError(f"{place} has [{local_table(identifier)}] already; --replace writes over it")
    else:
        changed = _replaced(text, identifier, entry)
    try:
        after: JsonObject = tomllib.loads(changed)
    except tomllib.TOMLDecodeError:
        after = {}
    if _entries(after).get(identifier) != members or _rest(after, identifier) != _rest(before, identifier):
        raise UsageError(
            f"{place} has its local plugins where no table can be added alone; write this there yourself: "
            + ", ".join(entry.splitlines())
        )
    return changed
