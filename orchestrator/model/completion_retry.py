"""When a failed request is repeated; importing this imports `tenacity`."""

from __future__ import annotations

from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception_type,
    stop_after_attempt,
    stop_before_delay,
    wait_exponential_jitter,
)

from orchestrator.model.base import RetryNotice
from orchestrator.model.completion_failure import TransientFailure
from orchestrator.model.completion_limits import MAX_DELAY_SECONDS, MAX_RETRY_AFTER_SECONDS, RequestLimits


def _failure(state: RetryCallState) -> TransientFailure | None:
    error = state.outcome.exception() if state.outcome else None
    return error if isinstance(error, TransientFailure) else None


class RetrySchedule:
    """Decides on the repeats of one request.

    It does not wait: before a repeat `notice` is set, and whoever runs the attempts announces it and waits.
    """

    def __init__(self, limits: RequestLimits) -> None:
        self.notice: RetryNotice | None = None
        self._backoff = wait_exponential_jitter(
            multiplier=limits.first_delay, jitter=limits.first_delay, max=MAX_DELAY_SECONDS
        )
        self.attempts = AsyncRetrying(
            retry=retry_if_exception_type(TransientFailure),
            wait=self._wait,
            stop=stop_after_attempt(limits.attempts) | stop_before_delay(limits.deadline),
            before_sleep=self._announce,
            sleep=self._leave_waiting_to_others,
            reraise=True,
        )

    def _wait(self, state: RetryCallState) -> float:
        failure = _failure(state)
        if failure is None or failure.retry_after is None:
            return self._backoff(state)
        return min(failure.retry_after, MAX_RETRY_AFTER_SECONDS)

    def _announce(self, state: RetryCallState) -> None:
        failure = _failure(state)
        self.notice = RetryNotice(
            attempt=state.attempt_number + 1,
            delay=state.upcoming_sleep,
            reason=failure.reason if failure else "",
        )

    async def _leave_waiting_to_others(self, seconds: float) -> None:
        del seconds
