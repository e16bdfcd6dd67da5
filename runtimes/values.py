"""JSON values: their type, and a parser for JSON that a stranger wrote."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeAlias

import orjson
from typing_extensions import TypeAliasType

from runtimes.limits import MAX_DEPTH, MAX_KEY_CHARS, MAX_NUMBER_DIGITS, MAX_STRING_CHARS, MAX_VALUES
from runtimes.sifting import longest_number, marks_of, may_be_deeper, may_have_long_text

if TYPE_CHECKING:
    Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"
else:  # the same, named at run time: pydantic needs the name to follow the recursion
    Json = TypeAliasType("Json", "dict[str, Json] | list[Json] | str | int | float | bool | None")
JsonObject = dict[str, Json]

_DIGITS_AS_ZEROS = bytes.maketrans(b"123456789", b"0" * 9)
_LONG_NUMBER = 19
"""Digits beyond what the fast parser keeps exactly, 64 bits: identifiers in the wild are that long."""

_LONG_ROW = b"0" * _LONG_NUMBER
_TOO_LONG_NUMBER = b"0" * (MAX_NUMBER_DIGITS + 1)
_TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[\[\]{}:]|[^\s\[\]{},:"]++|"', re.DOTALL)
"""A string, a bracket, a colon, another scalar, or the quote of a string that does not end."""

_SURROGATE = re.compile(r"[\ud800-\udfff]")
_NOT_8_BITS = re.compile(rb"\xff\xfe|\xfe\xff|\x00[^\x00]|[^\x00]\x00|\x00\x00[\x00\xfe]")
"""How a text starts that is UTF-16 or UTF-32, with a byte order mark or without."""

_REASONS = {
    "empty": "there is nothing in it",
    "infinity": "a number is too large",
    "surrogate": "a lone surrogate is no character",
}
"""Plain words for some of the fast parser's own, by a word in them."""


class InvalidJson(ValueError):
    """A text is not JSON, or goes beyond a limit.

    `line` and `column` are 1-based and count code points; both are 0 where no place can be named.
    """

    def __init__(self, reason: str, line: int = 0, column: int = 0) -> None:
        super().__init__(f"{reason} (line {line}, column {column})" if line else reason)
        self.reason = reason
        self.line = line
        self.column = column


def _children(value: Json) -> Iterator[Json]:
    if isinstance(value, dict):
        return iter(value.values())
    return iter(value) if isinstance(value, list) else iter(())


def depth_of(value: Json) -> int:
    """How many containers lie inside each other; 0 for a scalar. Walks without recursion, no deeper than asked."""
    depth = 0
    level = [value] if isinstance(value, (dict, list)) else []
    while level and depth <= MAX_DEPTH:
        depth += 1
        level = [child for node in level for child in _children(node) if isinstance(child, (dict, list))]
    return depth


def invalid_at(reason: str, text: str, offset: int) -> InvalidJson:
    """The error for what stands at an offset of the text; lines end with a line feed."""
    return InvalidJson(reason, text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset))


def _tokens(text: str) -> Iterator[tuple[str, int]]:
    """The words that a JSON text consists of, without its commas, and where each starts.

    It ends at a string that does not end.
    """
    for match in _TOKEN.finditer(text):
        word = match[0]
        if word == '"':
            return
        yield word, match.start()


def _refuse_too_many(text: str, separators: int) -> None:
    """Looks at every token only where a plain count of separators leaves a doubt: before anything is built."""
    if len(text) <= MAX_VALUES or separators < MAX_VALUES:
        return
    count = 0
    for word, at in _tokens(text):
        if word == ":":
            count -= 1  # what stood before it was a key
        elif word not in "]}":
            count += 1
            if count > MAX_VALUES + 1:  # one may be a key
                raise invalid_at(f"there are more than {MAX_VALUES} values", text, at)


def _too_deep(text: str) -> InvalidJson:
    depth = place = 0
    for word, at in _tokens(text):
        depth += (word in "[{") - (word in "]}")
        if depth > MAX_DEPTH:
            place = at
            break
    return invalid_at(f"nested more than {MAX_DEPTH} deep", text, place)


def _zeros_for_digits(text: str) -> bytes:
    """Digits in a row are told by plain search in it, ten times as fast as by a pattern."""
    return text.encode(errors="replace").translate(_DIGITS_AS_ZEROS)


def _refuse_too_long_numbers(text: str) -> None:
    for word, at in _tokens(text):
        if word[0] != '"' and _TOO_LONG_NUMBER in _zeros_for_digits(word):
            raise invalid_at(f"a number has more than {MAX_NUMBER_DIGITS} digits", text, at)


def decoded(data: bytes) -> str:
    """The text of bytes that are to be UTF-8; a byte order mark stays. Raises: `InvalidJson`."""
    if _NOT_8_BITS.match(data):
        raise InvalidJson("not UTF-8 text, but UTF-16 or UTF-32", 1, 1)
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start].decode()
    raise invalid_at("not UTF-8 text", before, len(before))


def _exact(text: str) -> Json:
    """The same value with every integer as it is written."""
    value: Json = json.loads(text)
    return value


def _mistake(text: str, error: json.JSONDecodeError) -> InvalidJson:
    if "depth" in error.msg:
        return _too_deep(text)
    if surrogate := _SURROGATE.search(text):
        return invalid_at(_REASONS["surrogate"], text, surrogate.start())
    own = (reason for word, reason in _REASONS.items() if word in error.msg)
    return InvalidJson(next(own, error.msg.split(": line")[0]), error.lineno, error.colno)


