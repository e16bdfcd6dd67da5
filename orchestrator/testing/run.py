"""Plays a conversation of a file against a host, and has each of its turns judged."""

from __future__ import annotations

import sys
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from pathlib import Path

import anyio

from orchestrator.content import ReturnedCard
from orchestrator.conversation import Conversation as Chat
from orchestrator.errors import OrchestratorError, UsageError
from orchestrator.events import CallDecided, Event
from orchestrator.host import Orchestrator
from orchestrator.manifest.load import Plugin
from orchestrator.manifest.load_agent import load_agent
from orchestrator.manifest.localize import checked_locale
from orchestrator.reply import reply_of
from orchestrator.testing.api import Apis
from orchestrator.testing.conversation import Conversation, Decision, Turn
from orchestrator.testing.expectations import snapshot_files
from orchestrator.testing.judge import Failure, judge
from orchestrator.testing.observed import Observed
from orchestrator.testing.outcome import Outcome
from orchestrator.testing.places import Placed, Where
from orchestrator.testing.said import attachment, read_limited, what_is_said
from orchestrator.testing.scripted import SteppedModel, in_states
from orchestrator.testing.settings import StubAnswer
from orchestrator.testing.shown_kinds import snapshots_due
from orchestrator.testing.supported import where_written
from runtimes.base import LocalEndpoint
from runtimes.errors import InvocationError, RuntimeProblem
from runtimes.fetch import SharedClient
from runtimes.http import MAX_RESPONSE_BYTES, HttpClient, is_url
from runtimes.values import InvalidJson, Json, dump_json, parse_json, pretty_json

TURN_SECONDS = 120.0
"""Seconds that one turn may take."""

MAX_SNAPSHOT_BYTES = 4 * 1024 * 1024
"""How large a snapshot file may be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Agents:
    plugins: tuple[Plugin, ...]
    instructions: str


def _broken(where: Where, member: str, message: str) -> Failure:
    """What kept a conversation from going on."""
    place = where.place(f"/{member}")
    pointer = where.known(f"/{member}")
    return Failure(kind=member, pointer=pointer, line=place.line, column=place.column, message=message)


def _unplayed(placed: Placed, member: str, message: str) -> Failure:
    """What keeps a conversation from beginning."""
    return _broken(where_written(placed, f"/{member}"), member, message)


def _body(answer: StubAnswer, folder: Path) -> bytes:
    """Raises: `InvocationError` where its file cannot be read."""
    if answer.file is None:
        return dump_json(answer.json_).encode() if answer.json_ is not None else (answer.body or "").encode()
    try:
        return read_limited(folder / answer.file, MAX_RESPONSE_BYTES)
    except UsageError as error:
        raise InvocationError(f"the answer of a stub: {error}", is_unsent=True) from None


def _local(conversation: Conversation, folder: Path) -> Mapping[str, LocalEndpoint]:
    return {
        name: LocalEndpoint(
            command=tuple(
                sys.executable if not index and word == "python" else word for index, word in enumerate(program.command)
            ),
            directory=str(folder / (program.directory or ".")),
            environment=program.environment,
        )
        for name, program in conversation.local.items()
    }


def _allowing(http: SharedClient, hosts: Sequence[str]) -> HttpClient:
    """Raises: `UsageError`."""
    try:
        return http.allowing(hosts)
    except ValueError as error:
        raise UsageError(f"'allow_hosts': {error}") from None


async def _load(conversation: Conversation, folder: Path, http: SharedClient) -> _Agents:
    """Raises: `OrchestratorError`."""
    agents = [
        await load_agent(
            one.source if is_url(one.source) else str(folder / one.source),
            allowed_hosts=one.allow_hosts,
            http=_allowing(http, one.allow_hosts),
            environment=conversation.environment,
            locale=conversation.locale,
        )
        for one in conversation.plugins
    ]
    return _Agents(
        plugins=tuple(plugin for agent in agents for plugin in agent.plugins),
        instructions="\n\n".join(agent.instructions for agent in agents if agent.instructions),
    )


def _taken(decisions: list[Decision], function: str) -> Decision | None:
    """The person's answer to a question about a function; one that is for one question is used up."""
    fitting = [decision for decision in decisions if decision.call in (None, function)]
    for decision in fitting:
        if not decision.every:
            decisions.remove(decision)
            return decision
    return next(iter(fitting), None)


