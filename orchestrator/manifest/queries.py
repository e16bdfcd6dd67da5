"""How the data path and the properties of response semantics are read, also where they are no JSONPath. Pure.

Real manifests write bare names, fixed texts, texts with a path in them, and objects that say which of these they mean.
The rules that warn of it and the host that evaluates it both read them here, so that they cannot differ.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from runtimes.values import Json

MAX_PATHS = 8
"""How many paths a text may have in it; one with more is taken as it stands."""

_BARE = re.compile(r"[A-Za-z_]\w*(?:\[\d+\])*(?:\.[A-Za-z_]\w*(?:\[\d+\])*)*", re.ASCII)
"""`results`, `data.items`, `dishes[0].name`: a path without its root."""

_EMBEDDED = re.compile(r"\$(?:\.[A-Za-z_]\w*|\[\d+\])+", re.ASCII)
"""A plain path within a text."""

_CAPITALIZED = re.compile(r"[A-Z][a-z]+", re.ASCII)
"""`Started`: one word that may be the name of a member, and reads like a text."""

_PLACE_IN_ARRAY = re.compile(r"\[(?:\d+|\*)\]")

_UNFILLED = "${{"
_ROOT = "$"


@dataclass(frozen=True, slots=True)
class Path:
    """A JSONPath query; whether it is a valid one shows when it is evaluated."""

    query: str


@dataclass(frozen=True, slots=True)
class Text:
    """Characters that stand for themselves."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a property of response semantics is read as."""

    parts: Sequence[Path | Text]
    """Their texts are joined; none means that the property has no value."""
    taken_for: str
    """In words, for a warning; empty where it is written as the specification has it (spec 9.4.2.2)."""
    otherwise: str = ""
    """The text it stands for where its path selects nothing."""


def path_of(written: str) -> str | None:
    """The query that a path without its root means; None for what is no such path."""
    if written.startswith(_ROOT) and not written.startswith(_UNFILLED):
        return written
    bare = written.strip().removeprefix(".")
    return f"$.{bare}" if _BARE.fullmatch(bare) else None


def data_path_of(written: str) -> str:
    """The query to evaluate for a `data_path`; what cannot be understood stays as it is written (spec 9.4.2.1)."""
    return (path_of(written) if written.strip() else _ROOT) or written


def _text_with_paths(written: str) -> Reading:
    matches = list(_EMBEDDED.finditer(written))
    if not matches or len(matches) > MAX_PATHS:
        return Reading(parts=_unless_unfilled((Text(written),)), taken_for="a fixed text")
    parts: list[Path | Text] = []
    end = 0
    for match in matches:
        parts += [Text(written[end : match.start()]), Path(match[0])]
        end = match.end()
    parts.append(Text(written[end:]))
    filled = tuple(part for part in parts if part != Text(""))
    return Reading(parts=_unless_unfilled(filled), taken_for=f"a text with the path {matches[0][0]!r} in it")


def _unless_unfilled(parts: tuple[Path | Text, ...]) -> tuple[Path | Text, ...]:
    """The parts, or none where the environment has not filled a placeholder: half an address leads somewhere else."""
    return () if any(isinstance(part, Text) and _UNFILLED in part.text for part in parts) else parts


def _read_text(written: str) -> Reading:
    if not written.strip():
        return Reading(parts=(), taken_for="a property without a value")
    path = path_of(written)
    if path is None:
        return _text_with_paths(written)
    if _CAPITALIZED.fullmatch(written):
        taken_for = f"the path {path!r}, or a fixed text where that selects nothing"
        return Reading(parts=(Path(path),), taken_for=taken_for, otherwise=written)
    return Reading(parts=(Path(path),), taken_for="" if path == written else f"the path {path!r}")


def property_of(written: Json) -> Reading | None:
    """What a property of response semantics is read as; None for a value that says nothing."""
    if isinstance(written, str):
        return _read_text(written)
    if not isinstance(written, dict):
        return None
    path, fixed = written.get("json_path"), written.get("static_value")
    if isinstance(path, str) and (query := path_of(path)) is not None:
        return Reading(parts=(Path(query),), taken_for=f"the path {query!r}")
    if isinstance(fixed, str):
        return Reading(parts=_unless_unfilled((Text(fixed),)), taken_for="a fixed text")
    return None


def within_result(query: str, data_path: str) -> str | None:
    """The query from a result on that is meant by one from the root on, which repeats the data path; None for others.

    A place in the array that the data path selects is passed over: it would be the same for every result.
    """
    rest = query.removeprefix(data_path)
    if data_path == _ROOT or rest == query or not rest.startswith((".", "[")):
        return None
    return _ROOT + _PLACE_IN_ARRAY.sub("", rest, count=1) if _PLACE_IN_ARRAY.match(rest) else _ROOT + rest
