"""Several credentials at once, and the choice between them, with a real vault behind real calls (issue 9, point 1)."""

from __future__ import annotations

import base64
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import anyio
import pytest

from auth import AuthReference
from auth.credentials import Given
from auth.registration import SecretRegistration
from auth.secret import Secret
from runtimes.base import CallContext, CallResult, FunctionCall, RuntimeServices, RuntimeSpec
from runtimes.errors import InvocationError
from runtimes.fetch import SharedClient
from runtimes.openapi import OpenApiExecutor, open_openapi
from runtimes.values import Json, JsonObject, dump_json
from tests.servers.loopback import Answer, LoopbackServer, Request, json_response, serve
from tests.servers.stored_vaults import Kit, kit

KEY = AuthReference.of("ApiKeyPluginVault", "ref")
TOKEN = AuthReference.of("OAuthPluginVault", "ref", ("read",))
CALL = FunctionCall(id="c1", function="f", arguments={})
USUAL = {"host", "accept", "accept-encoding", "connection", "user-agent"}

SCHEMES: JsonObject = {
    "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
    "id": {"type": "apiKey", "in": "header", "name": "x.app_ID"},
    "mark": {"type": "apiKey", "in": "query", "name": "mark"},
    "sid": {"type": "apiKey", "in": "cookie", "name": "sid"},
    "tab": {"type": "apiKey", "in": "cookie", "name": "tab"},
    "raw": {"type": "apiKey", "in": "header", "name": "authorization"},
    "basic": {"type": "http", "scheme": "BASIC"},
    "bearer": {"type": "http", "scheme": "BEARER"},
    "oauth": {"type": "oauth2", "flows": {}},
    "openid": {"type": "openIdConnect", "openIdConnectUrl": "https://login.example"},
    "digest": {"type": "http", "scheme": "digest"},
}


@dataclass(slots=True, kw_only=True)
class Api:
    """A service with one operation, `f`, and the vault of who calls it."""

    server: LoopbackServer
    executor: OpenApiExecutor
    kit: Kit

    async def registered(self, *names: str) -> None:
        """Keys that may go to the service, and that nobody has given yet."""
        for name in names:
            await self.kit.vault.register("", name, SecretRegistration(), [self.server.url])

    async def given(self, **values: str) -> None:
        """Keys that ada has given; `_` stands for the slash of a part."""
        for name, value in values.items():
            name = name.replace("_", "/")
            await self.registered(name)
            await self.kit.vault.keep("ada", name, Given(value=Secret(value)))

    async def asked(self) -> str:
        """For what ada has to sign in before the call; empty for nothing."""
        sign_in = await self.executor.sign_in("f", "ada")
        return sign_in.name if sign_in is not None else ""

    async def call(self) -> CallResult:
        with anyio.fail_after(5):
            return await self.executor.invoke(CALL, CallContext(person="ada"))

    @property
    def arrived(self) -> list[dict[str, str]]:
        """All that requests carried besides what every one has."""
        return [
            {name.casefold(): value for name, value in one.headers if name.casefold() not in USUAL}
            | ({"?": one.query} if one.query else {})
            for one in self.server.requests
        ]


@asynccontextmanager
async def api(
    security: Json,
    *,
    auth: AuthReference = KEY,
    own: Json = None,
    takes: Sequence[str] = (),
    document: JsonObject | None = None,
) -> AsyncGenerator[Api]:
    """`takes` are the values without which it says 401."""

    async def handler(request: Request) -> Answer:
        values = {value for _, value in request.headers}
        return json_response({"ok": True}, 200 if values.issuperset(takes) else 401)

    operation: JsonObject = {"operationId": "f", "responses": {}}
    if own is not None:
        operation["security"] = own
    about: JsonObject = document or {"openapi": "3.0.4", "components": {"securitySchemes": SCHEMES}}
    paths: JsonObject = {"/x": {"get": operation}}
    described: JsonObject = {**about, "paths": paths}
    if security is not None:
        described["security"] = security
    client = SharedClient()
    async with serve(handler) as server, kit() as opened:
        place: JsonObject = {"servers": [{"url": server.url}]}
        if "swagger" in described:
            place = {"host": f"127.0.0.1:{server.port}", "schemes": ["http"]}
        text = dump_json(described | place)
        spec = RuntimeSpec(
            plugin="p", type="OpenApi", spec={"api_description": text}, location="plugin.json", auth=auth
        )
        try:
            services = RuntimeServices(http=client.allowing(["127.0.0.1"]), vault=opened.vault)
            async with open_openapi(spec, services) as executor:
                yield Api(server=server, executor=executor, kit=opened)
        finally:
            await client.aclose()


PARTS = {"ref_key": "value-1", "ref_id": "value-2"}
WHOLE = {"ref": "value-0"}

