"""Servers that want a token of the person: before they list their tools, and for each call."""

from __future__ import annotations

from dataclasses import replace

import pytest

from auth import AuthReference, AuthType, SignIn
from runtimes.base import RuntimeSpec
from runtimes.errors import InvocationError, RuntimeUnavailable
from runtimes.pinned import Pinned
from tests.runtimes.mcp.serving import Changes, ask, remote, spec_of
from tests.servers.guarded import NAME, TestVault
from tests.servers.mcp_tools import ServedTool, ToolServer, echo


def guarded() -> ToolServer:
    server = ToolServer(ServedTool(name="echo", handler=echo, description="Says it again."))
    server.tokens = {"token-of-ada", "token-of-ben", "token-of-me"}
    return server


def wanting(url: str, *functions: str) -> RuntimeSpec:
    auth = AuthReference(type=AuthType.OAUTH_PLUGIN_VAULT, reference_id=NAME)
    return replace(spec_of(url, functions=functions or None), auth=auth)


async def test_tools_are_listed_with_the_token_of_whoever_opens_the_host_and_called_with_that_of_each_person() -> None:
    vault = TestVault(tokens={"me": "token-of-me", "ada": "token-of-ada", "ben": "token-of-ben"})
    server = guarded()
    async with server.over_http("legacy") as url, remote(wanting(url), vault=vault) as executor:
        assert list(executor.functions) == ["echo"]
        assert server.bearers == ["token-of-me"]
        for person in ("ada", "ben", "ada"):
            assert (await ask(executor, "echo", person=person, text="hello")).payload == "hello"
    assert server.bearers == ["token-of-me", "token-of-ada", "token-of-ben"]


async def test_declared_functions_are_offered_before_the_sign_in_and_known_after_it() -> None:
    vault, changes = TestVault(), Changes()
    async with guarded().over_http("legacy") as url, remote(wanting(url, "echo"), changes, vault) as executor:
        pinned = Pinned(executor)
        assert executor.functions["echo"].description == ""
        assert isinstance(await executor.sign_in("echo", "ada"), SignIn)
        with pytest.raises(InvocationError):
            await ask(pinned, "echo", text="hello")
        vault.tokens["ada"] = "token-of-ada"
        assert await executor.sign_in("echo", "ada") is None
        assert (await ask(pinned, "echo", text="hello")).payload == "hello"
        assert changes.told_once.is_set()
        assert executor.functions["echo"].description == "Says it again."
        assert (await ask(pinned, "echo", text="on")).payload == "on"


async def test_without_declared_functions_there_is_nothing_before_the_sign_in() -> None:
    async with guarded().over_http("legacy") as url:
        with pytest.raises(RuntimeUnavailable, match="lists its tools after a sign-in only"):
            async with remote(wanting(url), vault=TestVault()):
                raise NotImplementedError


async def test_a_token_that_is_not_taken_ends_in_a_sign_in() -> None:
    vault = TestVault(tokens={"me": "token-of-me", "ada": "an-old-one"})
    async with guarded().over_http("legacy") as url, remote(wanting(url), vault=vault) as executor:
        with pytest.raises(InvocationError) as caught:
            await ask(executor, "echo", text="hello")
        assert caught.value.not_executed == "sign-in"
        assert "an-old-one" not in str(caught.value)


async def test_a_server_that_wants_a_token_though_the_manifest_says_nothing_says_so() -> None:
    async with guarded().over_http("legacy") as url:
        with pytest.raises(RuntimeUnavailable, match="reference_id"):
            async with remote(spec_of(url)):
                raise NotImplementedError
