"""What a failed request means: whether to repeat it, after how long, and what the person can do; pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from orchestrator.errors import ModelError
from orchestrator.model.endpoint import Endpoint

_TIMEOUT_STATUS = 408
_TOO_MANY_STATUS = 429
_QUOTA_CODE = "insufficient_quota"
"""The code of a 429 that no waiting mends."""


class TransientFailure(ModelError):
    """The same request may succeed later."""

    def __init__(self, message: str, *, reason: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        """The cause in a few words, for a notice."""
        self.retry_after = retry_after
        """Seconds the server asks to wait; None when it does not say."""


class KeyRefused(ModelError):
    """The server does not take requests with this key."""

    def __init__(self, message: str, *, is_known: bool) -> None:
        super().__init__(message)
        self.is_known = is_known
        """True where the key is known and may not do this; some servers refuse single requests in that way."""


def _seconds(text: str) -> float | None:
    try:
        seconds = float(text)
    except ValueError:
        return None
    return max(0.0, seconds) if seconds == seconds else None  # NaN is not equal to itself


def _seconds_until(date: str, now: datetime) -> float | None:
    try:
        then = parsedate_to_datetime(date)
    except (ValueError, OverflowError):
        return None
    then = then if then.tzinfo else then.replace(tzinfo=UTC)
    return max(0.0, (then - now).total_seconds())


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """The seconds that `Retry-After` asks for, as a number or a date; None where it does not say."""
    value = headers.get("retry-after", "").strip()
    seconds = _seconds(value)
    return _seconds_until(value, now) if seconds is None and value else seconds


def _refusal(endpoint: Endpoint, status: int, said: str) -> ModelError:
    source = endpoint.source
    if status == 401:
        advice = "set OPENAI_API_KEY" if endpoint.has_placeholder_key else "check OPENAI_API_KEY"
        return KeyRefused(f"{source} does not accept the key (401); {advice}", is_known=False)
    if status == 403:
        text = f"{source} is not open to this key (403){said}; check what OPENAI_API_KEY may use"
        return KeyRefused(text, is_known=True)
    if status == 404:
        return ModelError(f"{source} is not there (404){said}; check the model's name and OPENAI_BASE_URL")
    if 300 <= status < 400:
        return ModelError(f"{source} is somewhere else ({status}); set OPENAI_BASE_URL to where it is")
    return ModelError(f"{source} refused the request ({status}){said}")


def status_failure(
    endpoint: Endpoint, status: int, message: str, *, code: str = "", wait: float | None = None
) -> ModelError:
    """The failure that an HTTP status means; `message` is the server's own, `wait` what it asks for in seconds."""
    quoted = endpoint.quoted(message)
    said = f": {quoted}" if quoted else ""
    if status == _TOO_MANY_STATUS and code == _QUOTA_CODE:
        return ModelError(f"the quota for {endpoint.source} is used up (429){said}; check the account's plan")
    if status == _TOO_MANY_STATUS:
        text = f"{endpoint.source} has too many requests to answer (429){said}; try again later"
        return TransientFailure(text, reason="too many requests (429)", retry_after=wait)
    if status == _TIMEOUT_STATUS or status >= 500:
        text = f"{endpoint.source} failed ({status}){said}; try again later"
        return TransientFailure(text, reason=f"the server failed ({status})", retry_after=wait)
    return _refusal(endpoint, status, said)


def connection_failure(endpoint: Endpoint) -> TransientFailure:
    """No connection could be made, or none that lasted until an answer began."""
    text = f"cannot reach {endpoint.source}: is the server running there? check OPENAI_BASE_URL and the network"
    return TransientFailure(text, reason=f"no connection to {endpoint.host}")


def timeout_failure(endpoint: Endpoint) -> TransientFailure:
    """The server took too long."""
    return TransientFailure(f"{endpoint.source} did not answer in time", reason="no answer in time")


def broken_stream(endpoint: Endpoint) -> TransientFailure:
    """The answer stopped before its end."""
    return TransientFailure(f"{endpoint.source} broke off in the middle of its reply", reason="the reply broke off")
