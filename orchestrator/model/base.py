"""The seam between the loop and whatever writes the replies.

A `ChatModel` is asked in two ways that differ by type, so that a responding request cannot carry tools (spec 5.2.5).
It knows nothing of manifests, states, policies or journals: above it stands `orchestrator.turn`, and each file beside
this one is an implementation.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, runtime_checkable

from runtimes.values import JsonObject, dump_json


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens, as the model's server counts them."""

    input_tokens: int = 0
    output_tokens: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            input_tokens=self.input_tokens + other.input_tokens, output_tokens=self.output_tokens + other.output_tokens
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolDefinition:
    """A function as a model is told of it."""

    name: str
    """`^[A-Za-z0-9_-]{1,64}$`."""
    description: str
    parameters: JsonObject
    """A JSON Schema object."""

    def as_tool(self) -> JsonObject:
        """The OpenAI form of it."""
        return {
            "type": "function",
            "function": {"name": self.name, "description": self.description, "parameters": self.parameters},
        }


class ToolSet:
    """The tools of a request, made once for many requests."""

    def __init__(self, definitions: tuple[ToolDefinition, ...]) -> None:
        self.definitions = definitions

    def __bool__(self) -> bool:
        return bool(self.definitions)

    @cached_property
    def encoded(self) -> bytes:
        """The JSON array of OpenAI tools, serialised once."""
        return dump_json([definition.as_tool() for definition in self.definitions]).encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCall:
    """A call as the model wrote it: unchecked."""

    id: str
    """The model's own id, only ever echoed to it."""
    tool: str
    arguments: str
    """JSON text, or whatever the model wrote in its place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UserMessage:
    """What the person says."""

    text: str
    note: str = ""
    """What the host adds: the files that came with it, and what was chosen on a card."""
    fence: str = ""
    """The random mark of its turn, which parts the note from all that instructs. Empty for none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssistantMessage:
    text: str = ""
    calls: tuple[ModelCall, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolMessage:
    """The result of a call, or why it has none."""

    call_id: str
    """The `ModelCall.id` that this answers."""
    text: str
    fence: str = ""
    """The random mark of its turn, which parts the text from all that instructs. Empty for none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierMessage:
    """What the host says in the place of the oldest turns; it stands before all other messages."""

    text: str
    """The host's own words: how many turns are not shown, and what the note is."""
    note: str = ""
    """A summary of them, which a model wrote from data of others. Empty for none."""
    fence: str = ""
    """The random mark that parts the note from all that instructs. Empty for none."""


Message = UserMessage | AssistantMessage | ToolMessage | EarlierMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasoningRequest:
    """Asks for calls, or for text."""

    system: str
    messages: tuple[Message, ...]
    tools: ToolSet


@dataclass(frozen=True, slots=True, kw_only=True)
class RespondingRequest:
    """Asks for text; there are no tools in it to call (spec 5.2.5)."""

    system: str
    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PhraseRequest:
    """Asks for one sentence for the person, made from given data alone."""

    instruction: str
    data: JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryRequest:
    """Asks for a summary of the oldest turns of a conversation, for the model of a later turn."""

    instruction: str
    data: JsonObject
    """The turns, and the summary of those before them."""
    fence: str = ""
    """The random mark that parts the data from all that instructs. Empty for none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenSummary:
    """What a model makes of a `SummaryRequest`: unchecked."""

    text: str
    usage: Usage | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TextPart:
    """A piece of text, in order."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryNotice:
    """The request failed before any text and is about to be repeated."""

    attempt: int
    """The number of the attempt about to be made; 2 is the first repetition."""
    delay: float
    """Seconds until the next attempt."""
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyEnd:
    """The reply is complete; a stream that stops without this one is broken, and none of its calls count."""

    calls: tuple[ModelCall, ...] = ()
    usage: Usage | None = None


ModelDelta = TextPart | RetryNotice | ReplyEnd


class ChatModel(Protocol):
    """Writes replies. One that is also an async context manager is entered and left by the host."""

    @property
    def name(self) -> str:
        """What a person calls it, such as `openai:gpt-5-mini`."""
        ...

    def reason(self, request: ReasoningRequest, /) -> AsyncIterator[ModelDelta]:
        """Yields deltas, ending with one `ReplyEnd`. Raises: `ModelError`."""
        ...

    def respond(self, request: RespondingRequest, /) -> AsyncIterator[ModelDelta]:
        """As `reason`, without tools; calls in its `ReplyEnd` are refused by the loop. Raises: `ModelError`."""
        ...

    async def phrase(self, request: PhraseRequest, /) -> str:
        """One sentence. Raises: `ModelError`."""
        ...


@runtime_checkable
class Summarizer(Protocol):
    """What a `ChatModel` may be besides; with one that is not, the oldest turns of a long conversation are cut."""

    async def summarise(self, request: SummaryRequest, /) -> WrittenSummary:
        """A summary of the data. Raises: `ModelError`."""
        ...
