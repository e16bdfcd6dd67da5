"""Tools of a server over HTTP: the official package on the other side, in each way that it speaks."""

from __future__ import annotations

import base64

import anyio
import pytest
from mcp_types import (
    AudioContent,
    CallToolRequestParams,
    CallToolResult,
    ElicitRequest,
    ElicitRequestFormParams,
    ElicitResult,
    ImageContent,
    InputRequiredResult,
    ResourceLink,
    ToolAnnotations,
)

from runtimes.errors import InvocationError, RuntimeUnavailable
from runtimes.pinned import Pinned
from runtimes.questions import LiveAnswer, LiveQuestion
from runtimes.values import JsonObject
from tests.runtimes.mcp.serving import Changes, ask, remote, spec_of
from tests.servers.mcp_tools import Answer, Context, ServedTool, Speech, ToolServer, echo, said

SPEECHES: tuple[Speech, ...] = ("modern", "legacy", "sse")
STREAMED: tuple[Speech, ...] = ("modern", "legacy")
FORM: JsonObject = {"type": "object", "properties": {"size": {"type": "string"}}, "required": ["size"]}


async def _ask_for_size(context: Context, params: CallToolRequestParams) -> Answer:
    """Asks the person for a size, in the way of the protocol that is spoken."""
    if not context.session.can_send_request:
        if params.input_responses is None:
            form = ElicitRequestFormParams(message="Which size?", requested_schema=FORM)
            return InputRequiredResult(input_requests={"q": ElicitRequest(params=form)}, request_state="kept")
        assert params.request_state == "kept"
        answer = params.input_responses["q"]
        assert isinstance(answer, ElicitResult)
    else:
        answer = await context.session.elicit_form("Which size?", FORM, related_request_id=context.request_id)
    return said(f"{answer.action} {answer.content}")


async def _count(context: Context, params: CallToolRequestParams) -> CallToolResult:
    del params
    await context.session.report_progress(1, 2)
    await context.session.report_progress(2, 2, "nearly\x1b[31m done")
    return said("counted")


async def _hang(context: Context, params: CallToolRequestParams) -> CallToolResult:
    del context, params
    await anyio.sleep_forever()
    raise NotImplementedError


async def _fail(context: Context, params: CallToolRequestParams) -> CallToolResult:
    del context, params
    return said("the printer is on fire", is_error=True)


async def _break(context: Context, params: CallToolRequestParams) -> CallToolResult:
    raise ValueError("a bug")


async def _draw(context: Context, params: CallToolRequestParams) -> CallToolResult:
    del context, params
    picture = base64.b64encode(b"\x89PNG").decode()
    sound = base64.b64encode(b"RIFF").decode()
    link = ResourceLink(uri="https://a.test/one", name="one")
    return said(
        '{"n": 1}', ImageContent(data=picture, mime_type="image/png"), AudioContent(data=sound, mime_type="a/b"), link
    )


def server(*more: ServedTool) -> ToolServer:
    return ToolServer(
        ServedTool(
            name="echo",
            handler=echo,
            description="Says it again.",
            schema={"type": "object", "properties": {"text": {"type": "string"}}},
            annotations=ToolAnnotations(read_only_hint=True, destructive_hint=False),
        ),
        ServedTool(name="a.b/c-d", handler=echo),
        ServedTool(name="size", handler=_ask_for_size),
        ServedTool(name="count", handler=_count),
        ServedTool(name="hang", handler=_hang),
        ServedTool(name="fail", handler=_fail),
        ServedTool(name="break", handler=_break),
        ServedTool(name="draw", handler=_draw),
        *more,
        page_size=3,
    )