CARRIED: dict[str, tuple[Json, dict[str, str], dict[str, str]]] = {
    "any-name-of-a-header": ([{"id": []}], WHOLE, {"x.app_id": "value-0"}),
    "basic-in-capitals": (
        [{"basic": []}],
        {"ref": "ada:pass"},
        {"authorization": f"Basic {base64.b64encode(b'ada:pass').decode()}"},
    ),
    "bearer-in-capitals": ([{"bearer": []}], WHOLE, {"authorization": "Bearer value-0"}),
    "and-of-every-place": (
        [{"key": [], "mark": [], "sid": [], "bearer": []}],
        {"ref_key": "value-1", "ref_mark": "value-2", "ref_sid": "value-3", "ref_bearer": "value-4"},
        {"x-key": "value-1", "?": "mark=value-2", "cookie": "sid=value-3", "authorization": "Bearer value-4"},
    ),
    "and-of-two-cookies": (
        [{"sid": [], "tab": []}],
        {"ref_sid": "value-1", "ref_tab": "value-2"},
        {"cookie": "sid=value-1; tab=value-2"},
    ),
    "and-with-an-unknown-name": (
        [{"key": [], "ghost": []}],
        {"ref_key": "value-1", "ref_ghost": "value-2"},
        {"x-key": "value-1", "authorization": "Bearer value-2"},
    ),
    "or-after-an-and-whose-part-is-not-registered": (
        [{"key": [], "id": []}, {"mark": []}],
        WHOLE,
        {"?": "mark=value-0"},
    ),
    "or-after-an-and-whose-part-is-not-given": (
        [{"key": [], "id": []}, {"mark": []}],
        {"ref_key": "value-1", **WHOLE},
        {"?": "mark=value-0"},
    ),
    "or-with-both-to-be-had": (
        [{"key": [], "id": []}, {"mark": []}],
        {**PARTS, **WHOLE},
        {"x-key": "value-1", "x.app_id": "value-2"},
    ),
    "or-after-what-cannot-be-sent": ([{"digest": []}, {"key": []}], WHOLE, {"x-key": "value-0"}),
    "two-schemes-of-tokens-are-one": (
        [{"bearer": [], "oauth": [], "openid": []}],
        WHOLE,
        {"authorization": "Bearer value-0"},
    ),
    "bare-first-and-given": ([{}, {"key": []}], WHOLE, {"x-key": "value-0"}),
    "bare-last-and-given": ([{"key": []}, {}], WHOLE, {"x-key": "value-0"}),
    "bare-first-and-not-given": ([{}, {"key": []}], {}, {}),
    "bare-last-and-not-given": ([{"key": []}, {}], {}, {}),
    "bare-where-the-rest-cannot-be-sent": ([{"digest": []}, {}], WHOLE, {}),
    "only-bare": ([{}], WHOLE, {}),
}


@pytest.mark.parametrize(("security", "given", "carried"), CARRIED.values(), ids=CARRIED)
async def test_what_goes_out_is_the_first_alternative_that_the_person_has(
    security: Json, given: dict[str, str], carried: dict[str, str]
) -> None:
    """Registered and not given is not had; where a call may be made bare, nobody is asked, and what is had is sent."""
    async with api(security) as one:
        await one.registered("ref", "ref/id")
        await one.given(**given)
        assert await one.asked() == ""
        await one.call()
        assert one.arrived == [carried]


SWAGGER: JsonObject = {
    "swagger": "2.0",
    "securityDefinitions": {
        "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
        "id": {"type": "apiKey", "in": "query", "name": "id"},
        "basic": {"type": "basic"},
        "oauth": {"type": "oauth2", "flow": "accessCode", "authorizationUrl": "https://a.example", "tokenUrl": "x"},
    },
}


OVERRIDES: dict[str, tuple[Json, dict[str, str], dict[str, str]]] = {
    "of-the-document": (
        None,
        {"ref": "ada:pass"},
        {"authorization": f"Basic {base64.b64encode(b'ada:pass').decode()}"},
    ),
    "of-the-operation": ([{"key": [], "id": []}], PARTS, {"x-key": "value-1", "?": "id=value-2"}),
    "none": ([], WHOLE, {}),
}


@pytest.mark.parametrize(("own", "given", "carried"), OVERRIDES.values(), ids=OVERRIDES)
async def test_swagger_has_alternatives_and_overrides_too(
    own: Json, given: dict[str, str], carried: dict[str, str]
) -> None:
    async with api([{"basic": []}], own=own, document=SWAGGER) as one:
        await one.given(**given)
        await one.call()
        assert one.arrived == [carried]


