"""What the policy is told of the calls of a reply: rules, standing answers, and what the model had read. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

from orchestrator.events import DataSetAside
from orchestrator.labels import CLEAN, Label, join
from orchestrator.manifest.model import known_spellings
from orchestrator.policy.answers import Grant
from orchestrator.policy.decide import Situation, Verdict, decide
from orchestrator.policy.evidence import DATA_HANDLING, STATE_UPDATE, ConfirmationKind, Evidence, result_label
from orchestrator.policy.flow import Agreement
from orchestrator.policy.rules import Policy, Rule, applies
from orchestrator.policy.words import Words, words_of
from orchestrator.tools.attachments import named_files
from orchestrator.tools.toolbox import BoundFunction
from orchestrator.turn.agreeing import agreement_in
from orchestrator.turn.history import History
from orchestrator.turn.questions import fingerprint
from orchestrator.turn.reading import is_from_card, is_halted, label_before, label_of_answer, may_begin_anew
from orchestrator.turn.state import CallState, TurnState
from orchestrator.turn.typed import Typed
from runtimes.values import JsonObject


def _confirmation_kind(function: BoundFunction) -> ConfirmationKind:
    confirmation = function.declaration.capabilities.confirmation
    if confirmation is None:
        return "absent"
    if not confirmation.is_wanted:
        return "none"
    return "non-consequential" if confirmation.is_non_consequential else "wanted"


def _data_handling(function: BoundFunction) -> tuple[str, ...]:
    security = function.declaration.capabilities.security_info
    return known_spellings(DATA_HANDLING, security.data_handling) if security is not None else ()


def evidence_of(function: BoundFunction) -> Evidence:
    """What the manifest, the description and the runtime say of a function."""
    signature = function.signature
    return Evidence(
        confirmation=_confirmation_kind(function),
        data_handling=_data_handling(function),
        method=signature.method,
        repeatable=signature.repeatable,
        is_consequential=signature.is_consequential,
        is_read_only=signature.is_read_only,
        is_destructive=signature.is_destructive,
        has_credential=function.has_credential,
    )


def is_safe_to_repeat(function: BoundFunction) -> bool:
    """True when doing it twice is harmless: the runtime says so and the manifest does not contradict."""
    return function.signature.repeatable and STATE_UPDATE not in _data_handling(function)


def grant_for(function: BoundFunction) -> Grant:
    """The standing permission for this function as it is now."""
    plugin = function.plugin
    return Grant(
        plugin=plugin.digest,
        description=function.signature.fingerprint,
        function=function.name,
        namespace=plugin.namespace,
    )


def first_use_of(function: BoundFunction) -> Grant:
    """The permission to use its plugin as it is now."""
    return Grant(plugin=function.plugin.digest, namespace=function.plugin.namespace)


def rules_for(
    policy: Policy, function: BoundFunction, arguments: JsonObject, person: str, *, now: float
) -> tuple[Rule, ...]:
    """The rules of the host that speak of a call; `now` is in seconds since the epoch."""
    return tuple(
        rule
        for rule in policy.rules
        if applies(
            rule,
            plugin=function.plugin.namespace,
            own=function.plugin.own_namespace,
            digest=function.plugin.digest,
            function=function.name,
            arguments=arguments,
            person=person,
            now=now,
        )
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedCall:
    """A well-formed call that the policy is asked about."""

    call: CallState
    function: BoundFunction
    arguments: JsonObject
    evidence: Evidence
    """What is known of its function."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """What the policy says of the calls of one reply."""

    verdicts: tuple[Verdict, ...] = ()
    """One for each; what stands `across` is named by its plugins."""
    labels: tuple[Label, ...] = ()
    """Whose data each answer may hold."""
    set_aside: DataSetAside | None = None
    """Which data of earlier turns the verdicts leave out from now on; None leaves it as it is."""
    is_asked_again: bool = False
    """True when the model is to be asked again on that ground, and none of the verdicts counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a call is judged by beside its turn and itself."""

    policy: Policy = field(default_factory=Policy)
    granted: frozenset[Grant] = frozenset()
    """What the person has allowed for always."""
    discovered: frozenset[str] = frozenset()
    """The plugins that nobody named, by namespace: their first use is asked about."""
    is_attended: bool = True
    """False when nobody can be asked."""
    history: History = field(default_factory=History)
    read: Label = CLEAN
    """Whose data was read elsewhere, before this conversation, by whoever writes its calls."""
    now: float = 0.0
    """Seconds since the epoch."""

    # --- one reply

    def weigh(self, state: TurnState, wanted: Sequence[WantedCall], *, is_whole: bool = True) -> Weighed:
        """The verdicts; data of earlier turns that stands in the way of a call is set aside where that helps.

        It helps where nothing was done in this turn yet, and no call of the reply is for a plugin whose data would go;
        data of a plugin that is called comes back. Calls in the person's own words, and those of a card, then run at
        once; any other reply is made again without the data. `is_whole` is False where calls of the reply are refused.
        """
        as_it_is = self._weighed(state, wanted, state.set_aside)
        if not self.history.past or not wanted or not may_begin_anew(state):
            return as_it_is
        others = self._to_set_aside(state, wanted, as_it_is.verdicts)
        if others == state.set_aside or self.history.is_shown_alike(others, state.set_aside):
            return as_it_is
        without = self._weighed(state, wanted, others)
        is_kept = is_whole and all(self._is_kept(state, one) for one in wanted)
        kept = {one.call.call_id for one in wanted} if is_kept else frozenset[str]()
        fact = DataSetAside(
            plugins=tuple(sorted(others)), call_ids=tuple(call_id for call_id in state.calls if call_id not in kept)
        )
        return replace(without, set_aside=fact, is_asked_again=not is_kept)

    def _to_set_aside(
        self, state: TurnState, wanted: Sequence[WantedCall], verdicts: Sequence[Verdict]
    ) -> frozenset[str]:
        """The plugins whose data these calls were better made without; as it is, where one of them is called."""
        called = frozenset(self._owner(one) for one in wanted)
        in_the_way = frozenset(
            name
            for one, verdict in zip(wanted, verdicts, strict=True)
            for name in self._in_the_way(state, one, verdict)
        )
        if any(self.policy.owner(name) in called for name in in_the_way):
            return state.set_aside
        return in_the_way | {name for name in state.set_aside if self.policy.owner(name) not in called}

    def _in_the_way(self, state: TurnState, wanted: WantedCall, verdict: Verdict) -> tuple[str, ...]:
        """What stands in the way of a call of a model; of any other, what would if a model had written it."""
        if self._is_edited(state, wanted) or is_from_card(state, wanted.call):
            verdict = self._verdict(state, wanted, self._read_before(state, wanted, state.set_aside))
        return verdict.across

    def _is_kept(self, state: TurnState, wanted: WantedCall) -> bool:
        """True for a call that need not be made again: no model, or only the person's words, went into it."""
        counts = self.policy.mode == "standard" and self.is_attended
        return (counts and self._words(wanted) == "spoken") or is_from_card(state, wanted.call)

    def _weighed(self, state: TurnState, wanted: Sequence[WantedCall], set_aside: Collection[str]) -> Weighed:
        contexts = [self._context(state, one, set_aside) for one in wanted]
        pairs = tuple(zip(wanted, contexts, strict=True))
        return Weighed(
            verdicts=tuple(self._verdict(state, one, context) for one, context in pairs),
            labels=tuple(_label(state, one, context) for one, context in pairs),
        )

    # --- one call

    def _verdict(self, state: TurnState, wanted: WantedCall, context: Label) -> Verdict:
        call, function = wanted.call, wanted.function
        is_weighed = bool(context.seen) and self.policy.mode != "off"
        situation = Situation(
            plugin=self._owner(wanted),
            mode=self.policy.mode,
            context=self._in_groups(context),
            words=self._words(wanted) if is_weighed else "other",
            rules=rules_for(self.policy, function, wanted.arguments, state.started.person, now=self.now),
            is_remembered=bool(self.granted) and grant_for(function) in self.granted,
            is_first_use=self.is_first_use(function),
            is_attended=self.is_attended,
            is_halted=is_halted(state, call),
            agreement=self._agreement(state, wanted) if is_weighed else None,
            edited_by=state.started.person if self._is_edited(state, wanted) else None,
        )
        verdict = decide(wanted.evidence, situation)
        if not verdict.across:
            return verdict
        across = tuple(name for name in context.seen if self.policy.owner(name) in verdict.across)
        return replace(verdict, across=across)

    def is_first_use(self, function: BoundFunction) -> bool:
        """True when nobody named the plugin and the person has not agreed to its use yet."""
        is_found = function.plugin.namespace in self.discovered
        return is_found and first_use_of(function) not in self.granted

    def _is_edited(self, state: TurnState, wanted: WantedCall) -> bool:
        """True for arguments that the person wrote in answer to a question that would still be the same."""
        if wanted.call.edit_of is None:
            return False
        asked = state.calls[wanted.call.edit_of]
        now = fingerprint(asked.call_id, wanted.function, asked.arguments, self.history.attachments)
        return asked.question is not None and asked.question.fingerprint == now

    def _context(self, state: TurnState, wanted: WantedCall, set_aside: Collection[str]) -> Label:
        """What stood before the one who wrote the arguments, and what the files that they name may hold.

        Arguments that the person wrote, or that a card sends on a click, were written in view of nothing else.
        """
        if self._is_edited(state, wanted):
            return self._files(wanted)
        if is_from_card(state, wanted.call):
            return self.history.label_of_card(state) | self._files(wanted)
        return self._read_before(state, wanted, set_aside)

    def _read_before(self, state: TurnState, wanted: WantedCall, set_aside: Collection[str]) -> Label:
        """What a model had read that wrote the call, and the files that it names."""
        earlier = self.read | self.history.earlier_label(set_aside) | self.history.label_of_card(state)
        return earlier | label_before(state, wanted.call) | self._files(wanted)

    def _files(self, wanted: WantedCall) -> Label:
        """The labels of the calls whose answers the files were that the arguments name."""
        known = self.history.attachments
        if not known:
            return CLEAN
        _, files = named_files(wanted.arguments, wanted.function.signature, known)
        if not files:
            return CLEAN
        named = {file.id for file in files}
        calls = (call for turn in self.history.turns for call in turn.calls.values())
        return join(label_of_answer(call) for call in calls if any(file.id in named for file in call.attachments))

    def _words(self, wanted: WantedCall) -> Words:
        return words_of(wanted.arguments, Typed(self.history), _declared(wanted.function))

    def _agreement(self, state: TurnState, wanted: WantedCall) -> Agreement | None:
        """What the person has let this function read in this turn, with groups by their names."""
        agreement = agreement_in(
            state,
            wanted.call,
            plugin=wanted.function.plugin.namespace,
            function=wanted.function.name,
            arguments=wanted.arguments,
            typed=Typed(self.history),
            declared=_declared(wanted.function),
        )
        return replace(agreement, label=self._in_groups(agreement.label)) if agreement is not None else None

    def _owner(self, wanted: WantedCall) -> str:
        return self.policy.owner(wanted.function.plugin.namespace)

    def _in_groups(self, label: Label) -> Label:
        """The label with groups by their names."""
        if not self.policy.together:
            return label
        owner = self.policy.owner
        return Label(
            seen=tuple(sorted({owner(name) for name in label.seen})),
            private=tuple(sorted({owner(name) for name in label.private})),
            isolated=tuple(sorted({owner(name) for name in label.isolated})),
        )


def _declared(function: BoundFunction) -> Collection[str]:
    """The names of its parameters."""
    declared = function.parameters.get("properties")
    return declared if isinstance(declared, dict) else ()


def _label(state: TurnState, wanted: WantedCall, context: Label) -> Label:
    """Whose data an answer may hold: an API may echo what it is sent.

    That is also what the model had read where the person has changed its arguments: some of them may still be its own.
    """
    call = wanted.call
    inherited = state.calls[call.edit_of].label if call.edit_of is not None else CLEAN
    return result_label(wanted.evidence, wanted.function.plugin.namespace, context | inherited)
