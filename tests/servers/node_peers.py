"""Plugin programs in Node, on JSON-RPC libraries that are not ours (`tests/servers/plugin_peers`), as local endpoints.

Needs Node and `npm ci --prefix tests/servers/plugin_peers`; `need_peers` skips a test without them, which fails in CI.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest

from runtimes.local_endpoint import LocalEndpoint

_HERE = Path(__file__).parent / "plugin_peers"


def why_absent() -> str | None:
    """The reason why there are no peers here; None when there are."""
    if shutil.which("node") is None:
        return "node is not installed"
    if not (_HERE / "node_modules" / "vscode-jsonrpc").is_dir():
        return "the plugin programs are not installed (npm ci --prefix tests/servers/plugin_peers)"
    return None


def need_peers() -> None:
    """Skips what needs the peers where there are none, unless that is CI."""
    if reason := why_absent():
        assert not os.environ.get("CI"), reason
        pytest.skip(reason)


def _command(*arguments: str) -> tuple[str, ...]:
    return (shutil.which("node") or "node", str(_HERE / arguments[0]), *arguments[1:])


@asynccontextmanager
async def lines_program() -> AsyncGenerator[LocalEndpoint]:
    """json-rpc-2.0 with a message a line."""
    yield LocalEndpoint(command=_command("lines.js"))


@asynccontextmanager
async def headers_program() -> AsyncGenerator[LocalEndpoint]:
    """vscode-jsonrpc, which writes a Content-Length before each message."""
    yield LocalEndpoint(command=_command("headers.js"), framing="headers")


@asynccontextmanager
async def _said(*arguments: str) -> AsyncGenerator[str]:
    """Runs a server until the context is left; gives the line that it says once it listens."""
    async with await anyio.open_process(_command(*arguments), stdin=subprocess.PIPE, stderr=None) as server:
        try:
            assert server.stdout is not None
            said = b""
            with anyio.fail_after(60):
                while not said.endswith(b"\n"):
                    said += await server.stdout.receive()
            yield said.decode().strip()
        finally:
            server.kill()


@asynccontextmanager
async def headers_socket(folder: Path) -> AsyncGenerator[LocalEndpoint]:
    """vscode-jsonrpc behind a Unix socket in a folder."""
    path = folder / "peer.sock"
    async with _said("headers.js", str(path)):
        yield LocalEndpoint(address=f"unix:{path}", framing="headers")


@asynccontextmanager
async def http_server() -> AsyncGenerator[LocalEndpoint]:
    """json-rpc-2.0 behind HTTP."""
    async with _said("http.js") as port:
        yield LocalEndpoint(address=f"http://127.0.0.1:{port}/rpc")


@asynccontextmanager
async def websocket_server() -> AsyncGenerator[LocalEndpoint]:
    """json-rpc-2.0 behind a WebSocket of ws."""
    async with _said("websocket.js") as port:
        yield LocalEndpoint(address=f"ws://127.0.0.1:{port}/")
