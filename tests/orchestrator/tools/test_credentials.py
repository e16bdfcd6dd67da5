"""A function is offered where its credential can be had, and the credential goes out with its calls (issue 9)."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from auth import ANYWHERE, CredentialMissing, CredentialRefused, MappingVault, ProviderError, Vault, VaultError
from auth.chain import ChainVault
from orchestrator import Orchestrator, load_plugin
from orchestrator.cli.wire import as_lines, curl_command, masked
from orchestrator.tools.credentials import credential_obstacle
from runtimes.memory import MemoryRuntime
from runtimes.values import Json, JsonObject, dump_json
from tests.servers.loopback import Answer, LoopbackServer, Request, json_response, serve

KEY: JsonObject = {"type": "ApiKeyPluginVault", "reference_id": "key"}


def alpha(count: int) -> str:
    """Counts."""
    return str(count)


def runtime(auth: Json, kind: str = "x-one", **members: Json) -> JsonObject:
    return {"type": kind, "auth": auth, **members}


def plugin_of(*runtimes: Json) -> JsonObject:
    return {
        "schema_version": "v2.2",
        "name_for_human": "Mine",
        "namespace": "mine",
        "description_for_human": "For people.",
        "functions": [{"name": "alpha", "description": "Counts"}],
        "runtimes": list(runtimes),
    }


@asynccontextmanager
async def hosting(
    plugin: JsonObject, vault: Vault | None = None, hosts: tuple[str, ...] = ()
) -> AsyncGenerator[Orchestrator]:
    loaded = await load_plugin(plugin, allowed_hosts=hosts)
    async with Orchestrator(
        plugins=[loaded], runtimes={"x-one": MemoryRuntime(alpha)}, model="offline", vault=vault
    ) as host:
        yield host


async def skipped(plugin: JsonObject, vault: Vault | None = None) -> str:
    """Why the function is not offered; empty where it is."""
    async with hosting(plugin, vault) as host:
        return "; ".join(one.reason for one in host.toolbox.skipped)


class Failing(MappingVault):
    """Cannot say what it has."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._error = error

    async def has(self, reference: str, /) -> bool:
        raise self._error


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (VaultError("it is locked"), "it is locked"),
        (CredentialMissing("it is gone"), "it is gone"),
        (CredentialRefused("it is for another"), "it is for another"),
        (ProviderError("it is down"), "it is down"),
        (RuntimeError("token-1234"), "it failed with RuntimeError"),
    ],
)
async def test_a_vault_that_cannot_say_what_it_has_keeps_no_host_from_starting(error: Exception, reason: str) -> None:
    told = await skipped(plugin_of(runtime(KEY)), Failing(error))
    assert told.endswith(f"the vault cannot be asked for it: {reason}")


@pytest.mark.parametrize(
    "vault",
    [
        MappingVault({"key": "value-1234"}, origins=ANYWHERE),
        MappingVault({"key/a": "v"}, origins=ANYWHERE),
        MappingVault(persons={"x": {"key": "v"}}, origins=ANYWHERE),
    ],
)
@pytest.mark.parametrize("type", ["ApiKeyPluginVault", "OAuthPluginVault", "EntraOnBehalfOf", "apikeypluginvault"])
async def test_a_function_is_offered_where_the_vault_has_its_credential(type: str, vault: MappingVault) -> None:
    assert await skipped(plugin_of(runtime({"type": type, "reference_id": "key"})), vault) == ""


@pytest.mark.parametrize(
    ("auth", "reason"),
    [
        (KEY, "it needs the credential 'key' (ApiKeyPluginVault), which the vault does not have: "),
        ({"type": "OAuthPluginVault"}, "it needs a credential (OAuthPluginVault), and its auth has no reference_id"),
        ({"type": "Magic", "reference_id": "other"}, "a credential of type 'Magic', which is none of 'None', 'OAuth"),
        ({"reference_id": "other"}, "a credential of type '(missing)'"),
    ],
)
async def test_another_one_is_not_and_says_what_is_missing(auth: Json, reason: str) -> None:
    assert reason in await skipped(plugin_of(runtime(auth)), MappingVault({"other": "value-1234"}, origins=ANYWHERE))
    assert reason in await skipped(plugin_of(runtime(auth)))


@pytest.mark.parametrize("vault", [None, MappingVault()])
async def test_a_program_is_told_how_it_gives_a_credential(vault: Vault | None) -> None:
    told = await skipped(plugin_of(runtime(KEY)), vault)
    assert told.endswith(
        "which the vault does not have: programs give it with vault=, conversation files under 'credentials'"
    )


