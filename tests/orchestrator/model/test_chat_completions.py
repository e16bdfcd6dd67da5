"""The real model adapter, through the real `openai` client, against a server on loopback."""

from __future__ import annotations

import subprocess
import sys
from contextlib import aclosing

import anyio
import pytest

from orchestrator.errors import ModelError
from orchestrator.model.base import (
    AssistantMessage,
    ModelCall,
    PhraseRequest,
    ReasoningRequest,
    ReplyEnd,
    RespondingRequest,
    Summarizer,
    SummaryRequest,
    TextPart,
    ToolMessage,
    ToolSet,
    Usage,
    UserMessage,
    WrittenSummary,
)
from orchestrator.model.chat_completions import MAX_PHRASE_CHARS, ChatCompletionsModel
from runtimes.values import JsonObject
from tests.orchestrator.model.asking import (
    ANSWER,
    ASK,
    GET_LISTINGS,
    TOOLS,
    deltas_of,
    model_at,
    model_for,
    reasoned,
    text_of,
)
from tests.servers.openai_server import (
    Failure,
    Reply,
    ScriptedAnswer,
    call,
    openai_server,
)

pytestmark = pytest.mark.usefixtures("carrier")


async def test_text_is_streamed_and_ends_with_its_usage() -> None:
    deltas = await reasoned(Reply(text="Two homes found", usage=(20, 3)))
    assert text_of(deltas) == "Two homes found"
    assert deltas[-1] == ReplyEnd(calls=(), usage=Usage(input_tokens=20, output_tokens=3))


async def test_text_is_given_before_the_reply_is_over() -> None:
    rest = anyio.Event()
    async with openai_server([Reply(text="Two homes", gates={2: rest})]) as server, model_at(server) as model:
        with anyio.fail_after(5):
            async with aclosing(model.reason(ASK)) as deltas:
                assert await anext(deltas) == TextPart(text="Two")
                rest.set()
                assert await anext(deltas) == TextPart(text=" homes")


@pytest.mark.parametrize("piece_bytes", [None, 1, 7, 64, 100_000])
async def test_parallel_calls_are_read_however_the_stream_is_cut(piece_bytes: int | None) -> None:
    calls = (call("f", {"city": "Zürich"}, id="a"), call("g", {"bedrooms": 3}, id="b"), call("h", id="c"))
    deltas = await reasoned(Reply(text="Let me look", calls=calls, piece_bytes=piece_bytes))
    assert text_of(deltas) == "Let me look"
    assert deltas[-1] == ReplyEnd(
        calls=(
            ModelCall(id="a", tool="f", arguments='{"city":"Zürich"}'),
            ModelCall(id="b", tool="g", arguments='{"bedrooms":3}'),
            ModelCall(id="c", tool="h", arguments="{}"),
        ),
        usage=Usage(input_tokens=11, output_tokens=7),
    )


async def test_a_server_that_ignores_streaming_is_understood() -> None:
    deltas = await reasoned(Reply(text="Look:", calls=(call("f", {"a": 1}, id="x"),), plain=True))
    end = ReplyEnd(
        calls=(ModelCall(id="x", tool="f", arguments='{"a":1}'),), usage=Usage(input_tokens=11, output_tokens=7)
    )
    assert deltas == [TextPart(text="Look:"), end]


async def test_a_reply_without_usage_is_complete() -> None:
    assert (await reasoned(Reply(text="Hi", usage=None)))[-1] == ReplyEnd()


async def test_a_reasoning_request_carries_the_tools_and_asks_for_a_stream_with_usage() -> None:
    async with openai_server([Reply(text="Hi")]) as server, model_at(server) as model:
        await deltas_of(model.reason(ASK))
    assert server.requests[0].body == {
        "model": "fake-1",
        "stream": True,
        "stream_options": {"include_usage": True},
        "tools": [GET_LISTINGS.as_tool()],
        "messages": [{"role": "system", "content": "Reason."}, {"role": "user", "content": "Homes?"}],
    }
    assert server.requests[0].headers["content-type"] == "application/json"
    assert server.requests[0].headers["authorization"] == "Bearer secret-key"


async def test_an_empty_tool_set_is_not_sent() -> None:
    async with openai_server([Reply(text="Hi")]) as server, model_at(server) as model:
        await deltas_of(model.reason(ReasoningRequest(system="", messages=ASK.messages, tools=ToolSet(()))))
    assert server.requests[0].tool_names is None
    assert server.requests[0].messages == ({"role": "user", "content": "Homes?"},)


