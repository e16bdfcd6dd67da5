"""Which factory opens a runtime object, by its type: ours, the host's own, and those of other distributions.

Other distributions register a factory under the entry point group `plugin_orchestrator.runtimes`, with the runtime's
type as the name. Nothing is imported before a manifest asks for it.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import TypeGuard

from runtimes.base import RuntimeFactory
from runtimes.errors import RuntimeUnavailable
from runtimes.wrappers import guarded, one_line

GROUP = "plugin_orchestrator.runtimes"
"""The entry point group."""


def _open_api() -> RuntimeFactory:
    from runtimes.openapi import open_openapi

    return open_openapi


def _local_plugin() -> RuntimeFactory:
    from runtimes.local import open_local

    return open_local


_BUILT_IN: Mapping[str, Callable[[], RuntimeFactory]] = {"OpenApi": _open_api, "LocalPlugin": _local_plugin}
"""Factories of this distribution, imported when asked for."""


def _is_factory(value: object) -> TypeGuard[RuntimeFactory]:
    return callable(value)


def _load(point: EntryPoint) -> RuntimeFactory:
    distribution = point.dist.name if point.dist else "unknown"
    where = f"the runtime {point.name!r} of the distribution {distribution!r}"
    try:
        loaded: object = point.load()
    except Exception as error:  # importing runs a stranger's module
        raise RuntimeUnavailable(
            f"{where} cannot be imported from {point.value!r}: {type(error).__name__}: {one_line(error)}"
        ) from error
    if not _is_factory(loaded):
        raise RuntimeUnavailable(f"{where} is no factory: {point.value!r} cannot be called")
    return guarded(loaded)


def _registered(name: str) -> RuntimeFactory | None:
    points = tuple(entry_points(group=GROUP, name=name))
    if len(points) > 1:
        names = ", ".join(sorted(point.dist.name for point in points if point.dist))
        raise RuntimeUnavailable(f"more than one distribution offers the runtime {name!r}: {names}; keep one of them")
    return _load(points[0]) if points else None


def known_types(extra: Mapping[str, RuntimeFactory]) -> tuple[str, ...]:
    """The types that have a factory, sorted."""
    return tuple(sorted({*_BUILT_IN, *extra, *entry_points(group=GROUP).names}))


def factory_for(type: str, extra: Mapping[str, RuntimeFactory]) -> RuntimeFactory:
    """The factory for a runtime type (spec 11.1.1).

    What the host's own code gives in `extra` comes first, then our own types in any case, then those of other
    distributions, behind a guard.

    Raises: `RuntimeUnavailable` when there is none, or it cannot be imported.
    """
    if type in extra:
        return extra[type]
    for name, load in _BUILT_IN.items():
        if name.casefold() == type.casefold():
            return load()
    if (registered := _registered(type)) is not None:
        return registered
    known = known_types(extra)
    near = difflib.get_close_matches(type, known, n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    raise RuntimeUnavailable(f"there is no runtime for the type {type!r}; {hint}known types: {', '.join(known)}")
