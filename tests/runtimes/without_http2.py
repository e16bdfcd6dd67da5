"""A program without the package `h2`, which calls a server that would rather speak HTTP/2."""

from __future__ import annotations

import sys

import anyio

sys.modules["h2"] = None  # type: ignore[assignment]  # how the interpreter notes that there is no such module
sys.path.insert(0, ".")

from runtimes.fetch import SharedClient  # noqa: E402
from runtimes.http import HttpRequest  # noqa: E402
from tests.servers.certificates import certificates  # noqa: E402
from tests.servers.loopback import Answer, Request, serve, text_response  # noqa: E402


async def _hello(request: Request) -> Answer:
    del request
    return text_response("hello")


async def _main() -> None:
    client = SharedClient(tls=certificates().trusting())
    async with serve(_hello, tls=certificates().serving("h2", "http/1.1")) as server:
        response = await client.allowing(["127.0.0.1"]).send(HttpRequest(method="GET", url=server.url))
        await client.aclose()
    assert response.body == b"hello"
    assert "runtimes.http2" not in sys.modules


anyio.run(_main)
