"""What happens in a turn: facts, which are kept, and signals, which are only streamed.

A turn is a sequence of facts, and what to do next is a function of them (`orchestrator.turn.machine`). The terminal,
the library, the journal and scripted tests all read these same values. Each is frozen, has its own `kind`, and goes to
JSON and back without loss (`orchestrator.event_json`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from orchestrator.content import AttachedFile, CardAction, Shown
from orchestrator.labels import CLEAN, Label
from orchestrator.model.base import ModelCall, Usage
from orchestrator.signals import Signal, State
from runtimes.errors import NotExecutedCause
from runtimes.values import Json, JsonObject

HISTORY_TOKENS = 50_000
"""Tokens of earlier turns, as they are estimated, that a model request may carry unless the host says otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One reason for a verdict, and who gives it."""

    source: str
    """`manifest`, `description`, `method`, `server` (its hints), `runtime`, `data` (what the model had read), `host`,
    `rule` (of the host) or `person`."""
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedCall:
    """A call of a reply, under an id of ours that is random and unique."""

    call_id: str
    request: ModelCall


# --- facts, in the order of one call


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnStarted:
    """The person said something."""

    text: str
    person: str
    documents: dict[str, str]
    """Plugin namespace to the hash of its manifest."""
    locale: str | None = None
    """The language that was asked for, as a tag such as `fr-CA`; None for each document's default."""
    attachments: tuple[AttachedFile, ...] = ()
    """The files that came with the words."""
    action: CardAction | None = None
    """What the person chose on a card, where that is what they said; `text` is then what its button says."""
    fence: str = ""
    """Parts results from instructions in what the model reads; random, so that no result can forge it."""
    set_aside: tuple[str, ...] = ()
    """Plugins whose data from earlier turns the model is not shown, because it stood in the way of another's call."""
    attended: bool = True
    """False when nobody can be asked in this turn."""
    sources: tuple[str, ...] = ()
    """Where its plugins were read from, as somebody who takes the conversation up again names them."""
    history_tokens: int = HISTORY_TOKENS
    """Tokens of earlier turns that its model requests may carry, as they are estimated. It is kept because what the
    model was shown, and so whose data its answer may hold, depends on it."""
    kind: Literal["turn_started"] = "turn_started"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyReceived:
    """A complete reply of the model: text, calls or both. One with calls may also come, wrongly, while responding."""

    text: str
    calls: tuple[RequestedCall, ...] = ()
    usage: Usage | None = None
    state: State = "reasoning"
    is_from_card: bool = False
    """True for the call that a choice on a card makes: no model wrote it."""
    kind: Literal["reply_received"] = "reply_received"


Judgement = Literal["allow", "ask", "deny"]
"""What the policy says of a call."""

