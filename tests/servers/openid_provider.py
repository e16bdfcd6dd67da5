"""A strict OpenID provider on loopback (npm: oidc-provider), the person who logs in there, and its clock.

    with openid_provider() as provider:
        grants = Grants(provider.registration(), httpx2.AsyncHTTPTransport(), clock=provider.clock)
        callback = await provider.consent(request.url)

Needs Node and `npm ci --prefix tests/servers/oidc`; `need_provider` skips a test without them, which fails in CI.
"""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryFile
from urllib.parse import urljoin, urlsplit

import httpx2
import pytest

from auth.credentials import Tokens
from auth.oauth.code_request import CodeRequest
from auth.oauth.grants import Grants
from auth.registration import ClientAuth, Grant, OAuthRegistration, Provider
from auth.secret import Secret
from runtimes.values import Json, JsonObject, parse_json

REDIRECT = "http://127.0.0.1:49152/callback"
"""Where the browser comes back to: the provider lets a native client have any port."""

SCOPES = ("openid", "albums.read")
"""Scopes that it knows; the first makes it say who logged in."""

AUDIENCE = "https://albums.example/"
"""The API that tokens can be had for."""

CLIENT_SECRET = "a secret+with/odd%41=characters"
"""Of the clients `service` and `posting`; it reads otherwise unless it is encoded as forms are."""

MAX_STEPS = 20
"""Pages and redirects of one login."""

_CLIENTS: dict[str, ClientAuth] = {"app": "none", "service": "client_secret_basic", "posting": "client_secret_post"}
_HERE = Path(__file__).parent / "oidc"
_FORM = re.compile(r'<form[^>]*\baction="([^"]*)"')
_INPUT = re.compile(r"<input\b[^>]*>")
_ATTRIBUTE = re.compile(r'\b(name|value)="([^"]*)"')
_ABORT = re.compile(r'href="([^"]*/abort)"')


def why_absent() -> str | None:
    """The reason why there is no provider here; None when there is."""
    if shutil.which("node") is None:
        return "node is not installed"
    if not (_HERE / "node_modules" / "oidc-provider").is_dir():
        return "the OpenID provider is not installed (npm ci --prefix tests/servers/oidc)"
    return None


def need_provider() -> None:
    """Skips what needs the provider where there is none, unless that is CI."""
    if reason := why_absent():
        assert not os.environ.get("CI"), reason
        pytest.skip(reason)


async def _never(seconds: float) -> None:
    raise NotImplementedError


def _inputs(page: str) -> dict[str, str]:
    """The fields of a form as they are filled in."""
    fields: dict[str, str] = {}
    for found in _INPUT.findall(page):
        attributes = {name: html.unescape(value) for name, value in _ATTRIBUTE.findall(found)}
        if "name" in attributes:
            fields[attributes["name"]] = attributes.get("value", "")
    return fields


