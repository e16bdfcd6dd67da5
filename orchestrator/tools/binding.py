"""Binds functions to runtimes (spec 11): opens each runtime object and sees which functions it answers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from auth import AuthReference
from orchestrator.errors import UsageError
from orchestrator.manifest.load import Plugin
from orchestrator.manifest.model import Function, Runtime, known_spellings
from orchestrator.manifest.rules import WILDCARDS
from orchestrator.response.presentation import Presentation
from orchestrator.response.rich_response import is_rich
from orchestrator.tools.card_files import CardFiles
from orchestrator.tools.credentials import credential_obstacle
from orchestrator.tools.definitions import describe, parameters_of, tool_name
from orchestrator.tools.opened import OpenPlugin, OpenRuntime, matches
from orchestrator.tools.toolbox import ALL_FUNCTIONS, UNDECLARED, BoundFunction, Skipped, Toolbox
from runtimes.base import FunctionSignature, RuntimeExecutor, RuntimeFactory, RuntimeServices, RuntimeSpec
from runtimes.discovery import factory_for
from runtimes.errors import RuntimeUnavailable, ServerUnknown
from runtimes.values import JsonObject
from runtimes.wrappers import Bounded, Guarded, Templated

if TYPE_CHECKING:
    from orchestrator.response.redaction import Redactor

PROGRESS_STYLES = ("None", "ShowUsage", "ShowUsageWithInput", "ShowUsageWithInputAndOutput")
"""The values of `progress_style` (spec 11.3.2.3)."""

OPENAPI = "openapi"
"""The type of the runtimes that have servers, case folded."""

MCP_SERVERS = frozenset({"remotemcpserver", "x-mcpserver"})
"""The types of the runtimes whose functions are the tools of a server, case folded."""

DEFAULT_PROGRESS = "ShowUsage"
"""Where the manifest says nothing (design decision 1)."""


def functions_of(plugin: Plugin, runtime: Runtime) -> tuple[str, ...] | None:
    """The declared functions that this runtime may answer; None asks it for its own (spec 4.2.10, 11.1.3), as where
    there are none and a server has a list of them."""
    declared = plugin.manifest.functions
    if declared is None or (not declared and runtime.type.casefold() in MCP_SERVERS):
        return None
    return tuple(function.name for function in declared if matches(function.name, runtime.run_for_functions))


def _outright(runtime: Runtime, spec: RuntimeSpec) -> set[str]:
    """The functions that the runtime gives by their names, and not by a wildcard."""
    named = {name for name in runtime.run_for_functions or () if WILDCARDS.isdisjoint(name)}
    return named if spec.functions is None else named & set(spec.functions)


def _is_contested(plugin: Plugin, runtime: Runtime, outright: set[str], others: Sequence[Runtime]) -> bool:
    """True when functions that it does not give by name may be answered by one of the others."""
    wanted = functions_of(plugin, runtime)
    if wanted is None:
        return bool(others)
    open_names = set(wanted) - outright
    return any(not open_names.isdisjoint(functions_of(plugin, other) or ()) for other in others)


def _lists_servers(runtime: Runtime) -> bool:
    return runtime.type.casefold() == OPENAPI


def has_servers(plugin: Plugin) -> bool:
    """True when a description of the plugin may list servers."""
    return any(_lists_servers(runtime) for runtime in plugin.manifest.runtimes)


def _refuse_number(plugin: Plugin, server: str) -> None:
    """Raises: `UsageError` for a number where several descriptions have lists that it may count in."""
    listing = (runtime.spec for runtime in plugin.manifest.runtimes if _lists_servers(runtime))
    descriptions = {(str(spec.get("url")), str(spec.get("api_description"))) for spec in listing}
    if server.isdecimal() and len(descriptions) > 1:
        reason = f"it has {len(descriptions)} descriptions, and server {server} may be any of theirs"
        raise UsageError(f"plugin {plugin.namespace!r}: {reason}; choose it by its URL")


def _spec(plugin: Plugin, runtime: Runtime, auth: AuthReference, server: str) -> RuntimeSpec:
    return RuntimeSpec(
        plugin=plugin.namespace,
        type=runtime.type,
        spec=runtime.spec,
        location=plugin.location,
        auth=auth,
        functions=functions_of(plugin, runtime),
        output_template=runtime.output_template,
        template_context=plugin.document,
        environment=plugin.environment,
        server=server,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Offer:
    """What all functions of one runtime have in common, looked up once for all of them."""

    plugin: Plugin
    runtime_type: str
    progress_style: str
    has_credential: bool
    executor: RuntimeExecutor
    signatures: Mapping[str, FunctionSignature]

    def bind(self, name: str, declared: Function | None, presentation: Presentation) -> BoundFunction:
        """The function of that name."""
        signature = self.signatures[name]
        return BoundFunction(
            plugin=self.plugin,
            name=name,
            tool_name=tool_name(self.plugin.namespace, name),
            description=describe(declared, signature),
            parameters=parameters_of(declared, signature),
            declaration=declared or UNDECLARED,
            runtime_type=self.runtime_type,
            has_credential=self.has_credential,
            progress_style=self.progress_style,
            signature=signature,
            executor=self.executor,
            presentation=presentation,
        )


def _offer(plugin: Plugin, opened: OpenRuntime) -> _Offer | None:
    """What a runtime offers at the moment; None where nobody answers for it."""
    executor = opened.offered()
    if executor is None:
        return None
    runtime = opened.runtime
    style = runtime.spec.get("progress_style")
    return _Offer(
        plugin=plugin,
        runtime_type=runtime.type,
        progress_style=known_spellings(PROGRESS_STYLES, [style])[0] if isinstance(style, str) else DEFAULT_PROGRESS,
        has_credential=runtime.auth.reference.type.casefold() != "none",
        executor=executor,
        signatures=executor.functions,
    )


class Binder:
    """Opens runtimes into a stack, and collects what they answer and what they do not."""

    def __init__(
        self,
        stack: AsyncExitStack,
        factories: Mapping[str, RuntimeFactory],
        servers: Mapping[str, str] | None = None,
        redactor: Redactor | None = None,
        visual_templates: Mapping[str, JsonObject] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`servers` has the server that is wanted of a plugin's descriptions, by namespace; `visual_templates` are
        those that local plugins may name; `clock` tells the time that cards know."""
        self._clock = clock
        self._visual_templates = visual_templates or {}
        self._redactor = redactor
        self._stack = stack
        self._factories = factories
        self._servers = servers or {}
        self._unknown_servers: dict[str, list[str]] = {}
        self._open_plugins: list[OpenPlugin] = []

    async def add(self, plugin: Plugin, services: RuntimeServices) -> None:
        """Binds the functions of one plugin; none of its mistakes reaches another plugin.

        Raises: `UsageError` when a server is wanted of it that none of its descriptions has, or a number of many.
        """
        _refuse_number(plugin, self._servers.get(plugin.namespace, ""))
        runtimes = [await self._open(plugin, runtime, services) for runtime in plugin.manifest.runtimes]
        opened = OpenPlugin(plugin=plugin, runtimes=[one for one in runtimes if one is not None], presentations={})
        claimed = opened.claims()
        if plugin.namespace in self._servers:
            self._refuse_unknown_server(plugin, claimed)
        cards = CardFiles(plugin, services.http)
        declared = [function for function in plugin.manifest.functions or () if function.name in claimed]
        presentations = {function.name: await self._presentation(function, cards) for function in declared}
        self._open_plugins.append(replace(opened, presentations=presentations))

    async def _presentation(self, function: Function, cards: CardFiles) -> Presentation:
        return Presentation(
            template=await cards.template_of(function),
            visual_templates=self._visual_templates,
            is_rich=is_rich(function),
            clock=self._clock,
        )

    def _refuse_unknown_server(self, plugin: Plugin, by_name: Mapping[str, Sequence[OpenRuntime]]) -> None:
        """Raises: `UsageError` when no description of the plugin has the server that is wanted of it."""
        if not has_servers(plugin):
            raise UsageError(f"plugin {plugin.namespace!r} has no runtime of type 'OpenApi', and so no servers")
        is_met = any(_lists_servers(claim.runtime) for claims in by_name.values() for claim in claims)
        unknown = self._unknown_servers.get(plugin.namespace)
        if unknown and not is_met:
            raise UsageError(f"plugin {plugin.namespace!r}: {'; '.join(dict.fromkeys(unknown))}")

    def toolbox(self, *, inline_schemas: bool = False) -> Toolbox:
        """What the runtimes answer at the moment; two functions whose tools would have one name are both left out."""
        skipped: list[Skipped] = []
        names: dict[str, list[BoundFunction]] = {}
        for opened in self._open_plugins:
            for function in self._bound(opened, skipped):
                names.setdefault(function.tool_name, []).append(function)
        for name, rivals in names.items():
            if len(rivals) > 1:
                reason = f"another function has the tool name {name!r} too"
                skipped += [Skipped(plugin=one.plugin.namespace, function=one.name, reason=reason) for one in rivals]
        offered = [rivals[0] for rivals in names.values() if len(rivals) == 1]
        return Toolbox(offered, skipped, inline_schemas=inline_schemas)

    def _bound(self, opened: OpenPlugin, skipped: list[Skipped]) -> Iterator[BoundFunction]:
        """The functions of one plugin; `skipped` is told of those that are not offered."""
        plugin = opened.plugin
        reasons: dict[str, list[str]] = {}
        for runtime in opened.runtimes:
            for name, reason in runtime.reasons():
                reasons.setdefault(name, []).append(reason)
        declared = {function.name: function for function in plugin.manifest.functions or ()}
        claims = opened.claims()
        offers = {id(runtime): _offer(plugin, runtime) for runtime in opened.runtimes}
        plain = Presentation(visual_templates=self._visual_templates, clock=self._clock)
        for name, rivals in claims.items():
            if len(rivals) > 1:
                reasons[name] = [f"{len(rivals)} runtimes declare support for it, and only one may (spec 11)"]
            elif (offer := offers[id(rivals[0])]) is not None:
                yield offer.bind(name, declared.get(name), opened.presentations.get(name) or plain)
                reasons.pop(name, None)
        for name in declared:
            if name not in claims:
                reasons.setdefault(name, ["no runtime of the plugin runs it (spec 11.1.3)"])
        for name, texts in reasons.items():
            skipped.append(Skipped(plugin=plugin.namespace, function=name, reason="; ".join(dict.fromkeys(texts))))

    async def _open(self, plugin: Plugin, runtime: Runtime, services: RuntimeServices) -> OpenRuntime | None:
        """What the runtime answers; None where no function is its own."""
        auth = runtime.auth.reference
        spec = _spec(plugin, runtime, auth, self._servers.get(plugin.namespace, ""))
        if spec.functions == ():
            return None
        names = spec.functions or (ALL_FUNCTIONS,)
        if obstacle := await credential_obstacle(runtime, services.vault, plugin.location):
            reserved = tuple(sorted(await self._reserved(plugin, runtime, spec, services)))
            return OpenRuntime(runtime=runtime, reserved=reserved, obstacles=dict.fromkeys(names, obstacle))
        try:
            factory = factory_for(runtime.type, self._factories)
            executor = await self._stack.enter_async_context(factory(spec, services))
        except RuntimeUnavailable as error:
            if isinstance(error, ServerUnknown):
                self._unknown_servers.setdefault(plugin.namespace, []).append(str(error))
            return OpenRuntime(runtime=runtime, obstacles=dict.fromkeys(names, str(error)))
        return OpenRuntime(
            runtime=runtime,
            executor=executor,
            wrap=partial(_wrapped, spec, self._redactor),
            allowed=runtime.run_for_functions if spec.functions is None else None,
        )

    async def _reserved(
        self, plugin: Plugin, runtime: Runtime, spec: RuntimeSpec, services: RuntimeServices
    ) -> set[str]:
        """The functions of a runtime that has no credential: nobody answers them in its place.

        They are those that it names outright, and, where another runtime may answer too, all that it describes.
        """
        outright = _outright(runtime, spec)
        rivals = [one for one in plugin.manifest.runtimes if one is not runtime]
        usable = [one for one in rivals if not await credential_obstacle(one, services.vault, plugin.location)]
        if not _is_contested(plugin, runtime, outright, usable):
            return outright
        try:
            factory = factory_for(runtime.type, self._factories)
            async with factory(spec, services) as executor:
                described = set(executor.functions)
        except RuntimeUnavailable:
            return outright
        return outright | {name for name in described if matches(name, runtime.run_for_functions)}


def _wrapped(spec: RuntimeSpec, redactor: Redactor | None, executor: RuntimeExecutor) -> RuntimeExecutor:
    """Redacted before a template sees it: what that makes may be any text."""
    wrapped: RuntimeExecutor = Bounded(Guarded(executor))
    if redactor is not None:
        from orchestrator.tools.redacted import Redacted

        wrapped = Redacted(wrapped, redactor, spec.plugin)
    return Templated(wrapped, spec) if spec.output_template else wrapped
