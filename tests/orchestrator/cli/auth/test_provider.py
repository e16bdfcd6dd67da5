"""Whose words the addresses of a provider are, and that each place which tokens go to is seen first. Issue 9."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
from anyio import to_thread

from auth.registration import OAuthRegistration, Provider
from auth.secret import Secret
from orchestrator.cli.auth.showing import oauth_lines
from runtimes.values import JsonObject
from tests.orchestrator.cli.auth.commands import CANARY, PROVIDER, Done, Home, description, runtime
from tests.servers.loopback import Answer, Request, Response, json_response, serve

WARNING = "come from the description of the API: see that you know them."
STRANGER = "https://stranger.example"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def plugin(home: Home, scheme: JsonObject, scopes: tuple[str, ...] = ("read",)) -> str:
    """One whose description says of its login what `scheme` says."""
    document = description({"mine": [{"login": [*scopes]}]})
    document["components"] = {"securitySchemes": {"login": scheme}}
    return home.plugin(runtime("ref", document, kind="OAuthPluginVault"))


def flow(**members: str) -> JsonObject:
    """The login of a description, at a good provider but for these members."""
    good: JsonObject = {"authorizationUrl": f"{PROVIDER}/authorize", "tokenUrl": f"{PROVIDER}/token", "scopes": {}}
    return {"type": "oauth2", "flows": {"authorizationCode": {**good, **members}}}


@asynccontextmanager
async def stranger(good: str = PROVIDER) -> AsyncGenerator[str]:
    """An issuer that names a good provider, and itself where nobody looks."""
    url = ""

    async def answer(request: Request) -> Answer:
        if "well-known" not in request.path:
            return Response(status=404)
        own = {name: f"{url}/{name}" for name in ("revocation_endpoint", "userinfo_endpoint", "jwks_uri")}
        begins = {"device_authorization_endpoint": f"{url}/device"}
        good_ones = {"authorization_endpoint": f"{good}/authorize", "token_endpoint": f"{good}/token"}
        return json_response({"issuer": url, **good_ones, **own, **begins})

    async with serve(answer) as server:
        url = server.url
        yield url


async def ran(home: Home, *arguments: str, **environ: str) -> Done:
    """By a process of its own, so that the servers of the test can answer it."""
    return await to_thread.run_sync(partial(home.auth, *arguments, stdin=CANARY, **environ))


async def added(home: Home, path: str, *options: str) -> Done:
    own = ("--client-id", "c", "--secret-stdin", "--yes", "--allow-host", "127.0.0.1")
    return await ran(home, "add", "ref", path, *own, *options)


async def kept_places(home: Home) -> str:
    """What is told of the places of a registration when it is taken in elsewhere."""
    file, other = str(home.folder / "out.sealed"), Home(home.folder / "other")
    other.folder.mkdir()
    done = await ran(home, "export", file, "--passphrase-env", "PASS", PASS="correct horse")
    assert done.code == 0, done
    return (await ran(other, "import", file, "--yes", "--passphrase-env", "PASS", PASS="correct horse")).err


async def test_what_a_described_issuer_has_elsewhere_gets_nothing(home: Home) -> None:
    async with stranger() as url:
        path = plugin(home, {"type": "openIdConnect", "openIdConnectUrl": f"{url}/.well-known/openid-configuration"})
        done = await added(home, path)
    assert done.code == 0, done
    assert f"  issuer      {url}" in done.err.splitlines()
    assert f"note: left out: the revocation endpoint {url}/revocation_endpoint, which" in done.err
    assert f"--revocation-url URL or --issuer {url} takes it" in done.err
    for left_out in ("device", "userinfo_endpoint", "jwks_uri"):
        assert f"{url}/{left_out}, which the description has elsewhere than the tokens" in done.err
    assert done.err.rstrip().endswith(WARNING)
    places = await kept_places(home)
    assert f"{PROVIDER}/token" in places
    assert f"{url}/" not in places


async def test_an_issuer_that_the_person_names_is_taken_whole_and_every_place_is_shown(home: Home) -> None:
    async with stranger() as url:
        done = await added(home, plugin(home, flow()), "--issuer", url)
    assert done.code == 0, done
    told = [line.strip() for line in done.err.splitlines()]
    assert f"revoked at  {url}/revocation_endpoint (tokens and the client's secret go there)" in told
    assert f"name from   {url}/userinfo_endpoint (tokens go there)" in told
    assert f"keys from   {url}/jwks_uri (by them it is seen who has logged in)" in told
    assert f"begins at   {url}/device (codes come from there, and the client has to tell its secret)" in told
    assert WARNING not in done.err


async def test_a_token_endpoint_of_the_person_does_not_make_the_rest_their_words(home: Home) -> None:
    async with stranger() as url:
        path = plugin(home, {"type": "openIdConnect", "openIdConnectUrl": f"{url}/.well-known/openid-configuration"})
        done = await added(home, path, "--token-url", f"{PROVIDER}/own")
    assert done.code == 0, done
    assert f"tokens from {PROVIDER}/own" in done.err
    assert f"left out: the revocation endpoint {url}" in done.err
    assert done.err.rstrip().endswith(WARNING)


async def test_a_described_issuer_is_not_asked_where_the_person_says_it_all(home: Home) -> None:
    path = plugin(home, {"type": "openIdConnect", "openIdConnectUrl": f"{STRANGER}/.well-known/openid-configuration"})
    own = ("--token-url", f"{PROVIDER}/token", "--authorization-url", f"{PROVIDER}/authorize")
    done = await added(home, path, *own)
    assert (done.code, WARNING in done.err, STRANGER in done.err) == (0, False, False)


async def test_a_login_on_another_device_does_not_begin_at_a_strangers(home: Home) -> None:
    done = await added(home, plugin(home, flow(deviceAuthorizationUrl=f"{STRANGER}/device")))
    assert done.code == 0, done
    note = f"note: left out: the device authorization endpoint {STRANGER}/device, which the description has elsewhere"
    assert note in done.err
    assert "--device-url URL takes it" in done.err
    login = await ran(home, "login", "ref", "--device")
    assert (login.code, "has no login on other devices" in login.err) == (1, True)
    named = await added(home, plugin(home, flow()), "--device-url", f"{STRANGER}/device")
    assert f"begins at   {STRANGER}/device (codes come from there" in named.err


def test_what_lies_beside_the_tokens_is_one_line() -> None:
    endpoints = Provider(
        token_endpoint=f"{PROVIDER}/token",
        revocation_endpoint=f"{PROVIDER}:443/revoke",
        userinfo_endpoint=f"{PROVIDER}/me",
        jwks_uri=f"{PROVIDER}/keys",
    )
    registration = OAuthRegistration(provider=endpoints, client_id="c", client_secret=Secret(CANARY))
    assert oauth_lines(registration) == [
        f"  tokens from {PROVIDER}/token (codes, tokens and the client's secret go there)",
        "  client      c",
    ]


@pytest.mark.parametrize(
    "url", ["https://[b/token", "http://login.albums.example/token", "https://a:b@c.example/token"]
)
def test_what_a_description_says_is_not_blamed_on_an_option(home: Home, url: str) -> None:
    done = home.auth("add", "ref", plugin(home, flow(tokenUrl=url)), "--client-id", "c", "--yes")
    assert (done.code, "Traceback" in done.told) == (2, False)
    assert "orchestrator: the description of the API: the token endpoint" in done.err
    assert done.err.rstrip().endswith("; --token-url names another")


@pytest.mark.parametrize("url", ["https://[b/token", "https://a\\b.example/token"])
def test_an_endpoint_of_an_option_that_is_none_is_told(home: Home, url: str) -> None:
    own = ("--token-url", url, "--grant", "client_credentials", "--origin", PROVIDER, "--client-id", "c", "--yes")
    done = home.auth("add", "ref", *own, "--secret-env", "SECRET", SECRET=CANARY)
    assert (done.code, "Traceback" in done.told) == (2, False)
    assert "--token-url: " in done.err


def test_a_token_that_is_traded_is_the_embedding_programs_unless_one_is_named(home: Home) -> None:
    own = (
        "--token-url",
        f"{PROVIDER}/token",
        "--grant",
        "jwt_bearer",
        "--origin",
        PROVIDER,
        "--client-id",
        "c",
        "--yes",
    )
    done = home.auth("add", "ref", *own, "--client-auth", "none")
    assert "  trades      a token that the program which runs the plugins has" in done.err
    named = home.auth("add", "other", *own, "--client-auth", "none", "--subject", "ref")
    assert "  trades      the token of 'ref'" in named.err


def test_scopes_that_are_none_are_left_out_and_told(home: Home) -> None:
    scopes = ("read", "two words", 'quo"te', *(f"many.{number}" for number in range(100)))
    done = home.auth("add", "ref", plugin(home, flow(), scopes), "--client-id", "c", "--yes", "--scope", "own")
    assert done.code == 0, done
    [asks] = [line for line in done.err.splitlines() if line.startswith("  asks for")]
    assert asks.split()[2:4] == ["read", "many.0"]
    assert asks.split()[-1] == "own"
    assert "note: left out: the scope 'two words' and 1 more, which is none" in done.err
    assert "note: left out: the scope 'many.62' and 37 more, since there are too many" in done.err


def test_a_scope_of_an_option_that_is_none_is_wrong_use(home: Home) -> None:
    done = home.auth("add", "ref", "--scope", "read write")
    assert (done.code, "give each with its own --scope" in done.err) == (2, True)
