"""The credentials of operations: which go out, where, for whom, and when nothing does (issue 9, point 1)."""

from __future__ import annotations

import base64
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager

import anyio
import pytest

from auth import ANYWHERE, AuthReference, CredentialMissing, CredentialUse, Flow, MappingVault, Secret, Vault
from orchestrator.cli.wire import as_lines, masked
from runtimes.base import CallContext, CallResult, FunctionCall, RuntimeServices, RuntimeSpec
from runtimes.errors import InvocationError
from runtimes.fetch import SharedClient
from runtimes.openapi import OpenApiExecutor, open_openapi
from runtimes.openapi.document import Description
from runtimes.openapi.operations import read_operation
from runtimes.values import Json, JsonObject, dump_json
from tests.servers.loopback import Answer, Handler, LoopbackServer, Request, Response, json_response, serve

KEY = AuthReference.of("ApiKeyPluginVault", "ref")
TOKEN = AuthReference.of("OAuthPluginVault", "ref", ("read",))
CALL = FunctionCall(id="c1", function="f", arguments={})
X_KEY: JsonObject = {"type": "apiKey", "in": "header", "name": "X-Key"}
OAUTH: JsonObject = {"type": "oauth2", "flows": {}}
BASIC: JsonObject = {"type": "http", "scheme": "basic"}


async def accept(request: Request) -> Answer:
    del request
    return json_response({"ok": True})


def described(schemes: JsonObject, security: Json = None, own: Json = None) -> JsonObject:
    """A description with one operation, `f`; None says nothing of what it wants."""
    operation: JsonObject = {"operationId": "f", "responses": {}}
    if own is not None:
        operation["security"] = own
    document: JsonObject = {
        "openapi": "3.0.4",
        "paths": {"/x": {"get": operation}},
        "components": {"securitySchemes": schemes},
    }
    return document if security is None else {**document, "security": security}


@asynccontextmanager
async def opened(
    document: JsonObject, vault: Vault, auth: AuthReference = KEY, handler: Handler = accept
) -> AsyncGenerator[tuple[OpenApiExecutor, LoopbackServer]]:
    async with serve(handler) as server:
        client = SharedClient()
        place: JsonObject = (
            {"host": f"127.0.0.1:{server.port}", "schemes": ["http"]}
            if "swagger" in document
            else {"servers": [{"url": server.url}]}
        )
        spec = RuntimeSpec(
            plugin="test",
            type="OpenApi",
            spec={"api_description": dump_json(document | place)},
            location="plugin.json",
            auth=auth,
        )
        try:
            services = RuntimeServices(http=client.allowing(["127.0.0.1"]), vault=vault)
            async with open_openapi(spec, services) as executor:
                yield executor, server
        finally:
            await client.aclose()


async def call(executor: OpenApiExecutor, person: str = "ada") -> CallResult:
    with anyio.fail_after(5):
        return await executor.invoke(CALL, CallContext(person=person))


def credentials_in(request: Request) -> dict[str, str]:
    """All that a request carries besides what every request has."""
    usual = {"host", "accept", "accept-encoding", "connection", "user-agent"}
    found = {name.casefold(): value for name, value in request.headers if name.casefold() not in usual}
    return found | ({"?": request.query} if request.query else {})


async def sent(document: JsonObject, values: dict[str, str] | None = None, auth: AuthReference = KEY) -> dict[str, str]:
    """What goes out with a call, which the preview has the places of."""
    async with opened(document, MappingVault(values or {"ref": "value-1234"}, origins=ANYWHERE), auth) as (
        executor,
        server,
    ):
        assert executor.unusable == {}
        (message,) = executor.preview(CALL)
        assert (await call(executor)).payload == {"ok": True}
        [request] = server.requests
    shown = "\n".join(as_lines(masked(message)))
    assert "value-1234" not in shown
    assert shown.count("***") == len(credentials_in(request))
    return credentials_in(request)


