"""What stubs name, against what the descriptions of plugins have; programs that plugins do not ask for."""

from __future__ import annotations

import difflib
import fnmatch
from collections.abc import Collection, Iterator, Sequence

from orchestrator.check.codes import problem
from orchestrator.errors import Problem, UnknownName
from orchestrator.manifest.load import Plugin
from orchestrator.mock.plugin import OPENAPI
from orchestrator.mock.routes import Routes
from orchestrator.response.outcome import LOCAL_PLUGIN
from orchestrator.testing.answering.stubs import operations_of
from orchestrator.testing.format.places import Placed, where_written
from orchestrator.testing.format.settings import Stub
from runtimes.base import RuntimeServices, RuntimeSpec
from runtimes.errors import RuntimeUnavailable
from runtimes.http import HttpClient
from runtimes.local_endpoint import is_pattern
from runtimes.openapi import describe
from runtimes.openapi.document import Entry
from runtimes.positions import pointer_to

MAX_PATH_PARTS = 100
"""Parts of the path of a stub that are looked at."""


async def entries_of(plugins: Sequence[Plugin], http: HttpClient) -> tuple[Entry, ...] | None:
    """The operations that the descriptions of the plugins have; None where one of them cannot be had."""
    found: list[Entry] = []
    for plugin in plugins:
        for runtime in plugin.manifest.runtimes:
            if runtime.type.casefold() != OPENAPI:
                continue
            spec = RuntimeSpec(
                plugin=plugin.namespace,
                type=runtime.type,
                spec=runtime.spec,
                location=plugin.location,
                environment=plugin.environment,
            )
            try:
                found += (await describe(spec, RuntimeServices(http=http))).entries
            except RuntimeUnavailable:  # the manifest's own check says why
                return None
    return tuple(found)


def unknown_operations(stubs: Sequence[Stub], known: Collection[str] | None) -> Iterator[tuple[str, str]]:
    """Stubs for an operation that is not among those known, each with its pointer and what is wrong."""
    for index, stub in enumerate(stubs if known is not None else ()):
        if known is not None and stub.operation is not None and stub.operation not in known:
            pointer = pointer_to("api", "stubs", index, "operation")
            yield pointer, str(UnknownName("operation", stub.operation, known))


def _is_described(path: str, templates: Collection[str], routes: Routes) -> bool:
    """True where the path, or the end of it below the path of a server, is that of an operation."""
    starts = [at for at, char in enumerate(path) if char == "/"][:MAX_PATH_PARTS]
    return path in templates or any(next(routes.at(path[at:], ""), None) is not None for at in starts)


def _of_paths(stubs: Sequence[Stub], entries: Sequence[Entry]) -> Iterator[tuple[str, str, str]]:
    templates, routes = {entry.path for entry in entries}, Routes(entries)
    for index, stub in enumerate(stubs):
        if stub.path is None or _is_described(stub.path, templates, routes):
            continue
        near = difflib.get_close_matches(stub.path, templates, n=1)
        hint = f"did you mean {near[0]!r}?" if near else ""
        yield pointer_to("api", "stubs", index, "path"), f"no description has the path {stub.path!r}", hint


def stub_problems(placed: Placed, entries: Sequence[Entry]) -> Iterator[Problem]:
    """Stubs that answer nothing of what is described."""
    stubs = placed.conversation.api.stubs
    for pointer, message in unknown_operations(stubs, operations_of(entries)):
        yield problem("unknown-operation", where_written(placed, pointer).known(pointer), message)
    for pointer, message, hint in _of_paths(stubs, entries):
        yield problem("conversation-path", where_written(placed, pointer).known(pointer), message, hint=hint)


def _endpoints(plugins: Sequence[Plugin]) -> frozenset[str]:
    named = (
        runtime.spec.get("local_endpoint")
        for plugin in plugins
        for runtime in plugin.manifest.runtimes
        if runtime.type.casefold() == LOCAL_PLUGIN
    )
    return frozenset(name for name in named if isinstance(name, str))


def unused_programs(placed: Placed, plugins: Sequence[Plugin]) -> Iterator[Problem]:
    """Programs that nothing asks for."""
    conversation = placed.conversation
    called = {source.service for source in conversation.plugins}
    for name, service in conversation.services.items():
        if name not in called and service.variable is None:
            pointer = pointer_to("services", name)
            message = f"nothing calls the service {name!r}: no plugin names it, and no variable holds its address"
            yield problem("unused-program", where_written(placed, pointer).known(pointer), message)
    endpoints = _endpoints(plugins)
    for name in conversation.local:
        if name not in endpoints and not (is_pattern(name) and fnmatch.filter(endpoints, name)):
            pointer = pointer_to("local", name)
            message = f"no plugin of the conversation has a local endpoint {name!r}"
            hint = f"known: {', '.join(sorted(endpoints)) or 'none'}"
            yield problem("unused-program", where_written(placed, pointer).known(pointer), message, hint=hint)
