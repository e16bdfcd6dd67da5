"""Clients over HTTP in this process: sessions read for themselves, and those without one share what they have read."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import ClassVar
from urllib.parse import urlsplit

import anyio
import anyio.abc
import httpx2
import mcp_types as types
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError

from orchestrator.mcp_server.connections import PatientProtocol
from orchestrator.mcp_server.eliciting import as_answer, as_request, can_ask, can_lead
from orchestrator.mcp_server.http import Address, listening, serve_http
from runtimes.base import CallContext, CallResult, FunctionCall
from runtimes.questions import LiveAnswer, LiveQuestion
from runtimes.values import JsonObject
from tests.orchestrator.mcp_server.programs import Asked, Offered, hosted, never

KEPT_APART = {"mail": {"read": Offered(handling=())}, "web": {"look": Offered(handling=())}}
"""Two plugins whose data must not meet."""


class Serving:
    """A server that a test ends."""

    def __init__(self, url: str, scope: anyio.CancelScope, over: anyio.Event) -> None:
        self.url = url
        self._scope = scope
        self._over = over

    async def end(self) -> None:
        self._scope.cancel()
        await self._over.wait()


@asynccontextmanager
async def served_until(
    plugins: dict[str, dict[str, Offered]], connection: type[PatientProtocol] = PatientProtocol
) -> AsyncGenerator[Serving]:
    """A server without a token, ended at last at the end."""
    address, scope, over = Address(), anyio.CancelScope(), anyio.Event()
    async with hosted(plugins) as (server, offered):
        with listening(address) as (listener, url):

            async def serve() -> None:
                with scope:
                    await serve_http(server, listener, address, None, ended=offered.forget, connection=connection)
                over.set()

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(serve)
                yield Serving(url, scope, over)
                scope.cancel()


@asynccontextmanager
async def at(
    plugins: dict[str, dict[str, Offered]], connection: type[PatientProtocol] = PatientProtocol
) -> AsyncGenerator[str]:
    """The URL of a server without a token."""
    async with served_until(plugins, connection) as serving:
        yield serving.url


@asynccontextmanager
async def client_at(url: str, era: str, person: Asked | None = None) -> AsyncGenerator[Client]:
    async with (
        httpx2.AsyncClient(timeout=20, trust_env=False) as http,
        Client(streamable_http_client(url, http_client=http), mode=era, elicitation_callback=person) as client,
    ):
        yield client


async def is_refused(client: Client, name: str) -> bool:
    return (await client.call_tool(name, {"text": "a"})).is_error


@pytest.mark.parametrize(("era", "is_shared"), [("legacy", False), ("auto", True)])
async def test_what_a_client_has_read_counts_for_its_session_or_for_all_that_have_none(
    era: str, *, is_shared: bool
) -> None:
    with anyio.fail_after(30):
        async with at(KEPT_APART) as url, client_at(url, era) as first, client_at(url, era) as second:
            assert not await is_refused(first, "mail-read")
            assert await is_refused(first, "web-look")
            assert await is_refused(second, "web-look") is is_shared


@pytest.mark.parametrize("era", ["legacy", "auto"])
async def test_a_person_is_asked_over_http(era: str) -> None:
    person = Asked()
    careful = Offered(reads=False, handling=("ResourceStateUpdate",))
    with anyio.fail_after(30):
        async with at({"mail": {"send": careful}}) as url, client_at(url, era, person) as client:
            assert not await is_refused(client, "mail-send")
    assert len(person.messages) == 1


class Lingering:
    """A function that goes on until it is ended."""

    def __init__(self) -> None:
        self.begun, self.ended = anyio.Event(), anyio.Event()
        self.plugins = {"mail": {"read": Offered(run=self.linger)}, "web": {"look": Offered()}}

    async def linger(self, call: FunctionCall, context: CallContext) -> CallResult:
        del call, context
        self.begun.set()
        try:
            await anyio.sleep_forever()
            raise NotImplementedError
        finally:
            self.ended.set()


async def test_a_client_that_hangs_up_ends_its_call() -> None:
    function = Lingering()
    with anyio.fail_after(30):
        async with at(function.plugins) as url, client_at(url, "auto") as client:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(client.call_tool, "mail-read")
                await function.begun.wait()
                tasks.cancel_scope.cancel()
            await function.ended.wait()


HELLO: JsonObject = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}


def said(number: int | None, method: str, params: JsonObject) -> JsonObject:
    return {"jsonrpc": "2.0", "method": method, "params": params, **({} if number is None else {"id": number})}


@asynccontextmanager
async def session_at(url: str) -> AsyncGenerator[tuple[httpx2.AsyncClient, dict[str, str]]]:
    """A client without a library, and the header fields of its session."""
    accepted = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}
    async with httpx2.AsyncClient(timeout=20, trust_env=False, headers=accepted) as http:
        hello = await http.post(url, json=said(1, "initialize", HELLO))
        session = {"Mcp-Session-Id": hello.headers["mcp-session-id"]}
        await http.post(url, headers=session, json=said(None, "notifications/initialized", {}))
        yield http, session


async def test_an_argument_that_is_no_number_is_not_left_out() -> None:
    call = b'{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"mail-read","arguments":{"text":NaN}}}'
    with anyio.fail_after(30):
        async with at({"mail": {"read": Offered(run=never)}}) as url, session_at(url) as (http, session):
            answer = await http.post(url, headers=session, content=call)
    assert "hold what is no JSON" in answer.text


async def test_with_a_session_hanging_up_is_no_cancelling_and_ending_the_session_is() -> None:
    """The handshake era: the connection may have broken, and a client may come back for the answer."""
    function = Lingering()
    with anyio.fail_after(30):
        async with at(function.plugins) as url, session_at(url) as (http, session):
            async with anyio.create_task_group() as tasks:
                call = said(2, "tools/call", {"name": "mail-read", "arguments": {}})
                tasks.start_soon(partial(http.post, url, headers=session, json=call))
                await function.begun.wait()
                tasks.cancel_scope.cancel()
            look = said(3, "tools/call", {"name": "web-look", "arguments": {}})
            assert (await http.post(url, headers=session, json=look)).status_code == 200
            assert not function.ended.is_set()
            assert (await http.delete(url, headers=session)).status_code == 200
            await function.ended.wait()


async def test_a_session_that_has_ended_has_nothing_in_view() -> None:
    with anyio.fail_after(30):
        async with hosted(KEPT_APART) as (server, offered):
            address, over = Address(), anyio.Event()

            def ended(session: str) -> None:
                assert session
                offered.forget(session)
                over.set()

            with listening(address) as (listener, url):
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(partial(serve_http, ended=ended), server, listener, address, None)
                    async with client_at(url, "legacy") as client:
                        assert not await is_refused(client, "mail-read")
                        assert await is_refused(client, "web-look")
                        assert not over.is_set()
                    await over.wait()
                    tasks.cancel_scope.cancel()


async def test_a_server_that_is_ended_leaves_nobody_waiting_and_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """A call is under way, and the client listens besides."""
    function, outcomes = Lingering(), list[str]()

    async def call(client: Client) -> None:
        try:
            await client.call_tool("mail-read")
        except MCPError as error:
            outcomes.append(type(error).__name__)

    with anyio.fail_after(30), caplog.at_level(logging.WARNING):
        for era in ("legacy", "auto"):
            function.begun, function.ended = anyio.Event(), anyio.Event()
            async with AsyncExitStack() as stack:
                url = await stack.enter_async_context(served_until(function.plugins))
                client = await stack.enter_async_context(client_at(url.url, era))
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(call, client)
                    await function.begun.wait()
                    await url.end()
                assert function.ended.is_set()
    assert outcomes == ["MCPError"] * 2
    assert [one.getMessage() for one in caplog.records if one.name.startswith(("uvicorn", "mcp.server"))] == []


async def hung_up(stream: anyio.abc.SocketStream) -> bool:
    """True once the other side has closed it."""
    try:
        await stream.receive()
    except (anyio.EndOfStream, anyio.BrokenResourceError):
        return True
    return False


class Hasty(PatientProtocol):
    head_seconds: ClassVar[float] = 0.05


class Crowded(PatientProtocol):
    head_seconds: ClassVar[float] = 600
    max_idle: ClassVar[int] = 2


async def test_whoever_connects_and_says_nothing_is_cut_off() -> None:
    with anyio.fail_after(30):
        async with at({"mail": {"read": Offered()}}, Hasty) as url:
            for begun in (b"", b"POST /mcp HTTP/1.1\r\nHost: a"):
                async with await anyio.connect_tcp("127.0.0.1", urlsplit(url).port or 0) as silent:
                    if begun:
                        await silent.send(begun)
                    assert await hung_up(silent)


async def test_those_who_say_nothing_shut_nobody_out() -> None:
    with anyio.fail_after(30):
        async with at({"mail": {"read": Offered()}}, Crowded) as url, AsyncExitStack() as stack:
            silent = [
                await stack.enter_async_context(await anyio.connect_tcp("127.0.0.1", urlsplit(url).port or 0))
                for _ in range(4)
            ]
            assert await hung_up(silent[0])
            assert await hung_up(silent[1])
            async with client_at(url, "auto") as client:
                assert not await is_refused(client, "mail-read")


async def test_who_is_told_of_the_address_can_connect_at_once() -> None:
    with listening(Address()) as (_, url), anyio.fail_after(10):
        async with await anyio.connect_tcp("127.0.0.1", urlsplit(url).port or 0):
            pass


@pytest.mark.parametrize(
    ("ways", "form", "page"),
    [
        (None, False, False),
        (types.ElicitationCapability(), True, False),
        (types.ElicitationCapability(form=types.FormElicitationCapability()), True, False),
        (types.ElicitationCapability(url=types.UrlElicitationCapability()), False, True),
    ],
)
def test_a_client_is_asked_in_the_ways_that_it_knows(
    ways: types.ElicitationCapability | None, *, form: bool, page: bool
) -> None:
    capabilities = types.ClientCapabilities(elicitation=ways)
    assert (can_ask(capabilities), can_lead(capabilities)) == (form, page)
    assert not can_ask(None)


def test_questions_and_answers_are_what_the_protocol_has() -> None:
    page = as_request(LiveQuestion(text="Look", url="https://homes.example/1")).params
    assert isinstance(page, types.ElicitRequestURLParams)
    assert (page.message, page.url) == ("Look", "https://homes.example/1")
    given = types.ElicitResult(action="accept", content={"a": ["x"], "b": None})
    assert as_answer(given) == LiveAnswer(action="accept", content={"a": ["x"], "b": None})
    assert as_answer(types.ElicitResult(action="decline", content={"a": 1})) == LiveAnswer(action="decline")
    assert as_answer(types.ListRootsResult(roots=[])).action == "cancel"
