"""A plugin whose APIs are mocked: its descriptions served on loopback, its runtimes pointed there.

The plugin keeps its functions, texts and rules. Its runtimes of type `OpenApi` ask for no credential any more, and may
reach the address of the mock besides.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Container, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from orchestrator.errors import OrchestratorError
from orchestrator.manifest.load import Plugin
from orchestrator.manifest.model import Manifest
from orchestrator.mock.api import MockApi
from orchestrator.mock.exchange import Answer, Request, refusal
from orchestrator.mock.server import Log, listening
from runtimes.base import RuntimeExecutor, RuntimeFactory, RuntimeServices, RuntimeSpec
from runtimes.documents import DocumentError
from runtimes.errors import FetchError, RuntimeUnavailable
from runtimes.http import HttpClient
from runtimes.openapi import open_openapi
from runtimes.openapi.document import UnreadableDescription
from runtimes.openapi.loading import load_description
from runtimes.openapi.members import text_at
from runtimes.values import Json, JsonObject, canonical_json

MAX_APIS = 100
"""How many descriptions are served at once."""

OPENAPI = "openapi"
"""The type of the runtimes that are mocked, case folded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MockedApi:
    """One description that is served."""

    plugin: str
    """The namespace of its plugin."""
    api: MockApi
    prefix: str
    """What its paths start with: empty for the only one, else its number."""


class Mock:
    """The descriptions of some plugins, served together."""

    def __init__(self, apis: Mapping[str, MockedApi], problems: Sequence[str]) -> None:
        self._apis = apis
        self.problems = tuple(problems)
        """Why descriptions are not served."""
        self.apis = tuple(apis.values())

    def answer(self, request: Request) -> Answer:
        """The answer to a request, by the description that its path starts with."""
        for mocked in self.apis:
            if request.path == mocked.prefix or request.target.startswith(f"{mocked.prefix}/"):
                target = request.target[len(mocked.prefix) :]
                return mocked.api.answer(replace(request, target=target if target.startswith("/") else f"/{target}"))
        known = ", ".join(repr(f"{mocked.prefix}/") for mocked in self.apis)
        return refusal(404, "there is no such path", detail=f"paths start with {known}")

    def prefix(self, spec: RuntimeSpec) -> str:
        """Where the description of a runtime object is served. Raises: `RuntimeUnavailable`."""
        mocked = self._apis.get(_key(spec.location, spec.spec))
        if mocked is None:
            raise RuntimeUnavailable("its OpenAPI description is not served by the mock")
        return mocked.prefix


def _key(location: str, spec: JsonObject) -> str:
    return canonical_json([location, spec])


def _specs(plugin: Plugin) -> Sequence[RuntimeSpec]:
    return [
        RuntimeSpec(
            plugin=plugin.namespace,
            type=runtime.type,
            spec=runtime.spec,
            location=plugin.location,
            environment=plugin.environment,
        )
        for runtime in plugin.manifest.runtimes
        if runtime.type.casefold() == OPENAPI
    ]


async def load_mock(plugins: Sequence[tuple[Plugin, HttpClient]], seed: int = 0) -> Mock:
    """Reads the descriptions of plugins, each with the client that may fetch them.

    Raises: `OrchestratorError` when there is none that can be served.
    """
    wanted = {_key(spec.location, spec.spec): (spec, http) for plugin, http in plugins for spec in _specs(plugin)}
    found: dict[str, tuple[str, MockApi]] = {}
    problems: list[str] = []
    for key, (spec, http) in list(wanted.items())[:MAX_APIS]:
        try:
            found[key] = spec.plugin, MockApi(await load_description(spec, http), seed)
        except (RuntimeUnavailable, FetchError, DocumentError, UnreadableDescription) as error:
            problems.append(f"an API of {spec.plugin!r} is not served: {error}")
    if not found:
        raise OrchestratorError("; ".join(problems) or "there is nothing to mock: no runtime has the type 'OpenApi'")
    apis = {
        key: MockedApi(plugin=plugin, api=api, prefix=f"/{number}" if len(found) > 1 else "")
        for number, (key, (plugin, api)) in enumerate(found.items(), start=1)
    }
    return Mock(apis, problems)


def _reference_id(runtime: JsonObject) -> str:
    return text_at(runtime.get("auth"), "reference_id")


def _without_auth(runtime: Json, kept: Container[str] = ()) -> Json:
    """The runtime without the need for a credential, unless it is one of those that are `kept`."""
    kind = runtime.get("type") if isinstance(runtime, dict) else None
    is_mocked = isinstance(kind, str) and kind.casefold() == OPENAPI
    if not isinstance(runtime, dict) or not is_mocked or _reference_id(runtime) in kept:
        return runtime
    return {**runtime, "auth": {"type": "None"}}


def needs_credential(plugin: Plugin) -> bool:
    """True when a runtime that is mocked would need a credential if it were not."""
    runtimes = plugin.document.get("runtimes")
    return isinstance(runtimes, list) and any(
        isinstance(one, dict)
        and _without_auth(one) is not one
        and one.get("auth") not in (None, {})
        and str(_auth_type(one)).casefold() != "none"
        for one in runtimes
    )


def _auth_type(runtime: JsonObject) -> Json:
    auth = runtime.get("auth")
    return auth.get("type") if isinstance(auth, dict) else None


def mocked_plugin(plugin: Plugin, address: str, credentials: Container[str] = ()) -> Plugin:
    """The plugin without the need for credentials but for those that there are, and with the address of the mock open
    to it."""
    runtimes = plugin.document.get("runtimes")
    document: JsonObject = dict(plugin.document)
    if isinstance(runtimes, list):
        document["runtimes"] = [_without_auth(runtime, credentials) for runtime in runtimes]
    return replace(
        plugin,
        document=document,
        manifest=Manifest.model_validate(document),
        allowed_hosts=(*plugin.allowed_hosts, address),
    )


def mocked_factory(mock: Mock, address: str) -> RuntimeFactory:
    """A factory that opens a runtime object of type `OpenApi` on the mock."""

    @asynccontextmanager
    async def open_mocked(spec: RuntimeSpec, services: RuntimeServices, /) -> AsyncGenerator[RuntimeExecutor]:
        server = f"http://{address}{mock.prefix(spec)}"
        async with open_openapi(replace(spec, base_url=server), services) as executor:
            yield executor

    return open_mocked


@dataclass(frozen=True, slots=True, kw_only=True)
class MockedPlugins:
    """Plugins over a running mock: what a host is given."""

    plugins: Sequence[Plugin]
    runtimes: Mapping[str, RuntimeFactory]
    """For each spelling of the type `OpenApi`."""
    mock: Mock
    address: str


@asynccontextmanager
async def mocked(
    plugins: Sequence[tuple[Plugin, HttpClient]], *, seed: int = 0, port: int = 0, log: Log | None = None
) -> AsyncGenerator[MockedPlugins]:
    """Serves the descriptions of plugins until the context is left.

    Raises: `OrchestratorError` when none can be served, or the port is taken.
    """
    mock = await load_mock(plugins, seed)
    types = {runtime.type for plugin, _ in plugins for runtime in plugin.manifest.runtimes}
    async with listening(mock.answer, port=port, log=log or (lambda served: None)) as address:
        factory = mocked_factory(mock, address)
        yield MockedPlugins(
            plugins=[mocked_plugin(plugin, address) for plugin, _ in plugins],
            runtimes={name: factory for name in types if name.casefold() == OPENAPI},
            mock=mock,
            address=address,
        )
