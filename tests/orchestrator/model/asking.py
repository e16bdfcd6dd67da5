"""What the tests of the adapter ask of a model, and how they read what comes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator
from contextlib import contextmanager

import anyio

from orchestrator.errors import ModelError
from orchestrator.model.base import (
    AssistantMessage,
    ModelCall,
    ModelDelta,
    ReasoningRequest,
    RespondingRequest,
    TextPart,
    ToolDefinition,
    ToolMessage,
    ToolSet,
    UserMessage,
)
from orchestrator.model.chat_completions import ChatCompletionsModel
from orchestrator.model.completion_http import Carrier
from orchestrator.model.completion_limits import RequestLimits
from tests.servers.openai_server import (
    OpenAIServer,
    ScriptedAnswer,
    openai_server,
)

PATIENT = RequestLimits(first_delay=0)
GET_LISTINGS = ToolDefinition(
    name="contoso-getListings", description="Finds homes", parameters={"type": "object", "properties": {}}
)
TOOLS = ToolSet((GET_LISTINGS,))
ASK = ReasoningRequest(system="Reason.", messages=(UserMessage(text="Homes?"),), tools=TOOLS)
ANSWER = RespondingRequest(
    system="Respond.",
    messages=(
        UserMessage(text="Homes?"),
        AssistantMessage(
            text="Let me look.",
            calls=(
                ModelCall(id="c1", tool="contoso-getListings", arguments='{"city":"Seattle"}'),
                ModelCall(id="c2", tool="contoso-getListings", arguments='{"city":'),
            ),
        ),
        ToolMessage(call_id="c1", text="two homes"),
        ToolMessage(call_id="c2", text="the arguments are not JSON"),
    ),
)


_carriers: list[Carrier] = []
"""What the test that runs wants its models to go out by, where it says so."""


@contextmanager
def carried(carrier: Carrier) -> Generator[None]:
    """Every model that is made here goes out by that."""
    _carriers.append(carrier)
    try:
        yield
    finally:
        _carriers.pop()


def model_for(
    environ: dict[str, str],
    *,
    name: str = "m",
    plain_results: bool = False,
    base_url: str | None = None,
    api_key: str | None = None,
    limits: RequestLimits = PATIENT,
) -> ChatCompletionsModel:
    return ChatCompletionsModel(
        name,
        plain_results=plain_results,
        base_url=base_url,
        api_key=api_key,
        limits=limits,
        environ=environ,
        carrier=_carriers[-1] if _carriers else None,
    )


def model_at(server: OpenAIServer, limits: RequestLimits = PATIENT) -> ChatCompletionsModel:
    return model_for({}, name="fake-1", base_url=server.url, api_key="secret-key", limits=limits)


async def deltas_of(deltas: AsyncIterator[ModelDelta]) -> list[ModelDelta]:
    with anyio.fail_after(5):
        return [delta async for delta in deltas]


async def reasoned(*script: ScriptedAnswer, limits: RequestLimits = PATIENT) -> list[ModelDelta]:
    """The deltas of one reasoning request; the whole script must have been played."""
    async with openai_server(script) as server, model_at(server, limits) as model:
        deltas = await deltas_of(model.reason(ASK))
        assert len(server.requests) == len(script)
        return deltas


def text_of(deltas: list[ModelDelta]) -> str:
    return "".join(delta.text for delta in deltas if isinstance(delta, TextPart))


async def until_error(deltas: AsyncIterator[ModelDelta]) -> tuple[list[ModelDelta], ModelError]:
    """What came before the error, and the error."""
    seen: list[ModelDelta] = []
    try:
        with anyio.fail_after(5):
            async for delta in deltas:
                seen.append(delta)
    except ModelError as error:
        return seen, error
    raise AssertionError("the stream ended without an error")
