"""Sends a request, and sends it again where that may help and can do no harm.

What is repeated of every request: a connection that could not be made. Of requests that are safe to repeat: answers
that are to pass (429, 502, 503, 504) and connections that broke. All attempts and waits share one time limit.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception_type,
    stop_after_attempt,
    stop_before_delay,
    wait_exponential_jitter,
)

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


class _Passing(Exception):
    """An attempt that came to nothing, and may not the next time."""

    def __init__(self, reason: str, outcome: HttpResponse | InvocationError, wait: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.outcome = outcome
        self.wait = wait
        """Seconds that the server asks to wait; None where it does not."""


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


def _passing(state: RetryCallState) -> _Passing | None:
    error = state.outcome.exception() if state.outcome else None
    return error if isinstance(error, _Passing) else None


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
        deadline = time.monotonic() + request.timeout
        attempts = AsyncRetrying(
            retry=retry_if_exception_type(_Passing),
            wait=self._wait,
            stop=stop_after_attempt(MAX_ATTEMPTS) | stop_before_delay(request.timeout),
            before_sleep=self._announce,
            sleep=self.sleep,
            reraise=True,
        )
        try:
            async for attempt in attempts:
                with attempt:
                    is_first = attempt.retry_state.attempt_number == 1
                    left = request.timeout if is_first else max(0.0, deadline - time.monotonic())
                    return await self._attempt(replace(request, timeout=left))
        except _Passing as last:
            if isinstance(last.outcome, HttpResponse):
                return last.outcome
            error = last.outcome
            raise InvocationError(
                str(error), not_executed=error.not_executed, is_lost=error.is_lost, is_final=True
            ) from error
        raise AssertionError("tenacity ends in an answer or an exception")

    async def _attempt(self, request: HttpRequest) -> HttpResponse:
        try:
            response = await self.http.send(request)
        except InvocationError as error:
            if error.not_executed == "connect" or (error.is_lost and self.is_safe):
                raise _Passing(str(error), error) from error
            raise
        if not self.is_safe or response.status not in PASSING:
            return response
        wait = retry_after(response.header("retry-after") or "", datetime.now(UTC))
        raise _Passing(f"the server answered HTTP {response.status}", response, wait)

    def _wait(self, state: RetryCallState) -> float:
        """What the server asks for, also where that is longer than there is time: it is then not asked again."""
        failure = _passing(state)
        backoff = wait_exponential_jitter(multiplier=FIRST_DELAY, jitter=FIRST_DELAY, max=MAX_DELAY)(state)
        return backoff if failure is None or failure.wait is None else max(failure.wait, backoff)

    def _announce(self, state: RetryCallState) -> None:
        failure = _passing(state)
        if failure is not None:
            attempt = f"attempt {state.attempt_number + 1} of {MAX_ATTEMPTS}"
            self.progress(f"{failure.reason}; trying again in {state.upcoming_sleep:.1f} s ({attempt})")
