"""No byte of a credential leaves the origin that it is for: by redirects of every kind, and by servers that a
description has since been given (issue 9, point 3)."""

from __future__ import annotations

import base64
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import quote

import anyio
import pytest

from auth import AuthReference, MappingVault, Vault
from auth.credentials import Given
from auth.registration import SecretRegistration
from auth.secret import Secret
from runtimes.base import CallContext, FunctionCall, RuntimeServices, RuntimeSpec
from runtimes.errors import InvocationError
from runtimes.fetch import SharedClient
from runtimes.openapi import OpenApiExecutor, open_openapi
from runtimes.values import JsonObject, dump_json
from tests.servers.certificates import certificates
from tests.servers.loopback import Answer, LoopbackServer, Request, Response, json_response, serve
from tests.servers.stored_vaults import kit

KEY = AuthReference.of("ApiKeyPluginVault", "ref")
CALL = FunctionCall(id="c1", function="f", arguments={})
CANARY = "canary+of/this=test"
STATUSES = (301, 302, 303, 307, 308)
PLACES = ("same origin", "other port", "other host", "https to http")
SCHEMES: dict[str, JsonObject] = {
    "header": {"type": "apiKey", "in": "header", "name": "X-Key"},
    "query": {"type": "apiKey", "in": "query", "name": "mark"},
    "cookie": {"type": "apiKey", "in": "cookie", "name": "sid"},
    "bearer": {"type": "http", "scheme": "bearer"},
    "basic": {"type": "http", "scheme": "basic"},
}


def described(url: str, *, scheme: str = "header", method: str = "get") -> JsonObject:
    return {
        "openapi": "3.0.4",
        "servers": [{"url": url}],
        "paths": {"/x": {method: {"operationId": "f", "responses": {}}}},
        "components": {"securitySchemes": {"s": SCHEMES[scheme]}},
        "security": [{"s": []}],
    }


@asynccontextmanager
async def opened(client: SharedClient, document: JsonObject, vault: Vault) -> AsyncGenerator[OpenApiExecutor]:
    spec = RuntimeSpec(
        plugin="p", type="OpenApi", spec={"api_description": dump_json(document)}, location="plugin.json", auth=KEY
    )
    services = RuntimeServices(http=client.allowing(["127.0.0.1", "localhost"]), vault=vault)
    async with open_openapi(spec, services) as executor:
        yield executor


def has_canary(request: Request) -> bool:
    """Whether it is there, as it is or encoded."""
    spellings = (CANARY, quote(CANARY, safe=""), base64.b64encode(f"ada:{CANARY}".encode()).decode())
    seen = f"{request.target} {request.headers!r} {request.body!r}"
    return any(one in seen for one in spellings)


@dataclass(slots=True)
class Redirecting:
    """A server that sends whoever calls it elsewhere, with what stood in the query."""

    status: int = 0
    place: str = ""

    async def answer(self, request: Request) -> Answer:
        if request.path == "/end":
            return json_response({"ok": True})
        location = f"{self.place}/end?{request.query}"
        return Response(status=self.status, headers=(("Location", location),))


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("scheme", SCHEMES)
async def test_no_redirect_carries_a_credential_to_another_origin(scheme: str, method: str) -> None:
    redirecting, client = Redirecting(), SharedClient(tls=certificates().trusting())
    values = {"ref": f"ada:{CANARY}" if scheme == "basic" else CANARY}
    async with (
        serve(redirecting.answer) as plain,
        serve(redirecting.answer, certificates().serving("http/1.1")) as tls,
        serve(redirecting.answer) as other,
    ):
        vault = MappingVault(values, origins={"ref": [plain.url, tls.url]})
        places = {
            "same origin": (plain, plain.url),
            "other port": (plain, other.url),
            "other host": (plain, other.url.replace("127.0.0.1", "localhost")),
            "https to http": (tls, other.url),
        }
        try:
            for place in PLACES:
                first, redirecting.place = places[place]
                async with opened(client, described(first.url, scheme=scheme, method=method), vault) as executor:
                    for redirecting.status in STATUSES:
                        with anyio.fail_after(5):
                            await executor.invoke(CALL, CallContext(person="ada"))
        finally:
            await client.aclose()
    for server, begun in ((plain, 3), (tls, 1)):
        sent = [has_canary(one) for one in server.requests if one.path == "/x"]
        assert sent == [True] * len(STATUSES) * begun
    assert not [one for one in other.requests if has_canary(one)]
    # 307 and 308 would repeat a call that may change something
    followed = 2 * (len(STATUSES) if method == "get" else 3)
    assert [one.path for one in other.requests] == ["/end"] * followed


def moved(document: JsonObject, level: str, url: str) -> JsonObject:
    """The description, with another server at that level."""
    paths: JsonObject = {"/x": {"get": {"operationId": "f", "responses": {}}}}
    servers: JsonObject = {"servers": [{"url": url}]}
    if level == "path":
        paths = {"/x": {"get": {"operationId": "f", "responses": {}}, **servers}}
    if level == "operation":
        paths = {"/x": {"get": {"operationId": "f", "responses": {}, **servers}}}
    return {**document, "paths": paths, **(servers if level == "document" else {})}


@pytest.mark.parametrize("level", ["document", "path", "operation"])
async def test_a_server_that_a_description_names_later_gets_no_credential(level: str) -> None:
    async def accept(_: Request) -> Answer:
        return json_response({"ok": True})

    client = SharedClient()
    first: LoopbackServer
    async with serve(accept) as first, serve(accept) as later, kit() as one:
        await one.vault.register("", "ref", SecretRegistration(), [first.url])
        await one.vault.keep("ada", "ref", Given(value=Secret(CANARY)))
        document = described(first.url)
        try:
            async with opened(client, document, one.vault) as executor:
                await executor.invoke(CALL, CallContext(person="ada"))
            async with opened(client, moved(document, level, later.url), one.vault) as executor:
                with pytest.raises(InvocationError, match="asks for it"):  # signing in would not change it
                    await executor.sign_in("f", "ada")
                with pytest.raises(InvocationError) as raised:
                    await executor.invoke(CALL, CallContext(person="ada"))
        finally:
            await client.aclose()
        assert raised.value.is_unsent
        assert f"the credential 'ref' is for {first.url}, and {later.url} asks for it" in str(raised.value)
        assert (len(first.requests), later.connections) == (1, 0)
