"""Logs a person in to a provider: in a browser of this machine, or on another device with a code."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from auth.credentials import Tokens
from auth.login import LOGIN_SECONDS, listening
from auth.oauth.endpoints import shown_url
from auth.registration import OAuthRegistration
from auth.shelf import Registered
from auth.stored import StoredVault
from orchestrator.cli.logins.browser import open_browser
from orchestrator.errors import OrchestratorError, UsageError
from orchestrator.render.sanitize import clean_line
from orchestrator.render.times import local_time
from runtimes.http import is_url

if TYPE_CHECKING:
    from auth.oauth.grants import Grants

MAX_PORT = 65_535

Say = Callable[[str], None]
"""Tells the person one line."""

Keep = Callable[[Tokens], Awaitable[None]]
"""Puts tokens into the vault. Raises: `CredentialError`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How a login goes."""

    on_device: bool = False
    """With a code, on another device."""
    opens_browser: bool = True
    port: int = 0
    """Where the answer comes back; 0 takes a free one."""
    host: str = "127.0.0.1"
    """How the address of the answer names this machine."""


def _show(url: str, say: Say, *, opens: bool) -> None:
    say(f"log in here: {url}")
    if opens and is_url(url):
        open_browser(url, lambda: say("no browser could be opened here; open the address yourself"))


async def _in_browser(grants: Grants, name: str, scopes: Sequence[str], way: Way, say: Say, keep: Keep) -> Tokens:
    """Raises: `CredentialError`, `UsageError` where the port is taken."""
    if not 0 <= way.port <= MAX_PORT:
        raise UsageError(f"--port wants a number up to {MAX_PORT}, not {way.port}")
    async with AsyncExitStack() as stack:
        try:
            listener = await stack.enter_async_context(listening(host=way.host, port=way.port))
        except OSError as error:
            raise UsageError(f"port {way.port} of this machine cannot be listened to: {error.strerror}") from None
        request = grants.code_request(listener.redirect_uri, scopes)
        _show(request.url, say, opens=way.opens_browser)

        async def kept(query: str) -> Tokens:
            tokens = await grants.code_answered(request, query)
            await keep(tokens)
            return tokens

        return await listener.once(request.state, name, kept)


async def _on_device(grants: Grants, scopes: Sequence[str], say: Say) -> Tokens:
    """Raises: `ProviderError`."""
    request = await grants.device_request(scopes)
    say(
        f"on any device, open {clean_line(request.verification_uri)} and enter the code {clean_line(request.user_code)}"
    )
    if request.verification_uri_complete:
        say(f"or open {clean_line(request.verification_uri_complete)}")
    say(f"waiting until {local_time(request.expires)}; Ctrl-C ends it")
    return await grants.device_answered(request)


async def logged_in(
    vault: StoredVault,
    person: str,
    registered: Registered,
    registration: OAuthRegistration,
    scopes: Sequence[str],
    way: Way,
    say: Say,
) -> Tokens:
    """Logs the person in by this registration of `registered`, and keeps the tokens for that alone.

    Raises: `CredentialError`, `OrchestratorError`.
    """
    name, grants = registered.name, vault.grants(registration)
    provider = registration.provider
    on_device = way.on_device or registration.grant == "device_code"
    if on_device and not provider.device_authorization_endpoint:
        raise OrchestratorError(f"the provider of {name!r} has no login on other devices, as far as it is known")
    if not on_device and not provider.authorization_endpoint:
        raise OrchestratorError(f"the provider of {name!r} has no login in a browser; --device logs in with a code")
    where = provider.device_authorization_endpoint if on_device else provider.authorization_endpoint
    how_long = "" if on_device else f", for up to {LOGIN_SECONDS / 60:.0f} minutes"
    say(f"{clean_line(name)}: logging in at {clean_line(shown_url(where))}{how_long}")
    keep = partial(vault.keep, person, name, asked=scopes, registered=registered)
    if not on_device:
        return await _in_browser(grants, name, scopes, way, say, keep)
    tokens = await _on_device(grants, scopes, say)
    await keep(tokens)
    return tokens


def told_of(name: str, tokens: Tokens) -> str:
    """Who is logged in now, and for how long."""
    who = f" as {tokens.subject}" if tokens.subject else ""
    until = f", until {local_time(tokens.expires)}" if tokens.expires is not None else ""
    if tokens.refresh is not None:
        renewed = "; it is renewed by itself"
    elif tokens.expires is not None and tokens.expires > time.time():
        renewed = "; it cannot be renewed: some providers allow it with --scope offline_access"
    else:
        renewed = ""
    return clean_line(f"logged in to {name}{who}{until}{renewed}")
