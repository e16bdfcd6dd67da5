"""A cassette as types: what models and APIs said in the conversations of one file, to be said again. Pure.

It is written for review: system texts and tools once for a conversation, of each request to the model the messages
that are new, bodies as values where they are JSON; no times, no ids, no headers but those that say what a body is or
where to go on.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator, Sequence
from typing import Annotated, Final, Literal, Self

from pydantic import Field, StrictInt, model_validator
from pydantic_core import PydanticCustomError

from orchestrator.testing.format.conversation import ModelCall, TokenCount
from orchestrator.testing.format.parts import Part
from runtimes.errors import NotExecutedCause
from runtimes.positions import pointer_to
from runtimes.values import Json, JsonObject, dump_json

VERSION: Final = 1
"""Of the format."""

MAX_EXCHANGES = 1000
"""Requests to the model that are recorded of one conversation, and requests to APIs."""

MAX_MESSAGES = 5000
"""Messages of one request to the model, those among them that it shares with the request before."""


class RecordedMessage(Part):
    """A message: of the person, of the model, or the result of a call."""

    user: str | None = None
    note: str | None = None
    """What the host adds to what the person says."""
    assistant: str | None = None
    calls: tuple[ModelCall, ...] = ()
    """What the model calls."""
    result: JsonObject | list[Json] | str | None = None
    of: StrictInt | None = None
    """Which call of the conversation the result is of, from 1."""

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        is_assistant = self.assistant is not None or bool(self.calls)
        if (self.user is not None) + is_assistant + (self.result is not None) != 1:
            raise ValueError("a message has one of 'user', 'assistant' or 'calls', and 'result'")
        if (self.of is None) != (self.result is None):
            raise ValueError("'result' and 'of' go together")
        if self.note is not None and self.user is None:
            raise ValueError("'note' goes with 'user'")
        return self


class RecordedReply(Part):
    """What the model replied."""

    text: str = ""
    calls: tuple[ModelCall, ...] = ()
    tokens: TokenCount | None = None
    breaks_off: bool = False
    """The reply never came to its end."""


class RecordedExchange(Part):
    """A request to the model, and its reply."""

    state: Literal["reasoning", "responding", "phrase"]
    system: StrictInt | None = Field(default=None, ge=1)
    """Which of the system texts it has, from 1."""
    tools: StrictInt | None = Field(default=None, ge=1)
    """Which of the lists of tools it has, from 1."""
    keeps: StrictInt | None = Field(default=None, ge=0)
    """How many messages it shares with the request before and its reply; without it, all."""
    messages: tuple[RecordedMessage, ...] = Field(default=(), max_length=MAX_MESSAGES)
    """Those that come after."""
    instruction: str | None = None
    """Of a phrase."""
    data: JsonObject | None = None
    """Of a phrase."""
    reply: RecordedReply = RecordedReply()

    @model_validator(mode="after")
    def _has_its_members(self) -> Self:
        is_phrase = self.state == "phrase"
        if is_phrase != (self.instruction is not None) or is_phrase != (self.data is not None):
            raise ValueError("'instruction' and 'data' belong to a phrase")
        if is_phrase == (self.system is not None):
            raise ValueError("'system' belongs to a request that is no phrase")
        return self


class RecordedTool(Part):
    """A tool that the model is offered."""

    name: str
    description: str = ""
    parameters: JsonObject = Field(default_factory=dict[str, Json])


def _at(message: str, *steps: int | str) -> PydanticCustomError:
    """A mistake in a member of what is validated."""
    return PydanticCustomError("wrong-value", "{reason}", {"reason": message, "pointer": pointer_to(*steps)})


class RecordedModel(Part):
    """What a model was asked in a conversation, and replied."""

    name: str
    """The model, for people: whoever replays needs none."""
    systems: tuple[str, ...] = Field(default=(), max_length=MAX_EXCHANGES)
    """The system texts, each once."""
    tools: tuple[tuple[RecordedTool, ...], ...] = Field(default=(), max_length=MAX_EXCHANGES)
    """The lists of tools, each once."""
    turns: tuple[Annotated[tuple[RecordedExchange, ...], Field(max_length=MAX_EXCHANGES)], ...] = Field(
        default=(), max_length=MAX_EXCHANGES
    )
    """The exchanges of each turn, in the order of asking."""

    @model_validator(mode="after")
    def _refers_to_what_it_has(self) -> Self:
        if sum(map(len, self.turns)) > MAX_EXCHANGES:
            raise ValueError(f"there are more than {MAX_EXCHANGES} requests")
        for number, turn in enumerate(self.turns):
            for index, one in enumerate(turn):
                if (one.system or 0) > len(self.systems):
                    raise _at("there is no system text of that number", "turns", number, index, "system")
                if (one.tools or 0) > len(self.tools):
                    raise _at("there is no list of tools of that number", "turns", number, index, "tools")
        return self

    @model_validator(mode="after")
    def _goes_on_from_what_was_said(self) -> Self:
        said = 0
        for place, one in self._replies_asked_for():
            if (one.keeps or 0) > said:
                message = f"it shares {one.keeps} messages with the request before and its reply, which have {said}"
                raise _at(message, *place, "keeps")
            count = (said if one.keeps is None else one.keeps) + len(one.messages)
            if count > MAX_MESSAGES:
                raise _at(f"a request has {count} messages, more than {MAX_MESSAGES}", *place)
            said = count + 1  # the reply
        return self

    def _replies_asked_for(self) -> Iterator[tuple[tuple[str, int, int], RecordedExchange]]:
        """The exchanges that go on from each other: all but phrases, each with its place."""
        for number, turn in enumerate(self.turns):
            for index, one in enumerate(turn):
                if one.state != "phrase":
                    yield ("turns", number, index), one


class RecordedBody(Part):
    """What stands in a request or an answer: in one of three forms."""

    media_type: str = ""
    """As its header says."""
    json_: JsonObject | list[Json] | None = Field(default=None, alias="json")
    text: str | None = None
    base64: tuple[str, ...] | None = None
    """Anything else, in lines."""

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.json_ is not None) + (self.text is not None) + (self.base64 is not None) != 1:
            raise ValueError("give one of 'json', 'text' and 'base64'")
        return self

    @property
    def data(self) -> bytes:
        """What it is. Raises: `ValueError` for base64 that is none."""
        if self.base64 is not None:
            return b64decode("".join(self.base64), validate=True)
        return (dump_json(self.json_) if self.json_ is not None else self.text or "").encode()

    @model_validator(mode="after")
    def _can_be_read(self) -> Self:
        try:
            _ = self.data
        except ValueError:
            raise ValueError("'base64' must be lines of base64") from None
        return self


class RecordedAnswer(Part):
    """What an API answered."""

    status: StrictInt = Field(ge=100, le=599)
    headers: dict[str, str] = Field(default_factory=dict[str, str])
    """Those few that say where to go on."""
    body: RecordedBody | None = None


class RecordedFailure(Part):
    """Why there was no answer."""

    message: str
    quoted: str = ""
    not_executed: NotExecutedCause | None = None
    is_lost: bool = False
    is_final: bool = False
    is_unsent: bool = False


class RecordedCallOut(Part):
    """A request to an API, and its answer."""

    request: str
    """The method and the URL, without what is secret in it."""
    body: RecordedBody | None = None
    answer: RecordedAnswer | None = None
    failure: RecordedFailure | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.answer is None) == (self.failure is None):
            raise ValueError("give either 'answer' or 'failure'")
        return self


class RecordedConversation(Part):
    """What was said to a conversation."""

    name: str
    model: RecordedModel | None = None
    http: tuple[RecordedCallOut, ...] = Field(default=(), max_length=MAX_EXCHANGES)


class Cassette(Part):
    """What was said to the conversations of a file."""

    cassette: Literal[1] = VERSION
    """The version of the format."""
    file: str = ""
    """The conversation file that it belongs to, seen from this one."""
    conversations: tuple[RecordedConversation, ...] = ()

    @model_validator(mode="after")
    def _names_each_once(self) -> Self:
        names = [conversation.name for conversation in self.conversations]
        if len(set(names)) < len(names):
            raise ValueError("two conversations have the same name")
        return self

    def of(self, name: str) -> RecordedConversation | None:
        """What was said to the conversation of that name."""
        return next((one for one in self.conversations if one.name == name), None)

    def with_conversation(self, recorded: RecordedConversation) -> Cassette:
        """The same with this one, in the place of the one of its name, or last."""
        others = [recorded if one.name == recorded.name else one for one in self.conversations]
        is_there = any(one is recorded for one in others)
        return self.model_copy(update={"conversations": (*others, *(() if is_there else (recorded,)))})

    def in_order(self, names: Sequence[str]) -> Cassette:
        """The same with the conversations of these names alone, in this order."""
        order = {name: index for index, name in enumerate(names)}
        kept = sorted((one for one in self.conversations if one.name in order), key=lambda one: order[one.name])
        return self.model_copy(update={"conversations": tuple(kept)})
