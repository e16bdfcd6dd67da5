"""Judges the calls of a reply: are they well-formed, within the limits, and allowed? Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping

from orchestrator.content import AttachedFile
from orchestrator.errors import MAX_NAMES_LISTED
from orchestrator.events import CallJudged, CallRefused, CallWithdrawn, Fact, RefusalCode
from orchestrator.manifest.model import known_spellings
from orchestrator.tools.arguments import InvalidArguments
from orchestrator.tools.attachments import misnamed
from orchestrator.tools.definitions import MAX_NAME, WITHDRAW
from orchestrator.tools.toolbox import Ambiguous, BoundFunction, Toolbox
from orchestrator.turn.machine import Limits
from orchestrator.turn.policy import DATA_HANDLING, STATE_UPDATE, Evidence, judge
from orchestrator.turn.state import CallState, Status, TurnState
from runtimes.values import JsonObject, canonical_json

_NEVER_RAN = frozenset({Status.UNJUDGED, Status.REFUSED})


def evidence_of(function: BoundFunction, *, edited_by: str | None = None) -> Evidence:
    """What the manifest, the description and the runtime say of a function."""
    capabilities = function.declaration.capabilities
    security = capabilities.security_info
    return Evidence(
        wants_confirmation=capabilities.confirmation is not None and capabilities.confirmation.is_wanted,
        data_handling=known_spellings(DATA_HANDLING, security.data_handling) if security is not None else (),
        method=function.signature.method,
        repeatable=function.signature.repeatable,
        is_consequential=function.signature.is_consequential,
        edited_by=edited_by,
    )


def is_safe_to_repeat(function: BoundFunction) -> bool:
    """True when doing it twice is harmless: the runtime says so and the manifest does not contradict."""
    return function.signature.repeatable and STATE_UPDATE not in evidence_of(function).data_handling


class _Judge:
    """One pass over the unjudged calls of a turn; earlier calls count for the limits of later ones."""

    def __init__(
        self, state: TurnState, toolbox: Toolbox, limits: Limits, attachments: Mapping[str, AttachedFile]
    ) -> None:
        self._state = state
        self._toolbox = toolbox
        self._limits = limits
        self._attachments = attachments
        self._position = {call_id: index for index, call_id in enumerate(state.calls, start=1)}
        judged = [call for call in state.calls.values() if call.status not in _NEVER_RAN]
        self._seen = [_key(call.plugin, call.function, call.arguments) for call in judged]
        self._questions = sum(call.question is not None or call.status is Status.WANTED for call in judged)

    def facts(self, calls: tuple[CallState, ...]) -> Iterator[Fact]:
        wrong = {call_id for reply in self._state.replies if not reply.in_reasoning for call_id in reply.call_ids}
        if self._toolbox.offers_withdraw and any(
            call.request.tool == WITHDRAW and call.call_id not in wrong for call in calls
        ):
            for call in calls:
                yield CallWithdrawn(call_id=call.call_id, disengages=call.request.tool == WITHDRAW)
            return
        for call in calls:
            if call.call_id in wrong:
                yield _refuse(call, "responding", "functions cannot be called here; answer the person in words")
            else:
                yield self._judge(call)

    def _judge(self, call: CallState) -> CallJudged | CallRefused:
        found = self._toolbox.resolve(call.request.tool)
        if found is None:
            return _refuse(call, "unknown", self._unknown(call.request.tool))
        if isinstance(found, Ambiguous):
            names = ", ".join(found.candidates)
            return _refuse(call, "ambiguous", f"several functions have that name; call one of {names}")
        if call.edit_of is None and self._position[call.call_id] > self._limits.calls:
            return _refuse(call, "limit", f"a turn may make {self._limits.calls} calls", found)
        try:
            arguments = found.checker.check(found.checker.parse(call.request.arguments))
        except InvalidArguments as error:
            return _refuse(call, "arguments", f"{error}; correct the arguments and call again", found)
        if complaint := misnamed(arguments, found.signature, self._attachments):
            return _refuse(call, "arguments", f"{complaint}; correct the arguments and call again", found)
        return self._weigh(call, found, arguments)

    def _weigh(self, call: CallState, function: BoundFunction, arguments: JsonObject) -> CallJudged | CallRefused:
        key = _key(function.plugin.namespace, function.name, arguments)
        if call.edit_of is None and self._seen.count(key) >= self._limits.identical_calls:
            return _refuse(call, "repeated", "the same call was made already; use its result", function)
        edited_by = self._state.started.person if call.edit_of is not None else None
        verdict = judge(evidence_of(function, edited_by=edited_by))
        if verdict.decision == "ask":
            if self._questions >= self._limits.questions:
                message = f"a turn may ask the person {self._limits.questions} questions"
                return _refuse(call, "limit", message, function)
            self._questions += 1
        self._seen.append(key)
        return CallJudged(
            call_id=call.call_id,
            plugin=function.plugin.namespace,
            function=function.name,
            arguments=arguments,
            verdict=verdict.decision,
            reasons=verdict.reasons,
            repeatable=is_safe_to_repeat(function),
        )

    def _unknown(self, name: str) -> str:
        known = [definition.name for definition in self._toolbox.tools.definitions]
        near = difflib.get_close_matches(name[:MAX_NAME], known, n=3, cutoff=0.4)
        listed = ", ".join((near or known)[:MAX_NAMES_LISTED])
        return f"there is no function {name[:MAX_NAME]!r}; known functions: {listed}"


def _key(plugin: str, function: str, arguments: JsonObject) -> str:
    return f"{plugin}/{function}/{canonical_json(arguments)}"


def _refuse(call: CallState, code: RefusalCode, message: str, function: BoundFunction | None = None) -> CallRefused:
    return CallRefused(
        call_id=call.call_id,
        code=code,
        message=message,
        plugin=function.plugin.namespace if function else "",
        function=function.name if function else "",
    )


def judge_calls(
    state: TurnState,
    calls: tuple[CallState, ...],
    toolbox: Toolbox,
    limits: Limits,
    attachments: Mapping[str, AttachedFile] | None = None,
) -> tuple[Fact, ...]:
    """One fact for each call: refused, judged, or withdrawn together when one of them is `withdraw()`.

    `attachments` are the files of the conversation, by id.
    """
    return tuple(_Judge(state, toolbox, limits, attachments or {}).facts(calls))
