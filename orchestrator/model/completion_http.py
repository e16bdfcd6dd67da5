"""The HTTP client that requests to a model go out by, and what carries them; importing this imports `httpx2`."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Literal
from urllib.parse import urlsplit

import httpx2

from orchestrator.model.completion_limits import RequestLimits
from orchestrator.model.endpoint import Endpoint

Carrier = Literal["aiohttp", "httpx2"]
"""What is below the HTTP client: its own transport, or `aiohttp`, which the extra `fast` installs."""

_KEEP_ALIVE_SECONDS = 5.0
"""How long a connection that nobody uses is kept; a server that closes it at the same moment costs a repeat."""


def _scheme(endpoint: Endpoint) -> str:
    return urlsplit(endpoint.base_url).scheme if endpoint.base_url is not None else "https"


def best_carrier(endpoint: Endpoint, proxies: Mapping[str, str]) -> Carrier:
    """`aiohttp` where it is installed and no proxy may stand in between: proxies are `httpx2`'s to reach.

    `proxies` are those of the system by the schemes they are for, as `urllib.request.getproxies` gives them.
    """
    if proxies.get(_scheme(endpoint)) or proxies.get("all") or find_spec("aiohttp") is None:
        return "httpx2"
    return "aiohttp"


def _context(endpoint: Endpoint) -> ssl.SSLContext | None:
    if _scheme(endpoint) != "https":
        return None
    context = httpx2.create_ssl_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


def _transport(endpoint: Endpoint, limits: RequestLimits, carrier: Carrier) -> httpx2.AsyncBaseTransport | None:
    if carrier == "httpx2":
        return None
    from orchestrator.model.aiohttp_transport import AiohttpTransport

    return AiohttpTransport(
        connect=limits.connect_wait,
        idle=limits.idle_wait,
        keep_alive=_KEEP_ALIVE_SECONDS,
        context=_context(endpoint),
    )


def http_client(
    endpoint: Endpoint, limits: RequestLimits, timeout: httpx2.Timeout, carrier: Carrier
) -> httpx2.AsyncClient:
    """A client for one endpoint that follows no redirect; it opens as many connections as it is asked to."""
    return httpx2.AsyncClient(
        timeout=timeout,
        limits=httpx2.Limits(
            max_connections=None,
            max_keepalive_connections=limits.connections,
            keepalive_expiry=_KEEP_ALIVE_SECONDS,
        ),
        follow_redirects=False,
        transport=_transport(endpoint, limits, carrier),
    )