async def test_a_responding_request_has_no_tools_and_every_result_under_its_call() -> None:
    async with openai_server([Reply(text="Two.")]) as server, model_at(server) as model:
        await deltas_of(model.respond(ANSWER))
    calls: list[JsonObject] = [
        {
            "id": "c1",
            "type": "function",
            "function": {"name": "contoso-getListings", "arguments": '{"city":"Seattle"}'},
        },
        {
            "id": "c2",
            "type": "function",
            "function": {"name": "contoso-getListings", "arguments": '{"not_an_object":"{\\"city\\":"}'},
        },
    ]
    assert "tools" not in server.requests[0].body
    assert server.requests[0].messages == (
        {"role": "system", "content": "Respond."},
        {"role": "user", "content": "Homes?"},
        {"role": "assistant", "content": "Let me look.", "tool_calls": calls},
        {"role": "tool", "tool_call_id": "c1", "content": "two homes"},
        {"role": "tool", "tool_call_id": "c2", "content": "the arguments are not JSON"},
    )


async def test_an_assistant_message_of_calls_alone_has_null_content() -> None:
    request = RespondingRequest(
        system="", messages=(AssistantMessage(calls=(ModelCall(id="a", tool="f", arguments="{}"),)), AssistantMessage())
    )
    async with openai_server([Reply(text="Hi")]) as server, model_at(server) as model:
        await deltas_of(model.respond(request))
    assert [message["content"] for message in server.requests[0].messages] == [None, ""]


async def test_plain_results_are_fenced_text_in_alternating_roles() -> None:
    request = RespondingRequest(
        system="", messages=(*ANSWER.messages, ToolMessage(call_id="?", text="a ``` fence"), UserMessage(text="And?"))
    )
    async with (
        openai_server([Reply(text="Two."), Reply(text="Hi")]) as server,
        model_for({}, base_url=server.url, plain_results=True) as model,
    ):
        await deltas_of(model.respond(request))
        await deltas_of(model.reason(ReasoningRequest(system="", messages=ANSWER.messages, tools=TOOLS)))
    plain, with_tools = server.requests
    assert [message["role"] for message in plain.messages] == ["user", "assistant", "user"]
    assert plain.messages[1]["content"] == (
        "Let me look.\n\n"
        'I call contoso-getListings with:\n\n```json\n{"city":"Seattle"}\n```\n\n'
        'I call contoso-getListings with:\n\n```json\n{"city":\n```'
    )
    assert plain.messages[2]["content"] == (
        "The result of contoso-getListings:\n\n```\ntwo homes\n```\n\n"
        "The result of contoso-getListings:\n\n```\nthe arguments are not JSON\n```\n\n"
        "The result of the function:\n\n````\na ``` fence\n````\n\n"
        "And?"
    )
    assert [message["role"] for message in with_tools.messages] == ["user", "assistant", "tool", "tool"]


async def test_a_phrase_is_one_bounded_line_from_the_instruction_and_the_data_alone() -> None:
    request = PhraseRequest(instruction="One sentence.", data={"city": "Zürich"})
    script: list[ScriptedAnswer] = [Reply(text=f"\nSave\nthe  search? {'x' * MAX_PHRASE_CHARS}")]
    async with openai_server(script) as server, model_at(server) as model:
        phrase = await model.phrase(request)
    assert phrase.startswith("Save the search? xxx")
    assert len(phrase) == MAX_PHRASE_CHARS
    assert server.requests[0].messages == (
        {"role": "system", "content": "One sentence."},
        {"role": "user", "content": '{"city":"Zürich"}'},
    )
    assert server.requests[0].tool_names is None


async def test_an_empty_phrase_is_an_error() -> None:
    async with openai_server([Reply(text=" ")]) as server, model_at(server) as model:
        with pytest.raises(ModelError, match="wrote nothing"):
            await model.phrase(PhraseRequest(instruction="One sentence.", data={}))


async def test_a_summary_is_all_of_its_text_with_its_usage() -> None:
    request = SummaryRequest(instruction="Sum up.", data={"turns": ["Zürich"]}, fence="f00d")
    script: list[ScriptedAnswer] = [Failure(status=500), Reply(text=" Ada:\n- likes Lisbon \n", usage=(20, 3))]
    async with openai_server(script) as server, model_at(server) as model:
        assert isinstance(model, Summarizer)
        written = await model.summarise(request)
    assert written == WrittenSummary(text="Ada:\n- likes Lisbon", usage=Usage(input_tokens=20, output_tokens=3))
    assert server.requests[1].messages == (
        {"role": "system", "content": "Sum up."},
        {"role": "user", "content": 'data-f00d\n{"turns":["Zürich"]}\ndata-f00d'},
    )
    assert server.requests[1].tool_names is None


@pytest.mark.parametrize("answer", [Reply(text=" "), Reply(calls=(call("f", {}),)), Failure(status=400)])
async def test_no_summary_is_an_error(answer: ScriptedAnswer) -> None:
    async with openai_server([answer]) as server, model_at(server) as model:
        with pytest.raises(ModelError):
            await model.summarise(SummaryRequest(instruction="Sum up.", data={}))


