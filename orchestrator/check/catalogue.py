"""The table of all codes, as `docs/validate.md` has it. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.check.codes import ALL_CODES
from orchestrator.manifest.problems import Kind


def _clause(kind: Kind) -> str:
    return "the member's" if kind.is_of_member else kind.clause or "none"


def _rows() -> Iterator[str]:
    yield "| code | severity | strict | clause | meaning |"
    yield "|---|---|---|---|---|"
    for code, kind in ALL_CODES.items():
        yield f"| `{code}` | {kind.severity} | {kind.strict} | {_clause(kind)} | {kind.meaning} |"


def catalogue() -> str:
    """A Markdown table: code, severity, clause of the specification, meaning."""
    return "\n".join(_rows())
