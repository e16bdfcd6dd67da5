"""What the policy would say of the functions of a host, before anything is called. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from orchestrator.events import Reason
from orchestrator.labels import CLEAN, Label
from orchestrator.policy.answers import Grant
from orchestrator.policy.decide import Situation, Verdict, decide
from orchestrator.policy.evidence import PRIVATE_DATA, STATE_UPDATE, Evidence, effects, is_unsaid, says_harmless
from orchestrator.policy.flow import COLUMNS, Column
from orchestrator.policy.rules import Policy, Rule, applies
from orchestrator.tools.toolbox import BoundFunction
from orchestrator.turn.standing import evidence_of, grant_for

ANOTHER = "another plugin"
"""Stands for any plugin whose data the model may have read."""

ISOLATED = "isolated"
"""What a function counts as whose author does not say how it handles data (spec 9.5)."""

READS = "reads"
CONFIRMATION = "confirmation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """Something that a function counts as: a value of `data_handling` (spec 9.5.2.1), or a word of ours."""

    kind: str
    reason: Reason
    """Where that comes from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What is to be expected of one function."""

    function: BoundFunction
    counts: tuple[Count, ...]
    verdicts: Mapping[Column, Verdict]
    """By what the model has read before the call; the arguments are not the person's own words."""
    conditional: tuple[tuple[int, Rule], ...]
    """The rules that depend on arguments, which the verdicts leave out, with their numbers from 1."""
    is_remembered: bool


def _context(column: Column, plugin: str, evidence: Evidence) -> Label:
    """A context of that column, seen from the plugin."""
    own = Label(seen=(plugin,), private=(plugin,), isolated=(plugin,) if evidence.is_isolated else ())
    contexts: dict[Column, Label] = {
        "clean": CLEAN,
        "public": Label(seen=(ANOTHER,)),
        "own": own,
        "foreign": Label(seen=(ANOTHER,), private=(ANOTHER,)),
        "isolated": Label(seen=(ANOTHER,), isolated=(ANOTHER,)),
    }
    return contexts[column]


def _counts(evidence: Evidence) -> Iterator[Count]:
    if evidence.is_isolated:
        text = "it does not say how it handles data (it has no security_info)"
        yield Count(kind=ISOLATED, reason=Reason(source="manifest", text=text))
    for value in evidence.data_handling:
        if value != STATE_UPDATE:
            yield Count(kind=value, reason=Reason(source="manifest", text="the plugin declares it"))
    if PRIVATE_DATA not in evidence.data_handling and (evidence.has_credential or evidence.method is None):
        text = (
            "a credential goes with its calls"
            if evidence.has_credential
            else "it is not answered by a plain HTTP request"
        )
        yield Count(kind=PRIVATE_DATA, reason=Reason(source="runtime", text=text))
    changing = tuple(effects(evidence))
    for reason in changing:
        yield Count(kind=STATE_UPDATE, reason=reason)
    if not changing and is_unsaid(evidence):
        text = "nothing says that calling it changes nothing"
        yield Count(kind=STATE_UPDATE, reason=Reason(source="host", text=text))
    elif not changing:
        yield Count(kind=READS, reason=says_harmless(evidence))
    if evidence.wants_confirmation:
        text = "the plugin asks for a confirmation before this function"
        yield Count(kind=CONFIRMATION, reason=Reason(source="manifest", text=text))


def _speaks_of(rule: Rule, function: BoundFunction, person: str, now: float) -> bool:
    """True where the rule may apply to the function, whatever the arguments."""
    return applies(
        replace(rule, arguments={}),
        plugin=function.plugin.namespace,
        own=function.plugin.own_namespace,
        digest=function.plugin.digest,
        function=function.name,
        arguments={},
        person=person,
        now=now,
    )


def outlook_of(
    function: BoundFunction, policy: Policy, granted: Collection[Grant], person: str, *, now: float
) -> Outlook:
    """What is to be expected of a function; `now` is in seconds since the epoch."""
    evidence, owner = evidence_of(function), policy.owner(function.plugin.namespace)
    speaking = [
        (number, rule) for number, rule in enumerate(policy.rules, 1) if _speaks_of(rule, function, person, now)
    ]
    rules = tuple(rule for _, rule in speaking if not rule.arguments)
    is_remembered = grant_for(function) in granted

    def verdict(column: Column) -> Verdict:
        context = _context(column, owner, evidence)
        situation = Situation(plugin=owner, mode=policy.mode, context=context, rules=rules, is_remembered=is_remembered)
        return decide(evidence, situation)

    return Outlook(
        function=function,
        counts=tuple(_counts(evidence)),
        verdicts={column: verdict(column) for column in COLUMNS},
        conditional=tuple((number, rule) for number, rule in speaking if rule.arguments),
        is_remembered=is_remembered,
    )
