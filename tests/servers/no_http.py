"""An HTTP client for runtimes that must not make requests."""

from __future__ import annotations

from runtimes.base import RuntimeServices
from runtimes.http import HttpRequest, HttpResponse


class NoHttp:
    """Refuses every request."""

    async def send(self, request: HttpRequest, /) -> HttpResponse:
        raise NotImplementedError


NO_SERVICES = RuntimeServices(http=NoHttp())