@dataclass(slots=True, kw_only=True)
class OpenIdProvider:
    """A provider that runs."""

    url: str
    """Its issuer."""
    ahead: float = 0.0
    """Seconds by which its clock is ahead of the machine's."""

    def clock(self) -> float:
        """The time there, in seconds since the epoch."""
        return time.time() + self.ahead

    async def later(self, seconds: int) -> None:
        """Lets so much time pass there, and in `clock`."""
        async with self._browser() as browser:
            (await browser.post(f"{self.url}/test/later/{seconds}")).raise_for_status()
        self.ahead += seconds

    @property
    def endpoints(self) -> Provider:
        """What it says of itself."""
        return Provider(
            issuer=self.url,
            token_endpoint=f"{self.url}/token",
            authorization_endpoint=f"{self.url}/auth",
            device_authorization_endpoint=f"{self.url}/device/auth",
            revocation_endpoint=f"{self.url}/token/revocation",
            userinfo_endpoint=f"{self.url}/me",
            jwks_uri=f"{self.url}/jwks",
            names_issuer=True,
        )

    def registration(
        self, client: str = "app", *, grant: Grant = "authorization_code", scopes: tuple[str, ...] = ()
    ) -> OAuthRegistration:
        """A client of it: `app` is public, `service` and `posting` have a secret."""
        return OAuthRegistration(
            provider=self.endpoints,
            client_id=client,
            client_secret=Secret(CLIENT_SECRET) if client != "app" else None,
            client_auth=_CLIENTS[client],
            grant=grant,
            scopes=scopes,
            resource=AUDIENCE if grant == "token_exchange" else "",
            allowed_hosts=(urlsplit(self.url).netloc,),
        )

    @staticmethod
    def _browser() -> httpx2.AsyncClient:
        return httpx2.AsyncClient(trust_env=False, timeout=20.0)

    async def _walk(self, url: str, person: str, *, is_denied: bool) -> str:
        """Follows a login until it leaves the provider, or comes to a page without a form; returns where that is."""
        async with self._browser() as browser:
            request = browser.build_request("GET", url)
            for _ in range(MAX_STEPS):
                response = await browser.send(request)
                if response.is_redirect:
                    url = urljoin(str(request.url), response.headers["Location"])
                    if not url.startswith(f"{self.url}/"):
                        return url
                    request = browser.build_request("GET", url)
                    continue
                page, here = response.text, str(request.url)
                form, abort = _FORM.search(page), _ABORT.search(page)
                if form is None or response.is_error:
                    return here
                if is_denied and abort is not None:
                    request = browser.build_request("GET", urljoin(here, html.unescape(abort[1])))
                    continue
                fields = _inputs(page)
                fields |= {"login": person, "password": "any"} if fields.get("prompt") == "login" else {}
                is_confirming = fields.get("confirm") == "yes"
                fields |= {"abort": "yes"} if is_denied and is_confirming else {}
                request = browser.build_request("POST", urljoin(here, html.unescape(form[1])), data=fields)
                if is_denied and is_confirming:
                    await browser.send(request)
                    return here
        raise AssertionError(f"the login did not end within {MAX_STEPS} steps")

    async def consent(self, url: str, person: str = "ada") -> str:
        """Logs in and agrees; returns where the browser is sent then, or the page that ends a login on a device."""
        return await self._walk(url, person, is_denied=False)

    async def deny(self, url: str, person: str = "ada") -> str:
        """Logs in nowhere and says no; returns where the browser is sent then."""
        return await self._walk(url, person, is_denied=True)

    async def introspected(self, token: Secret) -> JsonObject:
        """What the provider knows of a token (RFC 7662)."""
        form = {"client_id": "posting", "client_secret": CLIENT_SECRET, "token": token.reveal()}
        async with self._browser() as browser:
            response = await browser.post(f"{self.url}/token/introspection", data=form)
        answer: Json = parse_json(response.content)
        assert isinstance(answer, dict), answer
        return answer

    def grants(self, transport: httpx2.AsyncBaseTransport, registration: OAuthRegistration | None = None) -> Grants:
        """What it is asked for by the time there, as the client `app` or another one; a test may not wait."""
        return Grants(registration or self.registration(), transport, clock=self.clock, sleep=_never)

    async def answer_to(self, request: CodeRequest, person: str = "ada") -> str:
        """The query that the browser brings back from a login that was agreed to."""
        return urlsplit(await self.consent(request.url, person)).query

    async def logged_in(self, grants: Grants, scopes: Sequence[str] = SCOPES) -> Tokens:
        """The tokens of a whole login."""
        request = grants.code_request(REDIRECT, scopes)
        return await grants.code_answered(request, await self.answer_to(request))

    def renamed(self, issuer: str) -> Provider:
        """Its endpoints as those of another issuer."""
        return replace(self.endpoints, issuer=issuer)


@contextmanager
def openid_provider(**lifetimes: int) -> Generator[OpenIdProvider]:
    """Runs a provider of its own; `lifetimes` are in seconds, by the names of its models: `AccessToken=60`."""
    with TemporaryFile() as complaints:
        program = subprocess.Popen(
            ["node", "provider.js", json.dumps({"ttl": lifetimes})],
            cwd=_HERE,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
        )
        with program:
            try:
                assert program.stdout is not None
                port = program.stdout.readline().strip().decode()
                if not port:
                    complaints.seek(0)
                    raise RuntimeError(f"the OpenID provider did not start: {complaints.read()[-2000:].decode()}")
                yield OpenIdProvider(url=f"http://127.0.0.1:{port}")
            finally:
                program.kill()
