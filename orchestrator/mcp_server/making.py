"""Makes one call for a client, as a turn of a conversation of its own: checked, judged, asked about, sent at most once.

The conversation is forgotten with the call. What the session has read before is handed to it, so that the policy knows
whose data the one who writes the calls has in view.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, field, replace
from functools import partial

import anyio

from auth.sign_in import command_of
from orchestrator.content import AttachedFile, Shown
from orchestrator.conversation import Conversation
from orchestrator.errors import OrchestratorError, UnknownName
from orchestrator.events import CallDispatched, CallJudged, CallReturned, Event
from orchestrator.host import DEFAULT_PERSON, Orchestrator
from orchestrator.labels import Label
from orchestrator.mcp_server.asking import consent_question, plugin_question
from orchestrator.mcp_server.client_calls import ClientCalls, HandedIn
from orchestrator.policy.decide import NEW_MESSAGE, NOBODY_TO_ASK
from orchestrator.render.sanitize import clean, clean_line
from orchestrator.reply import Call, Question, SignInQuestion
from orchestrator.signals import CallProgress
from orchestrator.tools.attachments import notice
from orchestrator.tools.toolbox import BoundFunction
from orchestrator.turn.live_questions import PluginQuestion
from orchestrator.turn.state import Status
from runtimes.base import Attachment
from runtimes.questions import Ask, LiveAnswer
from runtimes.values import JsonObject, dump_json

MAX_FILES_BYTES = 8 * 1024 * 1024
"""How large all files of one answer may be together, to be handed to a client."""

CANNOT_ASK = (
    "this client cannot put a question to a person (elicitation); a rule of the host can allow the call, and so can "
    "`--yes` where the server is started"
)
"""What can be done where nobody can be asked."""

NEW_SESSION = "start a new session of this server for it"
"""What can be done about data that must not meet: a client cannot be made to forget."""

NEW_SERVER = "restart this server for it"
"""The same, where all that is said to the server counts as one session."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """How the person is reached while a call is made."""

    ask: Ask
    can_ask: bool
    """False where `ask` reaches nobody."""
    can_lead: bool = False
    """True where it can lead a person to a page."""
    progress: Callable[[str], None]
    """Told what the call is doing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What whoever writes the calls has in view."""

    read: Label
    """Whose data was read before."""
    add: Callable[[Label], None]
    """Told whose data comes into view, before the first word of it does."""
    anew: str = NEW_SERVER
    """What the client can do to have nothing in view."""


class _Departure:
    """Tells of whose data comes into view, as soon as a call leaves: from then on its plugin can speak."""

    def __init__(self, sight: Sight) -> None:
        self._sight = sight
        self._labels: dict[str, Label] = {}
        self._has_left = anyio.Event()

    def note(self, event: Event) -> None:
        """Takes in what happens in the turn."""
        if isinstance(event, CallJudged):
            self._labels[event.call_id] = event.label
        elif isinstance(event, CallDispatched):
            self._sight.add(self._labels[event.call_id])
            self._has_left.set()

    async def told(self) -> None:
        """Returns once it has told."""
        await self._has_left.wait()


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What came of a call, for the client."""

    text: str
    """What a model would be told of it."""
    is_error: bool = True
    shown: Shown = field(default_factory=Shown)
    attachments: tuple[Attachment, ...] = ()
    answer: str = ""
    """The answer alone, as a model would read it; empty where there is none, or it is an error."""


def _denied(call: Call, anew: str) -> Iterator[str]:
    for reason in call.reasons:
        if reason == NOBODY_TO_ASK:
            yield f"it would need a person's consent, and {CANNOT_ASK}"
        else:
            yield reason.text.removesuffix(NEW_MESSAGE) + (anew if reason.text.endswith(NEW_MESSAGE) else "")


def _without_notices(text: str, files: Sequence[AttachedFile]) -> str:
    """The text without the lines that name files for later calls: each call has a conversation of its own."""
    for file in files:
        text = text.replace("\n" + clean(notice(file)), "").replace("\n" + notice(file), "")
    return text


