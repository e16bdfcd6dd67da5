"""What an authorization server is sent is told nowhere, whatever it answers (issue 9, "canary test")."""

from __future__ import annotations

import io
import logging
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from urllib.parse import parse_qs, urlencode

import pytest

from auth import CredentialError, Secret
from auth.credentials import Tokens
from auth.oauth.device import DeviceRequest
from auth.oauth.grants import Grants
from auth.registration import ClientAuth, OAuthRegistration, Provider
from runtimes.fetch import HttpExchange, SharedClient
from runtimes.oauth_transport import ClientTransport
from tests.canaries import canary, found_in, held_by
from tests.servers.echoing import BODY_CASES, CASES, echo
from tests.servers.loopback import serve

AT = 1_000_000.0
CANARIES = {
    "client secret": canary("s&", '"/='),
    "access token": canary("a."),
    "refresh token": canary("r/", "+"),
    "device code": canary("d "),
    "authorization code": canary("c", "%"),
    "subject token": canary("s."),
}

Step = Callable[[Grants], Awaitable[object]]


def _secret(name: str) -> Secret:
    return Secret(CANARIES[name])


TOKENS = Tokens(access=_secret("access token"), refresh=_secret("refresh token"))


async def _code(grants: Grants) -> object:
    request = grants.code_request("http://127.0.0.1:9/cb", ["openid"])
    answer = {"code": CANARIES["authorization code"], "state": request.state.reveal()}
    return await grants.code_answered(request, urlencode(answer))


async def _denied(grants: Grants) -> object:
    request = grants.code_request("http://127.0.0.1:9/cb", [])
    code = CANARIES["authorization code"]
    answer = {"error": code, "error_description": code, "code": code, "state": request.state.reveal()}
    return await grants.code_answered(request, urlencode(answer))


async def _forged(grants: Grants) -> object:
    request = grants.code_request("http://127.0.0.1:9/cb", [])
    return await grants.code_answered(request, urlencode({"code": CANARIES["authorization code"], "state": "x"}))


async def _device(grants: Grants) -> object:
    request = DeviceRequest(
        user_code="ABCD",
        verification_uri="https://x.example",
        verification_uri_complete="",
        device_code=_secret("device code"),
        interval=0.0,
        expires=AT + 1,
        scopes=(),
    )
    return await grants.device_answered(request)


STEPS: dict[str, Step] = {
    "code": _code,
    "denied": _denied,
    "forged": _forged,
    "device": _device,
    "device request": lambda grants: grants.device_request(["a"]),
    "renewed": lambda grants: grants.renewed(TOKENS),
    "client credentials": lambda grants: grants.client_credentials([]),
    "exchanged": lambda grants: grants.exchanged(_secret("subject token"), []),
    "revoked": lambda grants: grants.revoked(TOKENS),
}


@contextmanager
def _all_logs() -> Generator[io.StringIO]:
    text, level = io.StringIO(), logging.root.level
    handler = logging.StreamHandler(text)
    logging.root.addHandler(handler)
    logging.root.setLevel(logging.DEBUG)
    try:
        yield text
    finally:
        logging.root.removeHandler(handler)
        logging.root.setLevel(level)


async def _no_time(seconds: float) -> None:
    del seconds


async def _outcome(step: Step, grants: Grants) -> str:
    try:
        return repr(await step(grants))
    except CredentialError as error:
        return held_by(error)


@pytest.mark.parametrize("client_auth", ["client_secret_basic", "client_secret_post"])
@pytest.mark.parametrize("name", STEPS)
async def test_no_secret_of_a_grant_is_told(name: str, client_auth: ClientAuth) -> None:
    """Neither by errors, with all that caused them, nor by logs, nor by what is told of exchanges."""
    exchanges: list[HttpExchange] = []
    http, times = SharedClient(log=exchanges.append), iter(range(10**6))
    told: list[str] = []
    with _all_logs() as logs:
        async with serve(echo) as server:
            for case in (*CASES, *BODY_CASES):
                endpoint = f"{server.url}/{case}"
                registration = OAuthRegistration(
                    provider=Provider(
                        token_endpoint=endpoint,
                        authorization_endpoint=endpoint,
                        device_authorization_endpoint=endpoint,
                        revocation_endpoint=endpoint,
                    ),
                    client_id="me",
                    client_secret=_secret("client secret"),
                    client_auth=client_auth,
                    grant="token_exchange" if name == "exchanged" else "authorization_code",
                    allowed_hosts=("127.0.0.1",),
                )
                transport = ClientTransport(http.allowing(["127.0.0.1"]), ["127.0.0.1"])
                grants = Grants(registration, transport, clock=lambda: AT + next(times) / 10, sleep=_no_time)
                told.append(await _outcome(STEPS[name], grants))
            sent = server.requests
        await http.aclose()
    bodies = [parse_qs(request.body.decode("latin-1")) for request in sent]
    verifiers = {verifier for body in bodies for verifier in body.get("code_verifier", [])}
    assert name in {"denied", "forged"} or found_in(repr(sent), CANARIES), "the server was not sent one"
    text = "\n".join([*told, logs.getvalue(), *map(repr, exchanges)])
    assert found_in(text, CANARIES) == []
    assert bool(verifiers) == (name == "code")
    assert not [verifier for verifier in verifiers if verifier in text]
