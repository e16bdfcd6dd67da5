"""A whole conversation through real parts: the openai client, a loopback model server, an example's service."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from orchestrator import Orchestrator, load_plugin
from orchestrator.demo import running_examples
from orchestrator.model.chat_completions import ChatCompletionsModel
from orchestrator.signals import TextDelta
from tests.servers.openai_server import OpenAIServer, Reply, ScriptedAnswer, call, openai_server


@asynccontextmanager
async def contoso(script: list[ScriptedAnswer]) -> AsyncGenerator[tuple[Orchestrator, OpenAIServer]]:
    async with openai_server(script) as server, running_examples(["contoso_real_estate"]) as running:
        (source,) = running.sources
        plugin = await load_plugin(source.source, allowed_hosts=source.allowed_hosts)
        model = ChatCompletionsModel("fake", base_url=server.url, api_key="test", environ={})
        async with Orchestrator(plugins=[plugin], model=model, instructions="Speak plainly.") as host:
            yield host, server


async def test_listings_come_over_http_and_the_requests_are_what_the_specification_asks_for() -> None:
    """Issue 2: no `tools` while responding, results in call order, state instructions where they belong."""
    seattle, tacoma = (
        call("contoso-getListings", {"city": "Seattle", "bedrooms": 3}),
        call("contoso-getListings", {"city": "Tacoma"}),
    )
    script: list[ScriptedAnswer] = [
        Reply(calls=(seattle, tacoma)),
        Reply(text="Three in Seattle."),
        Reply(calls=(call("contoso-saveSearch", {"city": "Seattle", "bedrooms": 3}),)),
        Reply(text="(a draft that nobody sees)"),
        Reply(text="Saved as search 1."),
    ]
    async with contoso(script) as (host, server):
        chat = host.conversation(person="ada")
        first = await chat.ask("Three-bedroom homes in Seattle, and anything in Tacoma?")
        assert first.text == "Three in Seattle."
        assert first.usage is not None
        assert {citation.url is not None for citation in first.citations} == {True}
        assert [call.status for call in first.calls] == ["returned", "returned"]

        asked = await chat.ask("Save the Seattle search")
        assert asked.pending[0].destination.startswith("http://127.0.0.1:")
        await chat.decide(asked.pending[0].call_id, True)
        shown = [event.text async for event in chat.resume_stream() if isinstance(event, TextDelta)]
        assert "".join(shown) == "Saved as search 1."

    reasoning, after_calls, *_, responding = server.requests
    assert reasoning.tool_names == ("contoso-getListings", "contoso-saveSearch", "contoso-deleteSavedSearch")
    assert "Speak plainly." in reasoning.system
    assert "`contoso-getListings`" in reasoning.system
    assert "city" in reasoning.system
    results = [message for message in after_calls.messages if message["role"] == "tool"]
    assert [message["tool_call_id"] for message in results] == [seattle.id, tacoma.id]
    assert "Brick bungalow" in str(results[0]["content"])
    assert responding.tool_names is None
    assert "tools" not in responding.body
    assert "contoso-saveSearch" in responding.system
    assert "getListings" not in responding.system
    assert "draft" not in str(responding.body)
    assert all(request.body["stream"] is True for request in server.requests)


async def test_one_connection_serves_all_requests_of_a_host() -> None:
    """Issue 2: one HTTP client for a host, none for a call."""
    async with contoso([Reply(text=str(number)) for number in range(4)]) as (host, server):
        for number in range(4):
            assert (await host.conversation().ask("hello")).text == str(number)
        assert server.connections() == 1


@pytest.mark.parametrize("broken", ['{"city": ', '["Seattle"]', '{"city": ["Seattle"]}', '{"town": "Seattle"}'])
async def test_a_model_that_writes_broken_arguments_corrects_itself(broken: str) -> None:
    script: list[ScriptedAnswer] = [
        Reply(calls=(call("contoso-getListings", broken),)),
        Reply(calls=(call("contoso-getListings", {"city": "Seattle"}),)),
        Reply(text="Here."),
    ]
    async with contoso(script) as (host, server):
        reply = await host.conversation().ask("homes in Seattle")
    assert [call.status for call in reply.calls] == ["refused", "returned"]
    told = server.requests[1].messages[-1]
    assert str(told["content"]).startswith("error: ")
