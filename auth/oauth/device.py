"""A login on another device (RFC 8628): what the person is shown, and how often the server is asked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from auth.errors import ProviderError
from auth.oauth.answer import Answer, document_of
from auth.oauth.endpoints import checked_url
from auth.oauth.token_answer import MAX_TOKEN_CHARS, TokenAnswer
from auth.secret import Secret

DEFAULT_INTERVAL = 5.0
"""Seconds between questions, where the server does not say (RFC 8628 3.2)."""

SLOWER = 5.0
"""Seconds that are added when the server wants it slower (RFC 8628 3.5)."""

MIN_INTERVAL = 1.0
"""Seconds between questions, at least."""

MAX_INTERVAL = 300.0
"""Seconds between questions, at most."""

MAX_DEVICE_SECONDS = 3600.0
"""Seconds that a person has, whatever the server says."""

MAX_USER_CODE_CHARS = 64
"""Characters of the code that a person types."""

Sleep = Callable[[float], Awaitable[None]]
"""Waits so many seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRequest:
    """A login that waits for the person."""

    user_code: str
    """To be typed at `verification_uri`, in letters that show."""
    verification_uri: str
    verification_uri_complete: str
    """The same with the code in it; empty where there is none."""
    device_code: Secret
    interval: float
    """Seconds between questions."""
    expires: float
    """In seconds since the epoch."""
    scopes: tuple[str, ...]
    """Asked for."""


def device_request_of(answer: Answer, *, scopes: Sequence[str], now: float) -> DeviceRequest:
    """What a device authorization endpoint answered. Raises: `ProviderError`."""
    document = document_of(answer)
    user_code = document.text("user_code", MAX_USER_CODE_CHARS)
    device_code = document.text("device_code", MAX_TOKEN_CHARS)
    if not user_code.strip() or not device_code:
        raise document.refuse("there is no 'user_code' or no 'device_code'")
    lifetime = document.seconds("expires_in", MAX_DEVICE_SECONDS)
    if lifetime is None:
        raise document.refuse("there is no 'expires_in'")
    interval = document.seconds("interval", MAX_INTERVAL)
    complete = document.text("verification_uri_complete")
    # Google calls it verification_url, as the drafts of RFC 8628 did
    uri = document.text("verification_uri") or document.text("verification_url")
    return DeviceRequest(
        user_code=user_code,
        verification_uri=checked_url(uri, "verification_uri"),
        verification_uri_complete=checked_url(complete, "verification_uri_complete") if complete else "",
        device_code=Secret(device_code),
        interval=max(DEFAULT_INTERVAL if interval is None else interval, MIN_INTERVAL),
        expires=now + lifetime,
        scopes=tuple(scopes),
    )


def _slower(error: ProviderError, interval: float) -> float:
    """The seconds to wait next, or: raises the error that ends the waiting."""
    if error.code == "slow_down":
        return min(interval + SLOWER, MAX_INTERVAL)
    if error.code == "authorization_pending":
        return interval
    if error.may_pass:
        return min(interval * 2, MAX_INTERVAL)
    raise error


async def polled(
    request: DeviceRequest, ask: Callable[[], Awaitable[TokenAnswer]], *, clock: Callable[[], float], sleep: Sleep
) -> TokenAnswer:
    """Asks until the person has decided.

    Raises: `ProviderError`: `access_denied`, `expired_token`, or what else ends it.
    """
    interval = request.interval
    while clock() + interval < request.expires:
        await sleep(interval)
        try:
            return await ask()
        except ProviderError as error:
            interval = _slower(error, interval)
    raise ProviderError("the login on the other device took too long; begin it again", code="expired_token")