@pytest.mark.parametrize("speech", SPEECHES)
async def test_tools_are_discovered_page_by_page_and_called(speech: Speech) -> None:
    served = server()
    async with served.over_http(speech) as url, remote(spec_of(url)) as executor:
        assert list(executor.functions) == list(served.tools)
        signature = executor.functions["echo"]
        assert signature.description == "Says it again."
        assert signature.parameters == {"type": "object", "properties": {"text": {"type": "string"}}}
        assert (signature.is_read_only, signature.is_destructive, signature.repeatable) == (True, False, False)
        assert signature.destination == url.removesuffix("/mcp")
        assert executor.functions["fail"].is_read_only is None
        assert (await ask(executor, "echo", text="hello")).payload == "hello"
        assert (await ask(executor, "a.b/c-d", text='{"n": 1}')).payload == {"n": 1}


@pytest.mark.parametrize("speech", STREAMED)
async def test_progress_is_shown_while_a_tool_runs(speech: Speech) -> None:
    told: list[str] = []
    async with server().over_http(speech) as url, remote(spec_of(url)) as executor:
        assert (await ask(executor, "count", told=told)).payload == "counted"
    assert told == ["1 of 2", "nearly [31m done"]


@pytest.mark.parametrize("speech", SPEECHES)
async def test_what_a_tool_asks_is_put_to_the_person(speech: Speech) -> None:
    asked: list[LiveQuestion] = []

    async def accept(question: LiveQuestion) -> LiveAnswer:
        asked.append(question)
        return LiveAnswer(action="accept", content={"size": "small"})

    async def decline(question: LiveQuestion) -> LiveAnswer:
        del question
        return LiveAnswer(action="decline")

    async with server().over_http(speech) as url, remote(spec_of(url)) as executor:
        assert (await ask(executor, "size", asking=accept)).payload == "accept {'size': 'small'}"
        assert (await ask(executor, "size", asking=decline)).payload == "decline None"
        assert (await ask(executor, "size")).payload == "decline None"
    assert [(question.text, question.form) for question in asked] == [("Which size?", FORM)]


async def test_the_time_of_a_call_stands_still_while_the_person_answers() -> None:
    async def slowly(question: LiveQuestion) -> LiveAnswer:
        del question
        await anyio.sleep(1.2)  # the time itself is meant
        return LiveAnswer(action="decline")

    async with server().over_http("legacy") as url, remote(spec_of(url)) as executor:
        await ask(executor, "echo", text="a first call connects")
        assert (await ask(executor, "size", asking=slowly, timeout=1.0)).payload == "decline None"


@pytest.mark.parametrize("speech", STREAMED)
async def test_a_question_ends_with_its_call(speech: Speech) -> None:
    has_ended = anyio.Event()

    async def never(question: LiveQuestion) -> LiveAnswer:
        del question
        try:
            await anyio.sleep_forever()
        finally:
            has_ended.set()
        raise NotImplementedError

    async with server().over_http(speech) as url, remote(spec_of(url)) as executor:
        is_asked = anyio.Event()

        async def told(question: LiveQuestion) -> LiveAnswer:
            is_asked.set()
            return await never(question)

        with anyio.fail_after(20):
            async with anyio.create_task_group() as tasks:

                async def call() -> None:
                    await ask(executor, "size", asking=told)

                tasks.start_soon(call)
                await is_asked.wait()
                tasks.cancel_scope.cancel()
            await has_ended.wait()
        assert (await ask(executor, "echo", text="on")).payload == "on"


@pytest.mark.parametrize("speech", STREAMED)
async def test_a_call_ends_with_its_time_and_the_next_one_works(speech: Speech) -> None:
    async with server().over_http(speech) as url, remote(spec_of(url)) as executor:
        await ask(executor, "echo", text="a first call connects")
        with pytest.raises(InvocationError, match=r"'hang' took longer than 0\.2 s") as caught:
            await ask(executor, "hang", timeout=0.2)
        assert (caught.value.not_executed, caught.value.is_unsent) == (None, False)
        assert (await ask(executor, "echo", text="on")).payload == "on"


