"""Tools of a program of the host's table, over its standard input and output."""

from __future__ import annotations

import logging
import sys
from contextlib import AsyncExitStack
from pathlib import Path

import anyio
import pytest

from runtimes.base import CallContext, FunctionCall, RuntimeExecutor, RuntimeServices, RuntimeSpec
from runtimes.errors import InvocationError, RuntimeUnavailable
from runtimes.local.supervision import PAUSING_DEATHS
from runtimes.local_endpoint import LocalEndpoint
from runtimes.mcp import open_mcp
from runtimes.mcp.connecting import LocalServer, open_session
from runtimes.mcp.session import MAX_LISTINGS
from runtimes.mcp.stdio import MAX_LINE_BYTES, Lines, answered_id
from runtimes.pinned import Pinned
from runtimes.questions import LiveAnswer, LiveQuestion
from runtimes.values import Json, JsonObject
from tests.runtimes.mcp.serving import ask, local
from tests.servers import mcp_program
from tests.servers.no_http import NoHttp

PROGRAM = Path(mcp_program.__file__)
DESCRIBED: JsonObject = {"tools": [{"name": name} for name in mcp_program.TOOLS]}


def program(*arguments: str, is_per_person: bool = False, idle_seconds: float | None = 600.0) -> LocalEndpoint:
    command = (sys.executable, "-S", str(PROGRAM), *arguments)
    return LocalEndpoint(command=command, is_per_person=is_per_person, idle_seconds=idle_seconds)


async def _give_up(executor: RuntimeExecutor, person: str = "ada") -> None:
    """Calls a tool that never answers, and cancels the call once it runs."""
    runs = anyio.Event()
    call = FunctionCall(id="1", function="hang", arguments={})
    context = CallContext(person=person, progress=lambda text: runs.set())
    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(executor.invoke, call, context)
            await runs.wait()
            tasks.cancel_scope.cancel()


async def _accept(question: LiveQuestion) -> LiveAnswer:
    del question
    return LiveAnswer(action="accept", content={"name": "Ada"})


async def test_the_tools_of_a_program_are_discovered_and_called() -> None:
    sent: list[str] = []
    async with local(program(), sent=sent) as executor:
        assert tuple(executor.functions) == mcp_program.TOOLS
        assert executor.functions["echo"].destination == "local MCP server 'zoo'"
        assert (await ask(executor, "echo", text="hello")).payload == "hello"
    assert len(sent) == 1
    assert '"text":"hello"' in sent[0]


async def test_with_tools_of_the_manifest_the_program_starts_at_the_first_call() -> None:
    absent = LocalEndpoint(command=("/nonexistent",))
    async with local(absent, mcp_tool_description=DESCRIBED) as executor:
        assert "echo" in executor.functions
        with pytest.raises(
            InvocationError, match=r"the local MCP server 'zoo' cannot be reached: .*No such file"
        ) as caught:
            await ask(executor, "echo")
        assert caught.value.not_executed == "connect"


@pytest.mark.parametrize("tool", ["garbage", "odd", "binary", "flood", "wrong"])
async def test_what_is_no_message_is_passed_over_in_silence(tool: str, caplog: pytest.LogCaptureFixture) -> None:
    async with local(program(), mcp_tool_description=DESCRIBED) as executor:
        assert (await ask(executor, tool)).payload == "done"
        assert (await ask(executor, "echo", text="on")).payload == "on"
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_the_first_answer_to_a_call_holds() -> None:
    async with local(program(), mcp_tool_description=DESCRIBED) as executor:
        assert (await ask(executor, "twice")).payload == "first"
        assert (await ask(executor, "echo", text="on")).payload == "on"


async def test_an_image_may_be_longer_than_a_message_of_a_local_plugin() -> None:
    async with local(program(), mcp_tool_description=DESCRIBED) as executor:
        (picture,) = (await ask(executor, "image")).attachments
    assert (picture.media_type, len(picture.data)) == ("image/png", 1_500_000)


@pytest.mark.parametrize(
    ("tool", "reason"),
    [
        ("die", r"it ended before it answered; its last words: out of paper"),
        ("huge", "a line is longer than"),
        ("chatter", "it talks without end"),
        ("pester", "it asks without end, and does not read the answers"),
    ],
)
async def test_a_program_that_ends_in_a_call_is_started_again_for_the_next(tool: str, reason: str) -> None:
    async with local(program(), mcp_tool_description=DESCRIBED) as executor:
        with pytest.raises(InvocationError, match=reason) as caught:
            await ask(executor, tool)
        assert (caught.value.not_executed, caught.value.is_unsent) == (None, False)
        assert str(caught.value).isprintable()
        assert (await ask(executor, "echo", text="on")).payload == "on"


async def test_an_answer_that_is_no_message_ends_its_call_at_once() -> None:
    async with local(program(), mcp_tool_description=DESCRIBED) as executor:
        with pytest.raises(InvocationError, match="Unreadable answer; a line that it wrote is no message") as caught:
            await ask(executor, "surrogate", timeout=600)
        assert (caught.value.not_executed, caught.value.is_unsent) == (None, False)
        assert (await ask(executor, "echo", text="on")).payload == "on"


@pytest.mark.parametrize(
    ("line", "number"),
    [
        (b'{"jsonrpc": "2.0", "id": 7, "result": "\\ud800"}', 7),
        (b'{"jsonrpc": "2.0", "id": "seven", "result": NaN}', "seven"),
        (b'{"id" : 7, "result": ' + b"[" * 100_000, 7),
        (b'{"id": true, "result": {}}', None),
        (b'{"id": 7, "method": "ping", "params": "\\ud800"}', None),
        (b'{"id": 7, "method": "ping", "params": ' + b"[" * 100_000, None),
        (b"hello 7", None),
        (b"[1]", None),
    ],
)
def test_the_request_is_found_that_an_unreadable_line_answers(line: bytes, number: object) -> None:
    assert answered_id(line) == number


