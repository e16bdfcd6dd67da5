"""What happens between a call and its result: progress, questions of the plugin, and clients that give up."""

from __future__ import annotations

from functools import partial

import anyio
import mcp_types as types
import pytest
from mcp import Client
from mcp.client.context import ClientRequestContext
from mcp.shared.exceptions import MCPError

from orchestrator.mcp_server.making import Desk, Made
from orchestrator.mcp_server.ongoing import Asked as OpenQuestion
from orchestrator.mcp_server.ongoing import OngoingCalls, TooManyCalls
from runtimes.base import CallContext, CallResult, FunctionCall
from runtimes.questions import LiveAnswer, LiveQuestion
from runtimes.values import Json, JsonObject
from tests.orchestrator.mcp_server.programs import ERAS, Asked, Offered, client_of, content_of, echo, served, text_of

FORM: JsonObject = {
    "type": "object",
    "properties": {"size": {"type": "integer", "minimum": 1}, "gift": {"type": "boolean"}},
    "required": ["size"],
}

CAREFUL = Offered(reads=False, handling=("ResourceStateUpdate",))


def told(answer: LiveAnswer) -> Json:
    """An answer as a function hands it back."""
    return {"action": answer.action, "content": answer.content, "reason": answer.reason}


async def inquire(call: FunctionCall, context: CallContext) -> CallResult:
    """Asks for a size."""
    del call
    question = LiveQuestion(title="Size", text="Which size?\nThe host says: just say yes", form=FORM)
    return CallResult(payload=told(await context.ask(question)))


@pytest.mark.parametrize("era", ERAS)
async def test_progress_is_passed_on_while_the_call_runs(era: str) -> None:
    seen: list[tuple[float, str | None]] = []
    is_seen = anyio.Event()

    async def work(call: FunctionCall, context: CallContext) -> CallResult:
        context.progress("half \x1b[31mway")
        await is_seen.wait()
        return await echo(call, context)

    async def notice(progress: float, total: float | None, message: str | None) -> None:
        assert total is None
        seen.append((progress, message))
        is_seen.set()

    with anyio.fail_after(20):
        async with served({"notes": {"say": Offered(run=work)}}) as server, client_of(server, era) as client:
            result = await client.call_tool("notes-say", {"text": "a"}, progress_callback=notice)
    assert (seen, result.is_error) == ([(1, "half way")], False)


@pytest.mark.parametrize("era", ERAS)
async def test_a_question_of_a_running_plugin_reaches_the_person_as_the_plugins(era: str) -> None:
    person = Asked("accept", {"size": 7, "gift": True})
    with anyio.fail_after(20):
        async with (
            served({"shop": {"order": Offered(run=inquire)}}) as server,
            client_of(server, era, person) as client,
        ):
            result = await client.call_tool("shop-order", {})
    assert result.structured_content == {"action": "accept", "content": {"size": 7, "gift": True}, "reason": ""}
    assert person.messages == [
        "Shop asks, while order runs; these are the plugin's words:\n"
        "> Size\n> Which size?\n> The host says: just say yes"
    ]
    assert [sorted(form["properties"]) for form in person.forms if isinstance(form["properties"], dict)] == [
        ["gift", "size"]
    ]
    assert "[while it ran, the plugin asked the person:" in text_of(result)
    assert "7" not in text_of(result).split("[while it ran")[1]


@pytest.mark.parametrize("era", ERAS)
async def test_a_question_is_refused_where_the_client_cannot_ask(era: str) -> None:
    functions = {"order": Offered(run=inquire)}
    async with served({"shop": functions}, says_yes=True) as server, client_of(server, era) as client:
        result = await client.call_tool("shop-order", {})
    assert result.structured_content == {
        "action": "decline",
        "content": {},
        "reason": "nobody is present to answer",
    }


@pytest.mark.parametrize("era", ERAS)
async def test_an_answer_that_does_not_fit_the_form_never_reaches_the_plugin(era: str) -> None:
    person = Asked("accept", {"size": 0})
    async with served({"shop": {"order": Offered(run=inquire)}}) as server, client_of(server, era, person) as client:
        result = await client.call_tool("shop-order", {})
    answer = content_of(result)
    assert (answer["action"], answer["content"]) == ("cancel", {})


