"""JSON and YAML 1.2 that strangers wrote, read into plain JSON values within limits.

YAML is read as its 1.2 core schema has it: `on`, `no` and dates are strings, keys are their own text. It is built from
events rather than by recursion, so that neither nesting nor aliases can grow beyond the limits.
"""

from __future__ import annotations

import math
import re
from typing import Protocol

import yaml

from runtimes.values import MAX_DEPTH, InvalidJson, Json, depth_of, parse_json

MAX_JSON_BYTES = 32 * 1024 * 1024
"""The longest JSON document."""

MAX_YAML_BYTES = 8 * 1024 * 1024
"""The longest YAML document; reading it costs about fifty times as much as JSON."""

MAX_YAML_NODES = 2_000_000
"""Values in a YAML document, those that aliases repeat counted each time."""

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_DECIMAL = re.compile(r"[-+]?[0-9]+")
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_TAG = "tag:yaml.org,2002:"
_SMALLEST_INTEGER, _LARGEST_INTEGER = -(2**63), 2**64 - 1


class DocumentError(ValueError):
    """A document is not JSON or YAML, or breaks a limit; `line` and `column` are 1-based, 0 where no place is known."""

    def __init__(self, name: str, reason: str, line: int = 0, column: int = 0) -> None:
        place = f":{line}:{column}" if line else ""
        super().__init__(f"{name}{place}: {reason}")
        self.reason = reason
        self.line = line
        self.column = column


class _Refusal(Exception):
    """Why a value is no JSON; the place is added by whoever knows it."""


class _EventSource(Protocol):
    def get_event(self) -> yaml.Event | None: ...

    def dispose(self) -> None: ...


def _event_source(text: str) -> _EventSource:
    return yaml.CSafeLoader(text) if yaml.__with_libyaml__ else yaml.SafeLoader(text)


def _integer(text: str) -> Json:
    if len(text) > 400:
        raise _Refusal("a number has more than 400 digits")
    value = int(text, 0) if _BASED.fullmatch(text) else int(text)
    return value if _SMALLEST_INTEGER <= value <= _LARGEST_INTEGER else _finite(value, text)


def _finite(number: int | str, text: str) -> float:
    try:
        value = float(number)
    except OverflowError:  # of an integer; too large a text becomes infinite
        value = math.inf
    if not math.isfinite(value):
        raise _Refusal(f"the number {text[:20]!r} is too large")
    return value


def _plain(text: str) -> Json:
    """A scalar without quotes, by the core schema of YAML 1.2."""
    if text in _NULL:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if text[0] not in "-+.0123456789":
        return text
    if _DECIMAL.fullmatch(text) or _BASED.fullmatch(text):
        return _integer(text)
    if _FLOAT.fullmatch(text):
        return _finite(text, text)
    if _NOT_FINITE.fullmatch(text):
        raise _Refusal(f"{text!r} is no number in JSON")
    return text


