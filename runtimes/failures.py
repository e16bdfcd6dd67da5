"""What can go wrong in an exchange, in our words, and whether the next connection may do better.

Loaded on the first request, as `runtimes.transport` is.
"""

from __future__ import annotations

import re

import httpcore2
import httpx2

from auth import SecretsInUse
from runtimes.codings import BadContent
from runtimes.errors import InvocationError
from runtimes.http import HttpRequest, shown_url
from runtimes.network import origin_of

FAILURES = (
    httpcore2.TimeoutException,
    httpcore2.NetworkError,
    httpcore2.ProtocolError,
    httpcore2.ProxyError,
    httpcore2.UnsupportedProtocol,
    httpx2.InvalidURL,
    httpx2.StreamError,
    BadContent,
    OSError,
    UnicodeError,
)
"""What can go wrong in an exchange."""

MAX_LINE_BYTES = httpcore2.AsyncHTTP11Connection.MAX_INCOMPLETE_EVENT_SIZE
"""How many bytes of a header, a trailer or the extension of a chunk are waited with for its end."""

MAX_REASON_LENGTH = 200
"""Characters of a network library's own words in a message."""

_BROKEN = (httpcore2.NetworkError, httpcore2.ProtocolError)
"""What can go wrong with a connection, and need not with the next one."""

_QUOTED = re.compile(r""":? *(?:bytearray\()?b?['"].*""", re.DOTALL)
"""Where the library quotes a field or a line, of the request or of an answer that may echo it."""

_OVERLONG = "Receive buffer too long"
"""What the library says where something had no end within `MAX_LINE_BYTES`: the server would do so again."""


def told(failure: Exception) -> tuple[str, bool]:
    """What one of `FAILURES` is in words, without what went over the connection, and whether the same request may
    succeed."""
    reason = str(failure) or type(failure).__name__
    if isinstance(failure, httpcore2.RemoteProtocolError) and reason == _OVERLONG:
        return f"its header, trailer or chunk extension has no end within {MAX_LINE_BYTES} bytes", False
    if isinstance(failure, httpcore2.ProtocolError):
        reason = _QUOTED.sub("", reason) or type(failure).__name__
    return reason, isinstance(failure, _BROKEN)


def no_answer(request: HttpRequest, reason: str, *, is_sent: bool, is_lost: bool = False) -> InvocationError:
    """The error of a request that has none; the reason has no secret in it."""
    place = f"{origin_of(request.url)}, to which {request.via} redirects," if request.via else shown_url(request.url)
    words = reason[:MAX_REASON_LENGTH]
    if not is_sent:
        return InvocationError(f"cannot connect to {place}: {words}", not_executed="connect")
    return InvocationError(f"{request.method} {place} was sent and has no usable answer: {words}", is_lost=is_lost)


def failed(request: HttpRequest, failure: Exception, secrets: SecretsInUse, *, is_sent: bool) -> InvocationError:
    """The error that one of `FAILURES` is."""
    reason, is_lost = told(failure)
    return no_answer(request, secrets.masked(reason), is_sent=is_sent, is_lost=is_lost)  # masked before it is cut