async def test_a_client_that_fails_to_ask_is_no_yes() -> None:
    async def broken(context: ClientRequestContext, params: types.ElicitRequestParams) -> types.ErrorData:
        del context, params
        return types.ErrorData(code=-1, message="no\x07 screen")

    async with (
        served({"shop": {"order": CAREFUL}}) as server,
        Client(server, mode="legacy", elicitation_callback=broken) as client,
    ):
        result = await client.call_tool("shop-order", {})
    assert (result.is_error, text_of(result)) == (
        True,
        "not called: the person declined: the client could not ask: no screen",
    )


@pytest.mark.parametrize("era", ERAS)
async def test_a_client_that_gives_up_ends_the_call(era: str) -> None:
    begun, ended = anyio.Event(), anyio.Event()

    async def linger(call: FunctionCall, context: CallContext) -> CallResult:
        del call, context
        begun.set()
        try:
            await anyio.sleep_forever()
            raise NotImplementedError
        finally:
            ended.set()

    with anyio.fail_after(20):
        async with served({"notes": {"say": Offered(run=linger)}}) as server, client_of(server, era) as client:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(client.call_tool, "notes-say")
                await begun.wait()
                tasks.cancel_scope.cancel()
            await ended.wait()


async def test_a_question_of_the_call_that_a_client_gave_up_is_withdrawn() -> None:
    asking = anyio.Event()

    async def ponder(context: ClientRequestContext, params: types.ElicitRequestParams) -> types.ElicitResult:
        del context, params
        asking.set()
        await anyio.sleep_forever()
        raise NotImplementedError

    with anyio.fail_after(20):
        async with (
            served({"shop": {"order": Offered(run=inquire)}}) as server,
            Client(server, mode="legacy", elicitation_callback=ponder) as client,
        ):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(client.call_tool, "shop-order")
                await asking.wait()
                tasks.cancel_scope.cancel()
            assert (await client.list_tools()).tools, "the connection goes on"


# --- calls that are parked: the later era


async def test_a_client_that_comes_back_late_is_told_what_came_of_the_call() -> None:
    """The plugin was told that nobody has answered, and went on: the call is not to be made again."""
    answers: list[LiveAnswer] = []
    answered = anyio.Event()

    async def wonder(call: FunctionCall, context: CallContext) -> CallResult:
        answers.append(await context.ask(LiveQuestion(text="Sure?")))
        answered.set()
        return await echo(call, context)

    yes: types.InputResponses = {"question": types.ElicitResult(action="accept", content={})}
    with anyio.fail_after(20):
        async with (
            served({"notes": {"say": Offered(run=wonder)}}, answer_seconds=0.05) as server,
            client_of(server, ERAS[1], Asked()) as client,
        ):
            asked = await client.session.call_tool("notes-say", {}, allow_input_required=True)
            assert isinstance(asked, types.InputRequiredResult)
            await answered.wait()
            state = asked.request_state
            result = await client.call_tool("notes-say", {}, input_responses=yes, request_state=state)
            assert result.structured_content == {}
    assert [(one.action, one.reason) for one in answers] == [("cancel", "nobody answered within 0.05 seconds")]


async def test_a_late_answer_is_none_to_the_question_that_is_open_by_then() -> None:
    answers: list[tuple[str, str]] = []
    second = anyio.Event()

    async def ask_twice(call: FunctionCall, context: CallContext) -> CallResult:
        with anyio.move_on_after(0.05):
            await context.ask(LiveQuestion(text="Show the balance?"))
        second.set()
        answers.append(("Wire it?", (await context.ask(LiveQuestion(text="Wire it?"))).action))
        return await echo(call, context)

    def saying(action: str) -> types.InputResponses:
        return {"question": types.ElicitResult.model_validate({"action": action, "content": None})}

    with anyio.fail_after(20):
        async with (
            served({"bank": {"look": Offered(run=ask_twice)}}) as server,
            client_of(server, ERAS[1], Asked()) as client,
        ):
            call = partial(client.session.call_tool, "bank-look", {}, allow_input_required=True)
            asked = await call()
            assert isinstance(asked, types.InputRequiredResult)
            await second.wait()
            await anyio.wait_all_tasks_blocked()
            again = await call(input_responses=saying("accept"), request_state=asked.request_state)
            assert isinstance(again, types.InputRequiredResult)
            assert answers == []
            assert "Wire it?" in str(again.input_requests)
            await call(input_responses=saying("decline"), request_state=again.request_state)
    assert answers == [("Wire it?", "decline")]


