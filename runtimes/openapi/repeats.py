"""Sends a request, and sends it again where that may help and can do no harm.

What is repeated of every request: a connection that could not be made. Of requests that are safe to repeat: answers
that are to pass (429, 502, 503, 504) and connections that broke. All attempts and waits share one time limit.
"""

from __future__ import annotations

import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from runtimes.errors import InvocationError
from runtimes.http import HttpClient, HttpRequest, HttpResponse

MAX_ATTEMPTS = 3
"""How often a request is sent, the first time included."""

FIRST_DELAY = 0.25
"""Seconds before the second attempt, and as many again at random; doubled for each further one."""

MAX_DELAY = 4.0
"""Seconds between two attempts where the server does not ask for more."""

PASSING = frozenset({429, 502, 503, 504})
"""Statuses of answers after which the same request may succeed."""

Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Passing:
    """An attempt that came to nothing, and may not the next time."""

    reason: str
    outcome: HttpResponse | InvocationError
    wait: float | None = None
    """Seconds that the server asks to wait; None where it does not."""

    def delay(self, attempt: int) -> float:
        """The seconds before the next attempt: what the server asks for, also where there is no time for it."""
        backoff = min(MAX_DELAY, FIRST_DELAY * 2.0 ** (attempt - 1) + random.uniform(0, FIRST_DELAY))  # noqa: S311
        return backoff if self.wait is None else max(self.wait, backoff)

    def end(self) -> HttpResponse:
        """What is had where there is no further attempt. Raises: `InvocationError`."""
        if isinstance(self.outcome, HttpResponse):
            return self.outcome
        error = self.outcome
        raise InvocationError(
            str(error), not_executed=error.not_executed, is_lost=error.is_lost, is_final=True
        ) from error


def retry_after(value: str, now: datetime) -> float | None:
    """The seconds that a `Retry-After` asks for, as a number or a date (RFC 9110, 10.2.3); None where it says none."""
    text = value.strip()
    if text.isascii() and text.isdecimal():
        return float(text[:9])
    try:
        then = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    then = then if then.tzinfo else then.replace(tzinfo=UTC)
    return max(0.0, (then - now).total_seconds())


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeating:
    """How one request is sent."""

    http: HttpClient
    is_safe: bool
    """True when carrying it out twice is the same as once."""
    progress: Callable[[str], None]
    """Told of every repeat before the wait for it."""
    sleep: Sleep

    async def send(self, request: HttpRequest) -> HttpResponse:
        """The answer, the last one where all were to pass; `request.timeout` is for all attempts together.

        Raises: `InvocationError`.
        """
        started = time.monotonic()
        for attempt in range(1, MAX_ATTEMPTS + 1):
            left = max(0.0, started + request.timeout - time.monotonic())
            outcome = await self._attempt(request if attempt == 1 else replace(request, timeout=left))
            if isinstance(outcome, HttpResponse):
                return outcome
            delay = outcome.delay(attempt)
            if attempt == MAX_ATTEMPTS or time.monotonic() - started + delay >= request.timeout:
                return outcome.end()
            number = f"attempt {attempt + 1} of {MAX_ATTEMPTS}"
            self.progress(f"{outcome.reason}; trying again in {delay:.1f} s ({number})")
            await self.sleep(delay)
        raise AssertionError("the last attempt is the end")

    async def _attempt(self, request: HttpRequest) -> HttpResponse | _Passing:
        """Raises: `InvocationError`, for what is not tried again."""
        try:
            response = await self.http.send(request)
        except InvocationError as error:
            if error.not_executed == "connect" or (error.is_lost and self.is_safe):
                return _Passing(reason=str(error), outcome=error)
            raise
        if not self.is_safe or response.status not in PASSING:
            return response
        wait = retry_after(response.header("retry-after") or "", datetime.now(UTC))
        return _Passing(reason=f"the server answered HTTP {response.status}", outcome=response, wait=wait)
