"""What is known of a function before it is called, and what it counts as. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from orchestrator.events import Reason
from orchestrator.labels import Label

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
"""HTTP methods that change nothing (RFC 9110, 9.2.1)."""

PUBLIC_DATA = "GetPublicData"
PRIVATE_DATA = "GetPrivateData"
TRANSFORM = "DataTransform"
EXPORT = "DataExport"
STATE_UPDATE = "ResourceStateUpdate"
READING = frozenset({PUBLIC_DATA, PRIVATE_DATA, TRANSFORM})
"""The values of `data_handling` (spec 9.5.2.1) that attest no effect."""

DATA_HANDLING = READING | {STATE_UPDATE, EXPORT}
"""All of its values; `DataExport` is in the Microsoft 365 document."""

ConfirmationKind = Literal["absent", "none", "wanted", "non-consequential"]
"""What the manifest says of `confirmation` (spec 9.3): nothing; type `None`; a question; one that it calls harmless."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What the manifest, the description and the runtime say of a function."""

    confirmation: ConfirmationKind = "absent"
    data_handling: tuple[str, ...] = ()
    """Known values only; empty where `security_info` is missing, empty or made of other words (spec 9.5)."""
    method: str | None = None
    """The HTTP method; None for a runtime that has none."""
    repeatable: bool = False
    is_consequential: bool | None = None
    """`x-openai-isConsequential` of the description."""
    is_read_only: bool | None = None
    """The hint `readOnlyHint` of an MCP server; it can only tighten."""
    is_destructive: bool | None = None
    """The hint `destructiveHint`, the same way."""
    has_credential: bool = False
    """The plugin calls with a credential: what comes back is somebody's own."""

    @property
    def is_isolated(self) -> bool:
        """True when the author does not say how it handles data: it may not meet other plugins (spec 9.5)."""
        return not self.data_handling

    @property
    def wants_confirmation(self) -> bool:
        """True when the manifest asks for a question."""
        return self.confirmation in ("wanted", "non-consequential")

    @property
    def reads_safely(self) -> bool:
        """True for a GET without a declared effect: the only kind that may be allowed for always."""
        return self.method == "GET" and not {STATE_UPDATE, EXPORT}.intersection(self.data_handling)


def effects(evidence: Evidence) -> Iterator[Reason]:
    """Why calling may change something; nothing for a function that only reads. A word of the plugin only adds."""
    if STATE_UPDATE in evidence.data_handling:
        yield Reason(source="manifest", text=f"the plugin declares that it changes something ({STATE_UPDATE})")
    if evidence.is_consequential:
        yield Reason(source="description", text="the API's description says that calling it has consequences")
    if evidence.method is not None and evidence.method not in SAFE_METHODS:
        yield Reason(source="method", text=f"it is a {evidence.method} request, which may change something")
    if evidence.is_destructive or evidence.is_read_only is False:
        yield Reason(source="server", text="the server's own hints say that it may change something")


def is_unsaid(evidence: Evidence) -> bool:
    """True when neither a method, nor the runtime, nor the manifest says that calling changes nothing.

    The manifest is believed only where there is no method: it speaks for a program that the person installed, or for
    code of the app itself, which could do anything anyway.
    """
    attests = bool(evidence.data_handling) and READING.issuperset(evidence.data_handling)
    return evidence.method is None and not evidence.repeatable and not attests


def says_harmless(evidence: Evidence) -> Reason:
    """Why a call counts as one that changes nothing; for a function without `effects` of which something is said."""
    if evidence.method is not None:
        return Reason(source="method", text=f"it is a {evidence.method} request, which changes nothing")
    if evidence.repeatable:
        return Reason(source="runtime", text="calling it changes nothing")
    return Reason(source="manifest", text="the plugin declares that it only reads")


def result_label(evidence: Evidence, plugin: str, context: Label) -> Label:
    """The label of an answer of this plugin to a call that was made in a context."""
    holds_private = PRIVATE_DATA in evidence.data_handling or evidence.has_credential or evidence.method is None
    own = Label(
        seen=(plugin,),
        private=(plugin,) if holds_private else (),
        isolated=(plugin,) if evidence.is_isolated else (),
    )
    return context | own