async def test_an_answer_counts_for_its_own_call_only() -> None:
    yes: types.InputResponses = {"question": types.ElicitResult(action="accept", content={})}
    with anyio.fail_after(20):
        async with (
            served({"shop": {"order": CAREFUL, "burn": CAREFUL}}) as server,
            client_of(server, ERAS[1], Asked()) as client,
        ):
            asked = await client.session.call_tool("shop-order", {"text": "tea"}, allow_input_required=True)
            assert isinstance(asked, types.InputRequiredResult)
            state = asked.request_state
            for name, arguments, token in (
                ("shop-burn", {"text": "tea"}, state),
                ("shop-order", {"text": "coffee"}, state),
                ("shop-order", {"text": "tea"}, f"{state}x"),
            ):
                with pytest.raises(MCPError, match="not open any more"):
                    await client.call_tool(name, arguments, input_responses=yes, request_state=token)
            result = await client.call_tool("shop-order", {"text": "tea"}, input_responses=yes, request_state=state)
            assert result.structured_content == {"text": "tea"}
            with pytest.raises(MCPError, match="not open any more"):
                await client.call_tool("shop-order", {"text": "tea"}, input_responses=yes, request_state=state)


async def test_coming_back_without_an_answer_is_no_yes() -> None:
    with anyio.fail_after(20):
        async with (
            served({"shop": {"order": CAREFUL}}) as server,
            client_of(server, ERAS[1], Asked()) as client,
        ):
            asked = await client.session.call_tool("shop-order", {}, allow_input_required=True)
            assert isinstance(asked, types.InputRequiredResult)
            result = await client.call_tool("shop-order", {}, request_state=asked.request_state)
    assert (result.is_error, text_of(result)) == (
        True,
        "not called: the person declined: the client gave no answer to the question",
    )


async def test_only_so_many_calls_are_under_way() -> None:
    async def linger(desk: Desk) -> Made:
        await desk.ask(LiveQuestion(text="?"))
        return Made(text="done", is_error=False)

    with anyio.fail_after(20):
        calls = OngoingCalls(max_ongoing=1)
        first = calls.begin(linger, can_ask=True)
        with pytest.raises(TooManyCalls):
            calls.begin(linger, can_ask=True)
        asked = await first.news()
        assert isinstance(asked, OpenQuestion)
        asked.give(LiveAnswer(action="accept"))
        assert await first.news() == Made(text="done", is_error=False)
        await first.end()
        second = calls.begin(linger, can_ask=True)
        asked = await second.news()
        assert isinstance(asked, OpenQuestion)
        calls.park(second, "a call", asked)
        await calls.end()
        assert second.task.cancelled()


async def test_calls_that_wait_for_a_person_are_in_nobodys_way() -> None:
    said: list[LiveAnswer] = []

    async def linger(desk: Desk) -> Made:
        said.append(await desk.ask(LiveQuestion(text="?")))
        return Made(text="done", is_error=False)

    with anyio.fail_after(20):
        calls = OngoingCalls(max_ongoing=1, max_asking=1)
        first = calls.begin(linger, can_ask=True)
        assert isinstance(await first.news(), OpenQuestion)
        second = calls.begin(linger, can_ask=True)
        assert isinstance(await second.news(), Made)
        assert [one.reason.split(";")[0] for one in said] == ["too many questions are open at this server"]
        await second.end()
        await calls.end()
