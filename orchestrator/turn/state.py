"""What is known of a turn so far: its calls and where each stands, its replies, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal

from orchestrator.content import AttachedFile, Shown
from orchestrator.events import (
    AnswerReceived,
    CallAsked,
    CallDecided,
    Judgement,
    Reason,
    RefusalCode,
    SignInAsked,
    TurnEnded,
    TurnStarted,
)
from orchestrator.labels import CLEAN, Label
from orchestrator.model.base import ModelCall, Usage
from runtimes.errors import NotExecutedCause
from runtimes.values import Json, JsonObject


class Status(Enum):
    """Where a call stands. Those from `REFUSED` on are settled: nothing more happens to it."""

    UNJUDGED = "unjudged"
    WANTED = "wanted"
    """The policy wants the person to be asked."""
    ASKED = "asked"
    SIGN_IN = "sign_in"
    """Allowed or approved, and the person has to sign in before it may be dispatched."""
    READY = "ready"
    """Allowed or approved: may be dispatched."""
    DISPATCHED = "dispatched"
    REFUSED = "refused"
    DENIED = "denied"
    DECLINED = "declined"
    EXPIRED = "expired"
    EDITED = "edited"
    """The person's own arguments run in its place."""
    RETURNED = "returned"
    FAILED = "failed"
    UNKNOWN = "unknown"
    WITHDRAWN = "withdrawn"
    SET_ASIDE = "set_aside"
    """Not kept: the model was asked again without the data in view of which it made the call."""


_GONE_OUT = frozenset({Status.RETURNED, Status.FAILED, Status.UNKNOWN})
WAITING = (Status.ASKED, Status.SIGN_IN)
"""Where a call stands that waits for the person."""

_OPEN = frozenset({Status.UNJUDGED, Status.WANTED, *WAITING, Status.READY, Status.DISPATCHED})


@dataclass(frozen=True, slots=True, kw_only=True)
class CallState:
    """One call of the turn."""

    call_id: str
    request: ModelCall
    status: Status = Status.UNJUDGED
    plugin: str = ""
    function: str = ""
    arguments: JsonObject = field(default_factory=dict[str, Json])
    verdict: Judgement | None = None
    """What the policy said; None before it has."""
    reasons: tuple[Reason, ...] = ()
    repeatable: bool = False
    changes_something: bool = False
    """True of a repeatable call that has an effect all the same."""
    fingerprint: str = ""
    """Of what was judged; another one at dispatch has it judged anew."""
    label: Label = CLEAN
    """Whose data its result may hold."""
    across: tuple[str, ...] = ()
    """The plugins whose data of this turn stood in its way."""
    may_always: bool = False
    may_agree: bool = False
    """True when a yes also lets the function read on in this turn."""
    refusal: RefusalCode | None = None
    refused_by: Literal["host", "rule", "person"] = "host"
    """Whose word stood in the way of a call that was refused."""
    question: CallAsked | None = None
    answer: CallDecided | None = None
    """What the person said to that question, or to the sign-in that the call waits for."""
    sign_in: SignInAsked | None = None
    """What the person was last asked to do first."""
    has_signed_in: bool = False
    """True once they have done that."""
    approved_fingerprint: str = ""
    """The fingerprint the person approved; a different one at dispatch makes a new question."""
    attempts: int = 0
    destination: str = ""
    """Where it went; empty where it never left, or that was not kept."""
    may_have_happened: bool = False
    """True when an attempt that may have changed something was interrupted."""
    not_executed: frozenset[NotExecutedCause] = frozenset()
    """The causes that have made it ready again."""
    message: str = ""
    """The result's text, or why there is none."""
    shown: Shown | None = None
    attachments: tuple[AttachedFile, ...] = ()
    """The files that its answer is."""
    is_error: bool = False
    edit_of: str | None = None
    """The call whose place this one takes, with the person's own arguments."""
    replaced_by: str | None = None
    disengages: bool = False

    @property
    def is_settled(self) -> bool:
        """True when nothing more happens to it."""
        return self.status not in _OPEN

    @property
    def is_waiting(self) -> bool:
        """True while it waits for the person: for an answer, or until they have signed in."""
        return self.status in WAITING

    @property
    def waits_until(self) -> float | None:
        """When it does so no longer, in seconds since the epoch; None where it does not wait."""
        if self.status is Status.SIGN_IN and self.sign_in is not None:
            return self.sign_in.expires
        return self.question.expires if self.status is Status.ASKED and self.question is not None else None

    @property
    def lacks_sign_in(self) -> bool:
        """True where the person was asked to sign in for it, and has not: it waits for that, or has ended so."""
        return self.sign_in is not None and not self.has_signed_in

    @property
    def is_harmless(self) -> bool:
        """True when nothing has happened by it, whether or not it was carried out."""
        return self.repeatable and not self.changes_something

    @property
    def has_outcome(self) -> bool:
        """True when it went out: what the model reads of it may come from outside."""
        return self.status in _GONE_OUT


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One reply of the model in this turn."""

    text: str
    call_ids: tuple[str, ...]
    in_reasoning: bool
    is_from_card: bool = False
    is_void: bool = False
    """True when it was set aside: the model is not told of it."""
    is_retold: bool = False
    """True when it was written in view of data that is set aside, in words of the person: the model is told of its
    calls as they were judged, and of nothing else that it wrote."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnState:
    """A turn, as its facts tell it."""

    started: TurnStarted
    calls: Mapping[str, CallState] = field(default_factory=dict[str, CallState])
    """By call id, in the order they were requested."""
    replies: tuple[Reply, ...] = ()
    answer: AnswerReceived | None = None
    usage: Usage | None = None
    ended: TurnEnded | None = None
    set_aside: frozenset[str] = frozenset()
    """The plugins whose data from earlier turns the model is not shown."""
    taken_up: int = 0
    """How often workers have gone on with it since anything came of that."""

    @property
    def attachments(self) -> tuple[AttachedFile, ...]:
        """The files that came with the message and with answers."""
        return (*self.started.attachments, *(file for call in self.calls.values() for file in call.attachments))

    @property
    def reasoning_requests(self) -> int:
        """How many reasoning requests were answered."""
        return sum(reply.in_reasoning for reply in self.replies)

    def with_status(self, *statuses: Status) -> tuple[CallState, ...]:
        """The calls that stand there."""
        return tuple(call for call in self.calls.values() if call.status in statuses)
