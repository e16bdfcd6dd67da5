"""Clients over HTTP in this process: sessions read for themselves, and those without one share what they have read."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
import httpx2
import mcp_types as types
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from orchestrator.mcp_server.eliciting import as_answer, as_request, can_ask, can_lead
from orchestrator.mcp_server.http import Address, listening, serve_http
from runtimes.base import CallContext, CallResult, FunctionCall
from runtimes.questions import LiveAnswer, LiveQuestion
from tests.orchestrator.mcp_server.programs import Asked, Offered, served

KEPT_APART = {"mail": {"read": Offered(handling=())}, "web": {"look": Offered(handling=())}}
"""Two plugins whose data must not meet."""


@asynccontextmanager
async def at(plugins: dict[str, dict[str, Offered]]) -> AsyncGenerator[str]:
    """The URL of a server without a token."""
    address = Address()
    async with served(plugins) as server:
        with listening(address) as (listener, url):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(serve_http, server, listener, address, None)
                yield url
                tasks.cancel_scope.cancel()


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


async def test_a_client_that_hangs_up_ends_its_call() -> None:
    begun, ended = anyio.Event(), anyio.Event()

    async def linger(call: FunctionCall, context: CallContext) -> CallResult:
        del call, context
        begun.set()
        try:
            await anyio.sleep_forever()
            raise NotImplementedError
        finally:
            ended.set()

    with anyio.fail_after(30):
        async with at({"mail": {"read": Offered(run=linger)}}) as url, client_at(url, "auto") as client:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(client.call_tool, "mail-read")
                await begun.wait()
                tasks.cancel_scope.cancel()
            await ended.wait()


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