def _bytes(source: str | bytes) -> bytes:
    return source if isinstance(source, bytes) else source.encode(errors="replace")


def _text(source: str | bytes) -> str:
    return decoded(source) if isinstance(source, bytes) else source


def _loaded(source: str | bytes) -> Json:
    """Raises: `InvalidJson`."""
    try:
        value: Json = orjson.loads(source)
    except orjson.JSONDecodeError:
        text = _text(source)
    else:
        return value
    try:
        again: Json = orjson.loads(text)  # of text the parser counts code points, of bytes it does not
    except orjson.JSONDecodeError as error:
        raise _mistake(text, error) from None
    return again


def parse_json(source: str | bytes) -> Json:
    """Parses strict JSON: no NaN, no lone surrogates, within `MAX_DEPTH`, `MAX_VALUES` and `MAX_NUMBER_DIGITS`.

    Raises: `InvalidJson`, with the place of the first mistake.
    """
    data = _bytes(source)
    if isinstance(source, bytes) and _NOT_8_BITS.match(source):
        source = decoded(source)
    if len(data) <= MAX_DEPTH and _LONG_ROW not in data.translate(_DIGITS_AS_ZEROS):
        return _loaded(source)  # too short for anything else to be wrong with it
    marks = marks_of(data)
    opened = marks.count(b"[") + marks.count(b"{")
    separators = opened + marks.count(b",")
    if separators >= MAX_VALUES:
        _refuse_too_many(_text(source), separators)
    longest = longest_number(data, _LONG_NUMBER)
    if longest > MAX_NUMBER_DIGITS:
        _refuse_too_long_numbers(_text(source))
    value = _loaded(source)
    if opened > MAX_DEPTH and may_be_deeper(marks, MAX_DEPTH) and depth_of(value) > MAX_DEPTH:
        raise _too_deep(_text(source))
    return _exact(_text(source)) if longest else value


def _is_long(node: Json) -> bool:
    if isinstance(node, dict):
        return bool(node) and max(map(len, node)) > MAX_KEY_CHARS
    return isinstance(node, str) and len(node) > MAX_STRING_CHARS


def _has_long_text(value: Json) -> bool:
    stack = [value]
    while stack:
        node = stack.pop()
        if _is_long(node):
            return True
        if isinstance(node, dict):
            stack.extend(node.values())
        elif isinstance(node, list):
            stack.extend(node)
    return False


def _length(word: str) -> int:
    return len(str(json.loads(word))) if "\\" in word else len(word) - 2


def _refuse_long_texts(text: str, value: Json) -> None:
    """Raises: `InvalidJson`; looks at the tokens only where there is something to find."""
    if not _has_long_text(value):
        return
    before, before_at = "", 0
    for word, at in _tokens(text):
        if word == ":" and len(before) > MAX_KEY_CHARS and _length(before) > MAX_KEY_CHARS:
            raise invalid_at(f"a key is longer than {MAX_KEY_CHARS} characters", text, before_at)
        if word[0] == '"' and len(word) > MAX_STRING_CHARS and _length(word) > MAX_STRING_CHARS:
            raise invalid_at(f"a string is longer than {MAX_STRING_CHARS} characters", text, at)
        before, before_at = word, at


def parse_json_document(source: str | bytes) -> Json:
    """As `parse_json`, of a document: its keys and its strings are bounded too. Raises: `InvalidJson`."""
    value = parse_json(source)
    if may_have_long_text(_bytes(source), MAX_KEY_CHARS, MAX_STRING_CHARS):
        _refuse_long_texts(_text(source), value)
    return value


def json_or_text(text: str) -> Json:
    """The JSON value of a text, or the text."""
    try:
        return parse_json(text)
    except InvalidJson:
        return text


def _dump_slowly(value: Json, *, sort_keys: bool) -> str:
    """As the fast encoder, for integers of any length. Raises: `ValueError`, `TypeError`."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), sort_keys=sort_keys)
    text.encode()  # a lone surrogate is no text that can be sent or kept
    return text


def json_bytes(value: Json) -> bytes:
    """As `dump_json`, in UTF-8."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return _dump_slowly(value, sort_keys=False).encode()


def dump_json(value: Json) -> str:
    """Compact JSON text, members in the order they have.

    Raises: `ValueError` or `TypeError` for what only claims to be JSON: lone surrogates, sets, objects.
    """
    return json_bytes(value).decode()


def pretty_json(value: Json) -> str:
    """JSON text for people, two spaces a level. Raises: as `dump_json`."""
    try:
        return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
    except TypeError:
        return json.dumps(parse_json(dump_json(value)), ensure_ascii=False, indent=2)


def canonical_bytes(value: Json) -> bytes:
    """As `canonical_json`, in UTF-8."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        return _dump_slowly(value, sort_keys=True).encode()


def canonical_json(value: Json) -> str:
    """Compact JSON text with sorted members: equal values give equal texts. Raises: as `dump_json`."""
    return canonical_bytes(value).decode()


def is_json(value: object) -> bool:
    """True for what can be written as JSON and is no deeper than `MAX_DEPTH`."""
    try:
        parse_json(dump_json(value))  # type: ignore[arg-type]  # that is the question
    except (TypeError, ValueError, RecursionError):
        return False
    return True