class _Play:
    """A conversation while it is played."""

    def __init__(self, chat: Chat, model: SteppedModel, apis: Apis, folder: Path, *, update: bool) -> None:
        self._chat = chat
        self._model = model
        self._apis = apis
        self._folder = folder
        self._update = update
        self._events: list[Event] = []
        self._cards: Sequence[ReturnedCard] = ()
        self.at = "say"
        """The member of the turn that is being played, for what goes wrong there."""

    async def turn(self, turn: Turn, where: Where) -> tuple[Failure, ...]:
        """Plays one turn; what failed, nothing where all is well. Raises: `OrchestratorError`, `TimeoutError`."""
        self._model.begin(turn.model)
        self._apis.begin()
        if turn.say is not None:
            self._events.clear()
        before = len(self._events)
        with anyio.fail_after(TURN_SECONDS):
            await self._converse(turn)
        self.at = "expect"
        observed = Observed(
            events=tuple(self._events),
            requests=self._apis.sent,
            model_requests=in_states(self._model.requests, self._events[before:]),
            snapshots=self._snapshots(turn),
        )
        state = observed.turn()
        self._cards = reply_of(state).cards if state is not None else ()
        if self._update and turn.expect.cards is not None:
            due = snapshots_due(turn.expect.cards, self._cards)
            self._write(due)
            observed = replace(observed, snapshots=due)
        return judge(turn, observed, where)

    async def _converse(self, turn: Turn) -> None:
        decisions = list(turn.decide)
        if turn.say is not None:
            self.at = "say"
            files = [attachment(source, self._folder) for source in turn.say.attachments]
            said = what_is_said(turn.say, self._cards)
            await self._read(self._chat.send(said, attachments=files, supersede=True))
        self.at = "decide"
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
            await self._chat.decide(question.call_id, approve, decision.with_, decision.note)
            facts = [fact for fact in await self._chat.facts() if isinstance(fact, CallDecided)]
            self._events += [fact for fact in facts if fact.call_id == question.call_id]
            is_answered = True
        return is_answered

    def _snapshots(self, turn: Turn) -> dict[str, Json]:
        """What is in the snapshot files that there are. Raises: `UsageError` for one that is no JSON."""
        found: dict[str, Json] = {}
        for name in snapshot_files(turn.expect):
            path = self._folder / name
            if self._update or not path.exists():
                continue
            try:
                found[name] = parse_json(read_limited(path, MAX_SNAPSHOT_BYTES))
            except InvalidJson as error:
                raise UsageError(f"the snapshot {str(path)!r} is no JSON: {error}") from None
        return found

    def _write(self, due: Mapping[str, Json]) -> None:
        for name, value in due.items():
            path = self._folder / name
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(f"{pretty_json(value)}\n", encoding="utf-8")
            except OSError as error:
                raise UsageError(f"cannot write the snapshot {str(path)!r}: {error.strerror}") from None


def _nothing_to_call(host: Orchestrator) -> str:
    """Why no function can be called; empty where one can, or none is wanted."""
    if not host.plugins or host.toolbox.functions:
        return ""
    reasons = "; ".join(dict.fromkeys(skipped.reason for skipped in host.toolbox.skipped))
    return f"no function can be called: {reasons or 'the plugins have none'}"


def _folder(file: str) -> Path:
    return Path(file).resolve().parent


async def _turns(placed: Placed, play: _Play) -> tuple[Failure, ...]:
    for index, turn in enumerate(placed.conversation.turns):
        where = placed.turn(index)
        try:
            if failures := await play.turn(turn, where):
                return failures
        except (OrchestratorError, InvocationError, RuntimeProblem) as error:
            return (_broken(where, play.at, str(error)),)
        except TimeoutError:
            return (_broken(where, play.at, f"the turn has not ended within {TURN_SECONDS:g} s"),)
    return ()


async def _played(placed: Placed, folder: Path, http: SharedClient, *, update: bool) -> tuple[Failure, ...]:
    conversation, model = placed.conversation, SteppedModel()
    try:
        checked_locale(conversation.locale)
    except UsageError as error:
        return (_unplayed(placed, "locale", str(error)),)
    apis = Apis(conversation.api, lambda answer: _body(answer, folder))
    try:
        loaded = await _load(conversation, folder, http)
        plugins = apis.plugins(loaded.plugins)
        async with Orchestrator(
            plugins=plugins,
            model=model,
            instructions=loaded.instructions,
            local=_local(conversation, folder),
            runtimes=apis.factories(plugins),
            http=http,
            locale=conversation.locale,
        ) as host:
            if reason := _nothing_to_call(host):
                return (_unplayed(placed, "plugins", reason),)
            chat = host.conversation(person=conversation.person)
            return await _turns(placed, _Play(chat, model, apis, folder, update=update))
    except (OrchestratorError, InvocationError, RuntimeProblem) as error:
        return (_unplayed(placed, "plugins", str(error)),)


async def run_conversation(placed: Placed, file: str, *, update: bool = False) -> Outcome:
    """Plays a conversation of the file; its paths are relative to that. `update` writes its snapshots anew.

    What is wrong is in the outcome; it raises nothing.
    """
    started = time.monotonic()
    http = SharedClient()
    try:
        failures = await _played(placed, _folder(file), http, update=update)
    finally:
        await http.aclose()
    return Outcome(file=file, name=placed.conversation.name, failures=failures, seconds=time.monotonic() - started)
