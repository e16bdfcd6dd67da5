"""What `orchestrator mcp` takes."""

from __future__ import annotations

import argparse
from typing import Protocol

_EXAMPLE = "orchestrator mcp plugin.json"


class Add(Protocol):
    """Adds a command, with one example for its help."""

    def __call__(
        self, name: str, summary: str, example: str, /, *parents: argparse.ArgumentParser
    ) -> argparse.ArgumentParser: ...


def add_mcp_command(add: Add, *parents: argparse.ArgumentParser) -> None:
    """The command that offers plugins to clients of the Model Context Protocol; `parents` have what all hosts take."""
    mcp = add("mcp", "offer plugins to MCP clients", _EXAMPLE, *parents)
    mcp.add_argument("plugins", nargs="*", metavar="PLUGIN", help="path or URL of a manifest, or an app package")
    mcp.add_argument(
        "--http",
        metavar="[HOST:]PORT",
        help="serve streamable HTTP there, on loopback unless HOST says otherwise (else the standard streams)",
    )
    mcp.add_argument("--no-token", action="store_true", help="with --http: let every program of this machine in")
    mcp.add_argument("--person", metavar="NAME", help="whose credentials are used, and who is asked (else you)")
    mcp.add_argument(
        "--yes", action="store_true", help="answer every question of the host with yes; what is denied stays so"
    )