class CallMaker:
    """Makes the calls of clients, for one person."""

    def __init__(self, host: Orchestrator, model: ClientCalls, *, person: str, says_yes: bool = False) -> None:
        """`model` is the host's. With `says_yes` every question of the host is answered with yes."""
        self._host = host
        self._model = model
        self._person = person
        self._says_yes = says_yes

    async def make(self, function: BoundFunction, arguments: JsonObject, sight: Sight, desk: Desk) -> Made:
        """Makes the call. Being cancelled ends the turn."""
        try:
            written = dump_json(arguments)
        except (TypeError, ValueError):
            return Made(text="error: the arguments hold what is no text or no JSON; correct them and call again")
        departure = _Departure(sight)
        chat = self._host.conversation(
            person=self._person,
            attended=desk.can_ask or self._says_yes,
            read=sight.read,
            asks=partial(self._asked_by_plugin, desk, departure) if desk.can_ask else None,
        )
        try:
            with self._model.handed_in(function.tool_name, written) as call:
                await self._run(chat, call, desk, departure)
                return await self._made(chat, call, sight.anew)
        except OrchestratorError as error:
            return Made(text=f"error: {clean_line(str(error))}")
        finally:
            with anyio.CancelScope(shield=True), suppress(OrchestratorError):
                await self._host.journal.forget(chat.id)

    async def _run(self, chat: Conversation, call: HandedIn, desk: Desk, departure: _Departure) -> None:
        """Runs the turn until it ends, or waits for what no answer here can give."""
        events = chat.send(call.key)
        while True:
            async with aclosing(events):
                async for event in events:
                    departure.note(event)
                    if isinstance(event, CallProgress):
                        desk.progress(event.text)
            if not chat.pending:
                return
            await self._decide(chat, chat.pending[0], desk)
            events = chat.resume_stream()

    async def _decide(self, chat: Conversation, question: Question, desk: Desk) -> None:
        if self._says_yes:
            await chat.decide(question, approve=True)
            return
        answer = await desk.ask(consent_question(question, self._name_of(question)))
        chose_nothing = answer.reason or ("the person did not choose" if answer.action == "cancel" else "")
        await chat.decide(question, approve=answer.action == "accept", note=clean_line(chose_nothing))

    async def _asked_by_plugin(self, desk: Desk, departure: _Departure, question: PluginQuestion) -> LiveAnswer:
        await departure.told()
        if question.question.url and not desk.can_lead:
            return LiveAnswer(action="decline", reason="the client cannot lead a person to a page")
        return await desk.ask(plugin_question(question, self._name_of(question)))

    def _name_of(self, question: Question | PluginQuestion) -> str:
        """What the plugin calls itself that a question is about."""
        function = self._host.toolbox.at(question.plugin, question.function)
        return function.plugin.manifest.name_for_human if function is not None else question.plugin

    # --- what came of it

    async def _made(self, chat: Conversation, handed: HandedIn, anew: str) -> Made:
        if chat.sign_ins:
            return Made(text=self._to_sign_in(chat.sign_ins[0]))
        reply = await chat.resume()
        call = reply.calls[-1] if reply.calls else None
        facts = await chat.facts()
        returned = next((fact for fact in reversed(facts) if isinstance(fact, CallReturned)), None)
        made = Made(text=_text(call, handed, reply.detail, anew))
        if returned is None or call is None or call.status != Status.RETURNED.value:
            return made
        kept, notes = await _handed_over(chat, returned.attachments)
        return replace(
            made,
            text="\n".join([_without_notices(handed.told, returned.attachments), *notes]),
            is_error=returned.is_error,
            shown=returned.shown,
            attachments=kept,
            answer="" if returned.is_error else _without_notices(returned.text, returned.attachments),
        )

    def _to_sign_in(self, asked: SignInQuestion) -> str:
        options = () if self._person == DEFAULT_PERSON else ("--person", self._person)
        command = clean_line(command_of(asked.name, asked.kind, *options))
        need = "sign in" if asked.kind == "login" else "give a key, a token or a password"
        where = f" for {clean_line(asked.destination)}" if asked.destination else ""
        reason = f": {clean_line(asked.reason)}" if asked.reason else ""
        return f"not called: the person has to {need}{where} first; `{command}` does it{reason}. Then call again"


def _text(call: Call | None, handed: HandedIn, detail: str, anew: str) -> str:
    """What is said of a call that has no answer."""
    if call is None:
        return f"error: the call was not made: {clean_line(detail)}" if detail else "error: the call was not made"
    if call.status == Status.DENIED.value:
        return clean_line(f"not called, and not allowed: {'; '.join(_denied(call, anew))}")
    if call.status == Status.DECLINED.value:
        return (handed.told or "not called: the person declined").split(". Do not ask")[0]
    return handed.told or f"error: the call has no result: {clean_line(detail) or call.status}"


async def _handed_over(
    chat: Conversation, files: Sequence[AttachedFile]
) -> tuple[tuple[Attachment, ...], tuple[str, ...]]:
    """The files that a client is given, and a line for each that is too large or not kept."""
    kept: list[Attachment] = []
    notes: list[str] = []
    room = MAX_FILES_BYTES
    for file in files:
        with suppress(UnknownName):
            if file.size <= room:
                kept.append(await chat.attachment(file.id))
                room -= file.size
                continue
        notes.append(f"[cut: {clean_line(file.label)}, is too large to hand over]")
    return tuple(kept), tuple(notes)
