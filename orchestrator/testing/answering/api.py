"""Who answers the calls of a conversation that is played; what goes out is kept.

Descriptions are read once and kept for the conversations that follow on the same host.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Container, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import replace

import anyio
import anyio.lowlevel

from orchestrator.manifest.load import Plugin
from orchestrator.mock.api import MockApi
from orchestrator.mock.plugin import OPENAPI, mocked_plugin
from orchestrator.response.outcome import LOCAL_PLUGIN
from orchestrator.testing.answering.in_memory import HOST, ORIGIN, Body, Following, Mocked, Stubbed, base_paths, pause
from orchestrator.testing.answering.outgoing import Attributed, Outgoing, Previewed, Recording
from orchestrator.testing.answering.recorded_api import RecordedApi
from orchestrator.testing.answering.relocation import Relocated, ServicePlace
from orchestrator.testing.answering.stubs import Stubs, operations_of
from orchestrator.testing.format.settings import Api, Stub
from orchestrator.testing.judging.mismatch import Mismatch
from orchestrator.testing.judging.observed import Received
from runtimes.base import (
    RuntimeExecutor,
    RuntimeFactory,
    RuntimeServices,
    RuntimeSpec,
    WireMessage,
)
from runtimes.credentials import Discreet
from runtimes.discovery import factory_for
from runtimes.errors import RuntimeUnavailable
from runtimes.http import HttpClient
from runtimes.openapi import describe, execute
from runtimes.openapi.document import Description


async def _no_wait(seconds: float) -> None:
    del seconds
    await anyio.lowlevel.checkpoint()


REMOTE_MCP_SERVER = "remotemcpserver"
"""The type of runtimes whose servers nothing here can stand for, case folded."""


def _unasked(spec: RuntimeSpec, services: RuntimeServices, /) -> AbstractAsyncContextManager[RuntimeExecutor]:
    """Raises: `RuntimeUnavailable`: it is somebody's real server."""
    del spec, services
    raise RuntimeUnavailable("a remote MCP server is asked in a test only where that says 'api: real'")


class Apis:
    """Opens the runtimes of a host, and keeps what goes out in each turn."""

    def __init__(self, api: Api, body: Body, *, recorded: RecordedApi | None = None) -> None:
        """`recorded` answers in the place of an API, after stubs."""
        self._api = api
        self._body = body
        self._recorded = recorded
        self._stubs = Stubs(api.stubs)
        self._outgoing = Outgoing()
        self._operations: frozenset[str] | None = frozenset()

    @property
    def operations(self) -> frozenset[str] | None:
        """The names by which stubs may call the operations of the descriptions; None where one cannot be read."""
        return self._operations

    @property
    def sent(self) -> tuple[WireMessage, ...]:
        """What has gone out since `begin`."""
        return self._outgoing.sent

    @property
    def received(self) -> tuple[Received, ...]:
        """What is known of each: for which call, and what came back."""
        return self._outgoing.received

    def restart(self, stubs: Sequence[Stub]) -> None:
        """Goes on with another conversation, and its stubs: they have answered nothing yet."""
        self._stubs = Stubs(stubs)
        self._outgoing.begin()

    def add_stub(self, stub: Stub) -> None:
        """Puts a stub after those of the conversation, until another begins."""
        self._stubs.add(stub)

    @property
    def mismatches(self) -> tuple[Mismatch, ...]:
        """What has gone out since `begin` otherwise than it was recorded."""
        return self._recorded.mismatches if self._recorded is not None else ()

    def begin(self) -> None:
        """Goes on with another turn: forgets what went out before."""
        self._outgoing.begin()
        if self._recorded is not None:
            self._recorded.begin()

    @property
    def is_replayed(self) -> bool:
        """True where recorded answers stand for those of the real service."""
        return self._recorded is not None and not self._recorded.is_live

    def _is_mocked(self, service: ServicePlace | None) -> bool:
        """Without more words a plugin that has a service is called there."""
        return self._api.is_mocked and (service is None or self._api.mock is not None)

    def plugins(
        self, plugins: Iterable[Plugin], services: Mapping[str, ServicePlace], credentials: Container[str]
    ) -> tuple[Plugin, ...]:
        """The plugins as the host is given them: what is mocked or replayed asks for no credential but for those that
        there are.

        `services` has those at which they are called, by where their manifests lie; `credentials` has references.
        """
        return tuple(
            mocked_plugin(one, HOST, credentials)
            if self.is_replayed or self._is_mocked(services.get(one.location))
            else one
            for one in plugins
        )

    def factories(
        self, plugins: Iterable[Plugin], services: Mapping[str, ServicePlace]
    ) -> Mapping[str, RuntimeFactory]:
        """A factory for each type of runtime that the plugins have, as they spell it; `services` as above."""
        found: dict[str, RuntimeFactory] = {}
        for name in {runtime.type for plugin in plugins for runtime in plugin.manifest.runtimes}:
            if name.casefold() == OPENAPI:
                found[name] = self._openapi(services)
                continue
            if name.casefold() == REMOTE_MCP_SERVER and not self._api.real:
                found[name] = _unasked
                continue
            with suppress(RuntimeUnavailable):  # the host names the type that nothing opens
                factory = factory_for(name, {})
                is_local = name.casefold() == LOCAL_PLUGIN
                found[name] = self._local(factory) if is_local else self._previewing(factory)
        return found

    def _openapi(self, places: Mapping[str, ServicePlace]) -> RuntimeFactory:
        @asynccontextmanager
        async def opened(spec: RuntimeSpec, services: RuntimeServices, /) -> AsyncGenerator[RuntimeExecutor]:
            service = places.get(spec.location)
            is_mocked = self._is_mocked(service)
            called = replace(spec, base_url=ORIGIN if is_mocked else service.origin if service else "")
            description = await self._described(spec, services)
            real = Relocated(services.http, service) if service else services.http
            backing = self._mock(description) if is_mocked else self._backing(real)
            bases = base_paths(description, called)
            stubbed = Stubbed(backing, description, bases, lambda: self._stubs, self._body)
            http = Following(Recording(Discreet(stubbed), self._outgoing))
            sleep = _no_wait if is_mocked or self.is_replayed else pause
            yield Attributed(execute(description, called, http, vault=services.vault, sleep=sleep))

        return opened

    async def _described(self, spec: RuntimeSpec, services: RuntimeServices) -> Description:
        """Raises: `RuntimeUnavailable`."""
        try:
            description = await describe(spec, services)
        except RuntimeUnavailable:
            self._operations = None
            raise
        if self._operations is not None:
            self._operations |= operations_of(description.entries)
        return description

    def _mock(self, description: Description) -> HttpClient:
        return Mocked(MockApi(description, self._api.seed, gives_examples=self._api.examples))

    def _backing(self, http: HttpClient) -> HttpClient:
        """Whoever answers what no stub does, where nothing is made up."""
        return http if self._recorded is None else self._recorded.over(http)

    def _local(self, factory: RuntimeFactory) -> RuntimeFactory:
        @asynccontextmanager
        async def opened(spec: RuntimeSpec, services: RuntimeServices, /) -> AsyncGenerator[RuntimeExecutor]:
            async with factory(spec, replace(services, sent=self._outgoing.tell)) as executor:
                yield Attributed(executor)

        return opened

    def _previewing(self, factory: RuntimeFactory) -> RuntimeFactory:
        @asynccontextmanager
        async def opened(spec: RuntimeSpec, services: RuntimeServices, /) -> AsyncGenerator[RuntimeExecutor]:
            async with factory(spec, services) as executor:
                yield Attributed(Previewed(executor, self._outgoing))

        return opened
