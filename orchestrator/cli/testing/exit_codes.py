"""How `orchestrator test` leaves, where not all is well."""

from __future__ import annotations

FAILED = 1
"""A conversation did not do as it should, or not well enough."""

WRONG_USE = 2
"""A file has mistakes, or the command line has."""

INTERRUPTED = 130
"""Ctrl-C, or another signal, has ended it before everything had been played."""
