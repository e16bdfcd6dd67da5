"""Takes out of a document or text what the host's rules name; `jsonpath-ng` edits in place. Pure."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from orchestrator.response.redaction_rules import FAILURES, PathRule, PatternRule, Rule
from runtimes.values import InvalidJson, Json, canonical_json, dump_json, parse_json

if TYPE_CHECKING:
    from jsonpath_ng import DatumInContext, JSONPath

MASK = "***"
"""What stands in the place of a masked value, whatever its type was."""

HASH_DIGITS = 16
"""Hexadecimal digits of a hash."""

MAX_MATCHES = 100_000
"""Values that one rule may find in one document."""

MAX_EMBEDDING = 3
"""How deep JSON texts may lie in JSON texts."""

PATTERN_SECONDS = 1.0
"""Seconds that one pattern may take over one text."""


_BEFORE_JSON = "\ufeff \t\r\n\v\f"
"""What may stand before JSON in a text: blanks, and byte order marks that decoding has left."""


class Unapplied(Exception):
    """A rule could not be applied; the message says which, and why."""


@dataclass(slots=True, kw_only=True, eq=False)
class _Mark:
    """Stands in the place of a value that a rule has found, until the rule has been applied everywhere."""

    replacement: Json
    is_dropped: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The rules for one answer, and what they have found in it."""

    rules: Sequence[Rule]
    key: bytes
    """That hashes are made with."""
    found: list[Json] = field(default_factory=list[Json])

    def hashed(self, value: Json) -> str:
        """The hash of a value."""
        digest = hmac.new(self.key, canonical_json(value).encode(), hashlib.sha256).hexdigest()
        return f"hash:{digest[:HASH_DIGITS]}"


def children(value: Json) -> Iterator[tuple[str | int, Json]]:
    """What lies in a container, with its names or indices."""
    if isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, list):
        yield from enumerate(value)


# --- by path


def _at(parent: Json, path: JSONPath) -> object:
    """What stands in a container where a path of one step leads; None for other paths."""
    from jsonpath_ng import Fields, Index

    if isinstance(path, Fields) and isinstance(parent, dict) and len(path.fields) == 1:
        return parent.get(path.fields[0])
    if isinstance(path, Index) and isinstance(parent, list) and len(path.indices) == 1:
        return parent[path.indices[0]]
    return None


def _put(datum: DatumInContext, mark: _Mark, rule: Rule) -> None:
    """Raises: `Unapplied` unless the mark then stands where the value was."""
    assert datum.context is not None
    datum.value = mark
    if _at(datum.context.value, datum.path) is not mark:
        raise Unapplied(f"{rule.name} found a value that could not be replaced")


def _swept_members(node: dict[str, Json] | list[Json]) -> None:
    """Replaces the marks among the children of a container, and takes the dropped ones out."""
    kept: list[tuple[str | int, Json]] = []
    for key, child in children(node):
        if not isinstance(child, _Mark):
            kept.append((key, child))
        elif not child.is_dropped:
            kept.append((key, child.replacement))
    if isinstance(node, dict):
        members = {str(key): child for key, child in kept}
        node.clear()
        node.update(members)
    else:
        node[:] = [child for _, child in kept]


def _sweep(document: Json) -> None:
    stack = [document]
    while stack:
        node = stack.pop()
        if isinstance(node, (dict, list)):
            if any(isinstance(child, _Mark) for _, child in children(node)):
                _swept_members(node)
            stack += [child for _, child in children(node) if isinstance(child, (dict, list))]


def _by_path(document: Json, rule: PathRule, run: Run) -> Json:
    """The document, edited in place."""
    from jsonpath_ng.exceptions import JSONPathError

    action = rule.redaction.action
    try:
        matches = rule.path.find(document)
        if len(matches) > MAX_MATCHES:
            raise Unapplied(f"{rule.name} finds more than {MAX_MATCHES} values")
        for datum in matches:
            value: Json = datum.value
            run.found.append(value)
            replacement = run.hashed(value) if action == "hash" else MASK
            if datum.context is None:
                return None if action == "drop" else replacement
            _put(datum, _Mark(replacement=replacement, is_dropped=action == "drop"), rule)
    except (JSONPathError, *FAILURES) as error:
        raise Unapplied(f"{rule.name} failed: {type(error).__name__}") from None
    _sweep(document)
    return document


# --- by pattern


def _by_pattern(text: str, rule: PatternRule, run: Run) -> str:
    action = rule.redaction.action

    def replaced(part: str) -> str:
        run.found.append(part)
        return "" if action == "drop" else run.hashed(part) if action == "hash" else MASK

    try:
        new: str = rule.pattern.sub(lambda match: replaced(match[0]), text, timeout=PATTERN_SECONDS)
    except TimeoutError:
        raise Unapplied(f"{rule.name} took more than {PATTERN_SECONDS:g} s over a text") from None
    return new


def by_patterns(text: str, run: Run) -> str:
    """The text without what patterns find in it. Raises: `Unapplied`."""
    for rule in run.rules:
        if isinstance(rule, PatternRule):
            text = _by_pattern(text, rule, run)
    return text


# --- documents


def embedded(text: str) -> Json:
    """The JSON object or array that a text is, or the text that is one in its turn; None for any other text."""
    start = text.lstrip(_BEFORE_JSON)
    if not start.startswith(("{", "[", '"')):
        return None
    try:
        value = parse_json(start)
    except InvalidJson:
        return None
    is_document = isinstance(value, (dict, list)) or (isinstance(value, str) and embedded(value) is not None)
    return value if is_document else None


def _text(text: str, run: Run, depth: int) -> str:
    inner = embedded(text)
    if inner is not None:
        if depth >= MAX_EMBEDDING:
            raise Unapplied(f"JSON texts lie in each other more than {MAX_EMBEDDING} deep")
        before = len(run.found)
        value = redacted_document(inner, run, depth + 1)
        return dump_json(value) if len(run.found) > before else text
    return by_patterns(text, run)


def _change_texts(document: dict[str, Json] | list[Json], change: Callable[[str], str]) -> None:
    stack: list[Json] = [document]
    while stack:
        node = stack.pop()
        for key, child in list(children(node)):
            if isinstance(child, (dict, list)):
                stack.append(child)
            elif isinstance(child, str) and (new := change(child)) != child:
                if isinstance(node, dict):
                    node[str(key)] = new
                elif isinstance(node, list) and isinstance(key, int):
                    node[key] = new


def redacted_document(document: Json, run: Run, depth: int) -> Json:
    """The document, which is ours to edit. Raises: `Unapplied`."""
    for rule in run.rules:
        if isinstance(rule, PathRule):
            document = _by_path(document, rule, run)
    if isinstance(document, str):
        return _text(document, run, depth)
    if isinstance(document, (dict, list)):
        _change_texts(document, lambda text: _text(text, run, depth))
    return document
