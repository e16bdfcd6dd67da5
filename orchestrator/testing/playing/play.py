"""Plays the turns of a conversation on an open host, and has each of them judged."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import anyio

from orchestrator.content import ReturnedCard
from orchestrator.conversation import Conversation as Chat
from orchestrator.errors import OrchestratorError, UsageError
from orchestrator.events import CallDecided, Event
from orchestrator.reply import reply_of
from orchestrator.testing.answering.played_model import PlayedModel
from orchestrator.testing.format.conversation import Decision, Turn
from orchestrator.testing.format.expectations import snapshot_files
from orchestrator.testing.format.files import file_below, no_link, read_limited, write_whole
from orchestrator.testing.format.places import Placed, Where
from orchestrator.testing.judging.judge import Failure, judge
from orchestrator.testing.judging.observed import Observed, in_states
from orchestrator.testing.judging.shown_kinds import snapshots_due
from orchestrator.testing.playing.opening_chat import open_chat
from orchestrator.testing.playing.outcome import Played, PlayedTurn
from orchestrator.testing.playing.said import attachment, what_is_said
from orchestrator.testing.playing.stage import Stage
from runtimes.errors import InvocationError, RuntimeProblem
from runtimes.values import InvalidJson, Json, parse_json, pretty_json

TURN_SECONDS = 120.0
"""Seconds that one turn may take."""

MAX_SNAPSHOT_BYTES = 4 * 1024 * 1024
"""How large a snapshot file may be."""


def broken(where: Where, member: str, message: str, details: tuple[tuple[str, str], ...] = ()) -> Failure:
    """What kept a conversation from going on, or from beginning."""
    place = where.place(f"/{member}")
    pointer = where.known(f"/{member}")
    return Failure(kind=member, pointer=pointer, line=place.line, column=place.column, message=message, details=details)


def _cards_of(observed: Observed) -> Sequence[ReturnedCard]:
    state = observed.turn()
    return reply_of(state).cards if state is not None else ()


def _taken(decisions: list[Decision], function: str) -> Decision | None:
    """The person's answer to a question about a function; one that is for one question is used up."""
    fitting = [decision for decision in decisions if decision.call in (None, function)]
    for decision in fitting:
        if not decision.every:
            decisions.remove(decision)
            return decision
    return next(iter(fitting), None)


