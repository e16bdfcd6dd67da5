"""Requests that fail: what is repeated, what is an error, and what the error says."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import anyio
import pytest

from orchestrator.errors import ModelError
from orchestrator.model.base import (
    ReplyEnd,
    RetryNotice,
    TextPart,
)
from orchestrator.model.completion_client import MAX_DOCUMENT_BYTES, MAX_ERROR_BYTES
from orchestrator.model.completion_limits import MAX_RETRY_AFTER_SECONDS, RequestLimits
from orchestrator.model.endpoint import MAX_MESSAGE_CHARS
from runtimes.values import JsonObject
from tests.orchestrator.model.asking import (
    ANSWER,
    ASK,
    PATIENT,
    deltas_of,
    model_at,
    reasoned,
    text_of,
    until_error,
)
from tests.servers.loopback import Chunked, Raw, Response, json_response, text_response
from tests.servers.openai_server import (
    EVENT_STREAM,
    Events,
    Failure,
    Reply,
    ScriptedAnswer,
    call,
    openai_server,
)

pytestmark = pytest.mark.usefixtures("carrier")

BUSY = RetryNotice(attempt=2, delay=0.0, reason="too many requests (429)")


async def test_a_busy_server_is_asked_again_after_the_time_it_names() -> None:
    deltas = await reasoned(Failure(status=429, headers=(("Retry-After", "0"),)), Reply(text="Hi"))
    assert deltas[0] == BUSY
    assert text_of(deltas) == "Hi"


async def test_a_date_in_retry_after_is_understood() -> None:
    past = format_datetime(datetime.now(UTC) - timedelta(minutes=1), usegmt=True)
    limits = RequestLimits(first_delay=100)
    deltas = await reasoned(Failure(status=429, headers=(("Retry-After", past),)), Reply(text="Hi"), limits=limits)
    assert deltas[0] == BUSY


@pytest.mark.parametrize("wait", ["soon", "nan", "-5", "", "Mon, 01 Jan 99999999999 00:00:00 GMT"])
async def test_a_retry_after_that_makes_no_sense_is_passed_over(wait: str) -> None:
    deltas = await reasoned(Failure(status=429, headers=(("Retry-After", wait),)), Reply(text="Hi"))
    assert deltas[0] == BUSY


async def test_an_endless_retry_after_is_cut() -> None:
    script: list[ScriptedAnswer] = [Failure(status=503, headers=(("Retry-After", "86400"),))]
    async with openai_server(script) as server, model_at(server) as model, aclosing(model.reason(ASK)) as deltas:
        with anyio.fail_after(5):
            notice = await anext(deltas)
    assert notice == RetryNotice(attempt=2, delay=MAX_RETRY_AFTER_SECONDS, reason="the server failed (503)")


async def test_no_repeat_begins_after_the_deadline() -> None:
    script: list[ScriptedAnswer] = [Failure(status=503, headers=(("Retry-After", "50"),))]
    async with openai_server(script) as server, model_at(server, RequestLimits(deadline=40)) as model:
        with pytest.raises(ModelError, match=r"failed \(503\)"):
            await deltas_of(model.reason(ASK))


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 529])
async def test_failures_that_pass_are_repeated(status: int) -> None:
    deltas = await reasoned(Failure(status=status), Failure(status=status), Reply(text="Hi"))
    assert [delta.attempt for delta in deltas if isinstance(delta, RetryNotice)] == [2, 3]
    assert text_of(deltas) == "Hi"


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(Reply(text="Hi", cut_after=0), id="cut before the first event"),
        pytest.param(Reply(calls=(call("f", {"a": 1}),), cut_after=3), id="cut in the middle of a call"),
        pytest.param(Events(events=({"choices": []},)), id="ended before it was complete"),
        pytest.param(Raw(), id="connection dropped"),
    ],
)
async def test_a_reply_that_breaks_off_before_its_first_text_is_asked_for_again(broken: ScriptedAnswer) -> None:
    deltas = await reasoned(broken, Reply(text="Hi"))
    assert isinstance(deltas[0], RetryNotice)
    assert text_of(deltas) == "Hi"


async def test_a_silent_server_is_given_up_and_asked_again() -> None:
    never = anyio.Event()
    script: list[ScriptedAnswer] = [Failure(status=500, gate=never), Reply(text="Hi", gates={0: never})]
    async with (
        openai_server(script) as server,
        model_at(server, RequestLimits(idle=0.05, attempts=2, first_delay=0)) as m,
    ):
        with pytest.raises(ModelError, match="did not answer in time"):
            await deltas_of(m.reason(ASK))
        assert len(server.requests) == 2


@pytest.mark.parametrize(
    "broken",
    [
        Reply(text="Two homes found", cut_after=3),
        Events(events=({"choices": [{"delta": {"content": "Two homes"}}]},)),
        Events(events=({"choices": [{"delta": {"content": "Two homes"}}]},), cut=True),
    ],
)
async def test_nothing_is_repeated_once_text_has_been_given(broken: ScriptedAnswer) -> None:
    async with openai_server([broken, Reply(text="again")]) as server, model_at(server) as model:
        seen, error = await until_error(model.reason(ASK))
        assert len(server.requests) == 1
    assert "broke off in the middle" in str(error)
    assert text_of(seen) == "Two homes"
    assert all(isinstance(delta, TextPart) for delta in seen)


async def test_a_server_that_stays_down_is_given_up_after_the_last_attempt() -> None:
    async with openai_server([Failure(status=500, message="no GPU")] * 9) as server, model_at(server) as model:
        with pytest.raises(ModelError) as raised:
            await deltas_of(model.reason(ASK))
    host = server.url.split("/")[2]
    assert str(raised.value) == f"the model 'fake-1' at {host} failed (500): no GPU; try again later"
    assert len(server.requests) == PATIENT.attempts


# --- errors


@pytest.mark.parametrize(
    ("failure", "message"),
    [
        (Failure(status=401, message="key secret-key"), "does not accept the key (401); check OPENAI_API_KEY"),
        (
            Failure(status=403, message="not for secret-key, see http://x/y?k=1"),
            "is not open to this key (403): not for ***, see http://x/y; check what OPENAI_API_KEY may use",
        ),
        (
            Failure(status=404, message="no such model"),
            "is not there (404): no such model; check the model's name and OPENAI_BASE_URL",
        ),
        (Failure(status=400, message="too\nlong\x1b[31m"), "refused the request (400): too long [31m"),
        (Failure(status=307), "is somewhere else (307); set OPENAI_BASE_URL to where it is"),
        (text_response("<html>no</html>", status=400), "refused the request (400)"),
        (
            text_response("<html>hello</html>", content_type="text/html"),
            "answered with a web page; check OPENAI_BASE_URL",
        ),
        (Events(events=({"error": {"message": "overloaded"}},)), "broke the reply off: overloaded"),
        (Events(events=({"error": {"message": "bad secret-key"}},)), "broke the reply off: bad ***"),
        (
            Events(events=({"error": "x" * (MAX_MESSAGE_CHARS - 6) + "secret-key"},)),
            f"broke the reply off: {'x' * (MAX_MESSAGE_CHARS - 6)}***",
        ),
        (Events(events=(b"data: {oops\n\n",)), "sent a reply that is not JSON; check OPENAI_BASE_URL"),
    ],
)
async def test_a_refusal_says_in_one_line_what_to_do_and_is_not_repeated(failure: ScriptedAnswer, message: str) -> None:
    async with openai_server([failure]) as server, model_at(server) as model:
        with pytest.raises(ModelError) as raised:
            await deltas_of(model.reason(ASK))
        assert len(server.requests) == 1
    assert str(raised.value) == f"the model 'fake-1' at {server.url.split('/')[2]} {message}"


async def test_a_used_up_quota_is_not_waited_for() -> None:
    with pytest.raises(ModelError, match=r"used up .*check the account's plan"):
        await reasoned(Failure(status=429, code="insufficient_quota"))


async def test_a_server_that_is_not_there_is_named() -> None:
    async with openai_server() as server:
        pass
    async with model_at(server) as model:
        with pytest.raises(
            ModelError, match=r"cannot reach the model 'fake-1' at 127\.0\.0\.1:\d+: is the server running"
        ):
            await deltas_of(model.reason(ASK))


async def test_an_endless_error_is_read_to_its_limit() -> None:
    body = b'{"error":{"message":"' + b"x" * (2 * MAX_ERROR_BYTES) + b'"}}'
    with pytest.raises(ModelError, match=r"refused the request \(400\)$"):
        await reasoned(Response(status=400, headers=(("Content-Type", "application/json"),), body=body))


async def test_an_endless_document_is_refused() -> None:
    body = b" " * (MAX_DOCUMENT_BYTES + 1)
    with pytest.raises(ModelError, match="longer than"):
        await reasoned(Response(headers=(("Content-Type", "application/json"),), body=body))


async def test_an_endless_line_is_refused() -> None:
    with pytest.raises(ModelError, match="cannot be read: a line"):
        await reasoned(Events(events=(b"data: " + b"x" * 2_000_000,)))


async def test_a_stream_that_trickles_past_the_deadline_is_an_error() -> None:
    async def thinking() -> AsyncIterator[bytes]:
        while True:
            yield b": still thinking\n\n"

    with pytest.raises(ModelError, match="took too long"):
        await reasoned(Chunked(headers=EVENT_STREAM, chunks=thinking()), limits=RequestLimits(deadline=0.2))


async def test_a_reply_whose_end_was_seen_is_complete_without_the_last_event() -> None:
    chunk: JsonObject = {"choices": [{"delta": {"content": "Hi"}, "finish_reason": "stop"}]}
    assert await reasoned(Events(events=(chunk,), cut=True)) == [TextPart(text="Hi"), ReplyEnd()]


async def test_a_server_that_refuses_stream_options_is_asked_without_them_from_then_on() -> None:
    script: list[ScriptedAnswer] = [
        Failure(status=400, message="unknown field: stream_options"),
        Reply(text="a"),
        Reply(text="b"),
    ]
    async with openai_server(script) as server, model_at(server) as model:
        assert text_of(await deltas_of(model.reason(ASK))) == "a"
        assert text_of(await deltas_of(model.reason(ASK))) == "b"
    assert ["stream_options" in request.body for request in server.requests] == [True, False, False]


EMPTY = [
    pytest.param(json_response({}), id="an empty document"),
    pytest.param(Events(events=(b"data: [DONE]\n\n",)), id="nothing but the last event"),
    pytest.param(Reply(text=" \n"), id="white space"),
]


@pytest.mark.parametrize("empty", EMPTY)
async def test_an_answer_with_nothing_in_it_is_an_error(empty: ScriptedAnswer) -> None:
    async with openai_server([empty]) as server, model_at(server) as model:
        with pytest.raises(ModelError, match=r"^the model 'fake-1' wrote nothing when asked for an answer; ask again$"):
            await deltas_of(model.respond(ANSWER))


@pytest.mark.parametrize("empty", EMPTY)
async def test_reasoning_may_say_nothing(empty: ScriptedAnswer) -> None:
    deltas = await reasoned(empty)
    assert isinstance(deltas[-1], ReplyEnd)
    assert not text_of(deltas).strip()


async def test_an_answer_may_be_calls_alone() -> None:
    async with openai_server([Reply(calls=(call("f", {"a": 1}),))]) as server, model_at(server) as model:
        (end,) = await deltas_of(model.respond(ANSWER))
    assert isinstance(end, ReplyEnd)
    assert [one.tool for one in end.calls] == ["f"]
