"""What carries a function call out: HTTP, JSON-RPC, Python; knows nothing of manifests, models or cards.

`runtimes.base` has the seam, `runtimes.discovery` the table from a runtime's type to its factory.
"""

DISTRIBUTION = "plugin-orchestrator"
"""Marks this package as ours, for `orchestrator.selfcheck`: `runtimes` is a common name."""

__all__ = ["DISTRIBUTION"]