class Play:
    """A conversation while it is played."""

    def __init__(self, chat: Chat, model: PlayedModel, stage: Stage, folder: Path, *, update: bool) -> None:
        self._chat = chat
        self._model = model
        self._apis = stage.apis
        self._clock = stage.clock
        self._folder = folder
        self._update = update
        self._events: list[Event] = []
        self._cards: Sequence[ReturnedCard] = ()
        self._at = "say"

    async def turn(self, turn: Turn, where: Where) -> PlayedTurn:
        """Plays one turn, and says what failed in it."""
        started = time.monotonic()
        observed, failures = await self.happened(turn, where)
        is_whole = not failures
        if not failures:
            observed, failures = self.judged(turn, observed, where)
        seconds = time.monotonic() - started
        return PlayedTurn(
            turn=turn, where=where, observed=observed, failures=failures, seconds=seconds, is_whole=is_whole
        )

    async def happened(self, turn: Turn, where: Where) -> tuple[Observed, tuple[Failure, ...]]:
        """Plays one turn: what happened in it, and what kept it from going on."""
        self._model.begin(turn)
        self._apis.begin()
        if turn.clock is not None:
            self._clock.set(turn.clock)
        if turn.say is not None:
            self._events.clear()
        before = len(self._events)
        try:
            with anyio.fail_after(TURN_SECONDS):
                await self._converse(turn)
        except (OrchestratorError, InvocationError, RuntimeProblem) as error:
            return self._observed(before), (broken(where, self._at, str(error)),)
        except TimeoutError:
            message = f"the turn has not ended within {TURN_SECONDS:g} s"
            return self._observed(before), (broken(where, self._at, message),)
        observed = self._observed(before)
        self._cards = _cards_of(observed)
        return observed, ()

    def judged(self, turn: Turn, observed: Observed, where: Where) -> tuple[Observed, tuple[Failure, ...]]:
        """What happened in a turn, with its snapshots, and what is not as it expects."""
        try:
            observed = self._with_snapshots(turn, observed)
        except UsageError as error:
            return observed, (broken(where, "expect", str(error)),)
        return observed, judge(turn, observed, where)

    def _observed(self, before: int) -> Observed:
        """What has happened, where so many events are those of turns before this one."""
        return Observed(
            events=tuple(self._events),
            requests=self._apis.sent,
            received=self._apis.received,
            before=before,
            model_requests=in_states(self._model.requests, self._events[before:]),
            is_scripted=self._model.is_scripted,
            mismatches=(*self._model.mismatches, *self._apis.mismatches),
        )

    def _with_snapshots(self, turn: Turn, observed: Observed) -> Observed:
        """Raises: `UsageError`."""
        if not self._update or turn.expect.cards is None:
            return replace(observed, snapshots=self._snapshots(turn))
        due = snapshots_due(turn.expect.cards, _cards_of(observed))
        self._write(due)
        return replace(observed, snapshots=due)

    async def _converse(self, turn: Turn) -> None:
        decisions = list(turn.decide)
        if turn.say is not None:
            self._at = "say"
            files = [attachment(source, self._folder) for source in turn.say.attachments]
            said = what_is_said(turn.say, self._cards)
            await self._read(self._chat.send(said, attachments=files, supersede=True))
        self._at = "decide"
        while await self._decide(decisions):
            await self._read(self._chat.resume_stream())

    async def _read(self, events: AsyncGenerator[Event]) -> None:
        async with aclosing(events):
            async for event in events:
                self._events.append(event)

    async def _decide(self, decisions: list[Decision]) -> bool:
        """Answers the questions that are open; False where there is nothing to answer, or to answer with."""
        is_answered = False
        for question in self._chat.pending:
            decision = _taken(decisions, question.function)
            if decision is None:
                continue
            approve = decision.answer != "decline"
            await self._chat.decide(question.call_id, approve, decision.with_, decision.note, always=decision.always)
            facts = [fact for fact in await self._chat.facts() if isinstance(fact, CallDecided)]
            self._events += [fact for fact in facts if fact.call_id == question.call_id]
            is_answered = True
        return is_answered

    def _snapshots(self, turn: Turn) -> dict[str, Json]:
        """What is in the snapshot files that there are. Raises: `UsageError` for one that is no JSON."""
        found: dict[str, Json] = {}
        for name in snapshot_files(turn.expect):
            path = no_link(file_below(self._folder, name))
            if self._update or not path.exists():
                continue
            try:
                found[name] = parse_json(read_limited(path, MAX_SNAPSHOT_BYTES))
            except InvalidJson as error:
                raise UsageError(f"the snapshot {str(path)!r} is no JSON: {error}") from None
        return found

    def _write(self, due: Mapping[str, Json]) -> None:
        for name, value in due.items():
            path = file_below(self._folder, name)
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise UsageError(f"cannot write the snapshot {str(path)!r}: {(error.strerror or '').lower()}") from None
            write_whole(path, f"{pretty_json(value)}\n".encode(), "snapshot")


async def play_conversation(
    placed: Placed,
    stage: Stage,
    model: PlayedModel,
    folder: Path,
    *,
    update: bool = False,
    stop_at_failure: bool = True,
) -> Played:
    """Plays a conversation until a turn fails; `update` writes its snapshots anew. It raises nothing.

    Where `stop_at_failure` is false, it ends only where it cannot go on.
    """
    started = time.monotonic()
    stage.apis.restart(placed.conversation.api.stubs)
    stage.clock.set(placed.conversation.clock)
    await stage.host.use_model(model)
    chat = await open_chat(stage.host, placed.conversation)
    play = Play(chat, model, stage, folder, update=update)
    turns: list[PlayedTurn] = []
    for index, turn in enumerate(placed.conversation.turns):
        turns.append(await play.turn(turn, placed.turn(index)))
        if turns[-1].failures and (stop_at_failure or turns[-1].is_last):
            break
    return Played(
        placed=placed,
        turns=tuple(turns),
        failures=tuple(failure for turn in turns for failure in turn.failures),
        toolbox=stage.host.toolbox,
        seconds=time.monotonic() - started,
    )
