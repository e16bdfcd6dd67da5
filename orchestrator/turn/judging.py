"""Judges the calls of a reply: are they well-formed, within the limits, and allowed? Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from orchestrator.errors import MAX_NAMES_LISTED
from orchestrator.events import CallJudged, CallRefused, CallWithdrawn, Fact, RefusalCode
from orchestrator.labels import Label
from orchestrator.policy.decide import Verdict
from orchestrator.policy.evidence import effects
from orchestrator.tools.arguments import InvalidArguments
from orchestrator.tools.attachments import misnamed
from orchestrator.tools.definitions import MAX_NAME, WITHDRAW
from orchestrator.tools.toolbox import Ambiguous, BoundFunction, Toolbox
from orchestrator.turn.machine import Limits
from orchestrator.turn.questions import fingerprint
from orchestrator.turn.standing import Standing, WantedCall, evidence_of, is_safe_to_repeat
from orchestrator.turn.state import CallState, Status, TurnState
from runtimes.values import JsonObject, canonical_json

_NEVER_RAN = frozenset({Status.UNJUDGED, Status.REFUSED, Status.SET_ASIDE})
_SAID_NO = frozenset({Status.DECLINED, Status.EXPIRED, Status.EDITED})
"""The person has answered, and the call as it was did not run."""


_ANSWER_IN_WORDS = "functions cannot be called here; answer the person in words"


class _Judge:
    """One pass over the calls of a turn that are judged together; earlier calls count for the limits of later ones."""

    def __init__(
        self,
        state: TurnState,
        calls: tuple[CallState, ...],
        toolbox: Toolbox,
        limits: Limits,
        standing: Standing,
    ) -> None:
        self._state = state
        self._calls = calls
        self._toolbox = toolbox
        self._limits = limits
        self._standing = standing
        self._position = {call_id: index for index, call_id in enumerate(state.calls, start=1)}
        asked_about = {call.call_id for call in calls}
        judged = [
            call for call in state.calls.values() if call.status not in _NEVER_RAN and call.call_id not in asked_about
        ]
        self._seen = [_key(call.plugin, call.function, call.arguments) for call in judged]
        self._answered = {
            _key(call.plugin, call.function, call.arguments): call for call in judged if call.status in _SAID_NO
        }
        wanted = [call for call in judged if call.status is Status.WANTED and call.question is None]
        self._questions = len(wanted) + sum(call.question is not None for call in state.calls.values())

    def facts(self) -> Iterator[Fact]:
        wrong = {call_id for reply in self._state.replies if not reply.in_reasoning for call_id in reply.call_ids}
        if self._toolbox.offers_withdraw and any(
            call.request.tool == WITHDRAW and call.call_id not in wrong for call in self._calls
        ):
            for call in self._calls:
                yield CallWithdrawn(call_id=call.call_id, disengages=call.request.tool == WITHDRAW)
            return
        refused: dict[str, CallRefused] = {}
        wanted: list[WantedCall] = []
        for call in self._calls:
            if call.call_id in wrong:
                refused[call.call_id] = _refuse(call, "responding", _ANSWER_IN_WORDS)
                continue
            checked = self._checked(call)
            if isinstance(checked, CallRefused):
                refused[call.call_id] = checked
            else:
                wanted.append(checked)
        yield from self._in_order(refused, wanted)

    def _in_order(self, refused: dict[str, CallRefused], wanted: list[WantedCall]) -> Iterator[Fact]:
        """One fact for each call, in the order of the calls; or one for all, when they are to be made again."""
        weighed = self._standing.weigh(self._state, wanted, is_whole=not refused)
        if weighed.set_aside is not None:
            yield weighed.set_aside
        if weighed.is_asked_again:
            return
        facts: dict[str, Fact] = {**refused}
        for one, verdict, label in zip(wanted, weighed.verdicts, weighed.labels, strict=True):
            facts[one.call.call_id] = self._judged(one, verdict, label)
        yield from (facts[call.call_id] for call in self._calls)

    def _checked(self, call: CallState) -> WantedCall | CallRefused:
        found = self._toolbox.resolve(call.request.tool)
        if found is None:
            return _refuse(call, "unknown", self._unknown(call.request.tool))
        if isinstance(found, Ambiguous):
            names = ", ".join(found.candidates)
            return _refuse(call, "ambiguous", f"several functions have that name; call one of {names}")
        is_too_many = call.edit_of is None and self._position[call.call_id] > self._limits.calls
        too_many = f"a turn may make {self._limits.calls} calls"
        try:
            arguments = found.checker.read(call.request.arguments)
        except InvalidArguments as error:
            if is_too_many:
                return _refuse(call, "limit", too_many, found)
            return _refuse(call, "arguments", f"{error}; correct the arguments and call again", found)
        if is_too_many:
            return _refuse(call, "limit", too_many, found, arguments)
        history = self._standing.history
        known = history.attachments_told if call.edit_of is None else history.attachments
        if complaint := misnamed(arguments, found.signature, known):
            return _refuse(call, "arguments", f"{complaint}; correct the arguments and call again", found, arguments)
        return WantedCall(call=call, function=found, arguments=arguments, evidence=evidence_of(found))

    def _judged(self, wanted: WantedCall, verdict: Verdict, label: Label) -> CallJudged | CallRefused:
        call, function, arguments = wanted.call, wanted.function, wanted.arguments
        key = _key(function.plugin.namespace, function.name, arguments)
        if call.edit_of is None and (refused := self._repeated(wanted, key)):
            return refused
        if verdict.decision == "ask" and call.question is None:
            if self._questions >= self._limits.questions:
                message = f"a turn may ask the person {self._limits.questions} questions"
                return _refuse(call, "limit", message, function, arguments)
            self._questions += 1
        self._seen.append(key)
        repeatable = is_safe_to_repeat(function)
        return CallJudged(
            call_id=call.call_id,
            plugin=function.plugin.namespace,
            function=function.name,
            arguments=arguments,
            verdict=verdict.decision,
            reasons=verdict.reasons,
            repeatable=repeatable,
            changes_something=repeatable and any(effects(wanted.evidence)),
            fingerprint=fingerprint(call.call_id, function, arguments, self._standing.history.attachments),
            label=label,
            across=verdict.across,
            may_always=verdict.may_always,
            may_agree=verdict.may_agree,
        )

    def _repeated(self, wanted: WantedCall, key: str) -> CallRefused | None:
        """What is wrong with making the same call again."""
        call, function, arguments = wanted.call, wanted.function, wanted.arguments
        if (answered := self._answered.get(key)) is not None:
            what = {Status.DECLINED: "declined it", Status.EDITED: "ran it with other arguments"}
            said = what.get(answered.status, "did not answer in time")
            message = f"the person was asked about this very call in this turn and {said}; do not ask again"
            return replace(_refuse(call, "repeated", message, function, arguments), source="person")
        if self._seen.count(key) >= self._limits.identical_calls:
            return _refuse(call, "repeated", "the same call was made already; use its result", function, arguments)
        return None

    def _unknown(self, name: str) -> str:
        from difflib import get_close_matches

        known = [definition.name for definition in self._toolbox.tools.definitions]
        near = get_close_matches(name[:MAX_NAME], known, n=3, cutoff=0.4)
        listed = ", ".join((near or known)[:MAX_NAMES_LISTED])
        return f"there is no function {name[:MAX_NAME]!r}; known functions: {listed}"


def _key(plugin: str, function: str, arguments: JsonObject) -> str:
    return f"{plugin}/{function}/{canonical_json(arguments)}"


def _refuse(
    call: CallState,
    code: RefusalCode,
    message: str,
    function: BoundFunction | None = None,
    arguments: JsonObject | None = None,
) -> CallRefused:
    return CallRefused(
        call_id=call.call_id,
        code=code,
        message=message,
        plugin=function.plugin.namespace if function else "",
        function=function.name if function else "",
        arguments=arguments or {},
    )


def judge_calls(
    state: TurnState,
    calls: tuple[CallState, ...],
    toolbox: Toolbox,
    limits: Limits,
    standing: Standing | None = None,
) -> tuple[Fact, ...]:
    """What becomes of calls of one turn that are judged together, for the first time or anew.

    That is one fact for each: refused, judged, or withdrawn together when one of them is `withdraw()`; or one
    `DataSetAside` for all of them, before whose verdicts it may also stand. `standing` is what the policy rests on
    beside the turn.
    """
    return tuple(_Judge(state, calls, toolbox, limits, standing or Standing()).facts())