@pytest.mark.parametrize(
    ("location", "shown"),
    [
        ("HERE/some plugin.json", "'some plugin.json'"),
        ("/elsewhere/plugin.json", "/elsewhere/plugin.json"),
        ("https://ada:word@a.example/p.json?key=word", "https://a.example/p.json"),
    ],
)
async def test_a_vault_that_is_kept_is_given_it_by_a_command_that_names_the_plugin(location: str, shown: str) -> None:
    plugin = await load_plugin(plugin_of(runtime({**KEY, "reference_id": "-a b"})))
    at = location.replace("HERE", str(Path.cwd()))
    told = await credential_obstacle(plugin.manifest.runtimes[0], ChainVault(), at)
    assert told == (
        "it needs the credential '-a b' (ApiKeyPluginVault), which the vault does not have: "
        f"`orchestrator auth add -- '-a b' {shown}` gives it"
    )


async def test_no_credential_goes_to_a_local_plugin() -> None:
    local = runtime(KEY, "LocalPlugin", spec={"local_endpoint": "x"}, run_for_functions=["alpha"])
    assert "none is sent to a local plugin" in await skipped(
        plugin_of(local), MappingVault({"key": "value-1234"}, origins=ANYWHERE)
    )


@pytest.mark.parametrize("has_key", [True, False])
async def test_a_runtime_whose_credential_there_is_claims_its_functions_as_any_other(has_key: bool) -> None:
    """Spec 11: only one runtime may answer a function."""
    plugin = plugin_of(runtime(KEY), runtime({"type": "OAuthPluginVault", "reference_id": "none"}))
    reasons = await skipped(plugin, MappingVault({"key": "value-1234"} if has_key else {}, origins=ANYWHERE))
    assert ("only one may" in reasons) is has_key
    assert ("'none' (OAuthPluginVault)" in reasons) is not has_key


async def test_a_reference_is_filled_as_other_texts_are() -> None:
    plugin = plugin_of(runtime({**KEY, "reference_id": "${{KEY_ID}}"}))
    loaded = await load_plugin(plugin, environment={"KEY_ID": "key"})
    vault = MappingVault({"key": "value-1234"}, origins=ANYWHERE)
    async with Orchestrator(plugins=[loaded], runtimes={"x-one": MemoryRuntime(alpha)}, vault=vault) as host:
        assert host.toolbox.find("alpha").name == "alpha"


def api(url: str) -> str:
    scheme: JsonObject = {"type": "apiKey", "in": "query", "name": "api-key"}
    return dump_json(
        {
            "openapi": "3.0.4",
            "servers": [{"url": url}],
            "components": {"securitySchemes": {"key": scheme}},
            "security": [{"key": []}],
            "paths": {"/x": {"get": {"operationId": "alpha", "responses": {}}}},
        }
    )


@asynccontextmanager
async def serving(vault: Vault) -> AsyncGenerator[tuple[Orchestrator, LoopbackServer]]:
    """A host over a real service."""

    async def answer(request: Request) -> Answer:
        return json_response({"asked": request.target})

    async with serve(answer) as server:
        plugin = plugin_of(runtime(KEY, "OpenApi", spec={"api_description": api(server.url)}))
        async with hosting(plugin, vault, ("127.0.0.1",)) as host:
            yield host, server


async def test_a_call_carries_the_credential_of_its_person() -> None:
    vault = MappingVault({"key": "everybodys"}, persons={"ada": {"key": "adas-own-one"}}, origins=ANYWHERE)
    async with serving(vault) as (host, server):
        mine = await host.call("alpha")
        hers = await host.call("alpha", person="ada")
    assert [request.target for request in server.requests] == ["/x?api-key=everybodys", "/x?api-key=adas-own-one"]
    assert (mine.payload, hers.payload) == (
        {"asked": "/x?api-key=[secret api-key]"},
        {"asked": "/x?api-key=[secret api-key:2]"},
    )


async def test_what_would_be_sent_shows_where_the_credential_goes_and_not_what_it_is() -> None:
    async with serving(MappingVault({"key": "value-1234"}, origins=ANYWHERE)) as (host, server):
        (message,) = host.preview("alpha", {})
        assert server.requests == []
    assert "value-1234" not in repr(message)
    assert as_lines(masked(message))[0] == f"GET {server.url}/x?api-key=***"
    assert "'***'" in repr(message)
    assert "api-key=***" in curl_command(masked(message))
