"""What the benchmarks compare with: the loop that people write, on the typed `openai` client and `httpx2`."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx2
import openai
import orjson

from benchmarks.place import QUESTION, SYSTEM, Place

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletion, ChatCompletionChunk, ChatCompletionMessageParam

CONNECTIONS = 2000
"""Connections that a client may have: more than there are conversations at once."""

LIMITS = httpx2.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)


@dataclass(slots=True)
class _Call:
    """A call as the model writes it, piece by piece or at once."""

    id: str = ""
    name: str = ""
    arguments: str = ""


@dataclass(slots=True)
class _Calls:
    """The calls of a streamed reply, by their index."""

    found: dict[int, _Call] = field(default_factory=dict[int, _Call])

    def add(self, chunk: ChatCompletionChunk) -> str:
        """Reads the calls of a chunk; what it returns is its text."""
        if not chunk.choices:
            return ""
        delta = chunk.choices[0].delta
        for part in delta.tool_calls or ():
            call = self.found.setdefault(part.index, _Call())
            call.id += part.id or ""
            if part.function is not None:
                call.name += part.function.name or ""
                call.arguments += part.function.arguments or ""
        return delta.content or ""


def _asked(question: str) -> list[ChatCompletionMessageParam]:
    return [{"role": "system", "content": SYSTEM}, {"role": "user", "content": question}]


def _said(text: str, calls: list[_Call]) -> ChatCompletionMessageParam:
    return {
        "role": "assistant",
        "content": text or None,
        "tool_calls": [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in calls
        ],
    }


def _calls_of(completion: ChatCompletion) -> list[_Call]:
    calls = completion.choices[0].message.tool_calls or ()
    return [
        _Call(id=call.id, name=call.function.name, arguments=call.function.arguments)
        for call in calls
        if call.type == "function"
    ]


class HandWritten:
    """One client for the model, one for the API, which stays the caller's to close."""

    def __init__(self, place: Place, api: httpx2.AsyncClient) -> None:
        self._openai = openai.AsyncOpenAI(
            base_url=f"{place.model_url}/v1",
            api_key="x",
            max_retries=0,
            http_client=openai.DefaultAsyncHttpxClient(limits=LIMITS),
        )
        self._api = api
        self._tools = orjson.loads(orjson.dumps([tool.as_tool() for tool in place.tools]))

    async def turn(self) -> str:
        """The whole loop, not streamed."""
        messages = _asked(QUESTION)
        while True:
            completion = await self._openai.chat.completions.create(model="fake", messages=messages, tools=self._tools)
            calls, text = _calls_of(completion), completion.choices[0].message.content or ""
            if not calls:
                return text
            await self._answer(messages, text, calls)

    async def stream(self, question: str) -> AsyncGenerator[str]:
        """The whole loop; yields the text as it comes."""
        messages = _asked(question)
        while True:
            calls, text = _Calls(), ""
            async for piece in self._pieces(messages, calls):
                text += piece
                yield piece
            if not calls.found:
                return
            await self._answer(messages, text, list(calls.found.values()))

    async def two_requests(self) -> str:
        """The model requests of a turn, streamed, with a result that is at hand."""
        messages = _asked(QUESTION)
        calls = _Calls()
        text = "".join([piece async for piece in self._pieces(messages, calls)])
        messages.append(_said(text, list(calls.found.values())))
        messages.append({"role": "tool", "tool_call_id": calls.found[0].id, "content": "five parts"})
        return "".join([piece async for piece in self._pieces(messages, _Calls())])

    async def result(self, name: str, arguments: str) -> str:
        """The answer of the API to a call."""
        values = orjson.loads(arguments)
        path = f"/items{name.removeprefix('getItem')}/{values.pop('itemId')}"
        response = await self._api.get(path, params=values)
        response.raise_for_status()
        return response.text

    async def aclose(self) -> None:
        """Closes the model's client."""
        await self._openai.close()

    async def _pieces(self, messages: list[ChatCompletionMessageParam], calls: _Calls) -> AsyncGenerator[str]:
        stream = await self._openai.chat.completions.create(
            model="fake",
            messages=messages,
            tools=self._tools,
            stream=True,
            stream_options={"include_usage": True},
        )
        async for chunk in stream:
            if text := calls.add(chunk):
                yield text

    async def _answer(self, messages: list[ChatCompletionMessageParam], text: str, calls: list[_Call]) -> None:
        messages.append(_said(text, calls))
        for call in calls:
            result = await self.result(call.name, call.arguments)
            messages.append({"role": "tool", "tool_call_id": call.id, "content": result})