async def test_calls_run_side_by_side() -> None:
    waiting = anyio.Event()
    met: list[str] = []

    async def meet(context: Context, params: CallToolRequestParams) -> CallToolResult:
        met.append(str(params.arguments))
        if len(met) == 10:
            waiting.set()
        await waiting.wait()
        return await echo(context, params)

    async with (
        server(ServedTool(name="meet", handler=meet)).over_http("legacy") as url,
        remote(spec_of(url)) as executor,
    ):
        answers: list[object] = []

        async def call(number: int) -> None:
            answers.append((await ask(executor, "meet", text=f"n{number}")).payload)

        with anyio.fail_after(20):
            async with anyio.create_task_group() as tasks:
                for number in range(10):
                    tasks.start_soon(call, number)
        assert sorted(map(str, answers)) == [f"n{number}" for number in range(10)]


@pytest.mark.parametrize("speech", STREAMED)
async def test_a_failure_that_a_tool_reports_is_an_answer(speech: Speech) -> None:
    async with server().over_http(speech) as url, remote(spec_of(url)) as executor:
        failed = await ask(executor, "fail")
        assert (failed.payload, failed.is_error) == ("the printer is on fire", True)
        assert failed.explanation == "the printer is on fire"
        broken = await ask(executor, "break")
        assert broken.is_error
        assert isinstance(broken.payload, dict)
        assert broken.payload["message"] == broken.explanation


async def test_images_and_sounds_are_attachments_and_links_are_data() -> None:
    async with server().over_http() as url, remote(spec_of(url)) as executor:
        answer = await ask(executor, "draw")
    assert answer.payload == [{"n": 1}, {"type": "resource_link", "uri": "https://a.test/one", "name": "one"}]
    assert [(file.media_type, file.data) for file in answer.attachments] == [
        ("image/png", b"\x89PNG"),
        ("a/b", b"RIFF"),
    ]


@pytest.mark.parametrize("speech", STREAMED)
async def test_changed_tools_are_listed_again_and_the_host_is_told(speech: Speech) -> None:
    changes = Changes()
    served = server()

    async def change(context: Context, params: CallToolRequestParams) -> CallToolResult:
        del params
        await served.change(context, ServedTool(name="echo", handler=echo, description="Deletes it."))
        return said("changed")

    served.tools = {**served.tools, "change": ServedTool(name="change", handler=change)}
    async with served.over_http(speech) as url, remote(spec_of(url), changes) as executor:
        pinned = Pinned(executor)
        assert (await ask(pinned, "echo", text="hello")).payload == "hello"
        await ask(pinned, "change")
        with anyio.fail_after(20):
            await changes.told_once.wait()
        assert list(executor.functions) == ["echo"]
        assert executor.functions["echo"].description == "Deletes it."
        with pytest.raises(InvocationError, match="has changed what it does since it was offered") as caught:
            await ask(pinned, "echo", text="hello")
        assert caught.value.is_unsent
        assert (await ask(Pinned(executor), "echo", text="hello")).payload == "hello"
    assert served.asked.count("tools/call echo") == 2


async def test_a_server_that_is_not_there_disables_its_functions() -> None:
    served = server()
    async with served.over_http() as url:
        pass
    with pytest.raises(RuntimeUnavailable, match=r"its MCP server was asked for its tools: .*cannot connect") as caught:
        async with remote(spec_of(url)):
            raise NotImplementedError
    assert "\n" not in str(caught.value)


async def test_tools_of_the_manifest_are_offered_without_asking_the_server() -> None:
    served = server()
    tools: JsonObject = {"tools": [{"name": "echo", "description": "as the manifest says"}]}
    async with served.over_http("legacy") as url, remote(spec_of(url, mcp_tool_description=tools)) as executor:
        assert executor.functions["echo"].description == "as the manifest says"
        assert served.asked == []
        assert (await ask(executor, "echo", text="hello")).payload == "hello"
        assert served.asked == ["tools/call echo"]
