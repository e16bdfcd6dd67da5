"""Values from outside as short Markdown: one line for one thing, nothing in them read as markup."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from orchestrator.model.offline.words import name_words, readable
from runtimes.values import Json, JsonObject, dump_json

MAX_VALUE = 200
"""Characters of one value."""
MAX_ITEMS = 10
"""Lines of one list."""
MAX_FIELDS = 8
"""Fields of one thing in a list."""
MAX_MEMBERS = 30
"""Fields of a thing shown alone."""

_TITLES = ("title", "name", "display name", "full name", "subject", "label", "headline", "address", "summary")
_CODES = ("id", "key", "code", "uuid", "etag")
_HOLDERS = ("results", "items", "value", "values", "data", "listings", "records", "entries", "result")
_MARKUP = re.compile(r"([\\`*<>|~\[\]]|(?<!\w)_|_(?!\w))")
_LINK = re.compile(r"https?://[^\s<>()\[\]`*|\\]+\Z")


def escape(text: str) -> str:
    """The text on one line, within `MAX_VALUE`, without any meaning in Markdown; a plain link stays one."""
    line = " ".join(text.split())
    if len(line) > MAX_VALUE:
        line = line[: MAX_VALUE - 1] + "…"
    return line if _LINK.match(line) else _MARKUP.sub(r"\\\1", line)


def scalar(value: Json) -> str:
    """A value in words; a container inside is written as JSON."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return "none"
    if isinstance(value, list) and not any(isinstance(item, dict | list) for item in value):
        return ", ".join(scalar(item) for item in value[:MAX_ITEMS]) or "none"
    return escape(value if isinstance(value, str) else dump_json(value))


def _is_telling(value: Json) -> bool:
    return isinstance(value, str) and len(value.strip()) > 0 and _LINK.match(value) is None


def _title_key(item: Mapping[str, Json]) -> str | None:
    by_words = {" ".join(name_words(name)): name for name, value in item.items() if _is_telling(value)}
    known = [by_words[title] for title in _TITLES if title in by_words]
    ending = [name for words, name in by_words.items() if words.endswith((" title", " name"))]
    others = [name for words, name in by_words.items() if words.split(" ")[-1] not in _CODES]
    return next(iter((*known, *ending, *others, *by_words.values())), None)


def _shown(item: Mapping[str, Json], without: str | None) -> Iterator[str]:
    for name, value in item.items():
        is_empty = value is None or value in ("", [], {})
        if name != without and not is_empty and not _is_nested(value):
            yield f"{escape(readable(name))}: {scalar(value)}"


def _is_nested(value: Json) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and any(isinstance(item, dict | list) for item in value))


def line_of(item: Json) -> str:
    """One thing on one line, its most telling field first."""
    if not isinstance(item, dict):
        return scalar(item)
    title = _title_key(item)
    rest = ", ".join(list(_shown(item, title))[:MAX_FIELDS])
    if title is None:
        return rest or "(empty)"
    head = f"**{scalar(item[title])}**"
    return f"{head} - {rest}" if rest else head


def bullets(items: list[Json]) -> str:
    """A list, one line for each thing, the rest counted."""
    lines = [f"- {line_of(item)}" for item in items[:MAX_ITEMS]]
    more = len(items) - MAX_ITEMS
    return "\n".join([*lines, f"- and {more} more"] if more > 0 else lines)


def list_in(value: JsonObject) -> list[Json] | None:
    """The list that an object is there to carry: under a usual name, or the only one beside counts and the like."""
    held = next((inner for key, inner in value.items() if key.lower() in _HOLDERS), None)
    if isinstance(held, list):
        return held
    if isinstance(held, dict):
        return list_in(held) if len(value) <= 2 else None
    lists = [inner for inner in value.values() if isinstance(inner, list)]
    says_more = any(isinstance(inner, dict) or _is_telling(inner) for inner in value.values())
    return lists[0] if len(lists) == 1 and not says_more else None


def fields(value: JsonObject) -> str:
    """One thing, a line for each of its fields; what is nested is shown one level deep."""
    lines: list[str] = []
    for name, inner in list(value.items())[:MAX_MEMBERS]:
        if isinstance(inner, list) and _is_nested(inner):
            lines += [f"- {escape(readable(name))}:", *(f"  {line}" for line in bullets(inner).splitlines())]
        elif isinstance(inner, dict):
            lines.append(f"- {escape(readable(name))}: {line_of(inner)}")
        elif inner is not None:
            lines.append(f"- {escape(readable(name))}: {scalar(inner)}")
    return "\n".join(lines)
