"""May this call run? A pure decision that can explain itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from orchestrator.events import Reason

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
"""HTTP methods that change nothing (RFC 9110, 9.2.1)."""

STATE_UPDATE = "ResourceStateUpdate"
READING = frozenset({"GetPublicData", "GetPrivateData", "DataTransform"})
"""The values of `data_handling` (spec 9.5.2.1) that attest no effect."""

DATA_HANDLING = READING | {STATE_UPDATE, "DataExport"}
"""All of its values; `DataExport` is in the Microsoft 365 document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is known of a function before it is called."""

    wants_confirmation: bool = False
    """The manifest has a `confirmation` whose type is not `None` (spec 9.3)."""
    data_handling: tuple[str, ...] = ()
    method: str | None = None
    """The HTTP method; None for a runtime that has none."""
    repeatable: bool = False
    is_consequential: bool | None = None
    edited_by: str | None = None
    """The person who wrote these arguments, where it was not the model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What may be done, and every reason for it."""

    decision: Literal["allow", "ask", "deny"]
    reasons: tuple[Reason, ...]


def _reasons_to_ask(evidence: Evidence) -> Iterator[Reason]:
    if evidence.wants_confirmation:
        yield Reason(source="manifest", text="the plugin asks for a confirmation before this function")
    if STATE_UPDATE in evidence.data_handling:
        yield Reason(source="manifest", text=f"the plugin declares that it changes something ({STATE_UPDATE})")
    if evidence.is_consequential:
        yield Reason(source="description", text="the API's description says that calling it has consequences")
    if evidence.method is not None and evidence.method not in SAFE_METHODS:
        yield Reason(source="method", text=f"it is a {evidence.method} request, which may change something")


def _says_nothing(evidence: Evidence) -> bool:
    """True when neither a method, nor the runtime, nor the manifest says that calling changes nothing."""
    return evidence.method is None and not evidence.repeatable and not _attests_reading(evidence)


def _attests_reading(evidence: Evidence) -> bool:
    return bool(evidence.data_handling) and READING.issuperset(evidence.data_handling)


def judge(evidence: Evidence) -> Verdict:
    """Allow or ask; when in doubt, ask. A plugin's own word can only make it stricter."""
    reasons = tuple(_reasons_to_ask(evidence))
    if not reasons and _says_nothing(evidence):
        reasons = (Reason(source="host", text="nothing says that calling it changes nothing"),)
    if reasons and evidence.edited_by is not None:
        note = Reason(source="person", text=f"{evidence.edited_by} wrote these arguments, and so has allowed the call")
        return Verdict(decision="allow", reasons=(note, *reasons))
    if reasons:
        return Verdict(decision="ask", reasons=reasons)
    if evidence.method is None:
        return Verdict(decision="allow", reasons=(Reason(source="runtime", text="calling it changes nothing"),))
    text = f"it is a {evidence.method} request, which changes nothing"
    return Verdict(decision="allow", reasons=(Reason(source="method", text=text),))
