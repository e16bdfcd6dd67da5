"""What a caller is handed of a turn: where it stands, the answer, the calls, the open questions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from auth import SignIn
from orchestrator.content import AttachedFile, Card, NumberedCitation, ReturnedCard
from orchestrator.events import EndReason, Judgement, Reason
from orchestrator.model.base import Usage
from orchestrator.response.numbering import numbered, numbers_of
from orchestrator.response.unseen import masked, unseen_in
from orchestrator.tools.attachments import reference_to
from orchestrator.turn.last_word import DecidedBy, decided_by, judgement_of, reasons_of
from orchestrator.turn.prompts import answer_text
from orchestrator.turn.state import CallState, Status, TurnState
from runtimes.values import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A call that waits for the person's answer."""

    call_id: str
    plugin: str
    function: str
    arguments: JsonObject
    """What would really be sent, whatever the title and the body say."""
    title: str
    body: str
    destination: str
    reasons: tuple[Reason, ...]
    expires: float
    """Seconds since the epoch."""
    attachments: tuple[AttachedFile, ...] = ()
    """The files of the conversation that would be sent."""
    secret: tuple[str, ...] = ()
    """The arguments that the person typed unseen on a card, which are not to be shown."""
    may_always: bool = False
    """True when the person may allow this function for always."""
    fingerprint: str = ""
    """Of all that it asks about; a question that is asked anew, about something else, has another."""

    @property
    def card(self) -> JsonObject:
        """The question as an Adaptive Card; its verbs are those of `orchestrator.response.question_card`."""
        from orchestrator.response.question_card import Asked, question_card

        asked = Asked(
            call_id=self.call_id,
            plugin=self.plugin,
            function=self.function,
            arguments=masked(self.arguments, self.secret),
            destination=self.destination,
            title=self.title,
            body=self.body,
            reasons=self.reasons,
            files=tuple(f"{reference_to(file)} is {file.label}" for file in self.attachments),
            may_always=self.may_always,
        )
        return question_card(asked)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInQuestion:
    """A call that may be made once the person has signed in: nothing else is asked about it."""

    call_id: str
    name: str
    """Of the credential that it needs."""
    kind: Literal["login", "secret"]
    """To log in at the provider, or to give a key, a token or a password."""
    reason: str
    """Why, in one line for the person."""
    plugin: str
    function: str
    destination: str
    """Where the call goes."""
    expires: float
    """Seconds since the epoch."""
    scopes: tuple[str, ...] = ()
    """What to ask the provider for, of a login."""

    @property
    def wanted(self) -> SignIn:
        """What the person has to do."""
        return SignIn(name=self.name, kind=self.kind, reason=self.reason, scopes=self.scopes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call of the turn, for the person."""

    call_id: str
    plugin: str
    function: str
    arguments: JsonObject
    status: str
    is_error: bool
    reasons: tuple[Reason, ...]
    """Why it was allowed, asked about, denied or refused."""
    decision: Judgement | None = None
    """What the policy said; None for a call that could not be made, and so was not weighed."""
    decided_by: DecidedBy | None = None
    """Who had the last word; None while nobody has, and for a call that could not be made."""
    destination: str = ""
    """Where it went, or would go where the person was asked; empty where neither is known."""
    secret: tuple[str, ...] = ()
    """The arguments that the person typed unseen on a card, which are not to be shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """Where a turn stands when it has ended or waits."""

    text: str
    """The answer, and nothing but it."""
    partial: str
    """What had been written when the turn broke off, by error or by being stopped."""
    citations: tuple[NumberedCitation, ...]
    """Those of all calls, numbered from 1; those that the answer does not cite are among them."""
    cards: tuple[ReturnedCard, ...]
    """Those of all calls; a `CardAction` that answers one names its `call_id`."""
    attachments: tuple[AttachedFile, ...]
    """The files that answers of calls are; `Conversation.attachment` has their bytes."""
    calls: tuple[Call, ...]
    pending: tuple[Question, ...]
    usage: Usage | None
    """Tokens of this turn; None when the model does not count."""
    end: EndReason | None
    """None while the turn waits for the person, or another host of the same journal has a call in flight."""
    detail: str = ""
    texts: tuple[str, ...] = ()
    """What local plugins say to the person beside the answer, a text for each call (spec 13.2.1)."""
    sign_ins: tuple[SignInQuestion, ...] = ()
    """The calls that wait until the person has signed in."""


def question_of(call: CallState, turn: TurnState) -> Question:
    """The question about a call of the turn that was asked about."""
    asked = call.question
    assert asked is not None
    return Question(
        call_id=call.call_id,
        plugin=call.plugin,
        function=call.function,
        arguments=call.arguments,
        title=asked.title,
        body=asked.body,
        destination=asked.destination,
        reasons=call.reasons,
        expires=asked.expires,
        attachments=asked.attachments,
        secret=unseen_in(call.arguments, turn.started.action),
        may_always=call.may_always,
        fingerprint=asked.fingerprint,
    )


def sign_ins_of(turn: TurnState) -> tuple[SignInQuestion, ...]:
    """The sign-ins that calls of the turn wait for."""
    return tuple(
        SignInQuestion(
            call_id=call.call_id,
            name=asked.name,
            kind=asked.sign_in,
            reason=asked.reason,
            plugin=call.plugin,
            function=call.function,
            destination=asked.destination,
            expires=asked.expires,
            scopes=asked.scopes,
        )
        for call in turn.with_status(Status.SIGN_IN)
        if (asked := call.sign_in) is not None
    )


def _destination(call: CallState) -> str:
    asked = [one.destination for one in (call.question, call.sign_in) if one is not None]
    return next(filter(None, (call.destination, *asked)), "")


def _call(call: CallState, turn: TurnState) -> Call:
    return Call(
        call_id=call.call_id,
        plugin=call.plugin,
        function=call.function or call.request.tool,
        arguments=call.arguments,
        status=call.status.value,
        is_error=call.is_error,
        reasons=reasons_of(call, turn),
        decision=judgement_of(call),
        decided_by=decided_by(call),
        destination=_destination(call),
        secret=unseen_in(call.arguments, turn.started.action),
    )


def _returned(card: Card, call: CallState) -> ReturnedCard:
    return ReturnedCard(
        body=card.body,
        template=card.template,
        origin=card.origin,
        result_id=card.result_id,
        notes=card.notes,
        call_id=call.call_id,
    )


def _cards(turn: TurnState) -> Iterator[ReturnedCard]:
    for call in turn.calls.values():
        yield from (_returned(card, call) for card in (call.shown.cards if call.shown is not None else ()))


def reply_of(turn: TurnState) -> Reply:
    """Where the turn stands."""
    shown = [call.shown for call in turn.calls.values() if call.shown is not None]
    numbers = numbers_of(shown)
    text, partial = answer_text(turn), turn.ended.partial if turn.ended is not None else ""
    return Reply(
        text=text,
        partial=partial,
        citations=numbered(numbers, text or partial) if numbers else (),
        cards=tuple(_cards(turn)),
        attachments=tuple(file for call in turn.calls.values() for file in call.attachments),
        calls=tuple(_call(call, turn) for call in turn.calls.values() if call.status is not Status.SET_ASIDE),
        pending=tuple(question_of(call, turn) for call in turn.with_status(Status.ASKED)),
        sign_ins=sign_ins_of(turn),
        usage=turn.usage,
        texts=tuple(one.text for one in shown if one.text),
        end=turn.ended.reason if turn.ended is not None else None,
        detail=turn.ended.detail if turn.ended is not None else "",
    )