async def test_text_that_is_no_unicode_is_an_error() -> None:
    async with openai_server() as server, model_at(server) as model:
        with pytest.raises(ModelError, match="cannot be sent"):
            await deltas_of(model.reason(ReasoningRequest(system="\ud800", messages=(), tools=TOOLS)))


async def test_requests_share_one_connection_also_after_a_repeat() -> None:
    script: list[ScriptedAnswer] = [
        Failure(status=429, headers=(("Retry-After", "0"),)),
        Reply(text="a"),
        Reply(plain=True),
        Reply(text="c"),
    ]
    async with openai_server(script) as server, model_at(server) as model:
        for _ in range(3):
            await deltas_of(model.reason(ASK))
        assert server.connections() == 1


async def test_a_model_can_be_entered_again() -> None:
    async with openai_server([Reply(text="a"), Reply(text="b")]) as server:
        model = model_at(server)
        for _ in range(2):
            async with model:
                await deltas_of(model.reason(ASK))
        assert server.connections() == 2


async def test_a_stream_that_is_left_early_is_closed() -> None:
    script: list[ScriptedAnswer] = [Reply(text="Two homes", gates={2: anyio.Event()}), Reply(text="Hi")]
    async with openai_server(script) as server, model_at(server) as model:
        with anyio.fail_after(5):
            async with aclosing(model.reason(ASK)) as deltas:
                assert await anext(deltas) == TextPart(text="Two")
            assert text_of(await deltas_of(model.reason(ASK))) == "Hi"


async def test_cancelling_while_the_model_thinks_leaves_a_usable_model() -> None:
    script: list[ScriptedAnswer] = [Reply(text="Two homes", gates={0: anyio.Event()}), Reply(text="Hi")]
    async with openai_server(script) as server, model_at(server) as model:
        with anyio.fail_after(5):
            async with anyio.create_task_group() as group:
                group.start_soon(deltas_of, model.reason(ASK))
                await server.wait_for_requests(1)
                group.cancel_scope.cancel()
            assert text_of(await deltas_of(model.reason(ASK))) == "Hi"


async def asked_with(environ: dict[str, str], **settings: str) -> str:
    """The authorization that a server sees, its URL being what `@` stands for."""
    async with openai_server([Reply(text="Hi")]) as server:
        values = {name: value.replace("@", server.url) for name, value in environ.items()}
        given = {name: value.replace("@", server.url) for name, value in settings.items()}
        async with model_for(values, base_url=given.get("base_url"), api_key=given.get("api_key")) as model:
            await deltas_of(model.reason(ASK))
        return server.requests[0].headers["authorization"]


async def test_a_base_url_without_a_key_sends_a_placeholder() -> None:
    assert await asked_with({"OPENAI_BASE_URL": "@"}) == "Bearer no-key"


async def test_the_key_of_the_environment_is_sent() -> None:
    assert await asked_with({"OPENAI_BASE_URL": "@/", "OPENAI_API_KEY": " sk-1\n"}) == "Bearer sk-1"


async def test_settings_come_before_the_environment() -> None:
    environ = {"OPENAI_BASE_URL": "http://127.0.0.1:1", "OPENAI_API_KEY": "sk-1"}
    assert await asked_with(environ, base_url="@", api_key="sk-2") == "Bearer sk-2"


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({}, "'m' needs OPENAI_API_KEY, or OPENAI_BASE_URL"),
        ({"OPENAI_BASE_URL": "localhost:11434/v1"}, "no http or https URL; set OPENAI_BASE_URL"),
        ({"OPENAI_BASE_URL": "http://[::1/v1"}, "no http or https URL; set OPENAI_BASE_URL"),
        ({"OPENAI_BASE_URL": "http://a\0b/v1"}, "the client for the model 'm' at a b cannot be set up: Invalid"),
        ({"OPENAI_API_KEY": "sk-\nx"}, "OPENAI_API_KEY has characters that cannot be sent"),
    ],
)
async def test_settings_that_cannot_work_are_an_error_that_names_the_variable(
    environ: dict[str, str], message: str
) -> None:
    async with model_for(environ) as model:
        with pytest.raises(ModelError, match=message):
            await deltas_of(model.reason(ASK))


def test_importing_the_adapter_imports_no_client() -> None:
    program = (
        "import sys, orchestrator.model.chat_completions;"
        "assert not {'openai', 'httpx2', 'tenacity', 'pydantic'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_its_name_is_what_a_person_opens_it_by() -> None:
    assert ChatCompletionsModel("gpt-5-mini").name == "openai:gpt-5-mini"
