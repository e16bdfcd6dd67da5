"""Which factory opens a runtime object, by its type: ours, the host's own, and those of other distributions.

Other distributions register a factory under the entry point group `plugin_orchestrator.runtimes`, with the runtime's
type, an `x-` one, as the name. Nothing is imported before a manifest asks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import TypeGuard

from runtimes.base import RuntimeFactory
from runtimes.errors import RuntimeUnavailable
from runtimes.foreign.words import in_one_line, words_of

GROUP = "plugin_orchestrator.runtimes"
"""The entry point group."""

PREFIX = "x-"
"""How the types start that others may add (spec 3.6)."""

MAX_SHOWN = 100
"""How much of the name of a type or a distribution is shown."""


def _open_api() -> RuntimeFactory:
    from runtimes.openapi import open_openapi

    return open_openapi


def _local_plugin() -> RuntimeFactory:
    from runtimes.local import open_local

    return open_local


def _mcp_server() -> RuntimeFactory:
    from runtimes.mcp import open_mcp

    return open_mcp


_BUILT_IN: Mapping[str, Callable[[], RuntimeFactory]] = {
    "OpenApi": _open_api,
    "LocalPlugin": _local_plugin,
    "RemoteMCPServer": _mcp_server,
    "x-McpServer": _mcp_server,
}
"""Factories of this distribution, imported when asked for."""


def _is_factory(value: object) -> TypeGuard[RuntimeFactory]:
    return callable(value)


def _named(point: EntryPoint) -> str:
    name = in_one_line(point.name, MAX_SHOWN)
    distribution = in_one_line(point.dist.name if point.dist else "unknown", MAX_SHOWN)
    return f"the runtime {name!r} of the distribution {distribution!r}"


def _refusal(point: EntryPoint) -> str:
    """Why the type is not this distribution's to offer; empty where it is."""
    if not point.name.casefold().startswith(PREFIX):
        return f"{_named(point)} is not used: its type has to start with {PREFIX!r} (spec 3.6)"
    if point.name.casefold() in {name.casefold() for name in _BUILT_IN}:
        return f"{_named(point)} is not used: the type is one of ours"
    return ""


def _load(point: EntryPoint) -> RuntimeFactory:
    from runtimes.foreign.members import factory_mistakes
    from runtimes.foreign.opening import guarded

    where = _named(point)
    try:
        loaded: object = point.load()
    except (Exception, SystemExit) as error:  # importing runs a stranger's module
        raise RuntimeUnavailable(f"{where} cannot be imported from {point.value!r}: {words_of(error)}") from error
    mistakes = [*factory_mistakes(loaded)]
    if mistakes or not _is_factory(loaded):
        raise RuntimeUnavailable(f"{where} is no factory: {point.value!r}: {'; '.join(mistakes)}")
    return guarded(loaded, where)


def _registered(type: str) -> RuntimeFactory | None:
    points = tuple(point for point in entry_points(group=GROUP) if point.name.casefold() == type.casefold())
    if len(points) > 1:
        names = ", ".join(sorted(point.dist.name for point in points if point.dist))
        raise RuntimeUnavailable(f"more than one distribution offers the runtime {type!r}: {names}; keep one of them")
    if points and (refusal := _refusal(points[0])):
        raise RuntimeUnavailable(refusal)
    return _load(points[0]) if points else None


def known_types(extra: Mapping[str, RuntimeFactory]) -> tuple[str, ...]:
    """The types that have a factory, sorted."""
    registered = (point.name for point in entry_points(group=GROUP) if not _refusal(point))
    return tuple(sorted({*_BUILT_IN, *extra, *registered}))


def factory_for(type: str, extra: Mapping[str, RuntimeFactory]) -> RuntimeFactory:
    """The factory for a runtime type (spec 11.1.1).

    What the host's own code gives in `extra` comes first, then our own types in any case, then those of other
    distributions in any case, behind a guard.

    Raises: `RuntimeUnavailable` when there is none, or it cannot be imported.
    """
    if type in extra:
        return extra[type]
    for name, load in _BUILT_IN.items():
        if name.casefold() == type.casefold():
            return load()
    if (registered := _registered(type)) is not None:
        return registered
    from difflib import get_close_matches

    known = known_types(extra)
    near = get_close_matches(type, known, n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    refusals = sorted(refusal for point in entry_points(group=GROUP) if (refusal := _refusal(point)))
    unused = "".join(f"; {refusal}" for refusal in refusals)
    raise RuntimeUnavailable(
        f"there is no runtime for the type {type!r}; {hint}known types: {', '.join(known)}{unused}"
    )
