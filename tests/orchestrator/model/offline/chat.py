"""A conversation with the stand-in, kept as a host would keep it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import date

from orchestrator.model.base import (
    AssistantMessage,
    Message,
    ModelCall,
    ModelDelta,
    ReasoningRequest,
    ReplyEnd,
    RespondingRequest,
    TextPart,
    ToolDefinition,
    ToolMessage,
    ToolSet,
    UserMessage,
)
from orchestrator.model.offline import OfflineModel
from runtimes.values import Json, JsonObject, parse_json

TODAY = date(2026, 11, 21)
"""A Saturday."""

Service = Callable[[str, JsonObject], str]
"""Answers a call: the function's tool name and its arguments to the text of the result."""


def no_service(tool: str, arguments: JsonObject) -> str:
    """For conversations in which nothing may be called."""
    raise NotImplementedError(tool, arguments)


def arguments_of(call: ModelCall) -> JsonObject:
    """The call's arguments, parsed."""
    arguments = parse_json(call.arguments)
    assert isinstance(arguments, dict)
    return arguments


async def collect(deltas: AsyncIterator[ModelDelta]) -> tuple[str, tuple[ModelCall, ...]]:
    """The text and the calls of a reply, which has to end as the seam demands."""
    text, ends = "", list[ReplyEnd]()
    async for delta in deltas:
        assert not ends, "something came after the end of the reply"
        if isinstance(delta, TextPart):
            text += delta.text
        if isinstance(delta, ReplyEnd):
            ends.append(delta)
    assert len(ends) == 1
    assert ends[0].usage is None
    return text, ends[0].calls


class Chat:
    """Keeps the messages; every request is made by a model that has seen nothing before."""

    def __init__(self, tools: Sequence[ToolDefinition], service: Service = no_service, system: str = "") -> None:
        self._tools = ToolSet(tuple(tools))
        self._service = service
        self._system = system
        self.messages: list[Message] = []
        self.calls: list[tuple[str, Json]] = []
        """Every call so far: the function's own name and its arguments."""

    async def reason(self) -> tuple[str, tuple[ModelCall, ...]]:
        """What a fresh model replies to the messages so far."""
        request = ReasoningRequest(system=self._system, messages=tuple(self.messages), tools=self._tools)
        return await collect(OfflineModel(today=lambda: TODAY).reason(request))

    async def respond(self, system: str = "") -> str:
        """What a fresh model answers from the messages so far."""
        request = RespondingRequest(system=system, messages=tuple(self.messages))
        text, calls = await collect(OfflineModel(today=lambda: TODAY).respond(request))
        assert calls == ()
        return text

    async def say(self, text: str) -> str:
        """One turn: calls are answered by the service, and the answer is kept and returned."""
        self.messages.append(UserMessage(text=text))
        reply, calls = await self.reason()
        if calls:
            self.messages.append(AssistantMessage(text=reply, calls=calls))
            for call in calls:
                arguments = arguments_of(call)
                self.calls.append((call.tool.partition("-")[2] or call.tool, arguments))
                self.messages.append(ToolMessage(call_id=call.id, text=self._service(call.tool, arguments)))
            reply, more = await self.reason()
            assert more == ()
        self.messages.append(AssistantMessage(text=reply))
        return reply
