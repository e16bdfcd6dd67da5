"""A first conversation for plugins: a turn for each function, played once over the mock, and written as it went."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import anyio.lowlevel

from orchestrator.host import Orchestrator
from orchestrator.model.base import (
    ModelCall,
    ModelDelta,
    PhraseRequest,
    ReasoningRequest,
    ReplyEnd,
    RespondingRequest,
    TextPart,
)
from orchestrator.reply import reply_of
from orchestrator.testing.answering.api import Apis
from orchestrator.testing.answering.played_model import PlayedModel
from orchestrator.testing.answering.scripted import SteppedModel
from orchestrator.testing.chats.chat_turns import expected_call, expected_questions
from orchestrator.testing.chats.made_up import arguments_for, words_for
from orchestrator.testing.format.conversation import Conversation, Turn
from orchestrator.testing.format.patterns import escaped
from orchestrator.testing.format.places import Placed
from orchestrator.testing.format.settings import Settings
from orchestrator.testing.judging.mismatch import Mismatch
from orchestrator.testing.judging.observed import ModelRequest, Observed, questions_of, status_of
from orchestrator.testing.playing.outcome import Played
from orchestrator.testing.playing.play import play_conversation
from orchestrator.testing.playing.stage import Stage, staged, stub_body
from orchestrator.tools.arguments import InvalidArguments
from orchestrator.tools.toolbox import BoundFunction
from runtimes.base import WireMessage
from runtimes.values import Json, JsonObject, dump_json, json_or_text

MAX_TURNS = 10
"""Functions that get a turn."""

MAX_REASON = 200
"""Characters of why a function has no turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class First:
    """A first conversation."""

    conversation: Conversation | None
    """None where no function can be called over the mock."""
    left_out: tuple[str, ...] = ()
    """The functions that have no turn, each with the reason."""


class _Left(Exception):
    """A function gets no turn; the message says why."""


class _Obliging:
    """A `PlayedModel` that calls a function, says something, and keeps what it did as steps."""

    def __init__(self, function: str, arguments: JsonObject) -> None:
        self._function = function
        self._arguments = arguments
        self.steps: list[JsonObject] = []

    @property
    def name(self) -> str:
        """What failures call it."""
        return "a model that calls what it is to call"

    @property
    def is_scripted(self) -> bool:
        """False: there are no steps yet."""
        return False

    @property
    def requests(self) -> tuple[ModelRequest, ...]:
        """Nobody looks at them."""
        return ()

    @property
    def mismatches(self) -> tuple[Mismatch, ...]:
        """None: whatever it is asked is right."""
        return ()

    def begin(self, turn: Turn, /) -> None:
        """Goes on; there is one turn."""
        del turn

    async def reason(self, request: ReasoningRequest, /) -> AsyncGenerator[ModelDelta]:
        """Calls the function first, and then says that it has."""
        del request
        await anyio.lowlevel.checkpoint()
        if any("call" in step for step in self.steps):
            self.steps.append({"text": self._answer})
            yield TextPart(text=self._answer)
            yield ReplyEnd()
            return
        self.steps.append({"call": self._function, "with": self._arguments})
        yield ReplyEnd(calls=(ModelCall(id="1", tool=self._function, arguments=dump_json(self._arguments)),))

    async def respond(self, request: RespondingRequest, /) -> AsyncGenerator[ModelDelta]:
        """Says that the function was called."""
        del request
        await anyio.lowlevel.checkpoint()
        self.steps.append({"text": self._answer, "in": "responding"})
        yield TextPart(text=self._answer)
        yield ReplyEnd()

    async def phrase(self, request: PhraseRequest, /) -> str:
        """A question about the function."""
        del request
        await anyio.lowlevel.checkpoint()
        phrase = f"Shall I call {self._function}?"
        self.steps.append({"phrase": phrase})
        return phrase

    @property
    def _answer(self) -> str:
        return f"This is what {self._function} says."