@pytest.mark.parametrize(
    ("scheme", "carried"),
    [
        (X_KEY, {"x-key": "value-1234"}),
        ({"type": "apiKey", "in": "query", "name": "api key"}, {"?": "api%20key=value-1234"}),
        ({"type": "apiKey", "in": "cookie", "name": "sid"}, {"cookie": "sid=value-1234"}),
        ({"type": "apiKey", "in": "header", "name": "Authorization"}, {"authorization": "value-1234"}),
        ({"type": "http", "scheme": "Bearer"}, {"authorization": "Bearer value-1234"}),
        (OAUTH, {"authorization": "Bearer value-1234"}),
        ({"type": "openIdConnect", "openIdConnectUrl": "https://a.example"}, {"authorization": "Bearer value-1234"}),
    ],
)
async def test_a_credential_goes_where_the_security_scheme_says(scheme: JsonObject, carried: dict[str, str]) -> None:
    assert await sent(described({"s": scheme}, [{"s": []}])) == carried
    assert await sent(described({"s": scheme}, own=[{"s": []}])) == carried
    assert await sent(described({"s": scheme})) == carried, "a scheme that nothing refers to"


async def test_http_basic_takes_a_name_and_a_password() -> None:
    encoded = base64.b64encode(b"ada:password").decode()
    document = described({"s": BASIC}, [{"s": []}])
    assert await sent(document, {"ref": "ada:password"}) == {"authorization": f"Basic {encoded}"}


@pytest.mark.parametrize("auth", [KEY, TOKEN, AuthReference.of("EntraOnBehalfOf", "ref")])
@pytest.mark.parametrize("security", [None, [{"ghost": []}]], ids=["nothing-said", "no-such-scheme"])
async def test_without_a_scheme_it_is_a_bearers(auth: AuthReference, security: Json) -> None:
    assert await sent(described({}, security), auth=auth) == {"authorization": "Bearer value-1234"}


SWAGGER: JsonObject = {
    "swagger": "2.0",
    "paths": {"/x": {"get": {"operationId": "f", "responses": {}}}},
    "securityDefinitions": {
        "basic": {"type": "basic"},
        "key": {"type": "apiKey", "in": "query", "name": "key"},
        "oauth": {"type": "oauth2", "flow": "implicit", "authorizationUrl": "https://a.example"},
    },
}


@pytest.mark.parametrize(
    ("name", "auth", "carried"),
    [
        ("basic", KEY, {"authorization": f"Basic {base64.b64encode(b'value:1234').decode()}"}),
        ("key", KEY, {"?": "key=value%3A1234"}),
        ("oauth", TOKEN, {"authorization": "Bearer value:1234"}),
    ],
)
async def test_swagger_has_the_same(name: str, auth: AuthReference, carried: dict[str, str]) -> None:
    assert await sent({**SWAGGER, "security": [{name: []}]}, {"ref": "value:1234"}, auth) == carried


TWO: JsonObject = {"key": X_KEY, "oauth": OAUTH, "id": {"type": "apiKey", "in": "header", "name": "X-Id"}}


BOTH = {"ref/id": "value-1", "ref/key": "value-2"}
ONE = {"ref": "value"}


ALTERNATIVES: dict[str, tuple[Json, dict[str, str], AuthReference, dict[str, str]]] = {
    "or-key": ([{"oauth": []}, {"key": []}], ONE, KEY, {"x-key": "value"}),
    "or-token": ([{"key": []}, {"oauth": []}], ONE, TOKEN, {"authorization": "Bearer value"}),
    "none-fits": ([{"key": []}], ONE, TOKEN, {"authorization": "Bearer value"}),
    "or-first": ([{"id": []}, {"key": []}], ONE, KEY, {"x-id": "value"}),
    "and": ([{"id": [], "key": []}], BOTH, KEY, {"x-id": "value-1", "x-key": "value-2"}),
    "and-not-had": ([{"id": [], "key": []}, {"key": []}], ONE, KEY, {"x-key": "value"}),
    "and-had": ([{"key": []}, {"id": [], "key": []}], BOTH, KEY, {"x-id": "value-1", "x-key": "value-2"}),
    "optional-had": ([{}, {"key": []}], ONE, KEY, {"x-key": "value"}),
    "optional": ([{}, {"key": []}], {"other": "value"}, KEY, {}),
    "none-wanted": ([], ONE, KEY, {}),
    "no-auth": ([{"key": []}], ONE, AuthReference(), {}),
}