async def test_tools_that_change_faster_than_they_can_be_listed_are_not_called() -> None:
    async def stir(executor: RuntimeExecutor) -> None:
        for _ in range(10 * MAX_LISTINGS):
            assert (await ask(executor, "stir")).payload == "stirred"

    async with local(program()) as executor:
        with anyio.fail_after(60), pytest.raises(InvocationError, match="change faster than they can be") as caught:
            await stir(executor)
        assert caught.value.is_unsent


async def test_a_program_that_dies_of_being_asked_for_a_newer_protocol_is_started_again_without() -> None:
    async with local(program("--dies-of-discovery")) as executor:
        assert (await ask(executor, "echo", text="hello")).payload == "hello"


async def test_a_program_that_dies_again_and_again_is_not_started_for_each_call() -> None:
    async with local(program(), mcp_tool_description=DESCRIBED) as executor:
        for _ in range(PAUSING_DEATHS):
            with pytest.raises(InvocationError, match="its last words: out of paper"):
                await ask(executor, "die")
        with pytest.raises(InvocationError, match=r"has died 3 times in short order; .* out of paper") as caught:
            await ask(executor, "die")
    assert (caught.value.not_executed, caught.value.is_final) == ("connect", True)


async def test_a_program_that_says_nothing_is_given_up() -> None:
    server = LocalServer("zoo", program("--silent"), RuntimeServices(http=NoHttp()))
    async with AsyncExitStack() as stack:
        with pytest.raises(InvocationError, match=r"it has not introduced itself within 0\.3 s") as caught:
            await stack.enter_async_context(open_session(server, "", seconds=0.3))
    assert caught.value.not_executed == "connect"


async def test_what_a_program_asks_is_put_to_the_person() -> None:
    async with local(program(), mcp_tool_description=DESCRIBED) as executor:
        accepted = await ask(executor, "ask", asking=_accept)
        assert accepted.payload == {"action": "accept", "content": {"name": "Ada"}}
        assert (await ask(executor, "ask")).payload == {"action": "decline"}


async def test_nobody_is_asked_where_the_question_may_be_of_either_call() -> None:
    async with local(program(), mcp_tool_description=DESCRIBED) as executor:
        await ask(executor, "echo", text="a first call connects")
        answers: list[Json] = []
        has_answered = anyio.Event()

        async def call(tool: str) -> None:
            answers.append((await ask(executor, tool, asking=_accept)).payload)
            has_answered.set()

        with anyio.fail_after(20):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(call, "ask")
                tasks.start_soon(call, "ask")
                await has_answered.wait()
                tasks.cancel_scope.cancel()
    assert isinstance(answers[0], dict)
    assert "several calls are open" in str(answers[0]["message"])


async def test_a_call_that_is_over_is_cancelled_in_the_program() -> None:
    async with local(program(), mcp_tool_description=DESCRIBED) as executor:
        await _give_up(executor)
        heard = (await ask(executor, "heard")).payload
        assert isinstance(heard, dict)
        assert "requestId" in heard


async def test_persons_have_processes_of_their_own_where_the_table_says_so() -> None:
    async def heard(executor: RuntimeExecutor, person: str) -> object:
        return (await ask(executor, "heard", person=person)).payload

    async with local(program(is_per_person=True), mcp_tool_description=DESCRIBED) as executor:
        assert await heard(executor, "ada") is None
        await _give_up(executor, "ada")
        assert await heard(executor, "ada") is not None
        assert await heard(executor, "ben") is None


async def test_a_program_that_nobody_calls_is_stopped_and_started_again() -> None:
    async with local(program(idle_seconds=0.0), mcp_tool_description=DESCRIBED) as executor:
        await _give_up(executor)
        assert (await ask(executor, "heard")).payload is None


async def test_a_changed_tool_is_offered_anew() -> None:
    async with local(program()) as executor:
        offered = Pinned(executor)
        assert (await ask(offered, "change")).payload == "changed"
        with pytest.raises(InvocationError, match="has changed what it does since it was offered") as caught:
            await ask(offered, "echo", text="hello")
        assert caught.value.is_unsent
        assert executor.functions["echo"].description == "as it is"
        assert (await ask(Pinned(executor), "echo", text="hello")).payload == "hello"


async def test_a_name_that_is_not_in_the_table_disables_the_functions() -> None:
    spec = RuntimeSpec(plugin="p", type="x-McpServer", spec={"local_endpoint": "zo"}, location="")
    services = RuntimeServices(http=NoHttp(), local_endpoints={"zoo": program()})
    with pytest.raises(RuntimeUnavailable, match="there is no local plugin 'zo', perhaps 'zoo' is meant"):
        async with open_mcp(spec, services):
            raise NotImplementedError


def test_lines_are_cut_wherever_pieces_end() -> None:
    lines = Lines()
    data = b'{"a":1}\n\nhello\n'
    assert [line for byte in data for line in lines.receive(bytes([byte]))] == [b'{"a":1}', b"", b"hello"]
    assert not lines.is_broken


def test_a_line_without_end_is_held_no_further_than_its_limit() -> None:
    lines = Lines()
    while not lines.is_broken:
        assert lines.receive(b"x" * 65536) == []
    assert Lines(10).receive(b"x" * 10 + b"\n") == [b"x" * 10]
    assert MAX_LINE_BYTES < 16 * 1024 * 1024
