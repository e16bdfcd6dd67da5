"""What the members of rules and policies may hold; every mistake names its member. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TypeGuard

from orchestrator.errors import UsageError


def _is_mapping(value: object) -> TypeGuard[Mapping[object, object]]:
    return isinstance(value, Mapping)


def _is_iterable(value: object) -> TypeGuard[Iterable[object]]:
    return isinstance(value, Iterable) and not isinstance(value, str | bytes | Mapping)


def elements(value: object) -> tuple[object, ...] | None:
    """The elements of a list, a tuple or a set; None for what is none, such as a text."""
    return tuple(value) if _is_iterable(value) else None


def check_text(member: str, value: object) -> None:
    """Raises: `UsageError`."""
    if not isinstance(value, str):
        raise UsageError(f"{member} must be a text, not {value!r}")


def check_pattern(member: str, value: object) -> None:
    """Raises: `UsageError`."""
    check_text(member, value)
    if not value:
        raise UsageError(f"{member} is empty, and so fits nothing; leave it out to fit everything")


def patterns_by_name(value: object) -> dict[str, str]:
    """The patterns for arguments. Raises: `UsageError`."""
    if not _is_mapping(value):
        raise UsageError(f"arguments must be patterns by the names of arguments, not {value!r}")
    patterns: dict[str, str] = {}
    for name, pattern in value.items():
        if not isinstance(name, str):
            raise UsageError(f"arguments must have names that are texts, not {name!r}")
        if not isinstance(pattern, str):
            raise UsageError(f"arguments: the pattern for {name!r} must be a text, not {pattern!r}")
        patterns[name] = pattern
    return patterns


def seconds(value: object) -> float | None:
    """When a rule ends, in seconds since the epoch. Raises: `UsageError`."""
    if isinstance(value, datetime):
        try:
            return value.timestamp()
        except (OverflowError, OSError, ValueError):
            raise UsageError("until is out of range") from None
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return value
    raise UsageError(f"until must be a datetime, or seconds since the epoch, not {value!r}")


def _group(value: object) -> frozenset[str]:
    found = elements(value)
    names = [name for name in found or () if isinstance(name, str) and name]
    if not names or len(names) != len(found or ()):
        raise UsageError(f"together must be groups of namespaces, such as {{'mail', 'calendar'}}, not {value!r}")
    return frozenset(names)


def groups(value: object) -> tuple[frozenset[str], ...]:
    """The groups of plugins. Raises: `UsageError`."""
    found = elements(value)
    if found is None:
        raise UsageError(f"together must be groups of namespaces, not {value!r}")
    return tuple(map(_group, found))