RefusalCode = Literal["unknown", "ambiguous", "arguments", "repeated", "limit", "responding", "forbidden", "sign_in"]
"""`forbidden`: a rule of the host that came into force after the call was judged. `sign_in`: the person has to sign in
first, and nobody can be asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRefused:
    """The call cannot be made; the message tells the model what to correct."""

    call_id: str
    code: RefusalCode
    message: str
    plugin: str = ""
    function: str = ""
    """Empty when no such function is known."""
    arguments: JsonObject = field(default_factory=dict[str, Json])
    """Empty where they were not well-formed."""
    source: Literal["host", "person"] = "host"
    """Whose word stands in the way; the person's where they have said no to this very call."""
    kind: Literal["call_refused"] = "call_refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallJudged:
    """The call is well-formed, and the policy has spoken."""

    call_id: str
    plugin: str
    function: str
    arguments: JsonObject
    verdict: Judgement
    reasons: tuple[Reason, ...]
    repeatable: bool = False
    """True when doing it twice is the same as once."""
    changes_something: bool = False
    """True of a repeatable call that has an effect all the same, as one with an `Idempotency-Key`: its key is its own,
    so that another call in its place would have another effect."""
    fingerprint: str = ""
    """Over call id, canonical arguments, manifest, description and destination; a call is judged anew where that is
    another when it is about to be asked about or to leave."""
    label: Label = CLEAN
    """Whose data its result may hold."""
    across: tuple[str, ...] = ()
    """Of a denial: the plugins whose data of this turn stands in the way; in the next turn it does not."""
    may_always: bool = False
    """True when the person may allow this function for always."""
    may_agree: bool = False
    """True when a yes also lets the function read on in this turn, and the question says so."""
    kind: Literal["call_judged"] = "call_judged"


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSetAside:
    """From here on the model is not shown what earlier turns have of these plugins."""

    plugins: tuple[str, ...]
    """All that are set aside now."""
    call_ids: tuple[str, ...] = ()
    """The calls of replies that were written in view of that data: they are not kept. Any other call so far holds only
    the person's words, and goes on."""
    kind: Literal["data_set_aside"] = "data_set_aside"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallAsked:
    """The person is asked; the answer holds for exactly this fingerprint."""

    call_id: str
    fingerprint: str
    """Over call id, canonical arguments, manifest, description and destination."""
    title: str
    body: str
    destination: str
    expires: float
    """Seconds since the epoch."""
    attachments: tuple[AttachedFile, ...] = ()
    """The files of the conversation that would be sent."""
    kind: Literal["call_asked"] = "call_asked"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallDecided:
    """The person has answered."""

    call_id: str
    decision: Literal["approve", "decline"]
    by: str
    note: str = ""
    always: bool = False
    """True when the person has allowed the function for always."""
    edited: RequestedCall | None = None
    """The call with the person's own arguments, which runs in the place of the one asked about."""
    left_open: bool = False
    """True where nobody answered: the turn was ended while the question was open, and `note` says by what."""
    kind: Literal["call_decided"] = "call_decided"


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionExpired:
    """Nobody answered, or signed in, in time."""

    call_id: str
    kind: Literal["question_expired"] = "question_expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInAsked:
    """The person has to sign in before the call can be made; it may be made, as far as that goes."""

    call_id: str
    name: str
    """Of the credential, as `auth.SignIn.name`."""
    sign_in: Literal["login", "secret"]
    """To log in at the provider, or to give a key, a token or a password."""
    reason: str
    """Why, in one line for the person."""
    expires: float
    """Seconds since the epoch."""
    scopes: tuple[str, ...] = ()
    """What to ask the provider for, of a login."""
    destination: str = ""
    """Where the call goes."""
    kind: Literal["sign_in_asked"] = "sign_in_asked"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInDone:
    """The person has signed in: every call of the turn that waits for this goes on."""

    name: str
    """As `SignInAsked.name`."""
    by: str
    kind: Literal["sign_in_done"] = "sign_in_done"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallDispatched:
    """The call is about to leave; kept before its first byte does."""

    call_id: str
    attempt: int
    request_hash: str
    destination: str = ""
    """Where it goes; empty where that was not kept."""
    at: float = 0.0
    """When, in seconds since the epoch; 0 where that was not kept."""
    kind: Literal["call_dispatched"] = "call_dispatched"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallReturned:
    """An answer came back."""

    call_id: str
    text: str
    """What the model is given of it."""
    shown: Shown
    is_error: bool = False
    status: int | None = None
    attachments: tuple[AttachedFile, ...] = ()
    """The files that the answer is."""
    kind: Literal["call_returned"] = "call_returned"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFailed:
    """No answer could be had, and that is certain to be harmless."""

    call_id: str
    message: str
    kind: Literal["call_failed"] = "call_failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallNotExecuted:
    """The call was certainly not carried out and may be made once more."""

    call_id: str
    cause: NotExecutedCause
    message: str
    kind: Literal["call_not_executed"] = "call_not_executed"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallInterrupted:
    """Its driver is gone and repeating it is harmless, or it was certainly never sent: it may be made once more."""

    call_id: str
    was_sent: bool = True
    """False when it certainly was not."""
    kind: Literal["call_interrupted"] = "call_interrupted"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallUnknown:
    """It was sent, and whether it was carried out is not known."""

    call_id: str
    message: str
    kind: Literal["call_unknown"] = "call_unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallWithdrawn:
    """The call was dropped before it left."""

    call_id: str
    disengages: bool = False
    """True for the model's own `withdraw()`, which ends the conversation."""
    kind: Literal["call_withdrawn"] = "call_withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerReceived:
    """The text of a responding or disengaging request."""

    text: str
    usage: Usage | None = None
    kind: Literal["answer_received"] = "answer_received"


EndReason = Literal["answered", "disengaged", "limit", "cancelled", "error"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnEnded:
    """The turn is over."""

    reason: EndReason
    detail: str = ""
    """For `error` and `limit`: what happened, for the person."""
    partial: str = ""
    """For `error` and `cancelled`: text that had been shown when the turn broke off."""
    kind: Literal["turn_ended"] = "turn_ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnTakenUp:
    """A worker goes on with the turn: its process has ended, or what it asked was answered."""

    kind: Literal["turn_taken_up"] = "turn_taken_up"


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnUndone:
    """The person took the last turn back: the model is not told of it again. What its calls did is not undone."""

    kind: Literal["turn_undone"] = "turn_undone"


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnsSummarised:
    """From here on the model is given these words in the place of the oldest turns; the turns themselves stay kept."""

    text: str
    turns: int
    """How many, counted from the first that was not taken back."""
    label: Label = CLEAN
    """Whose data the words may hold."""
    usage: Usage | None = None
    kind: Literal["turns_summarised"] = "turns_summarised"


Fact = (
    TurnStarted
    | ReplyReceived
    | CallRefused
    | CallJudged
    | DataSetAside
    | CallAsked
    | CallDecided
    | QuestionExpired
    | SignInAsked
    | SignInDone
    | CallDispatched
    | CallReturned
    | CallFailed
    | CallNotExecuted
    | CallInterrupted
    | CallUnknown
    | CallWithdrawn
    | AnswerReceived
    | TurnEnded
    | TurnTakenUp
    | TurnUndone
    | TurnsSummarised
)
Event = Fact | Signal
