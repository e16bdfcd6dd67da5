"""A service under an origin that is the same in every run: what is shown and recorded does not depend on its port."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from runtimes.errors import InvocationError
from runtimes.http import HttpClient, HttpRequest, HttpResponse

DOMAIN = "service.invalid"
"""The domain of services; no such name can exist (RFC 2606)."""

MAX_LABEL = 63
"""Characters of a part of a host's name."""

_NOT_IN_LABELS = re.compile("[^a-z0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicePlace:
    """Where a service is."""

    origin: str
    """Made up from its name: where plugins see it."""
    address: str
    """Where it listens; empty where it was not started."""


def origin_of_service(name: str) -> str:
    """Where plugins see the service of that name."""
    label = _NOT_IN_LABELS.sub("-", name.casefold())[:MAX_LABEL].strip("-") or "it"
    return f"http://{label}.{DOMAIN}"


def _moved(url: str, here: str, there: str) -> str:
    """The URL with one beginning in the place of the other, where it has that."""
    rest = url.removeprefix(here)
    return there + rest if rest != url and rest[:1] in ("", "/", "?", "#") else url


def _retold(error: InvocationError, place: ServicePlace) -> InvocationError:
    """The error with the origin in the place of the address."""
    here, there = urlsplit(place.address).netloc, urlsplit(place.origin).netloc
    if not here:
        return error
    found = re.compile(rf"{re.escape(here)}(?!\d)")
    return InvocationError(
        found.sub(there, error.reason),
        not_executed=error.not_executed,
        is_lost=error.is_lost,
        is_final=error.is_final,
        is_unsent=error.is_unsent,
        quoted=found.sub(there, error.quoted),
    )


class Relocated:
    """An `HttpClient` that sends what is meant for a service to its address."""

    def __init__(self, inner: HttpClient, place: ServicePlace) -> None:
        self._inner = inner
        self._place = place

    async def send(self, request: HttpRequest, /) -> HttpResponse:
        """The answer, its places in it as plugins see them. Raises: `InvocationError`."""
        origin, address = self._place.origin, self._place.address
        try:
            response = await self._inner.send(replace(request, url=_moved(request.url, origin, address)))
        except InvocationError as error:
            raise _retold(error, self._place) from None
        headers = tuple(
            (name, _moved(value, address, origin) if name.casefold() == "location" else value)
            for name, value in response.headers
        )
        return replace(response, url=_moved(response.url, address, origin), headers=headers)
