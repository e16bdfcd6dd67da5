"""What the benchmark compares with: the loop that people write, on the typed `openai` client and `httpx2`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx2
import orjson
from openai import AsyncOpenAI

from benchmarks.place import QUESTION, SYSTEM, Place

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletionMessageParam, ChatCompletionToolUnionParam


class HandWritten:
    """One client for the model, one for the API."""

    def __init__(self, place: Place, api: httpx2.AsyncClient) -> None:
        self._openai = AsyncOpenAI(base_url=f"{place.model_url}/v1", api_key="x", max_retries=0)
        self._api = api
        self._tools = orjson.loads(orjson.dumps([tool.as_tool() for tool in place.tools]))

    async def reply(
        self, messages: list[ChatCompletionMessageParam], tools: list[ChatCompletionToolUnionParam]
    ) -> tuple[str, dict[int, list[str]]]:
        """The text, and by index the id, the name and the arguments of each call."""
        text: list[str] = []
        calls: dict[int, list[str]] = {}
        stream = await self._openai.chat.completions.create(
            model="fake", messages=messages, tools=tools, stream=True, stream_options={"include_usage": True}
        )
        async for chunk in stream:
            if not chunk.choices:
                continue
            delta = chunk.choices[0].delta
            if delta.content:
                text.append(delta.content)
            for part in delta.tool_calls or ():
                call = calls.setdefault(part.index, ["", "", ""])
                call[0] += part.id or ""
                if part.function is not None:
                    call[1] += part.function.name or ""
                    call[2] += part.function.arguments or ""
        return "".join(text), calls

    async def _result(self, name: str, arguments: str) -> str:
        values = orjson.loads(arguments)
        path = f"/items{name.removeprefix('getItem')}/{values.pop('itemId')}"
        response = await self._api.get(path, params=values)
        response.raise_for_status()
        return response.text

    async def turn(self) -> str:
        """The whole loop."""
        messages: list[ChatCompletionMessageParam] = [
            {"role": "system", "content": SYSTEM},
            {"role": "user", "content": QUESTION},
        ]
        while True:
            text, calls = await self.reply(messages, self._tools)
            if not calls:
                return text
            messages.append(
                {
                    "role": "assistant",
                    "content": text or None,
                    "tool_calls": [
                        {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}
                        for id, name, arguments in calls.values()
                    ],
                }
            )
            for id, name, arguments in calls.values():
                messages.append({"role": "tool", "tool_call_id": id, "content": await self._result(name, arguments)})

    async def two_requests(self) -> str:
        """The model requests of a turn, with a result that is at hand."""
        messages: list[ChatCompletionMessageParam] = [
            {"role": "system", "content": SYSTEM},
            {"role": "user", "content": QUESTION},
        ]
        _, calls = await self.reply(messages, self._tools)
        id, name, arguments = calls[0]
        messages.append(
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [{"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}],
            }
        )
        messages.append({"role": "tool", "tool_call_id": id, "content": "five parts"})
        return (await self.reply(messages, self._tools))[0]

    async def aclose(self) -> None:
        """Closes the model's client."""
        await self._openai.close()
