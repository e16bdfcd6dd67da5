"""What can go wrong in an exchange, in our words, and whether the next connection may do better."""

from __future__ import annotations

from auth import SecretsInUse
from runtimes.carriers import Broken
from runtimes.codings import BadContent
from runtimes.errors import InvocationError
from runtimes.http import HttpRequest, shown_url
from runtimes.network import origin_of

FAILURES = (Broken, BadContent, OSError, UnicodeError)
"""What can go wrong in an exchange."""

MAX_REASON_LENGTH = 200
"""Characters of a network library's own words in a message."""


def no_answer(request: HttpRequest, reason: str, *, is_sent: bool, is_lost: bool = False) -> InvocationError:
    """The error of a request that has none; the reason has no secret in it."""
    place = f"{origin_of(request.url)}, to which {request.via} redirects," if request.via else shown_url(request.url)
    words = reason[:MAX_REASON_LENGTH]
    if not is_sent:
        return InvocationError(f"cannot connect to {place}: {words}", not_executed="connect")
    return InvocationError(f"{request.method} {place} was sent and has no usable answer: {words}", is_lost=is_lost)


def failed(request: HttpRequest, failure: Exception, secrets: SecretsInUse, *, is_sent: bool) -> InvocationError:
    """The error that one of `FAILURES` is."""
    reason = secrets.masked(str(failure) or type(failure).__name__)  # masked before it is cut
    is_lost = isinstance(failure, Broken) and failure.is_lost
    return no_answer(request, reason, is_sent=is_sent, is_lost=is_lost)
