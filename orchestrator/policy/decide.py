"""The decision: allow, ask or deny, with every reason for it and who gives it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from orchestrator.events import Reason
from orchestrator.labels import CLEAN, Label
from orchestrator.policy.evidence import Evidence, effects, is_unsaid, says_harmless
from orchestrator.policy.flow import Agreement, Column, Flow, denial, flow_of, told
from orchestrator.policy.rules import Effect, Mode, Rule
from orchestrator.policy.words import Words

_RULED: Mapping[Effect, str] = {
    "allow": "allows it",
    "ask": "wants the person to be asked",
    "deny": "forbids it",
}

COVERS = Reason(
    source="host", text="a yes also lets it read on in this turn, with values that stand in what was read before"
)
"""Said before the person agrees to it."""

FIRST_USE_ASKS = Reason(source="host", text="nobody has agreed to the use of this plugin yet")
"""Why the first call of a plugin that nobody named is a question."""

NOBODY_TO_ASK = Reason(
    source="host",
    text="it would need a person's consent, and nobody can be asked here",
)
"""Why what would be a question is a denial where nobody is; it stands first where nothing else is in the way."""

NEW_MESSAGE = "ask again in a new message"
"""What a person can do about a denial that holds for one turn only."""

Decision = Literal["allow", "ask", "deny"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What surrounds one call."""

    plugin: str = ""
    """Whose function it is: a namespace, or the name of the group that it shares data with."""
    mode: Mode = "standard"
    context: Label = CLEAN
    """What the model had read when it wrote the call; groups stand by their names."""
    words: Words = "other"
    rules: tuple[Rule, ...] = ()
    """The host's rules that speak of this call."""
    is_remembered: bool = False
    """The person has allowed this function for always."""
    is_first_use: bool = False
    """The plugin was found by itself, and the person has not agreed to its use yet."""
    is_attended: bool = True
    """False when nobody can be asked."""
    is_halted: bool = False
    """The person has declined a call of an earlier reply of this turn, without a word to the model."""
    agreement: Agreement | None = None
    """What the person has allowed in this turn already, of this function."""
    edited_by: str | None = None
    """The person who wrote these arguments, where it was not the model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What may be done, and every reason for it."""

    decision: Decision
    reasons: tuple[Reason, ...]
    across: tuple[str, ...] = ()
    """Of a denial: the plugins whose data stands in the way. Without it, the same call might go."""
    may_always: bool = False
    """True when the person may allow this function for always."""
    may_agree: bool = False
    """True when a yes also lets the function read on in this turn, and the person is told so."""


def _ruled(situation: Situation, effect: Effect) -> tuple[Reason, ...]:
    """The host's rules of one effect, as reasons."""
    if not situation.rules:
        return ()
    text = f"a rule of the host {_RULED[effect]}"
    return tuple(
        Reason(source="rule", text=f"{text}: {rule.reason}" if rule.reason else text)
        for rule in situation.rules
        if rule.effect == effect
    )


def _own_asks(evidence: Evidence, situation: Situation) -> Iterator[Reason]:
    """Why a call would be a question whatever the model had read, but for rules."""
    if evidence.wants_confirmation:
        yield Reason(source="manifest", text="the plugin asks for a confirmation before this function")
    changing = tuple(effects(evidence))
    yield from changing
    if not changing and not evidence.wants_confirmation and is_unsaid(evidence):
        yield Reason(source="host", text="nothing says that calling it changes nothing")
    if situation.is_first_use:
        yield FIRST_USE_ASKS


def may_stand(evidence: Evidence, column: Column) -> bool:
    """True when the person's permission may hold for later calls, too: of a GET that declares and shows no effect."""
    is_harmless = evidence.reads_safely and not any(effects(evidence))
    return is_harmless and column in ("clean", "public", "own")


def _lifted(evidence: Evidence, situation: Situation, column: Column) -> tuple[Reason, ...]:
    """What takes the questions away, if anything does; it never takes a denial away."""
    if situation.edited_by is not None:
        text = "the person wrote these arguments, which allows the call"
        return (Reason(source="person", text=text),)
    if _ruled(situation, "ask"):
        return ()
    if allowed := _ruled(situation, "allow"):
        return allowed
    if situation.is_remembered and may_stand(evidence, column):
        return (Reason(source="person", text="the person has allowed this function for always"),)
    return ()


def _unaskable(situation: Situation) -> tuple[Reason, ...]:
    """Why a question cannot be put."""
    if not situation.is_attended:
        return (NOBODY_TO_ASK,)
    if situation.is_halted:
        text = f"the person said no to a call of this turn, so nothing more is asked in it; {NEW_MESSAGE}"
        return (Reason(source="person", text=text),)
    return ()


def _quiet(evidence: Evidence, flow: Flow) -> Iterator[Reason]:
    """Why a call runs that nothing asks about."""
    yield says_harmless(evidence)
    if flow.is_agreed:
        text = (
            "the person has allowed this function in view of the same data in this turn, and the arguments are quotes"
        )
        yield Reason(source="person", text=text)
    elif flow.column == "foreign":
        yield Reason(source="data", text="its arguments are the person's own words")


def _kept_apart(evidence: Evidence, situation: Situation, flow: Flow, *, is_question: bool) -> Verdict:
    """A denial because of data that must not meet; a call that is a question besides may be denied even without it."""
    reason = denial(evidence, situation.plugin, flow.in_the_way)
    if is_question and (cannot := _unaskable(situation)):
        return Verdict(decision="deny", reasons=(reason, *cannot))
    reason = Reason(source=reason.source, text=f"{reason.text}; {NEW_MESSAGE}")
    return Verdict(decision="deny", reasons=(reason,), across=flow.in_the_way)


def decide(evidence: Evidence, situation: Situation) -> Verdict:
    """Allow, ask or deny; when in doubt, the stricter. A plugin's own word can only make it stricter, but for what
    `is_unsaid` believes of a runtime without methods.

    In this order: a rule that denies; data that must not meet; what makes it a question; what takes questions away
    (the person's own arguments, a rule that allows, a remembered answer); and whether anybody can be asked.
    """
    if forbidden := _ruled(situation, "deny"):
        return Verdict(decision="deny", reasons=forbidden)
    flow = flow_of(
        evidence,
        plugin=situation.plugin,
        mode=situation.mode,
        context=situation.context,
        words=situation.words,
        agreement=situation.agreement,
        is_attended=situation.is_attended,
    )
    lifted = _lifted(evidence, situation, flow.column)
    ruled = _ruled(situation, "ask")
    asks = (*ruled, *_own_asks(evidence, situation))
    if flow.in_the_way:
        return _kept_apart(evidence, situation, flow, is_question=bool(asks) and not lifted)
    if not asks and not flow.asks:
        return Verdict(decision="allow", reasons=tuple(_quiet(evidence, flow)))
    may_agree = flow.may_agree and not asks
    if situation.mode != "off":
        asks = (*asks, *told(evidence, situation.plugin, situation.context, situation.words))
    if lifted:
        return Verdict(decision="allow", reasons=(*lifted, *asks))
    if cannot := _unaskable(situation):
        return Verdict(decision="deny", reasons=(*cannot, *asks))
    return Verdict(
        decision="ask",
        reasons=(*asks, COVERS) if may_agree else asks,
        may_always=not ruled and may_stand(evidence, flow.column),
        may_agree=may_agree,
    )
