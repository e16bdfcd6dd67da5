"""The server for tests is what it claims to be: the typed client of `openai` understands it."""

from __future__ import annotations

from openai import AsyncOpenAI
from openai.types.chat import ChatCompletionUserMessageParam

from tests.servers.openai_server import OpenAIServer, Reply, call, openai_server

MESSAGES: list[ChatCompletionUserMessageParam] = [{"role": "user", "content": "Homes?"}]
REPLY = Reply(text="Let me look", calls=(call("getListings", {"bedrooms": 3}, id="c1"),), usage=(20, 5))


def client_of(server: OpenAIServer) -> AsyncOpenAI:
    return AsyncOpenAI(base_url=server.url, api_key="k", max_retries=0)


async def test_a_reply_is_a_chat_completion() -> None:
    async with openai_server([REPLY]) as server, client_of(server) as client:
        completion = await client.chat.completions.create(model="m", messages=MESSAGES)
    message = completion.choices[0].message
    assert message.content == "Let me look"
    assert message.tool_calls is not None
    assert [tool_call.id for tool_call in message.tool_calls] == ["c1"]
    assert completion.choices[0].finish_reason == "tool_calls"
    assert completion.usage is not None
    assert (completion.usage.prompt_tokens, completion.usage.completion_tokens) == (20, 5)


async def test_a_reply_is_streamed_where_that_is_asked_for() -> None:
    text = arguments = ""
    tokens: list[int] = []
    async with openai_server([REPLY]) as server, client_of(server) as client:
        stream = await client.chat.completions.create(
            model="m", messages=MESSAGES, stream=True, stream_options={"include_usage": True}
        )
        async for chunk in stream:
            tokens += [chunk.usage.total_tokens] if chunk.usage else []
            for choice in chunk.choices:
                text += choice.delta.content or ""
                for part in choice.delta.tool_calls or ():
                    arguments += (part.function and part.function.arguments) or ""
    assert (text, arguments, tokens) == ("Let me look", '{"bedrooms":3}', [25])
    assert server.requests[0].tool_names is None
    assert server.requests[0].messages == ({"role": "user", "content": "Homes?"},)