async def test_of_parts_exactly_the_missing_one_is_asked_for() -> None:
    async with api([{"key": [], "id": []}]) as one:
        await one.registered("ref/id")
        await one.given(ref_key="value-1")
        assert await one.asked() == "ref/id"
        with pytest.raises(InvocationError, match="'ref/id'") as raised:
            await one.call()
        assert (raised.value.is_unsent, one.arrived) == (True, [])
        await one.given(ref_id="value-2")
        assert await one.asked() == ""
        await one.call()
        assert one.arrived == [{"x-key": "value-1", "x.app_id": "value-2"}]


async def test_nobody_is_asked_for_a_part_beside_one_that_is_not_registered() -> None:
    """Signing in would not do: the call says what to register."""
    async with api([{"key": [], "id": []}]) as one:
        await one.registered("ref/key")
        with pytest.raises(InvocationError, match="nothing was sent"):
            await one.asked()
        with pytest.raises(InvocationError, match="nothing was sent"):
            await one.call()
        assert one.arrived == []


async def test_of_alternatives_the_first_that_is_registered_is_asked_for() -> None:
    async with api([{"key": [], "id": []}, {"mark": []}]) as one:
        with pytest.raises(InvocationError, match="'ref/key' is not registered"):
            await one.call()
        await one.registered("ref")
        assert await one.asked() == "ref"
        await one.registered("ref/key", "ref/id")
        assert await one.asked() == "ref/key"


async def test_a_token_beside_a_key_is_renewed_before_the_key_is_doubted() -> None:
    """A 401 does not say which of the two was not taken."""
    async with api([{"key": [], "oauth": []}], auth=TOKEN, takes=["value-1", "Bearer access-ada-2"]) as one:
        await one.given(ref_key="value-1")
        await one.kit.vault.register("", "ref/oauth", one.kit.provider.registration(), [one.server.url])
        await one.kit.vault.keep("ada", "ref/oauth", one.kit.provider.login("ada"), asked=["read"])
        assert (await one.call()).status == 200
        assert await one.asked() == ""
        assert [sent["authorization"] for sent in one.arrived] == ["Bearer access-ada-1", "Bearer access-ada-2"]


async def test_where_renewing_does_not_help_every_part_is_asked_for() -> None:
    async with api([{"key": [], "oauth": []}], auth=TOKEN, takes=["another"]) as one:
        await one.given(ref_key="value-1")
        await one.kit.vault.register("", "ref/oauth", one.kit.provider.registration(), [one.server.url])
        await one.kit.vault.keep("ada", "ref/oauth", one.kit.provider.login("ada"), asked=["read"])
        with pytest.raises(InvocationError, match="does not accept") as raised:
            await one.call()
        assert (raised.value.not_executed, len(one.arrived), one.kit.provider.refreshes) == ("sign-in", 2, 1)
        assert await one.asked() == "ref/key"
        await one.given(ref_key="value-2")
        assert await one.asked() == "ref/oauth"


@pytest.mark.parametrize("pair", [("basic", "bearer"), ("raw", "oauth")], ids="-".join)
async def test_two_credentials_for_one_place_disable_the_function(pair: tuple[str, str]) -> None:
    first, second = pair
    async with api([{first: [], second: []}]) as one:
        assert f"{first!r} and {second!r} go to the same place" in one.executor.unusable["f"]
    async with api([{first: [], second: []}, {"key": []}]) as one:
        await one.given(**WHOLE)
        await one.call()
        assert one.arrived == [{"x-key": "value-0"}]


async def test_the_token_of_the_signed_in_person_is_traded_for_the_scopes_of_the_manifest() -> None:
    """`EntraOnBehalfOf`: the API gets what came of it, and never the token that it was traded for."""
    auth = AuthReference.of("EntraOnBehalfOf", "ref", ("api://albums/read",))
    async with api([{"oauth": []}], auth=auth) as one:
        vault, provider = one.kit.vault, one.kit.provider
        await vault.register("", "login", provider.registration(), ["https://graph.example"])
        await vault.register("", "ref", provider.registration("jwt_bearer", "login"), [one.server.url])
        assert await one.asked() == "login"
        await one.kit.logged_in(name="login")
        assert await one.asked() == ""
        await one.call()
        assert one.arrived == [{"authorization": "Bearer access-traded(ada)-2"}]
        form = provider.forms[-1]
        assert (form["requested_token_use"], form["scope"]) == ("on_behalf_of", "api://albums/read")


async def test_without_auth_a_call_goes_bare_whatever_the_description_demands() -> None:
    """What comes back says that it was not taken; `validate` says so before (`auth-missing`)."""
    async with api([{"key": []}], auth=AuthReference(), takes=["value-0"]) as one:
        await one.given(**WHOLE)
        assert await one.asked() == ""
        result = await one.call()
        assert (result.status, result.is_error, one.arrived) == (401, True, [{}])
