"""Coverage for people, as lines, and for programs. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence

from orchestrator.render.sanitize import clean_line
from orchestrator.testing.telling.coverage import KINDS, Coverage, CoverageKind, PluginCoverage, Thing
from runtimes.values import Json, JsonObject

WIDTH = 80
"""Characters of a line, where nobody says it."""

MAX_MISSING = 40
"""Things of a kind that are named."""

_COLUMN = 24
"""Characters before what is missing."""

_MISSING: Mapping[CoverageKind, str] = {
    "functions": "not called",
    "states": "not entered",
    "parameters": "not given",
    "responses": "not seen",
    "confirmations": "not answered",
    "cards": "not shown",
}


def _counted(plugins: Sequence[PluginCoverage], kind: CoverageKind) -> tuple[int, int]:
    """How many things were exercised, of how many."""
    counts = [count for plugin in plugins for count in plugin.of(kind).values()]
    return sum(count > 0 for count in counts), len(counts)


def _named(things: Sequence[Thing]) -> str:
    """The things by function: `getListings (400, default), saveSearch (400)`."""
    by_function: dict[str, list[str]] = {}
    for thing in things[:MAX_MISSING]:
        by_function.setdefault(thing.function, []).append(thing.what)
    parts = (f"{name} ({', '.join(whats)})" if any(whats) else name for name, whats in by_function.items())
    more = f", … {len(things) - MAX_MISSING} more" if len(things) > MAX_MISSING else ""
    return clean_line(", ".join(parts) + more)


def _row(plugin: PluginCoverage, kind: CoverageKind, width: int) -> Iterator[str]:
    done, total = _counted([plugin], kind)
    start = f"  {kind:<14}{f'{done}/{total}':<8}"
    if done == total:
        yield start.rstrip()
        return
    missing = f"{_MISSING[kind]}: {_named(plugin.missing(kind))}"
    lines = textwrap.wrap(missing, width - _COLUMN, break_on_hyphens=False)
    for index, line in enumerate(lines):
        yield f"{'' if index else start:{_COLUMN}}{line}"


def _total(plugins: Sequence[PluginCoverage]) -> str:
    counted = ((kind, *_counted(plugins, kind)) for kind in KINDS)
    return ", ".join(f"{kind} {done}/{total}" for kind, done, total in counted if total)


def coverage_lines(coverage: Coverage, *, width: int = WIDTH) -> Iterator[str]:
    """A table for each plugin, with what is missing by name, and all of them in a line; none longer than `width`."""
    for plugin in coverage.plugins:
        yield clean_line(f"coverage of {plugin.name}")[:width]
        for kind in KINDS:
            yield from _row(plugin, kind, width) if plugin.of(kind) else ()
    total = f"coverage: {_total(coverage.plugins) or 'no function was on offer'}"
    yield from textwrap.wrap(total, width, subsequent_indent="  ")


def _kinds_json(plugins: Sequence[PluginCoverage]) -> JsonObject:
    """The kinds that there are, each with what is missing of it."""
    told: JsonObject = {}
    for kind in KINDS:
        done, total = _counted(plugins, kind)
        missing = [f"{thing.function} {thing.what}".rstrip() for plugin in plugins for thing in plugin.missing(kind)]
        if total:
            told[kind] = {"exercised": done, "total": total, "missing": list[Json](missing)}
    return told


def coverage_json(coverage: Coverage) -> JsonObject:
    """The same for programs."""
    plugins: list[Json] = [
        {"source": plugin.source, "name": plugin.name, **_kinds_json([plugin])} for plugin in coverage.plugins
    ]
    return {"plugins": plugins, "total": _kinds_json(coverage.plugins)}
