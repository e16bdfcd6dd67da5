"""What plugins want of a credential is read off their descriptions. Issue 9."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from orchestrator.cli.auth.wanted import OAuthFlow, Reading, Wanted, read_wanted
from orchestrator.cli.logins.given import Kind
from orchestrator.manifest.load import load_plugin
from runtimes.fetch import SharedClient
from runtimes.values import Json, JsonObject
from tests.orchestrator.cli.auth.commands import API, PROVIDER, description, manifest, runtime

PLACES = (f"{API}:443",)


async def read(*runtimes: JsonObject, name: str = "ref", kind: Kind | None = None) -> Reading:
    http = SharedClient()
    try:
        plugin = await load_plugin(manifest(*runtimes))
        return await read_wanted([plugin], name, http, servers={}, kind=kind)
    finally:
        await http.aclose()


@pytest.mark.parametrize(
    ("security", "auth", "kind", "hint"),
    [
        ("app", "ApiKeyPluginVault", "key", "API key in the header 'X-Key'"),
        ("who", "ApiKeyPluginVault", "basic", "name and password (HTTP basic)"),
        ("bear", "ApiKeyPluginVault", "bearer", "bearer token"),
        ("bear", "OAuthPluginVault", "oauth", "OAuth tokens"),
        ("sign", "OAuthPluginVault", "oauth", "OAuth tokens"),
        ("-,app", "ApiKeyPluginVault", "key", "API key in the header 'X-Key'"),
        ("who,app", "ApiKeyPluginVault", "basic", "name and password (HTTP basic)"),
    ],
)
async def test_the_scheme_says_what_it_is(security: str, auth: str, kind: Kind, hint: str) -> None:
    alternatives: list[Json] = [{} if name == "-" else {name: []} for name in security.split(",")]
    reading = await read(runtime("ref", description({"look": alternatives}), kind=auth))
    [wanted] = reading.wanted
    assert (wanted.name, wanted.kind, wanted.hint, wanted.origins) == ("ref", kind, hint, PLACES)
    assert wanted.plugins == ("albums",)
    assert reading.obstacles == ()


async def test_credentials_that_go_out_together_are_parts() -> None:
    both = runtime("ref", description({"look": [{"app": [], "who": []}]}))
    found = (await read(both)).wanted
    assert [(one.name, one.kind) for one in found] == [("ref/app", "key"), ("ref/who", "basic")]
    assert [one.name for one in (await read(both, name="ref/who")).wanted] == ["ref/who"]


@pytest.mark.parametrize(("kind", "found"), [(None, "basic"), ("basic", "basic"), ("key", "key"), ("bearer", "basic")])
async def test_of_alternatives_the_kind_that_is_asked_for_is_taken(kind: Kind | None, found: Kind) -> None:
    either = runtime("ref", description({"look": [{"who": []}, {"app": []}]}))
    assert [one.kind for one in (await read(either, kind=kind)).wanted] == [found]


async def test_flows_and_the_scopes_of_the_functions_are_read() -> None:
    document = description({"look": [{"sign": ["read"]}], "add": [{"sign": ["read", "write"]}]})
    [wanted] = (await read(runtime("ref", document, kind="OAuthPluginVault"))).wanted
    assert wanted.flow == OAuthFlow(
        grant="authorization_code",
        authorization_url=f"{PROVIDER}/authorize",
        token_url=f"{PROVIDER}/token",
        scopes=("read", "write"),
    )


async def test_the_scopes_of_the_manifest_come_before_those_of_the_description() -> None:
    document = description({"look": [{"sign": ["read"]}]})
    [wanted] = (await read(runtime("ref", document, kind="EntraOnBehalfOf", scopes=["mail"]))).wanted
    assert wanted.flow is not None
    assert (wanted.flow.grant, wanted.flow.scopes) == ("jwt_bearer", ("mail",))


async def test_an_issuer_is_read() -> None:
    document = description({"look": [{"open": ["read"]}]})
    [wanted] = (await read(runtime("ref", document, kind="OAuthPluginVault"))).wanted
    assert wanted.flow is not None
    assert wanted.flow.metadata_url == f"{PROVIDER}/.well-known/openid-configuration"


async def test_every_server_is_an_origin_and_one_credential_serves_them_all() -> None:
    elsewhere = description({"add": [{"app": []}]}, server="https://other.example:8443/v2")
    [wanted] = (await read(runtime("ref", description({"look": [{"app": []}]})), runtime("ref", elsewhere))).wanted
    assert wanted.origins == (*PLACES, "https://other.example:8443")


async def test_what_cannot_be_read_is_told_and_other_references_are_named() -> None:
    reading = await read(
        runtime("ref", description({"look": [{"app": []}]}, server="ftp://nowhere")),
        runtime("other", description({"add": [{"app": []}]})),
    )
    assert reading.wanted == ()
    assert reading.references == ("ref", "other")
    [obstacle] = reading.obstacles
    assert obstacle.startswith("plugin 'albums', function 'look': ")


async def test_a_reference_that_only_begins_alike_is_another_one() -> None:
    assert (await read(runtime("reference", description({"look": [{"app": []}]})))).wanted == ()


def test_two_uses_of_one_name_become_one() -> None:
    def one(plugin: str, origins: Sequence[str]) -> Wanted:
        return Wanted(name="ref", kind="key", hint="h", origins=tuple(origins), plugins=(plugin,))

    assert one("a", ["https://b:443"]).joined(one("b", ["https://a:443"])) == Wanted(
        name="ref", kind="key", hint="h", origins=("https://a:443", "https://b:443"), plugins=("a", "b")
    )


def _mcp(url: str, kind: str = "OAuthPluginVault", name: str = "find") -> JsonObject:
    auth: JsonObject = {"type": kind, "reference_id": "ref"}
    return {"type": "RemoteMCPServer", "auth": auth, "spec": {"url": url}, "run_for_functions": [name]}


async def test_a_token_for_one_mcp_server_goes_to_no_other_place() -> None:
    api = runtime("ref", description({"look": [{"sign": ["read"]}]}), kind="OAuthPluginVault")
    for other in (_mcp("https://other.example/mcp", name="seek"), api):
        reading = await read(_mcp("https://desk.example/mcp"), other)
        [wanted] = reading.wanted
        assert wanted.origins == ("https://desk.example:443",)
        [obstacle] = reading.obstacles
        assert "'ref' is for https://desk.example, and does not go to" in obstacle
        assert "give each its own reference_id" in obstacle


async def test_one_server_and_one_key_are_registered_for_all_who_want_them() -> None:
    twice = await read(_mcp("https://desk.example/mcp"), _mcp("https://desk.example/mcp", name="seek"))
    assert twice.obstacles == ()
    key = "ApiKeyPluginVault"
    both = (_mcp("https://desk.example/mcp", key), _mcp("https://other.example/mcp", key, "seek"))
    [wanted] = (await read(*both)).wanted
    assert wanted.origins == ("https://desk.example:443", "https://other.example:443")
