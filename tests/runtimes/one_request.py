"""A program that sends one request and ends: without the package that is its first argument, and, as it checks in the
end, without having loaded the one that is its second."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import anyio

sys.path.insert(0, ".")

from runtimes.fetch import SharedClient
from runtimes.http import HttpRequest
from tests.servers.loopback import Answer, Request, serve, text_response


async def _hello(request: Request) -> Answer:
    return text_response(request.header("authorization") or "hello")


async def _main() -> None:
    client = SharedClient()
    async with serve(_hello) as server:
        response = await client.allowing(["127.0.0.1"]).send(HttpRequest(method="GET", url=server.url))
        await client.aclose()
    assert response.body == b"hello"


missing, unloaded = sys.argv[1:]
if missing:
    sys.modules[missing] = None  # type: ignore[assignment]  # how the interpreter notes that there is no such module
with tempfile.TemporaryDirectory() as folder:
    netrc = Path(folder) / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password s3cret\n", encoding="ascii")
    os.environ["NETRC"] = str(netrc)
    anyio.run(_main)
assert sys.modules.get(unloaded) is None
