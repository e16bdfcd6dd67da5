"""An installed local plugin (spec 11.4): a program to start, or an address where one runs already.

A manifest only names an endpoint; what stands behind the name is the host's to say, in a table of its own.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Literal

from runtimes.errors import RuntimeUnavailable
from runtimes.values import JsonObject

Framing = Literal["auto", "lines", "headers"]
"""How messages lie in a stream of bytes: one a line, or each after a `Content-Length` header; `auto` finds out."""

FRAMINGS: tuple[Framing, ...] = ("auto", "lines", "headers")

IDLE_SECONDS = 600.0
"""How long a program that nobody calls keeps running."""

MAX_OPEN_FILES = 1024
"""How many files a program may hold open, where its endpoint does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramLimits:
    """What the system lets one program use, each process of it; None leaves that as it is for this program."""

    cpu_seconds: int | None = None
    """Processor time since its start; it is killed at the end of it."""
    memory_bytes: int | None = None
    """Address space; programs that reserve much more than they use, as JavaScript engines do, need a high one."""
    open_files: int | None = MAX_OPEN_FILES


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalEndpoint:
    """How a local plugin is reached: by a `command` or at an `address`, never both."""

    command: tuple[str, ...] = ()
    """The program and its arguments; no shell reads them."""
    address: str = ""
    """`unix:PATH`, `tcp:HOST:PORT`, or an `http`, `https`, `ws` or `wss` URL; on this machine only."""
    directory: str | None = None
    """The working directory; None means a private temporary one."""
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    """Variables added to the few that every local plugin gets."""
    inherited: tuple[str, ...] = ()
    """Names of variables of ours that this one gets as well."""
    framing: Framing = "auto"
    is_per_person: bool = False
    """A process for each person; else all share one."""
    idle_seconds: float | None = IDLE_SECONDS
    """How long it keeps running when nobody calls; None for as long as the host."""
    limits: ProgramLimits = field(default_factory=ProgramLimits)
    is_sandboxed: bool = False
    """Run in a sandbox of the system (`bwrap`), and not at all where there is none."""
    read_only: tuple[str, ...] = ()
    """Of a sandboxed program: files in its working directory, by full path, that it may not write."""
    has_network: bool = False
    """Of a sandboxed program: whether it reaches the network."""


_WILDCARDS = re.compile(r"[*?\[]")


def is_pattern(identifier: str) -> bool:
    """True where an identifier of the table stands for several, as those with versions in them do (spec 13.1.2)."""
    return _WILDCARDS.search(identifier) is not None


def endpoint_of(name: str, table: Mapping[str, LocalEndpoint]) -> LocalEndpoint | None:
    """What stands behind the name that a manifest gives: its own entry, else that of the longest pattern it matches.

    `*` in a pattern stands for any characters, `?` for one, `[…]` for one of several.
    """
    if name in table:
        return table[name]
    matching = [pattern for pattern in table if is_pattern(pattern) and fnmatchcase(name, pattern)]
    return table[max(matching, key=lambda pattern: (len(pattern), pattern))] if matching else None


def nearest(name: str, table: Mapping[str, LocalEndpoint]) -> str | None:
    """The identifier of the table that may have been meant."""
    from difflib import get_close_matches

    return next(iter(get_close_matches(name, table, n=1)), None)


def named_endpoint(type: str, spec: JsonObject, table: Mapping[str, LocalEndpoint]) -> tuple[str, LocalEndpoint]:
    """The name that the spec of a runtime gives (spec 11.4.2.1), and what stands behind it.

    Raises: `RuntimeUnavailable` where it gives none, and for one that the table does not have.
    """
    name = spec.get("local_endpoint")
    if not isinstance(name, str) or not name:
        raise RuntimeUnavailable(f"a {type} runtime needs 'local_endpoint', the name of an installed local plugin")
    endpoint = endpoint_of(name, table)
    if endpoint is None:
        near = nearest(name, table)
        hint = f", perhaps {near!r} is meant" if near else ""
        raise RuntimeUnavailable(
            f"there is no local plugin {name!r}{hint}; register it with"
            f" `orchestrator local add {shlex.quote(name)} -- COMMAND`, or for one command with `--local`"
        )
    return name, endpoint
