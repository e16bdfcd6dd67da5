"""`orchestrator auth add` for an MCP server: it says who gives out its tokens, and a client is registered. Issue 10."""

from __future__ import annotations

import re
from collections.abc import Generator
from pathlib import Path

import pytest
from anyio.from_thread import start_blocking_portal

from runtimes.values import Json, JsonObject
from tests.orchestrator.cli.auth.commands import CANARY, SECONDS, Home
from tests.orchestrator.cli.auth.test_login_command import browser
from tests.servers.guarded_mcp import GuardedMcp, guarded_mcp
from tests.servers.openid_provider import OpenIdProvider, need_provider, openid_provider

PAGE = Path(__file__).resolve().parents[4] / "docs" / "auth.md"
ALLOWED = ("--allow-host", "127.0.0.1")


@pytest.fixture(scope="module")
def provider() -> Generator[OpenIdProvider]:
    need_provider()
    with openid_provider() as running:
        yield running


@pytest.fixture(scope="module")
def server(provider: OpenIdProvider) -> Generator[GuardedMcp]:
    guarded = guarded_mcp(provider.url, scopes=["albums.read"])
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(guarded) as running:
        yield running


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def runtime(server: GuardedMcp, kind: str = "OAuthPluginVault", **auth: Json) -> JsonObject:
    return {
        "type": "RemoteMCPServer",
        "auth": {"type": kind, "reference_id": "desk", **auth},
        "run_for_functions": ["whoami"],
        "spec": {"url": server.url},
    }


def listed(home: Home) -> dict[str, JsonObject]:
    found = home.auth("list", "--json").json["credentials"]
    assert isinstance(found, list)
    return {str(one["reference"]): one for one in found if isinstance(one, dict)}


def test_a_client_is_registered_once_the_person_has_seen_where(
    home: Home, server: GuardedMcp, provider: OpenIdProvider
) -> None:
    plugin = home.plugin(runtime(server))
    refused = home.auth("add", "desk", plugin, *ALLOWED)
    assert (refused.code, refused.out) == (2, "")
    lines = [line.strip() for line in refused.err.splitlines()]
    assert f"client      is registered at {provider.url}/reg, once you agree" in lines
    assert f"good for    {server.url}" in lines
    assert "asks for    albums.read" in lines
    assert any(line.endswith("see that you know them.") for line in lines)
    assert listed(home) == {}

    done = home.auth("add", "desk", plugin, *ALLOWED, "--yes")
    assert done.code == 0, done
    assert done.out.startswith(f"registered: desk, for {server.url.removesuffix('/mcp')}; log in with")

    process = home.start("auth", "login", "desk", **browser(home, provider, "consent"))
    out, err = process.communicate(timeout=SECONDS)
    assert (process.returncode, out.startswith("logged in to desk")) == (0, True), err
    assert listed(home)["desk"]["state"] == "ok"


def test_the_page_shows_what_is_shown(home: Home, server: GuardedMcp, provider: OpenIdProvider) -> None:
    [page] = re.findall(
        r"<!-- shown by `auth add` for an MCP server -->\n```text\n(.*?)```",
        PAGE.read_text(encoding="utf-8"),
        re.DOTALL,
    )
    said = home.auth("add", "desk", home.plugin(runtime(server)), *ALLOWED, "--yes").err
    said = said.replace(provider.url, "https://login.desk.example")
    assert said.replace(server.url.removesuffix("/mcp"), "https://mcp.desk.example") == page


def test_a_client_that_is_known_is_not_registered(home: Home, server: GuardedMcp) -> None:
    plugin = home.plugin(runtime(server, scopes=["albums.write"]))
    client = ("--client-id", "app", "--client-auth", "none")
    done = home.auth("add", "desk", plugin, *ALLOWED, *client, "--yes")
    assert done.code == 0, done
    assert "client      app" in done.err
    assert "once you agree" not in done.err


def test_an_issuer_of_the_persons_own_is_asked_in_the_place_of_the_server(
    home: Home, server: GuardedMcp, provider: OpenIdProvider
) -> None:
    plugin = home.plugin(runtime(server))
    options = ("--issuer", provider.url, "--client-id", "app", "--client-auth", "none", "--yes")
    done = home.auth("add", "desk", plugin, *ALLOWED, *options)
    assert done.code == 0, done
    assert f"good for    {server.url}" in done.err
    assert "see that you know them" not in done.err


def test_a_server_with_a_key_wants_a_bearers(home: Home, server: GuardedMcp) -> None:
    plugin = home.plugin(runtime(server, "ApiKeyPluginVault"))
    done = home.auth("add", "desk", plugin, "--yes", "--secret-env", "KEY", KEY=CANARY)
    assert (done.code, done.out) == (0, f"kept: desk (bearer token), for {server.url.removesuffix('/mcp')}\n")


def test_a_server_on_a_private_address_is_not_asked(home: Home, server: GuardedMcp) -> None:
    done = home.auth("add", "desk", home.plugin(runtime(server)), "--yes")
    assert done.code != 0
    assert "--allow-host 127.0.0.1" in done.err
    assert listed(home) == {}


def test_a_url_that_is_none_is_told(home: Home, server: GuardedMcp) -> None:
    broken: JsonObject = {**runtime(server), "spec": {"url": "ftp://desk.example"}}
    done = home.auth("add", "desk", home.plugin(broken), "--yes")
    assert done.code == 2
    assert "its MCP server cannot be asked: only http and https URLs are contacted" in done.err