def expected_requests(messages: Iterable[WireMessage]) -> list[Json]:
    """Methods and paths of requests, and the methods of JSON-RPC frames."""
    expected: list[Json] = []
    for message in messages:
        frame = json_or_text(message.body or "")
        if message.method == "JSON-RPC" and isinstance(frame, dict):
            expected.append({"rpc": frame.get("method")})
        else:
            expected.append({"method": message.method, "path": escaped(unquote(urlsplit(message.url).path))})
    return expected


def _turn(observed: Observed, said: str, steps: list[JsonObject]) -> JsonObject:
    """The turn as it went. Raises: `_Left` where the call did not return."""
    state = observed.turn()
    assert state is not None
    [call] = state.calls.values()
    if status_of(call) != "returned":
        raise _Left(f"its call ends as {status_of(call)!r}: {call.message[:MAX_REASON]}")
    questions = questions_of(observed, state)
    model: list[Json] = [*steps]
    expected: JsonObject = {"calls": [expected_call(call)], "text": reply_of(state).text}
    if observed.requests:
        expected["requests"] = expected_requests(observed.requests)
    if not questions:
        return {"say": said, "model": model, "expect": expected}
    expected["questions"] = expected_questions(questions)
    return {"say": said, "model": model, "decide": "approve", "expect": expected}


class _Making:
    """Makes turns on an open stage."""

    def __init__(self, stage: Stage, folder: Path) -> None:
        self._stage = stage
        self._folder = folder
        functions = stage.host.toolbox.functions
        names = Counter(function.name for function in functions)
        self._plain = frozenset(name for name, count in names.items() if count == 1)
        self._said = words_for(functions, tuple(_starters(stage.host)))

    async def turn(self, function: BoundFunction) -> JsonObject:
        """A turn in which the function is called. Raises: `_Left`."""
        said = self._said[function.tool_name]
        try:
            arguments = arguments_for(function)
        except InvalidArguments as error:
            raise _Left(f"no arguments were found for it: {str(error)[:MAX_REASON]}") from None
        model = _Obliging(function.name if function.name in self._plain else function.tool_name, arguments)
        turn = Turn.model_validate({"say": said, "decide": "approve"})
        [played] = (await self.play([turn], model)).turns
        if played.failures:
            raise _Left(played.failures[0].message[:MAX_REASON])
        return _turn(played.observed, said, model.steps)

    async def play(self, turns: Sequence[Turn], model: PlayedModel) -> Played:
        """How a conversation of these turns goes."""
        placed = Placed(conversation=Conversation(turns=tuple(turns)))
        return await play_conversation(placed, self._stage, model, self._folder)


def _starters(host: Orchestrator) -> Iterator[str]:
    for plugin in host.plugins:
        yield from (one.text for one in plugin.manifest.capabilities.conversation_starters if one.text.strip())


async def _that_hold(making: _Making, made: Sequence[Turn]) -> list[Turn]:
    """The turns that go as they are expected to, one after the other."""
    turns = list(made)
    while turns:
        played = await making.play(turns, SteppedModel())
        if not played.failures:
            break
        del turns[len(played.turns) - 1]
    return turns


async def first_conversation(settings: Settings, folder: Path, *, max_turns: int = MAX_TURNS) -> First:
    """A conversation with the plugins that the settings name, whose paths are relative to the folder.

    Raises: `Unplayable` where they cannot be opened, or have nothing to call.
    """
    left_out: list[str] = []
    turns: list[Turn] = []
    async with staged(settings, folder, Apis(settings.api, stub_body(folder))) as stage:
        making = _Making(stage, folder)
        left_out += [f"{one.function}: {one.reason}" for one in stage.host.toolbox.skipped]
        for function in stage.host.toolbox.functions:
            if len(turns) == max_turns:
                break
            try:
                turns.append(Turn.model_validate(await making.turn(function)))
            except _Left as reason:
                left_out.append(f"{function.name}: {reason}")
        holding = await _that_hold(making, turns)
        name = f"First words with {stage.host.plugins[0].manifest.name_for_human}"
    if not holding:
        return First(conversation=None, left_out=tuple(left_out))
    members = {**settings.model_dump(by_alias=True, exclude_unset=True), "name": name, "turns": holding}
    return First(conversation=Conversation.model_validate(members), left_out=tuple(left_out))
