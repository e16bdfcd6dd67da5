"""What a chat does when a call needs a sign-in that the person agrees to. Issue 9."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial

import anyio
import httpx2
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input

from auth import SecretsInUse, SignIn
from auth.credentials import Tokens
from auth.keys import GivenKeys, new_key
from auth.registration import OAuthRegistration, Provider, Registration, SecretRegistration
from auth.rows import RowsInMemory
from auth.sealed import SealedRecords
from auth.stored import StoredVault
from orchestrator.cli.logins.logging_in import Way
from orchestrator.cli.logins.signing_in import ChatSignIn
from tests.orchestrator.cli.auth.commands import API
from tests.servers.openid_provider import OpenIdProvider, need_provider, openid_provider

WANTED = SignIn(name="albums", kind="login", reason="there is no login yet", scopes=("openid", "albums.read"))
SILENT = Way(opens_browser=False)


class Told:
    """What the person is told, and the address that they open."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.url = ""
        self.is_there = anyio.Event()

    def __call__(self, line: str) -> None:
        self.lines.append(line)
        if line.startswith("log in here: "):
            self.url = line.removeprefix("log in here: ")
            self.is_there.set()


@asynccontextmanager
async def vault_with(registration: Registration) -> AsyncGenerator[StoredVault]:
    async with httpx2.AsyncHTTPTransport(trust_env=False) as transport:
        vault = StoredVault(SealedRecords(RowsInMemory(), GivenKeys(new_key())), lambda _: transport)
        await vault.register("me", "albums", registration, [API])
        yield vault


def sign_in(vault: StoredVault, told: Told) -> ChatSignIn:
    @asynccontextmanager
    async def opened() -> AsyncGenerator[StoredVault]:
        yield vault

    return ChatSignIn(opened, SecretsInUse(), say=told, way=SILENT)


async def answered(provider: OpenIdProvider, told: Told, *, person_agrees: bool) -> None:
    await told.is_there.wait()
    url = told.url
    back = await (provider.consent(url) if person_agrees else provider.deny(url))
    async with httpx2.AsyncClient(trust_env=False) as browser:
        await browser.get(back)


async def test_a_login_asks_for_what_the_call_needs_and_is_kept() -> None:
    need_provider()
    told = Told()
    with openid_provider() as provider:
        async with vault_with(provider.registration()) as vault, anyio.create_task_group() as group:
            group.start_soon(partial(answered, provider, told, person_agrees=True))
            with anyio.fail_after(30):
                assert await sign_in(vault, told)(WANTED, "me")
            tokens = await vault.credential("me", "albums")
            assert isinstance(tokens, Tokens)
            assert set(WANTED.scopes) <= set(tokens.scopes)
            assert all(tokens.access.reveal() not in line for line in told.lines)
    assert told.lines[-1].startswith("logged in to albums as ada")


async def test_a_refused_login_is_told_and_comes_to_nothing() -> None:
    need_provider()
    told = Told()
    with openid_provider() as provider:
        async with vault_with(provider.registration()) as vault, anyio.create_task_group() as group:
            group.start_soon(partial(answered, provider, told, person_agrees=False))
            with anyio.fail_after(30):
                assert not await sign_in(vault, told)(WANTED, "me")
            assert await vault.credential("me", "albums") is None
    assert "access_denied" in told.lines[-1]


async def test_what_is_not_registered_is_told_with_the_command() -> None:
    told = Told()
    async with vault_with(SecretRegistration(hint="API key")) as vault:
        wanted = SignIn(name="other", kind="login", reason="")
        assert not await sign_in(vault, told)(wanted, "me")
    assert "there is no credential 'other'" in told.lines[-1]


async def test_a_login_that_is_traded_for_another_is_not_offered_here() -> None:
    told = Told()
    registration = OAuthRegistration(
        provider=Provider(token_endpoint="https://login.example/token"), client_id="c", grant="jwt_bearer"
    )
    async with vault_with(registration) as vault:
        assert not await sign_in(vault, told)(WANTED, "me")
    assert "needs no login of its own" in told.lines[-1]


async def test_a_key_that_could_never_be_sent_is_not_kept() -> None:
    told = Told()
    async with vault_with(SecretRegistration(hint="bearer token")) as vault:
        with create_pipe_input() as keyboard, create_app_session(input=keyboard), anyio.fail_after(10):
            keyboard.send_text("Bearer abc\r")
            assert not await sign_in(vault, told)(WANTED, "me")
            assert await vault.credential("me", "albums") is None
            keyboard.send_text("abcdefgh\r")
            assert await sign_in(vault, told)(WANTED, "me")
    assert [line.partition(":")[0] for line in told.lines] == ["this did not work", "kept"]
