"""A runtime whose functions are tools of an MCP server: over HTTP (`RemoteMCPServer`), or of a program (`x-McpServer`).

What is pure lies in `tools`, `results`, `pace` and `elicitation`; `session`, `gate`, `stdio` and `http` need the extra
`mcp`, and are imported when a server is first asked.
"""

from runtimes.mcp.executor import open_mcp

__all__ = ["open_mcp"]
