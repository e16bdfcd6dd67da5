"""A login on another device (RFC 8628), with a clock and a sleep of the test's own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import httpx2
import pytest

from auth.errors import ProviderError
from auth.oauth.device import MAX_INTERVAL
from auth.oauth.grants import Grants
from auth.registration import OAuthRegistration, Provider
from runtimes.values import JsonObject
from tests.servers.loopback import Answer, Raw, Request, json_response, serve
from tests.servers.openid_provider import OpenIdProvider

SCOPES = ("openid", "albums.read")


@dataclass(slots=True, kw_only=True)
class Nap:
    """A sleep that passes no time of ours."""

    meanwhile: Callable[[float], Awaitable[None]]
    seconds: list[float] = field(default_factory=list[float])

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        await self.meanwhile(seconds)


def grants_of(provider: OpenIdProvider, transport: httpx2.AsyncBaseTransport, nap: Nap) -> Grants:
    registration = provider.registration(grant="device_code")
    return Grants(registration, transport, clock=provider.clock, sleep=nap)


async def passing(provider: OpenIdProvider, seconds: float) -> None:
    await provider.later(int(seconds))


async def test_a_login_on_another_device_is_waited_for(
    provider: OpenIdProvider, transport: httpx2.AsyncHTTPTransport
) -> None:
    async def meanwhile(seconds: float) -> None:
        await passing(provider, seconds)
        if len(nap.seconds) == 3:
            await provider.consent(request.verification_uri_complete)

    nap = Nap(meanwhile=meanwhile)
    grants = grants_of(provider, transport, nap)
    request = await grants.device_request(SCOPES)

    tokens = await grants.device_answered(request)

    assert nap.seconds == [request.interval] * 3
    assert request.user_code in request.verification_uri_complete
    assert request.verification_uri == f"{provider.url}/device"
    assert (await provider.introspected(tokens.access))["sub"] == "ada"
    assert (tokens.subject, tokens.scopes) == ("ada", SCOPES)


async def test_a_login_that_is_denied_on_the_device_is_access_denied(
    provider: OpenIdProvider, transport: httpx2.AsyncHTTPTransport
) -> None:
    async def meanwhile(seconds: float) -> None:
        await passing(provider, seconds)
        await provider.deny(request.verification_uri_complete)

    nap = Nap(meanwhile=meanwhile)
    grants = grants_of(provider, transport, nap)
    request = await grants.device_request(SCOPES)

    with pytest.raises(ProviderError) as raised:
        await grants.device_answered(request)

    assert raised.value.code == "access_denied"
    assert len(nap.seconds) == 1


async def test_a_code_that_has_expired_ends_the_waiting(
    provider: OpenIdProvider, transport: httpx2.AsyncHTTPTransport
) -> None:
    async def meanwhile(seconds: float) -> None:
        await provider.later(597)

    nap = Nap(meanwhile=meanwhile)
    grants = grants_of(provider, transport, nap)
    request = await grants.device_request(SCOPES)

    with pytest.raises(ProviderError, match="too long") as raised:
        await grants.device_answered(request)

    assert raised.value.code == "expired_token"
    assert len(nap.seconds) == 1


async def test_the_provider_says_so_when_its_own_clock_is_ahead(
    provider: OpenIdProvider, transport: httpx2.AsyncHTTPTransport
) -> None:
    async def meanwhile(seconds: float) -> None:
        await provider.later(601)

    nap = Nap(meanwhile=meanwhile)
    registration = provider.registration(grant="device_code")
    behind = provider.clock()
    grants = Grants(registration, transport, clock=lambda: behind, sleep=nap)
    request = await grants.device_request(SCOPES)

    with pytest.raises(ProviderError) as raised:
        await grants.device_answered(request)

    assert raised.value.code == "expired_token"
    assert len(nap.seconds) == 1


@dataclass(slots=True, kw_only=True)
class Script:
    """A server that answers the questions of a device in turn, and a clock that moves with the waiting."""

    device: JsonObject
    answers: list[Answer]
    now: float = 0.0
    naps: list[float] = field(default_factory=list[float])

    async def handle(self, request: Request) -> Answer:
        return json_response(self.device) if request.path == "/device" else self.answers.pop(0)

    async def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.now += seconds

    def grants(self, url: str, transport: httpx2.AsyncBaseTransport) -> Grants:
        provider = Provider(token_endpoint=f"{url}/token", device_authorization_endpoint=f"{url}/device")
        registration = OAuthRegistration(provider=provider, client_id="app", grant="device_code")
        return Grants(registration, transport, clock=lambda: self.now, sleep=self.sleep)


DEVICE: JsonObject = {
    "device_code": "a-device-code",
    "user_code": "WDJB-MJHT",
    "verification_uri": "https://login.example/device",
    "expires_in": 900,
    "interval": 2,
}
TOKENS = json_response({"access_token": "a-token", "token_type": "bearer"})


def error(code: str, status: int = 400) -> Answer:
    return json_response({"error": code}, status)


async def test_the_server_slows_us_down_by_five_seconds_each_time(transport: httpx2.AsyncHTTPTransport) -> None:
    script = Script(
        device=DEVICE,
        answers=[*map(error, ("authorization_pending", "slow_down", "slow_down", "authorization_pending")), TOKENS],
    )
    async with serve(script.handle) as server:
        grants = script.grants(server.url, transport)
        tokens = await grants.device_answered(await grants.device_request(()))

    assert tokens.access.reveal() == "a-token"
    assert script.naps == [2, 2, 7, 12, 12]


async def test_a_server_that_cannot_be_had_for_a_while_is_asked_again_less_often(
    transport: httpx2.AsyncHTTPTransport,
) -> None:
    script = Script(device=DEVICE, answers=[error("x", 503), Raw(), error("slow_down", 429), TOKENS])
    async with serve(script.handle) as server:
        grants = script.grants(server.url, transport)
        tokens = await grants.device_answered(await grants.device_request(()))

    assert tokens.access.reveal() == "a-token"
    assert script.naps == [2, 4, 8, 13]


async def test_errors_with_status_200_are_errors(transport: httpx2.AsyncHTTPTransport) -> None:
    script = Script(device=DEVICE, answers=[error("authorization_pending", 200), error("access_denied", 200)])
    async with serve(script.handle) as server:
        grants = script.grants(server.url, transport)
        request = await grants.device_request(())
        with pytest.raises(ProviderError) as raised:
            await grants.device_answered(request)

    assert raised.value.code == "access_denied"


@pytest.mark.parametrize(
    ("changes", "interval"),
    [({"interval": None}, 5.0), ({"interval": 0}, 1.0), ({"interval": "7"}, 7.0), ({"interval": 1e9}, MAX_INTERVAL)],
)
async def test_the_interval_is_within_limits(
    transport: httpx2.AsyncHTTPTransport, changes: JsonObject, interval: float
) -> None:
    script = Script(device=DEVICE | changes, answers=[])
    async with serve(script.handle) as server:
        request = await script.grants(server.url, transport).device_request(())

    assert request.interval == interval


@pytest.mark.parametrize(
    "changes",
    [
        {"user_code": ""},
        {"user_code": "A" * 65},
        {"user_code": "A\u202eB"},
        {"user_code": ["A"]},
        {"device_code": None},
        {"verification_uri": None},
        {"verification_uri": "javascript:alert(1)"},
        {"verification_uri": "http://login.example/device"},
        {"verification_uri": "https://login.example/a b"},
        {"verification_uri_complete": "http://login.example/device?user_code=A"},
        {"expires_in": None},
        {"expires_in": -1},
        {"interval": -1},
        {"interval": True},
    ],
)
async def test_what_a_person_could_be_misled_with_is_refused(
    transport: httpx2.AsyncHTTPTransport, changes: JsonObject
) -> None:
    script = Script(device=DEVICE | changes, answers=[])
    async with serve(script.handle) as server:
        with pytest.raises(ProviderError) as raised:
            await script.grants(server.url, transport).device_request(())

    assert "a-device-code" not in str(raised.value)


async def test_the_older_name_of_the_address_is_understood(transport: httpx2.AsyncHTTPTransport) -> None:
    device = {name: value for name, value in DEVICE.items() if name != "verification_uri"}
    script = Script(device=device | {"verification_url": "https://login.example/d"}, answers=[])
    async with serve(script.handle) as server:
        request = await script.grants(server.url, transport).device_request(())

    assert request.verification_uri == "https://login.example/d"
