"""The LocalPlugin runtime: programs on this machine that speak JSON-RPC 2.0 (spec 11.4).

From below: `messages`, `framing` and `connection` know JSON-RPC and do no I/O; `transports` carries messages to a
program and back; `contract` is what host and program say to each other beside the functions; `session` holds one
conversation, `open_call` one call of it and `demands` what the program asks; `programs` starts, restarts and stops, by
the rules of `introduction` and `supervision`; `executor` makes a runtime of them all.
"""

from runtimes.local.executor import open_local

__all__ = ["open_local"]
