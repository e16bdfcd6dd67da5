"""Prebuilt functions of the card language that take regular expressions. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import regex  # type: ignore[import-untyped]  # pyright has its stubs

from orchestrator.response.cards.arguments import named, text
from orchestrator.response.cards.function import Function, Kind, NoValue, Setting
from orchestrator.response.cards.pattern_syntax import BadPattern
from orchestrator.response.cards.patterns import Pattern, compiled
from orchestrator.response.cards.utf16 import mended, units
from orchestrator.response.cards.values import Value

_ESCAPE = (
    r"\\(?:Q.*?\\E|[acefnrtdDsSwW]|[^a-zA-Z0-9]|x[0-9a-fA-F]{2}|x\{[0-9a-fA-F]{3,}+\}|p\{\w+\}|[0-3][0-7]{2}|[0-7]{2})"
)
_SHARED = re.compile(
    rf"{_ESCAPE}|\[(?:{_ESCAPE}|[^\\\]])++\]|(?P<open>\((?!\?)|\(\?(?::|<[A-Za-z_]\w*>))|\(\?[ims]+\)|(?P<close>\))|[^\\\[(]",
    re.DOTALL | re.ASCII,
)
"""A part of the expressions that every engine of this language understands; `isMatch` takes no others."""

_FLAGS = ("i", "m", "s")
_REPLACEMENT = re.compile(r"\$(?:([$&`'])|([0-9]{1,2})|<([^>]*+)>)", re.DOTALL)


def _is_shared(pattern: str) -> bool:
    at = depth = 0
    for part in _SHARED.finditer(pattern):
        depth += (part.lastgroup == "open") - (part.lastgroup == "close")
        if part.start() != at or depth < 0:
            return False
        at = part.end()
    return bool(pattern) and at == len(pattern) and depth == 0


def _shared(pattern: str) -> Pattern:
    """Raises: `BadPattern`."""
    if not _is_shared(units(pattern)):
        raise BadPattern("it is none that every engine of this language understands")
    flags = ""
    for flag in _FLAGS:
        if f"(?{flag})" in pattern:
            flags += flag
            pattern = pattern.replace(f"(?{flag})", "", 1)
    return compiled(pattern, flags)


def _refused(arguments: Sequence[Value]) -> str | None:
    pattern = arguments[1]
    if not isinstance(pattern, str):
        return None
    try:
        _shared(pattern)
    except BadPattern as error:
        return f"{named(pattern)} is no regular expression: {error}"
    return None


def _is_match(arguments: Sequence[Value], setting: Setting) -> Value:
    given, pattern = map(text, arguments)
    try:
        return _shared(pattern).is_in(given, setting.budget)
    except BadPattern as error:
        raise NoValue(f"{named(pattern)} is no regular expression: {error}") from None


def _numbered(digits: str, match: regex.Match[str], groups: int) -> str | None:
    """The group of a one- or two-digit number, and what follows of the digits; None where there is no such group."""
    for length in (2, 1):
        number, rest = int(digits[:length]), digits[length:]
        if length <= len(digits) and 0 < number <= groups:
            return (match[number] or "") + rest
    return None


def _pieces(new: str, match: regex.Match[str], whole: str, pattern: Pattern) -> Iterator[str]:
    """What stands in the place of a match: the new text with its `$` marks carried out."""
    at = 0
    marks = {"$": "$", "&": match[0]}
    for found in _REPLACEMENT.finditer(new):
        yield new[at : found.start()]
        at = found.end()
        mark, digits, name = found.groups()
        if mark in ("`", "'"):
            yield whole[: match.start()] if mark == "`" else whole[match.end() :]
        elif mark:
            yield marks[mark]
        elif digits:
            numbered = _numbered(digits, match, pattern.engine.groups)
            yield found[0] if numbered is None else numbered
        elif not pattern.names:
            yield found[0]
        else:
            yield (match[pattern.names[name]] or "") if name in pattern.names else ""
    yield new[at:]


def _replace_ignore_case(arguments: Sequence[Value], setting: Setting) -> Value:
    given, old, new = map(text, arguments)
    if not old:
        raise NoValue("what is to be replaced is an empty text")
    try:
        pattern = compiled(old, "i")
    except BadPattern as error:
        raise NoValue(f"{named(old)} is no regular expression: {error}") from None
    whole, new = units(given), units(new)
    pieces: list[str] = []
    at = 0
    for match in pattern.matches(given, setting.budget):
        pieces.append(whole[at : match.start()])
        at = match.end()
        for piece in _pieces(new, match, whole, pattern):
            setting.budget.make(1 + len(piece))
            pieces.append(piece)
    setting.budget.make(len(whole))
    return mended("".join([*pieces, whole[at:]]))


FUNCTIONS: tuple[Function, ...] = (
    Function(
        name="isMatch",
        gives=Kind.BOOLEAN,
        takes=(Kind.STRING, Kind.STRING),
        call=_is_match,
        refused=_refused,
    ),
    Function(
        name="replaceIgnoreCase",
        gives=Kind.STRING,
        takes=(Kind.STRING, Kind.STRING, Kind.STRING),
        call=_replace_ignore_case,
    ),
)
