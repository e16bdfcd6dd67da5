"""Redaction rules as a host writes them, and their reading: a mistake in one is found when the host starts. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from orchestrator.errors import UsageError

if TYPE_CHECKING:
    import regex  # type: ignore[import-untyped]  # pyright has its stubs
    from jsonpath_ng import JSONPath

Action = Literal["mask", "drop", "hash"]
ACTIONS: tuple[Action, ...] = ("mask", "drop", "hash")

MAX_RULES = 100
"""Rules of one host."""

MAX_RULE = 500
"""Characters of a path or a pattern."""

MAX_DESCENTS = 2
"""How often a path may have `..`: each multiplies the work."""

FAILURES = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, RecursionError, re.error)
"""What may come out of the library beside its own errors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Redaction:
    """One rule: what is found by its path or its pattern is masked, dropped or hashed."""

    path: str = ""
    """A path of `jsonpath-ng`, such as `$..ssn`; for answers that are JSON."""
    pattern: str = ""
    """A regular expression for parts of texts, also of answers that are no JSON; in the place of a path."""
    action: Action = "mask"
    """`mask` writes `***`, `drop` takes the member, element or part away, `hash` writes a hash that is the same for
    equal values as long as the host runs."""
    function: str = "*"
    """The functions it is for, with wildcards: `contoso-*` by plugin, or a function's own name."""


@dataclass(frozen=True, slots=True)
class PathRule:
    """A rule that finds values by their place."""

    redaction: Redaction
    path: JSONPath

    @property
    def name(self) -> str:
        """As messages call it."""
        return repr(self.redaction.path)


@dataclass(frozen=True, slots=True)
class PatternRule:
    """A rule that finds parts of texts."""

    redaction: Redaction
    pattern: regex.Pattern[str]

    @property
    def name(self) -> str:
        """As messages call it."""
        return repr(self.redaction.pattern)


Rule = PathRule | PatternRule


def _steps(path: JSONPath) -> Iterator[JSONPath]:
    from jsonpath_ng import Child, Descendants

    stack = [path]
    while stack:
        step = stack.pop()
        if isinstance(step, (Child, Descendants)):
            stack += [step.left, step.right]
        else:
            yield step


def _names_places(path: JSONPath) -> bool:
    """False for what computes, sorts or climbs: there is no place then whose value could be replaced."""
    from jsonpath_ng import Fields, Index, Root, Slice, This
    from jsonpath_ng.ext.filter import Filter
    from jsonpath_ng.jsonpath import Wildcard

    return all(isinstance(step, (Fields, Filter, Index, Root, Slice, This, Wildcard)) for step in _steps(path))


def _path_rule(redaction: Redaction) -> PathRule:
    from jsonpath_ng.exceptions import JSONPathError
    from jsonpath_ng.ext.parser import parse

    place = f"redaction path {redaction.path!r}"
    if not redaction.path.startswith("$"):
        raise UsageError(f"{place} must start with '$'")
    if redaction.path.count("..") > MAX_DESCENTS:
        raise UsageError(f"{place} has '..' more than {MAX_DESCENTS} times")
    try:
        path: JSONPath = parse(redaction.path)
    except (JSONPathError, *FAILURES) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise UsageError(f"{place} cannot be read: {reason}") from None
    if not _names_places(path):
        raise UsageError(f"{place} names no places in an answer; use members, indices, slices, '*', '..' and filters")
    return PathRule(redaction, path)


def _pattern_rule(redaction: Redaction) -> PatternRule:
    import regex

    try:
        pattern = regex.compile(redaction.pattern, regex.VERSION0)
    except (regex.error, RecursionError, OverflowError) as error:
        raise UsageError(f"redaction pattern {redaction.pattern!r} cannot be read: {error}") from None
    if pattern.search("") is not None:
        raise UsageError(f"redaction pattern {redaction.pattern!r} matches empty text")
    return PatternRule(redaction, pattern)


def read_rule(redaction: Redaction) -> Rule:
    """The rule, ready to be applied. Raises: `UsageError`, with the place of the mistake where the parser says it."""
    if bool(redaction.path) == bool(redaction.pattern):
        raise UsageError("a redaction needs either a path or a pattern")
    if redaction.action not in ACTIONS:
        raise UsageError(f"a redaction has no action {redaction.action!r}; known: {', '.join(ACTIONS)}")
    if max(len(redaction.path), len(redaction.pattern)) > MAX_RULE:
        raise UsageError(f"the path or pattern of a redaction may have {MAX_RULE} characters")
    return _path_rule(redaction) if redaction.path else _pattern_rule(redaction)
