"""The reference server of the protocol, which was not written here, over both transports."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from runtimes.base import RuntimeExecutor
from runtimes.questions import LiveAnswer, LiveQuestion
from runtimes.values import JsonObject
from tests.runtimes.mcp.serving import ask, local, remote, spec_of
from tests.servers.mcp_reference import need_reference, reference_over_http, reference_program

PNG = b"\x89PNG\r\n\x1a\n"


@asynccontextmanager
async def opened(transport: str) -> AsyncGenerator[RuntimeExecutor]:
    need_reference()
    if transport == "stdio":
        async with local(reference_program()) as executor:
            yield executor
        return
    async with reference_over_http() as url, remote(spec_of(url)) as executor:
        yield executor


@pytest.mark.parametrize("transport", ["stdio", "http"])
async def test_the_reference_server_is_listed_called_and_answered(transport: str) -> None:
    asked: list[LiveQuestion] = []
    told: list[str] = []

    async def answer(question: LiveQuestion) -> LiveAnswer:
        asked.append(question)
        content: JsonObject = {"name": "Ada", "check": True, "email": "ada@example.com"}
        return LiveAnswer(action="accept", content=content)

    async with opened(transport) as executor:
        assert {"echo", "get-sum", "get-tiny-image", "get-structured-content"} <= set(executor.functions)
        assert executor.functions["echo"].is_read_only is True
        assert executor.functions["toggle-simulated-logging"].is_read_only is False
        assert (await ask(executor, "echo", message="hello")).payload == "Echo: hello"

        picture = await ask(executor, "get-tiny-image")
        assert [(file.media_type, file.data[:8]) for file in picture.attachments] == [("image/png", PNG)]

        weather = await ask(executor, "get-structured-content", location="Chicago")
        assert isinstance(weather.payload, dict)
        assert set(weather.payload) == {"temperature", "conditions", "humidity"}

        links = await ask(executor, "get-resource-links", count=2)
        assert isinstance(links.payload, list)
        assert [one["uri"] for one in links.payload if isinstance(one, dict)] == [
            "demo://resource/dynamic/blob/1",
            "demo://resource/dynamic/text/2",
        ]

        wrong = await ask(executor, "get-sum", a=1, b="two")
        assert wrong.is_error
        assert "expected number" in wrong.explanation

        long = await ask(executor, "trigger-long-running-operation", duration=0.2, steps=2, told=told)
        assert "completed" in str(long.payload)
        assert told == ["1 of 2", "2 of 2"]

        given = await ask(executor, "trigger-elicitation-request", asking=answer)
        assert "Ada" in str(given.payload)
        assert "declined" in str((await ask(executor, "trigger-elicitation-request")).payload)
    assert len(asked) == 1
    assert asked[0].form is not None
    properties = asked[0].form["properties"]
    assert isinstance(properties, dict)
    assert {"name", "check", "email"} <= set(properties)