@pytest.mark.parametrize(("security", "values", "auth", "carried"), ALTERNATIVES.values(), ids=ALTERNATIVES)
async def test_the_first_alternative_that_fits_and_can_be_had_goes_out(
    security: Json, values: dict[str, str], auth: AuthReference, carried: dict[str, str]
) -> None:
    document = described(TWO, security)
    async with opened(document, MappingVault(values, origins=ANYWHERE), auth) as (executor, server):
        await call(executor)
        assert credentials_in(server.requests[0]) == carried


async def test_an_operation_says_for_itself_what_it_wants() -> None:
    assert await sent(described(TWO, [{"oauth": []}], own=[])) == {}
    assert await sent(described(TWO, [{"oauth": []}], own=[{"id": []}])) == {"x-id": "value-1234"}


@pytest.mark.parametrize(
    ("scheme", "reason"),
    [
        ({"type": "http", "scheme": "digest"}, "'http digest', for which no credential can be sent"),
        ({"type": "mutualTLS"}, "'mutualTLS', for which"),
        ({"type": "apiKey", "in": "body", "name": "k"}, "does not say where its key goes"),
        ({"type": "apiKey", "in": "header", "name": "Host"}, "under the name 'Host', which is the host's own"),
        ({"type": "apiKey", "in": "header", "name": "X: y\r\nZ"}, "the host's own"),
        ({"$ref": "#/nowhere"}, "points to nothing"),
    ],
)
async def test_what_cannot_be_sent_disables_the_function(scheme: JsonObject, reason: str) -> None:
    vault = MappingVault({"ref": "value-1234"}, origins=ANYWHERE)
    async with opened(described({"s": scheme}, [{"s": []}]), vault) as (executor, _):
        assert reason in executor.unusable["f"]
    async with opened(described({"s": scheme, "key": X_KEY}, [{"s": []}, {"key": []}]), vault) as (executor, server):
        await call(executor)
        assert credentials_in(server.requests[0]) == {"x-key": "value-1234"}


@pytest.mark.parametrize(
    ("vault", "reason"),
    [
        (MappingVault(), "no credential 'ref' for 'ada'"),
        (MappingVault(persons={"bob": {"ref": "value-1234"}}, origins=ANYWHERE), "no credential 'ref' for 'ada'"),
        (MappingVault({"ref": "value-1234"}, origins={"ref": ["https://api.example"]}), "is for https://api.example"),
        (MappingVault({"ref": "value-1234\n"}, origins=ANYWHERE), "no line breaks"),
    ],
)
async def test_without_its_credential_nothing_is_sent(vault: MappingVault, reason: str) -> None:
    async with opened(described({"key": X_KEY}), vault) as (executor, server):
        with pytest.raises(InvocationError, match=reason) as raised:
            await call(executor)
        assert raised.value.is_unsent
        assert "value-1234" not in str(raised.value)
        assert server.requests == []


async def test_each_person_has_a_credential_of_their_own() -> None:
    vault = MappingVault(persons={"ada": {"ref": "adas"}, "bob": {"ref": "bobs"}}, origins=ANYWHERE)
    async with opened(described({"key": X_KEY}), vault) as (executor, server):
        await call(executor)
        await call(executor, person="bob")
        assert [request.header("x-key") for request in server.requests] == ["adas", "bobs"]


class Refreshing:
    """A vault with one token after the other."""

    def __init__(self, *tokens: str) -> None:
        self.tokens = tokens
        self.uses: list[CredentialUse] = []
        self.statuses: list[int] = []
        self.is_closed = False

    async def has(self, reference: str, /) -> bool:
        return reference == "ref"

    async def ready(self, use: CredentialUse, /) -> None:
        assert use.reference == "ref"

    async def flow(self, use: CredentialUse, /) -> Flow:
        self.uses.append(use)
        try:
            for token in self.tokens:
                self.statuses.append((yield Secret(token)))
            if not self.tokens or self.statuses:
                raise CredentialMissing("the sign-in is over")
        finally:
            self.is_closed = True


