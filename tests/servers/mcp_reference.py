"""The reference MCP server (npm: `@modelcontextprotocol/server-everything`), as a program and on loopback.

Needs Node and `npm ci --prefix tests/servers/mcp_everything`; `need_reference` skips a test without them, which fails
in CI.
"""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest

from runtimes.local_endpoint import LocalEndpoint

_HERE = Path(__file__).parent / "mcp_everything"
_SCRIPT = _HERE / "node_modules" / "@modelcontextprotocol" / "server-everything" / "dist" / "index.js"
_READY = b"listening on port"


def why_absent() -> str | None:
    """The reason why there is no reference server here; None when there is."""
    if shutil.which("node") is None:
        return "node is not installed"
    if not _SCRIPT.is_file():
        return "the reference MCP server is not installed (npm ci --prefix tests/servers/mcp_everything)"
    return None


def need_reference() -> None:
    """Skips what needs the server where there is none, unless that is CI."""
    if reason := why_absent():
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)


def reference_program() -> LocalEndpoint:
    """As a program of the table of local endpoints."""
    return LocalEndpoint(command=("node", str(_SCRIPT), "stdio"))


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@asynccontextmanager
async def reference_over_http() -> AsyncGenerator[str]:
    """The URL where it is reached."""
    port = _free_port()
    environment = {**os.environ, "PORT": str(port)}
    async with await anyio.open_process(["node", str(_SCRIPT), "streamableHttp"], env=environment) as process:
        assert process.stderr is not None
        said = b""
        with anyio.fail_after(60):
            while _READY not in said:
                said += await process.stderr.receive()
        try:
            yield f"http://127.0.0.1:{port}/mcp"
        finally:
            process.kill()
