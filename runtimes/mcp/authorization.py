"""What an MCP server is sent as a credential, and what its refusals mean for the person and the model.

It is no OAuth client: who gives out tokens is found, and the person logs in, by `orchestrator auth` (`auth.oauth`).
Here a vault is asked, as for every other runtime, and a token goes to the origin of the server and nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

from auth import Attached, AuthReference, SignIn
from auth.oauth.answer import shown_description
from auth.oauth.metadata import challenge_parameter
from auth.sign_in import command_of
from runtimes.authorized import UNAUTHORIZED, Authorized
from runtimes.authorized import previewed as previewed_of
from runtimes.base import RuntimeServices, RuntimeSpec
from runtimes.demands import BY_DEFAULT, Need
from runtimes.errors import InvocationError
from runtimes.network import ContactRefused, origin_of

VAULT_SECONDS = 10.0
"""How long a vault may take for one step: nothing is sent for a call that has gone by meanwhile."""

MAX_SCOPES = 20
"""Scopes of a refusal that are told."""

FORBIDDEN, TOO_MANY = 403, 429

_MASKED = "[secret"
"""What a secret begins with that has been taken out."""

_SCOPE = re.compile(r"[!#-\[\]-~]{1,200}")


def need_of(spec: RuntimeSpec, url: str) -> Need:
    """What the requests to a server need: a bearer token, unless the manifest asks for nothing.

    Raises: `InvocationError` for a URL that is never asked.
    """
    try:
        what = f"the MCP server {origin_of(url)}"
    except ContactRefused as refusal:
        raise InvocationError(f"nothing was sent: {refusal}", is_unsent=True) from None
    return Need(what=what, server=url, alternatives=() if spec.auth.is_anonymous else BY_DEFAULT)


def previewed(spec: RuntimeSpec) -> tuple[Attached, ...]:
    """What goes out with each request beside its content, without the secret: for `WireMessage.attached`."""
    return () if spec.auth.is_anonymous else previewed_of(BY_DEFAULT)


@asynccontextmanager
async def authorized_by(spec: RuntimeSpec, services: RuntimeServices) -> AsyncGenerator[Authorized]:
    """Sends requests with credentials; leaving waits until the vault has ended what it was asked."""
    authorized = Authorized(services.vault, spec.auth, spec.plugin, patience=VAULT_SECONDS)
    try:
        yield authorized
    finally:
        await authorized.settled()


async def sign_in(url: str, services: RuntimeServices, spec: RuntimeSpec, person: str) -> SignIn | None:
    """As `RuntimeExecutor.sign_in`; the server is not asked. Raises: `InvocationError`."""
    async with authorized_by(spec, services) as authorized:
        return await authorized.sign_in(need_of(spec, url), person)


def _scopes(challenge: str) -> Sequence[str]:
    words = challenge_parameter(challenge, "scope").split()
    if _MASKED in words:
        return ()
    return [word for word in words[:MAX_SCOPES] if _SCOPE.fullmatch(word)]


def _not_signed_in(place: str, auth: AuthReference) -> str:
    if auth.is_anonymous:
        return (
            f"{place} wants a sign-in, and its runtime has no auth: give it one of type OAuthPluginVault with a "
            "reference_id, and register that with `orchestrator auth add REFERENCE_ID MANIFEST`"
        )
    name = auth.reference_id or ""
    return f"{place} does not accept the credential {name!r}"


def _forbidden(place: str, challenge: str, auth: AuthReference) -> str:
    scopes = _scopes(challenge)
    if challenge_parameter(challenge, "error") != "insufficient_scope":
        return f"{place} does not allow that (HTTP 403)"
    if not scopes or not auth.reference_id:
        return f"{place} does not allow that: the login has too few scopes"
    options = [word for scope in scopes for word in ("--scope", scope)]
    again = command_of(auth.reference_id, "login", *options)
    return f"{place} does not allow that without the scopes {' '.join(scopes)}; `{again}` asks for them"


def refusal(status: int, challenge: str, *, url: str, auth: AuthReference) -> InvocationError | None:
    """The error of an answer that says no to whoever asks; None for any other answer.

    `challenge` is its `WWW-Authenticate` without secrets; the call was not carried out.
    """
    place = f"the MCP server {origin_of(url)}"
    quoted = shown_description(challenge_parameter(challenge, "error_description"), ())
    if status == UNAUTHORIZED:
        return InvocationError(_not_signed_in(place, auth), is_unsent=True, quoted=quoted)
    if status == FORBIDDEN:
        return InvocationError(_forbidden(place, challenge, auth), is_unsent=True, quoted=quoted)
    if status == TOO_MANY:
        return InvocationError(f"{place} is asked too often (HTTP 429)", not_executed="rate")
    return None
