"""What a host keeps for its policy: the rules, the answers of persons, and which plugins nobody named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from orchestrator.content import AttachedFile
from orchestrator.errors import OrchestratorError
from orchestrator.events import CallDecided
from orchestrator.labels import CLEAN, Label
from orchestrator.policy.answers import Answers, Grant, MemoryAnswers
from orchestrator.policy.rules import Policy, Rule
from orchestrator.tools.toolbox import BoundFunction
from orchestrator.turn.history import History
from orchestrator.turn.questions import fingerprint
from orchestrator.turn.standing import Standing, first_use_of, grant_for, rules_for
from orchestrator.turn.state import CallState
from runtimes.values import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An answer, and what was remembered of it."""

    decision: CallDecided
    """As it is true: it allows for always only what is remembered."""
    grants: tuple[Grant, ...] = ()
    """What was not remembered before."""
    error: OrchestratorError | None = None
    """Why it could not be remembered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """Shared by all conversations of a host."""

    policy: Policy = field(default_factory=Policy)
    answers: Answers = field(default_factory=MemoryAnswers)
    discovered: frozenset[str] = frozenset()
    """The plugins that nobody named, by namespace: their first use is asked about."""
    read: Label = CLEAN
    """Whose data was read elsewhere by whoever writes the calls; of one conversation, not of a host."""

    async def standing(self, history: History, person: str, *, now: float, is_attended: bool) -> Standing:
        """What the calls of a reply are judged by; `now` is in seconds since the epoch."""
        return Standing(
            policy=self.policy,
            granted=await self.answers.of(person),
            discovered=self.discovered,
            is_attended=is_attended,
            history=history,
            read=self.read,
            now=now,
        )

    def rules_for(self, function: BoundFunction, arguments: JsonObject, person: str, *, now: float) -> tuple[Rule, ...]:
        """The rules of the host that speak of a call."""
        return rules_for(self.policy, function, arguments, person, now=now)

    async def keep(
        self,
        call: CallState,
        function: BoundFunction | None,
        decision: CallDecided,
        attachments: Mapping[str, AttachedFile],
    ) -> Kept:
        """Remembers what an approval says beyond its call, where it was given for the function as it is now.

        What could not be remembered for always counts for this call only. `attachments` are the files of the
        conversation, by id.
        """
        is_same = call.question is not None and call.question.fingerprint == (
            fingerprint(call.call_id, function, call.arguments, attachments) if function is not None else ""
        )
        if function is None or not is_same or decision.decision != "approve":
            return Kept(decision=replace(decision, always=False))
        wanted = [first_use_of(function)] if function.plugin.namespace in self.discovered else []
        wanted += [grant_for(function)] if decision.always else []
        if not wanted:
            return Kept(decision=decision)
        try:
            known = await self.answers.of(decision.by)
            new = tuple(grant for grant in wanted if grant not in known)
            for grant in new:
                await self.answers.remember(decision.by, grant)
        except OrchestratorError as error:
            return Kept(decision=replace(decision, always=False), error=error)
        return Kept(decision=decision, grants=new)

    async def take_back(self, kept: Kept, person: str) -> None:
        """Forgets what was remembered for an answer that did not count after all. Raises: `OrchestratorError`."""
        for grant in kept.grants:
            await self.answers.forget(person, grant)
