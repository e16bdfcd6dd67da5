"""Takes out of an answer what the host's rules name, before anything else sees it; `jsonpath-ng` edits in place. Pure.

A rule that cannot be applied withholds the answer.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from orchestrator.errors import UsageError
from orchestrator.response.redaction_rules import FAILURES, MAX_RULES, PathRule, PatternRule, Redaction, Rule, read_rule
from runtimes.base import CallResult
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

_PROBE = 24
"""Characters by which a redacted text is recognised in what is said of the answer."""

_LEFT_OUT = "what the answer says of itself is left out: it has redacted parts in it"


class _Unapplied(Exception):
    """A rule could not be applied; the message says which, and why."""


@dataclass(slots=True, kw_only=True, eq=False)
class _Mark:
    """Stands in the place of a value that a rule has found, until the rule has been applied everywhere."""

    replacement: Json
    is_dropped: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """The rules for one answer, and what they have found in it."""

    rules: Sequence[Rule]
    key: bytes
    found: list[Json] = field(default_factory=list[Json])

    def hashed(self, value: Json) -> str:
        digest = hmac.new(self.key, canonical_json(value).encode(), hashlib.sha256).hexdigest()
        return f"hash:{digest[:HASH_DIGITS]}"


def _children(value: Json) -> Iterator[tuple[str | int, Json]]:
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
    """Raises: `_Unapplied` unless the mark then stands where the value was."""
    assert datum.context is not None
    datum.value = mark
    if _at(datum.context.value, datum.path) is not mark:
        raise _Unapplied(f"{rule.name} found a value that could not be replaced")


def _swept_members(node: dict[str, Json] | list[Json]) -> None:
    """Replaces the marks among the children of a container, and takes the dropped ones out."""
    kept: list[tuple[str | int, Json]] = []
    for key, child in _children(node):
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
            if any(isinstance(child, _Mark) for _, child in _children(node)):
                _swept_members(node)
            stack += [child for _, child in _children(node) if isinstance(child, (dict, list))]


def _by_path(document: Json, rule: PathRule, run: _Run) -> Json:
    """The document, edited in place."""
    from jsonpath_ng.exceptions import JSONPathError

    action = rule.redaction.action
    try:
        matches = rule.path.find(document)
        if len(matches) > MAX_MATCHES:
            raise _Unapplied(f"{rule.name} finds more than {MAX_MATCHES} values")
        for datum in matches:
            value: Json = datum.value
            run.found.append(value)
            replacement = run.hashed(value) if action == "hash" else MASK
            if datum.context is None:
                return None if action == "drop" else replacement
            _put(datum, _Mark(replacement=replacement, is_dropped=action == "drop"), rule)
    except (JSONPathError, *FAILURES) as error:
        raise _Unapplied(f"{rule.name} failed: {type(error).__name__}") from None
    _sweep(document)
    return document


# --- by pattern


def _by_pattern(text: str, rule: PatternRule, run: _Run) -> str:
    action = rule.redaction.action

    def replaced(part: str) -> str:
        run.found.append(part)
        return "" if action == "drop" else run.hashed(part) if action == "hash" else MASK

    try:
        new: str = rule.pattern.sub(lambda match: replaced(match[0]), text, timeout=PATTERN_SECONDS)
    except TimeoutError:
        raise _Unapplied(f"{rule.name} took more than {PATTERN_SECONDS:g} s over a text") from None
    return new


# --- documents


def _embedded(text: str) -> Json:
    """The JSON object or array that a text is; None for any other text."""
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        value = parse_json(text)
    except InvalidJson:
        return None
    return value if isinstance(value, (dict, list)) else None


def _text(text: str, run: _Run, depth: int) -> str:
    inner = _embedded(text)
    if inner is not None:
        if depth >= MAX_EMBEDDING:
            raise _Unapplied(f"JSON texts lie in each other more than {MAX_EMBEDDING} deep")
        before = len(run.found)
        value = _document(inner, run, depth + 1)
        return dump_json(value) if len(run.found) > before else text
    for rule in run.rules:
        if isinstance(rule, PatternRule):
            text = _by_pattern(text, rule, run)
    return text


def _change_texts(document: dict[str, Json] | list[Json], change: Callable[[str], str]) -> None:
    stack: list[Json] = [document]
    while stack:
        node = stack.pop()
        for key, child in list(_children(node)):
            if isinstance(child, (dict, list)):
                stack.append(child)
            elif isinstance(child, str) and (new := change(child)) != child:
                if isinstance(node, dict):
                    node[str(key)] = new
                elif isinstance(node, list) and isinstance(key, int):
                    node[key] = new


def _document(document: Json, run: _Run, depth: int) -> Json:
    """The document, which is ours to edit. Raises: `_Unapplied`."""
    for rule in run.rules:
        if isinstance(rule, PathRule):
            document = _by_path(document, rule, run)
    if isinstance(document, str):
        return _text(document, run, depth)
    if isinstance(document, (dict, list)):
        _change_texts(document, lambda text: _text(text, run, depth))
    return document


# --- answers


def _is_opaque(result: CallResult, rules: Sequence[Rule]) -> bool:
    """True for text from a server in which no rule can find anything: a path needs JSON."""
    if not isinstance(result.payload, str) or not result.payload or result.status is None or result.attachments:
        return False
    return _embedded(result.payload) is None and all(isinstance(rule, PathRule) for rule in rules)


def _words(text: str) -> str:
    return " ".join(text.split())


def _probes(found: Sequence[Json]) -> set[str]:
    """The beginnings of all texts and numbers that were found."""
    probes: set[str] = set()
    stack = list(found)
    while stack:
        node = stack.pop()
        if isinstance(node, (str, int, float)) and not isinstance(node, bool):
            probes.add(_words(str(node))[:_PROBE])
        stack += [child for _, child in _children(node)]
    return probes - {""}


def _without(result: CallResult, run: _Run) -> CallResult:
    """The result without those lines about it that quote what was found."""
    probes = _probes(run.found)
    quotes = [line for line in (result.explanation, *result.notes) if any(probe in _words(line) for probe in probes)]
    if not quotes:
        return result
    explanation = "" if result.explanation in quotes else result.explanation
    return replace(
        result,
        explanation=explanation,
        notes=(*(note for note in result.notes if note not in quotes), _LEFT_OUT),
    )


class Redactor:
    """The rules of a host; hashes are made with its key, so that equal values of other hosts differ."""

    def __init__(self, redactions: Sequence[Redaction], key: bytes) -> None:
        """Raises: `UsageError` for a rule that cannot be read."""
        if len(redactions) > MAX_RULES:
            raise UsageError(f"a host may have {MAX_RULES} redactions")
        self._rules = tuple(read_rule(redaction) for redaction in redactions)
        self._key = key

    def rules_for(self, names: Sequence[str]) -> Sequence[Rule]:
        """The rules for a function, which has several names: its own, and those with its plugin's."""
        return [rule for rule in self._rules if any(fnmatchcase(name, rule.redaction.function) for name in names)]

    def redacted(self, result: CallResult, rules: Sequence[Rule]) -> CallResult:
        """The result without what the rules name; the result itself is not changed."""
        run = _Run(rules=rules, key=self._key)
        try:
            if _is_opaque(result, rules):
                raise _Unapplied("it is no JSON, and only rules with a pattern are for text")
            payload = _document(parse_json(dump_json(result.payload)), run, 0)
            return _without(replace(result, payload=payload), run) if run.found else result
        except (_Unapplied, InvalidJson, RecursionError) as error:
            return withheld(result, str(error))


def withheld(result: CallResult, reason: str) -> CallResult:
    """That the call was carried out, and that its answer is not shown."""
    told = f"the call was carried out, and its answer is withheld by the host's redaction rules: {reason}"
    return CallResult(payload=None, is_error=True, status=result.status, explanation=told)
