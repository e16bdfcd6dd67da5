"""The LocalPlugin runtime: programs on this machine that speak JSON-RPC 2.0 (spec 11.4).

`jsonrpc` knows the messages and does no I/O, `transports` carries bytes to a program and back, `executor` makes one
runtime of the two.
"""

from runtimes.local.executor import open_local

__all__ = ["open_local"]