def _scalar(event: yaml.ScalarEvent) -> Json:
    text = event.value
    if _SURROGATE.search(text):
        raise _Refusal("a lone surrogate is no character")
    if event.tag is None:
        return _plain(text) if event.implicit[0] else text
    tag = event.tag.removeprefix(_TAG)
    if tag == "str" or event.tag == "!":
        return text
    value = _plain(text)
    fitting = {"null": value is None, "bool": isinstance(value, bool), "float": isinstance(value, int | float)}
    if fitting.get(tag, tag == "int" and isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise _Refusal(f"the tag {event.tag[:60]!r} is not read here")


def _size(value: Json, limit: int) -> int:
    """How many values there are, counted no further than the limit."""
    count = 0
    stack = [value]
    while stack and count <= limit:
        node = stack.pop()
        count += 1
        if isinstance(node, dict):
            stack.extend(node.values())
        elif isinstance(node, list):
            stack.extend(node)
    return count


class _Collection:
    """A sequence or mapping whose end has not come."""

    def __init__(self, anchor: str | None, *, is_mapping: bool) -> None:
        self.anchor = anchor
        self.value: dict[str, Json] | list[Json] = {} if is_mapping else []
        self.key: str | None = None


class _Builder:
    """Puts the events of one document together."""

    def __init__(self) -> None:
        self._stack: list[_Collection] = []
        self._anchors: dict[str, Json] = {}
        self._nodes = 0
        self.documents = 0
        self.root: Json = None

    def feed(self, event: yaml.Event) -> None:
        """Takes one event. Raises: `_Refusal`."""
        if isinstance(event, yaml.ScalarEvent):
            self._count(1)
            if self._expects_key():
                self._take_key(event)
            else:
                self._add(_scalar(event), event.anchor)
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            self._open(event)
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            done = self._stack.pop()
            self._add(done.value, done.anchor)
        elif isinstance(event, yaml.AliasEvent):
            self._repeat(event.anchor)
        elif isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                raise _Refusal("there is more than one document in the file")

    def _expects_key(self) -> bool:
        return bool(self._stack) and isinstance(self._stack[-1].value, dict) and self._stack[-1].key is None

    def _take_key(self, event: yaml.ScalarEvent) -> None:
        top = self._stack[-1]
        if _SURROGATE.search(event.value):
            raise _Refusal("a lone surrogate is no character")
        if event.value in top.value:
            raise _Refusal(f"the key {event.value[:80]!r} occurs twice")
        if event.value == "<<" and event.implicit[0]:
            raise _Refusal("merge keys (<<) are not part of YAML 1.2; write the members out")
        top.key = event.value
        if event.anchor:
            self._anchors[event.anchor] = event.value

    def _open(self, event: yaml.MappingStartEvent | yaml.SequenceStartEvent) -> None:
        self._count(1)
        is_mapping = isinstance(event, yaml.MappingStartEvent)
        if self._expects_key():
            raise _Refusal("a key must be a string")
        if event.tag and event.tag not in {"!", _TAG + ("map" if is_mapping else "seq")}:
            raise _Refusal(f"the tag {event.tag[:60]!r} is not read here")
        if len(self._stack) >= MAX_DEPTH:
            raise _Refusal(f"nested more than {MAX_DEPTH} deep")
        self._stack.append(_Collection(event.anchor, is_mapping=is_mapping))

    def _repeat(self, anchor: str | None) -> None:
        if anchor is None or anchor not in self._anchors:
            raise _Refusal(f"the alias {(anchor or '')[:60]!r} has no anchor before it")
        if self._expects_key():
            raise _Refusal("an alias cannot be a key here")
        value = self._anchors[anchor]
        self._count(_size(value, MAX_YAML_NODES))
        self._add(value, None)

    def _count(self, nodes: int) -> None:
        self._nodes += nodes
        if self._nodes > MAX_YAML_NODES:
            raise _Refusal(f"there are more than {MAX_YAML_NODES} values, those repeated by aliases included")

    def _add(self, value: Json, anchor: str | None) -> None:
        if anchor:
            self._anchors[anchor] = value
        if not self._stack:
            self.root = value
            return
        top = self._stack[-1]
        if isinstance(top.value, list):
            top.value.append(value)
        elif top.key is not None:
            top.value[top.key] = value
            top.key = None


class _Mark(Protocol):
    @property
    def line(self) -> int: ...

    @property
    def column(self) -> int: ...


def _place(mark: _Mark | None) -> tuple[int, int]:
    return (mark.line + 1, mark.column + 1) if mark else (0, 0)


def _text(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DocumentError(name, f"not UTF-8 (byte {error.start})") from None


def parse_yaml(data: bytes, name: str) -> Json:
    """Parses one YAML 1.2 document. Raises: `DocumentError`."""
    if len(data) > MAX_YAML_BYTES:
        raise DocumentError(name, f"longer than {MAX_YAML_BYTES} bytes, the limit for YAML")
    builder = _Builder()
    line = column = 0
    try:
        source = _event_source(_text(data, name))
        try:
            while (event := source.get_event()) is not None:
                line, column = _place(event.start_mark)
                builder.feed(event)
        finally:
            source.dispose()
    except _Refusal as refusal:
        raise DocumentError(name, str(refusal), line, column) from None
    except yaml.MarkedYAMLError as error:
        line, column = _place(error.problem_mark or error.context_mark)
        raise DocumentError(name, error.problem or "not YAML", line, column) from None
    except yaml.YAMLError as error:
        raise DocumentError(name, str(error).splitlines()[0]) from None
    if depth_of(builder.root) > MAX_DEPTH:
        raise DocumentError(name, f"nested more than {MAX_DEPTH} deep")
    return builder.root


def parse_document(data: bytes, name: str) -> Json:
    """Parses JSON when the text begins like it, else YAML; `name` is what errors call it.

    Raises: `DocumentError`.
    """
    start = data.removeprefix(b"\xef\xbb\xbf")
    if start.lstrip(b" \t\r\n")[:1] != b"{":
        return parse_yaml(data, name)
    if len(data) > MAX_JSON_BYTES:
        raise DocumentError(name, f"longer than {MAX_JSON_BYTES} bytes, the limit for JSON")
    try:
        return parse_json(start)
    except InvalidJson as error:
        raise DocumentError(name, error.reason, error.line, error.column) from None
