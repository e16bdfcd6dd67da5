"""The table of local plugins as it is told: what is behind each, and which runtimes of plugins name which. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from rich.cells import cell_len

from orchestrator.cli.conversations.table import fitted
from orchestrator.manifest.load import Plugin
from runtimes.local_endpoint import LocalEndpoint, endpoint_of, nearest
from runtimes.secret_variables import is_secret
from runtimes.values import JsonObject

HIDDEN = "•••"
"""What stands for a word that looks like a secret."""

MAX_NAME = 40
"""Cells of a name that a table shows."""
MIN_LAST = 12
"""Cells of the last column on any terminal."""

_GAP = "  "


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What is behind a name, and where that is said."""

    name: str
    endpoint: LocalEndpoint
    source: str
    """The path of a file, or an option."""
    problem: str = ""
    """Why it cannot be started; empty where nothing shows."""
    unset: tuple[str, ...] = ()
    """Variables that it is to inherit, and that are not set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A runtime of a plugin that names a local plugin."""

    plugin: str
    name: str
    """What it calls it."""
    entry: str | None
    """The name or the pattern of the entry that is meant; None where there is none."""
    near: str | None = None
    """The entry that may have been meant then."""


def _shown_address(address: str) -> str:
    """Where it is, without a query that looks like a secret."""
    place, _, query = address.partition("?")
    if is_secret("", place):
        return HIDDEN
    return f"{place}?{HIDDEN}" if query and is_secret("", address) else address


def shown_behind(endpoint: LocalEndpoint) -> JsonObject:
    """The command or the address, under the name that a table has for it, without what looks like a secret."""
    if endpoint.address:
        return {"address": _shown_address(endpoint.address)}
    return {"command": [HIDDEN if is_secret("", word) else word for word in endpoint.command]}


def shown(endpoint: LocalEndpoint) -> str:
    """The same in one line, a command as a shell would take it."""
    if endpoint.address:
        return _shown_address(endpoint.address)
    return " ".join(HIDDEN if is_secret("", word) else shlex.quote(word) for word in endpoint.command)


def unset_of(endpoint: LocalEndpoint, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Variables that it is to inherit, and that are not set."""
    return tuple(name for name in endpoint.inherited if name not in environ)


def named_by(plugins: Sequence[Plugin], table: Mapping[str, LocalEndpoint]) -> Iterator[Named]:
    """The runtimes with a `local_endpoint` (spec 11.4.2.1), whatever their type."""
    for plugin in plugins:
        for runtime in plugin.manifest.runtimes:
            name = runtime.spec.get("local_endpoint")
            if isinstance(name, str) and name:
                meant = endpoint_of(name, table)
                entry = next((one for one, endpoint in table.items() if endpoint is meant), None)
                near = None if entry is not None else nearest(name, table)
                yield Named(plugin=plugin.namespace, name=name, entry=entry, near=near)


def as_json(entry: Entry) -> JsonObject:
    """An entry without the values of variables; `idle` is in seconds."""
    endpoint, limits = entry.endpoint, entry.endpoint.limits
    return {
        "id": entry.name,
        **shown_behind(endpoint),
        "directory": endpoint.directory,
        "environment": [*endpoint.environment],
        "inherit": [*endpoint.inherited],
        "framing": endpoint.framing,
        "per_person": endpoint.is_per_person,
        "idle": endpoint.idle_seconds,
        "limits": {
            "cpu_seconds": limits.cpu_seconds,
            "memory_bytes": limits.memory_bytes,
            "open_files": limits.open_files,
        },
        "sandbox": endpoint.is_sandboxed,
        "network": endpoint.has_network,
        "source": entry.source,
        "problem": entry.problem,
        "unset": [*entry.unset],
    }


def named_as_json(named: Named) -> JsonObject:
    """A runtime and its entry; null where that is missing."""
    return {"plugin": named.plugin, "local_endpoint": named.name, "entry": named.entry}


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]], width: int) -> list[str]:
    """A line for each row, below the heads; the last column has the room that is left."""
    cells = [heads, *((*(fitted(text, MAX_NAME) for text in row[:-1]), row[-1]) for row in rows)]
    widths = [max(map(cell_len, column)) for column in zip(*cells, strict=True)][:-1]
    room = max(width - sum(widths) - len(_GAP) * len(widths), MIN_LAST)
    lines: list[str] = []
    for row in cells:
        padded = [text + " " * (wide - cell_len(text)) for text, wide in zip(row[:-1], widths, strict=True)]
        lines.append(_GAP.join((*padded, fitted(row[-1], room))).rstrip())
    return lines


def _process(endpoint: LocalEndpoint) -> str:
    words = ("each person's" if endpoint.is_per_person else "shared", "sandboxed" if endpoint.is_sandboxed else "")
    return ", ".join(filter(None, words))


def entries_table(entries: Sequence[Entry], width: int) -> list[str]:
    """A line for each entry."""
    heads = ("id", "framing", "process", "written in", "behind it")
    rows = (
        (one.name, one.endpoint.framing, _process(one.endpoint), one.source, shown(one.endpoint)) for one in entries
    )
    return _table(heads, rows, width)


def named_table(named: Sequence[Named], width: int) -> list[str]:
    """A line for each runtime."""
    rows = ((one.plugin, one.name, one.entry if one.entry is not None else "missing") for one in named)
    return _table(("plugin", "names", "entry"), rows, width)
