"""What can go wrong in an exchange, in our words, and whether the next connection may do better.

Loaded on the first request, as `runtimes.transport` is.
"""

from __future__ import annotations

import re

import httpcore2
import httpx2

from runtimes.codings import BadContent

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
