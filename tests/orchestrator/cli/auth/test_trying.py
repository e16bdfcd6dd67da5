"""`orchestrator auth test`: what can be said of a credential without calling its API. Issue 9."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import anyio
import pytest

from auth import Secret
from auth.credentials import Tokens
from auth.registration import OAuthRegistration, Provider
from auth.stored import StoredVault
from orchestrator.cli.configuration import Configuration
from orchestrator.cli.configured_vault import VaultSetting
from orchestrator.cli.vault import opened_stored_vault
from orchestrator.host import DEFAULT_PERSON
from runtimes.fetch import SharedClient
from tests.orchestrator.cli.auth.commands import API, CANARY, Done, Home
from tests.servers.loopback import Answer, LoopbackServer, Request, json_response, serve

KEY = "A" * 43 + "="


async def answer(request: Request) -> Answer:
    """A provider that takes the renewed token alone."""
    if request.path == "/token":
        return json_response({"access_token": "access-renewed", "token_type": "Bearer"})
    is_taken = request.header("Authorization") == "Bearer access-renewed"
    return json_response({"sub": "ada"} if is_taken else {}, 200 if is_taken else 401)


@dataclass(frozen=True, slots=True)
class Place:
    """A vault in a file, which commands take too."""

    home: Home
    server: LoopbackServer

    @asynccontextmanager
    async def vault(self) -> AsyncGenerator[StoredVault]:
        configuration = Configuration(vault=VaultSetting(url=f"sqlite:///{self.home.folder}/vault.db"))
        http = SharedClient()
        environ = {"ORCHESTRATOR_VAULT_KEY": KEY}
        async with opened_stored_vault(configuration, environ, http=http) as vault:
            yield vault
        await http.aclose()

    async def logged_in(self, refresh: str | None) -> None:
        url = self.server.url
        provider = Provider(token_endpoint=f"{url}/token", userinfo_endpoint=f"{url}/me")
        registration = OAuthRegistration(
            provider=provider, client_id="app", scopes=("openid",), allowed_hosts=("127.0.0.1",)
        )
        kept = Secret(refresh) if refresh is not None else None
        async with self.vault() as vault:
            await vault.register(DEFAULT_PERSON, "albums", registration, [API])
            await vault.keep(DEFAULT_PERSON, "albums", Tokens(access=Secret("access-of-before"), refresh=kept))

    async def tested(self) -> Done:
        variables = {
            "ORCHESTRATOR_VAULT": f"sqlite:///{self.home.folder}/vault.db",
            "ORCHESTRATOR_VAULT_KEY": KEY,
        }
        process = self.home.start("auth", "test", "albums", **variables)
        out, err = await anyio.to_thread.run_sync(process.communicate)
        return Done(process.returncode, out, err)


@pytest.fixture
async def place(tmp_path: Path) -> AsyncGenerator[Place]:
    async with serve(answer) as server:
        yield Place(Home(tmp_path), server)


async def test_tokens_that_the_provider_does_not_take_any_more_are_renewed(place: Place) -> None:
    await place.logged_in("refresh-of-before")
    done = await place.tested()
    assert done.code == 0, done
    assert "the provider takes it, and says that it is for ada" in done.out
    async with place.vault() as vault:
        kept = await vault.credential(DEFAULT_PERSON, "albums")
    assert isinstance(kept, Tokens)
    assert kept.access.reveal() == "access-renewed"


async def test_what_cannot_be_renewed_is_told_of_and_stays_as_it_is(place: Place) -> None:
    """It may be for an API alone, and good there."""
    await place.logged_in(None)
    done = await place.tested()
    assert done.code == 1
    assert f"{place.server.url}/me does not take it: HTTP 401; whether the API does, a call tells" in done.out
    async with place.vault() as vault:
        kept = await vault.credential(DEFAULT_PERSON, "albums")
    assert kept is not None
    assert not kept.is_rejected


@pytest.mark.parametrize(
    ("variables", "name", "code", "told"),
    [
        (
            {"ORCHESTRATOR_AUTH_A_KEY": CANARY, "ORCHESTRATOR_AUTH_A_KEY_ORIGINS": f"{API}, https://b.example:444"},
            "a-key",
            0,
            f"a-key: the variable ORCHESTRATOR_AUTH_A_KEY gives it; it goes to {API} and https://b.example:444\n",
        ),
        (
            {"ORCHESTRATOR_AUTH_A__ONE": CANARY, "ORCHESTRATOR_AUTH_A_ORIGINS": API},
            "a",
            0,
            f"a: the variable ORCHESTRATOR_AUTH_A__ONE gives it; it goes to {API}\n",
        ),
        (
            {"ORCHESTRATOR_AUTH_A__ONE": CANARY, "ORCHESTRATOR_AUTH_A_ORIGINS": API},
            "a/one",
            0,
            f"a/one: the variable ORCHESTRATOR_AUTH_A__ONE gives it; it goes to {API}\n",
        ),
        (
            {"ORCHESTRATOR_AUTH_A": CANARY},
            "a",
            1,
            "a: the variable ORCHESTRATOR_AUTH_A gives it; it goes to no origin yet; allow it: "
            "ORCHESTRATOR_AUTH_A_ORIGINS=https://HOST\n",
        ),
        (
            {"ORCHESTRATOR_AUTH_A": CANARY, "ORCHESTRATOR_AUTH_A_ORIGINS": "nowhere"},
            "a",
            1,
            "a: the variable ORCHESTRATOR_AUTH_A gives it; ORCHESTRATOR_AUTH_A_ORIGINS has an origin that is none: ",
        ),
    ],
)
def test_a_variable_alone_is_enough(variables: dict[str, str], name: str, code: int, told: str, tmp_path: Path) -> None:
    done = Home(tmp_path).auth("test", name, **variables)
    assert (done.code, done.err) == (code, "")
    assert done.out.startswith(told)


def test_variables_are_listed(tmp_path: Path) -> None:
    variables = {
        "ORCHESTRATOR_AUTH_A": CANARY,
        "ORCHESTRATOR_AUTH_A_ORIGINS": "https://a",
        "ORCHESTRATOR_AUTH_B": CANARY,
    }
    listed = Home(tmp_path).auth("list", **variables)
    assert (listed.code, listed.err) == (0, "")
    assert [line.split() for line in listed.out.splitlines()[1:]] == [
        ["ORCHESTRATOR_AUTH_A", "secret", "variable", "-", "ok", "https://a"],
        ["ORCHESTRATOR_AUTH_B", "secret", "variable", "-", "no", "origin"],
    ]


def test_a_credential_that_was_never_given_says_which_command_gives_it(tmp_path: Path) -> None:
    home = Home(tmp_path)
    assert home.auth("add", "a", "--kind", "key", "--origin", API, "--shared", "--yes").code == 0
    done = home.auth("test", "a")
    assert done.out == "a: the credential 'a' has not been given yet: API key; `orchestrator auth add a` gives it\n"
    endpoints = ("--authorization-url", "https://login.example/auth", "--token-url", "https://login.example/token")
    client = ("--client-id", "app", "--client-auth", "none", "--origin", API)
    assert home.auth("add", "b", "--kind", "oauth", *endpoints, *client, "--yes").code == 0
    assert home.auth("test", "b").out == "b: there is no login for 'b' yet; `orchestrator auth login b` does it\n"