def unless(token: str) -> Callable[[Request], Awaitable[Answer]]:
    """A service that takes one token."""

    async def handler(request: Request) -> Answer:
        is_right = request.header("authorization") == f"Bearer {token}"
        return json_response({"ok": True}) if is_right else json_response({"error": "no"}, 401)

    return handler


async def test_a_token_that_is_not_taken_is_renewed_once() -> None:
    """Issue 9, point 2."""
    vault = Refreshing("old-token", "new-token")
    async with opened(described({"s": OAUTH}), vault, TOKEN, unless("new-token")) as (executor, server):
        assert (await call(executor)).status == 200
        assert [one.header("authorization") for one in server.requests] == ["Bearer old-token", "Bearer new-token"]
        [use] = vault.uses
        assert (use.reference, use.person, use.plugin, use.scopes) == ("ref", "ada", "test", ("read",))
        assert use.origin == server.url
    assert (vault.statuses, vault.is_closed) == ([401], True)


@pytest.mark.parametrize("tokens", [("one",), ("one", "two"), ("one", "two", "three")])
async def test_a_call_that_stays_unauthorized_is_answered_with_that(tokens: tuple[str, ...]) -> None:
    async with opened(described({}), Refreshing(*tokens), TOKEN, unless("none")) as (executor, server):
        result = await call(executor)
        assert (result.status, result.is_error, result.payload) == (401, True, {"error": "no"})
        assert len(server.requests) == min(len(tokens), 2)


async def test_a_vault_that_gives_nothing_is_told_of() -> None:
    async with opened(described({}), Refreshing(), TOKEN) as (executor, _):
        with pytest.raises(InvocationError, match="the sign-in is over"):
            await call(executor)


async def test_an_echo_of_the_credential_is_masked_in_the_answer() -> None:
    """Issue 9, point 7: the service repeats the request in its error."""

    async def echoing(request: Request) -> Answer:
        told = " ".join(f"{name}: {value}" for name, value in request.headers)
        return Response(
            status=403, headers=(("Content-Type", "application/json"),), body=dump_json({"error": told}).encode()
        )

    for scheme, value in ((X_KEY, "value-1234"), (BASIC, "ada:value-1234"), (OAUTH, "value-1234")):
        vault = MappingVault({"ref": value}, origins=ANYWHERE)
        async with opened(described({"s": scheme}), vault, handler=echoing) as (executor, _):
            result = await call(executor)
            encoded = base64.b64encode(value.encode()).decode()
            assert "[secret " in result.explanation
            assert not [one for one in (value, "value-1234", encoded) if one in repr(result)]


def test_the_fingerprint_of_an_operation_tells_where_credentials_go() -> None:
    """A question binds it: a description that sends them elsewhere makes a new question."""

    def fingerprint(scheme: JsonObject, auth: AuthReference = KEY) -> str:
        description = Description(described({"s": scheme}), "")
        return read_operation(description, "f", "p", base_url="https://a.example", auth=auth).signature.fingerprint

    query: JsonObject = {**X_KEY, "in": "query"}
    assert len({fingerprint(X_KEY), fingerprint(query), fingerprint(X_KEY, AuthReference())}) == 3
    assert fingerprint(X_KEY) == fingerprint(dict(X_KEY))


async def test_the_flow_of_a_vault_is_closed_by_who_asks() -> None:
    vault = Refreshing("token")
    async with opened(described({}), vault, TOKEN) as (executor, _):
        await call(executor)
        assert vault.is_closed
    async with aclosing(MappingVault({"ref": "value"}, origins=ANYWHERE).flow(vault.uses[0])) as flow:
        assert (await anext(flow)).reveal() == "value"
