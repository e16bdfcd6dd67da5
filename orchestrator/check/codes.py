"""Every kind of mistake that only shows across documents, in a package, or in the strict reading. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from orchestrator.errors import Problem
from orchestrator.manifest import problems
from orchestrator.manifest.problems import CODES, Kind

CHECK_CODES: Mapping[str, Kind] = {}
"""Codes that a manifest alone cannot have, errors first; stable, as the others."""

ALL_CODES: Mapping[str, Kind] = {**CODES, **CHECK_CODES}
"""Every code there is."""


def problem(code: str, pointer: str, message: str, *, hint: str = "") -> Problem:
    """A problem at the pointer, with what its code says of it."""
    return problems.problem(code, pointer, message, hint=hint, codes=ALL_CODES)
