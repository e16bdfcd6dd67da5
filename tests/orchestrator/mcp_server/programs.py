"""Plugins whose functions a test writes, and an MCP server over them in this process, with the official client."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import mcp_types as types
from mcp import Client
from mcp.client.context import ClientRequestContext
from mcp.server.lowlevel import Server

from auth import SignIn, Vault
from orchestrator import Orchestrator, Policy, load_plugin
from orchestrator.mcp_server.client_calls import ClientCalls
from orchestrator.mcp_server.server import PluginServer, server_over
from runtimes.base import (
    CallContext,
    CallResult,
    FunctionCall,
    FunctionSignature,
    RuntimeExecutor,
    RuntimeServices,
    RuntimeSpec,
    WireMessage,
)
from runtimes.questions import ANSWER_SECONDS
from runtimes.values import Json, JsonObject, dump_json, parse_json

TEXT: JsonObject = {"type": "object", "properties": {"text": {"type": "string"}}}
"""The arguments of most functions."""

ERAS = ("legacy", "auto")
"""How a client may speak: with a handshake and a connection that both sides use, or, as it finds out, a request at a
time."""

Handler = Callable[[FunctionCall, CallContext], Awaitable[CallResult]]


async def echo(call: FunctionCall, context: CallContext) -> CallResult:
    """Answers with its arguments."""
    del context
    return CallResult(payload=call.arguments)


async def never(call: FunctionCall, context: CallContext) -> CallResult:
    """Must not be called."""
    raise NotImplementedError(call.function)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """A function of a plugin."""

    run: Handler = echo
    reads: bool = True
    """True where the runtime says that it changes nothing."""
    handling: Sequence[str] = ("GetPublicData",)
    """What the manifest says of how it handles data; empty says nothing."""
    parameters: JsonObject = field(default_factory=lambda: TEXT)
    more: JsonObject = field(default_factory=dict[str, Json])
    """Further members of its declaration."""
    capabilities: JsonObject = field(default_factory=dict[str, Json])
    sign_in: SignIn | None = None

    def declared(self, name: str) -> JsonObject:
        """As a manifest has it."""
        security: JsonObject = {"security_info": {"data_handling": [*self.handling]}} if self.handling else {}
        return {
            "name": name,
            "description": f"what {name} does",
            "capabilities": {**security, **self.capabilities},
            **self.more,
        }


class _Executor:
    def __init__(self, functions: Mapping[str, Offered]) -> None:
        self._offered = functions

    @property
    def functions(self) -> Mapping[str, FunctionSignature]:
        return {
            name: FunctionSignature(
                name=name, parameters=one.parameters, destination="this program", repeatable=one.reads
            )
            for name, one in self._offered.items()
        }

    @property
    def unusable(self) -> Mapping[str, str]:
        return {}

    def preview(self, call: FunctionCall, /) -> tuple[WireMessage, ...]:
        raise NotImplementedError

    async def sign_in(self, function: str, person: str, /) -> SignIn | None:
        del person
        return self._offered[function].sign_in

    async def invoke(self, call: FunctionCall, context: CallContext, /) -> CallResult:
        return await self._offered[call.function].run(call, context)


class Programs:
    """A runtime over functions by plugin and name."""

    def __init__(self, plugins: Mapping[str, Mapping[str, Offered]]) -> None:
        self._plugins = plugins

    @asynccontextmanager
    async def __call__(self, spec: RuntimeSpec, services: RuntimeServices, /) -> AsyncGenerator[RuntimeExecutor]:
        del services
        yield _Executor(self._plugins[spec.plugin])


def manifest(namespace: str, functions: Mapping[str, Offered], auth: JsonObject, more: JsonObject) -> JsonObject:
    """The plugin of that name; `more` are further members of it."""
    return {
        "schema_version": "v2.2",
        "namespace": namespace,
        "name_for_human": namespace.title(),
        "description_for_human": f"what {namespace} is for",
        "functions": [one.declared(name) for name, one in functions.items()],
        "runtimes": [{"type": "x-programs", "auth": auth, "spec": {}}],
        **more,
    }


@asynccontextmanager
async def hosted(
    plugins: Mapping[str, Mapping[str, Offered]],
    *,
    policy: Policy | None = None,
    vault: Vault | None = None,
    person: str = "me",
    says_yes: bool = False,
    answer_seconds: float = ANSWER_SECONDS,
    auth: JsonObject | None = None,
    more: JsonObject | None = None,
) -> AsyncGenerator[tuple[Server, PluginServer]]:
    """The server, and what it offers; `more` are further members of every manifest."""
    auth = auth or {"type": "None"}
    loaded = [await load_plugin(manifest(name, functions, auth, more or {})) for name, functions in plugins.items()]
    model = ClientCalls()
    async with Orchestrator(
        plugins=loaded, model=model, runtimes={"x-programs": Programs(plugins)}, policy=policy, vault=vault
    ) as host:
        offered = PluginServer(host, model, person=person, says_yes=says_yes, answer_seconds=answer_seconds)
        try:
            yield server_over(host, offered), offered
        finally:
            await offered.end()
            assert not await host.journal.kept(), "a conversation was left behind"


@asynccontextmanager
async def served(
    plugins: Mapping[str, Mapping[str, Offered]],
    *,
    policy: Policy | None = None,
    vault: Vault | None = None,
    person: str = "me",
    says_yes: bool = False,
    answer_seconds: float = ANSWER_SECONDS,
    auth: JsonObject | None = None,
    more: JsonObject | None = None,
) -> AsyncGenerator[Server]:
    """The server; as `hosted`."""
    async with hosted(
        plugins,
        policy=policy,
        vault=vault,
        person=person,
        says_yes=says_yes,
        answer_seconds=answer_seconds,
        auth=auth,
        more=more,
    ) as (server, _):
        yield server


class Asked:
    """A person behind a client, who gives the same answer to everything."""

    def __init__(self, action: str = "accept", content: Mapping[str, str | int | bool] | None = None) -> None:
        self._action = action
        self._content = dict(content or {})
        self.messages: list[str] = []
        self.forms: list[JsonObject] = []

    async def __call__(
        self, context: ClientRequestContext, params: types.ElicitRequestParams
    ) -> types.ElicitResult | types.ErrorData:
        """As the client's `elicitation_callback`."""
        del context
        self.messages.append(params.message)
        if isinstance(params, types.ElicitRequestFormParams):
            self.forms.append(params.requested_schema)
        accepted = self._content if self._action == "accept" else None
        return types.ElicitResult.model_validate({"action": self._action, "content": accepted})


@asynccontextmanager
async def client_of(server: Server, era: str = "legacy", person: Asked | None = None) -> AsyncGenerator[Client]:
    """The official client; without a person it can ask nobody."""
    async with AsyncExitStack() as stack:
        yield await stack.enter_async_context(Client(server, mode=era, elicitation_callback=person))


def content_of(result: types.CallToolResult) -> JsonObject:
    """The structured content of a result."""
    value = parse_json(dump_json(result.structured_content))
    assert isinstance(value, dict)
    return value


def text_of(result: types.CallToolResult) -> str:
    """What a result says first."""
    first = result.content[0]
    assert isinstance(first, types.TextContent)
    return first.text
