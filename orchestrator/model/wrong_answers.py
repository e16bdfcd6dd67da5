"""What a carrier says of an answer that it cannot hand on; importing this imports `httpx2`."""

from __future__ import annotations

import httpx2


class InvalidAnswer(httpx2.RemoteProtocolError):
    """What came is no HTTP, or says two things at once, and the same request would be answered so again."""


class BrokenAnswer(httpx2.RemoteProtocolError):
    """An answer began, and broke off before its head was handed on."""
