"""What goes to an MCP server over HTTP, and what is let back in. Issue 10."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from functools import cached_property

import anyio
import httpx2
import pytest

from auth import AuthReference, CredentialUse, Flow, Secret
from runtimes.base import RuntimeServices
from runtimes.errors import InvocationError
from runtimes.http import HttpRequest, HttpResponse
from runtimes.mcp.answers import MAX_MESSAGE_BYTES
from runtimes.mcp.authorization import previewed, sign_in
from runtimes.mcp.flights import GIVEN_UP
from runtimes.mcp.http import MAX_CALL_BYTES, open_http
from runtimes.values import JsonObject
from tests.runtimes.mcp.lines import OLD, TOKEN, PersonsVault, opened, spec_of
from tests.servers.loopback import Answer, Chunked, LoopbackServer, Raw, Request, Response, json_response, serve

OPEN = AuthReference()


def said(result: str, id: int = 1) -> Response:
    return json_response({"jsonrpc": "2.0", "id": id, "result": result})


def events(*pieces: str) -> Chunked:
    async def chunks() -> AsyncGenerator[bytes]:
        for piece in pieces:
            yield piece.encode()

    return Chunked(chunks=chunks(), headers=(("Content-Type", "text/event-stream"),))


def only(token: str, challenge: str = 'Bearer error="invalid_token"') -> Callable[[Request], Answer]:
    """The answer of a server that takes one token."""

    def answer(request: Request) -> Answer:
        if request.header("authorization") == f"Bearer {token}":
            return said("hello")
        return Response(status=401, headers=(("WWW-Authenticate", challenge),))

    return answer


def always(answer: Answer) -> Callable[[Request], Answer]:
    return lambda request: answer


def mcp(server: LoopbackServer) -> str:
    return f"{server.url}/mcp"


def brought(server: LoopbackServer) -> list[str | None]:
    return [request.header("authorization") for request in server.requests]


async def failed(answer: Answer | Callable[[Request], Answer], *, auth: AuthReference | None = None) -> InvocationError:
    """The failure of a call that is answered so."""

    async def handler(request: Request) -> Answer:
        return answer(request) if callable(answer) else answer

    async with serve(handler) as server:
        if auth is None:
            async with opened(mcp(server)) as one:
                return await one.failure()
        async with opened(mcp(server), auth=auth) as one:
            return await one.failure()


async def test_each_request_has_the_token_of_the_person_for_this_server_alone() -> None:
    vault = PersonsVault()

    async def handler(request: Request) -> Answer:
        return only(TOKEN)(request)

    async with serve(handler) as server, opened(mcp(server), vault=vault) as one:
        assert (await one.ask()).json()["result"] == "hello"
        async with one.line.client() as client:
            await client.delete(one.url)
        assert brought(server) == [f"Bearer {TOKEN}"] * 2
        [use, _] = vault.uses
        assert (use.reference, use.person, use.plugin, use.origin) == ("desk", "ada", "desk", server.url)
        assert vault.statuses == []


async def test_a_runtime_without_auth_is_asked_bare() -> None:
    async def handler(request: Request) -> Answer:
        return said("hello")

    vault = PersonsVault()
    async with serve(handler) as server, opened(mcp(server), vault=vault, auth=OPEN) as one:
        assert (await one.ask()).json()["result"] == "hello"
    assert brought(server) == [None]
    assert vault.uses == []


async def test_a_token_that_is_not_taken_is_renewed_once() -> None:
    async def handler(request: Request) -> Answer:
        return only(TOKEN)(request)

    vault = PersonsVault(tokens=(OLD, TOKEN))
    async with serve(handler) as server, opened(mcp(server), vault=vault) as one:
        assert (await one.ask()).json()["result"] == "hello"
    assert brought(server) == [f"Bearer {OLD}", f"Bearer {TOKEN}"]
    assert vault.statuses == [401]


async def test_where_no_token_is_taken_the_person_has_to_sign_in() -> None:
    async def handler(request: Request) -> Answer:
        return only("another")(request)

    async with serve(handler) as server, opened(mcp(server), vault=PersonsVault(tokens=(OLD,))) as one:
        failure = await one.failure()
        assert failure.not_executed == "sign-in"
        assert "`orchestrator auth login desk`" in str(failure)
        assert one.line.status is None
    assert OLD not in str(failure)


async def test_nothing_is_sent_for_whoever_has_not_signed_in() -> None:
    vault = PersonsVault(tokens=())
    async with serve(_never) as server, opened(mcp(server), vault=vault) as one:
        failure = await one.failure()
        wanted = await sign_in(one.url, one.services, spec_of(one.url), "ada")
    assert failure.is_unsent
    assert f"the MCP server {server.url} needs a credential" in str(failure)
    assert wanted is not None
    assert (wanted.name, wanted.kind) == ("desk", "login")
    assert server.requests == []


async def _never(request: Request) -> Answer:
    raise NotImplementedError


async def test_nobody_has_to_sign_in_with_a_token_or_to_a_server_that_wants_none() -> None:
    async with opened("http://127.0.0.1:9/mcp") as one:
        assert await sign_in(one.url, one.services, spec_of(one.url), "ada") is None
        assert await sign_in(one.url, one.services, spec_of(one.url, OPEN), "ada") is None


def test_a_preview_has_the_place_of_the_token_and_not_the_token() -> None:
    [attached] = previewed(spec_of("https://desk.example/mcp"))
    assert (attached.place, attached.name, attached.value.reveal()) == ("header", "Authorization", "Bearer ***")
    assert previewed(spec_of("https://desk.example/mcp", OPEN)) == ()


async def test_a_server_that_wants_a_sign_in_of_a_runtime_without_auth_says_what_the_manifest_needs() -> None:
    challenge = 'Bearer error="invalid_token", error_description="who\x07 are you"'
    failure = await failed(only(TOKEN, challenge.replace("\x07", "")), auth=OPEN)
    assert (failure.is_unsent, failure.not_executed) == (True, None)
    assert "its runtime has no auth" in failure.reason
    assert "OAuthPluginVault" in failure.reason
    assert "`orchestrator auth add REFERENCE_ID MANIFEST`" in failure.reason
    assert failure.quoted == "who are you"


@pytest.mark.parametrize(
    ("challenge", "words"),
    [
        ("", "does not allow that (HTTP 403)"),
        ('Bearer error="insufficient_scope"', "the login has too few scopes"),
        (
            'Bearer error="insufficient_scope", scope="files:read files:write"',
            "without the scopes files:read files:write; "
            "`orchestrator auth login --scope files:read --scope files:write desk` asks for them",
        ),
        ('Bearer error="insufficient_scope", scope="$(reboot) \x1b[2J"', "the scopes $(reboot)"),
    ],
)
async def test_a_refusal_says_which_scopes_are_missing(challenge: str, words: str) -> None:
    headers = (("WWW-Authenticate", challenge.replace("\x1b", "")),) if challenge else ()
    failure = await failed(Response(status=403, headers=headers))
    assert words in str(failure)
    assert failure.is_unsent
    assert "--scope $(" not in str(failure)  # what a shell reads is quoted


@pytest.mark.parametrize(
    ("answer", "cause", "is_unsent", "words"),
    [
        (Response(status=429), "rate", False, "asked too often"),
        (Response(status=503, body=b"<h1>busy</h1>"), None, False, "HTTP status 503"),
        (Raw(), None, False, "no usable answer"),
        (Raw(data=b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 70_000 + b"\r\n\r\n"), None, False, "65536 bytes"),
        (
            Raw(data=b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"),
            None,
            False,
            "no us",
        ),
        (
            Raw(data=b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n", refrain=b'"' * 65536),
            None,
            False,
            f"longer than {MAX_MESSAGE_BYTES} bytes",
        ),
        (Response(headers=(("Content-Encoding", "br"),), body=b"x"), None, False, "'br'"),
    ],
)
async def test_what_is_no_answer_is_told_and_never_raised(
    answer: Answer, cause: str | None, is_unsent: bool, words: str
) -> None:
    failure = await failed(answer)
    assert words in str(failure)
    assert (failure.not_executed, failure.is_unsent) == (cause, is_unsent)


async def test_a_server_that_is_not_there_was_not_asked() -> None:
    async with serve(_never) as server:
        gone = mcp(server)
    async with opened(gone) as one:
        assert (await one.failure()).not_executed == "connect"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://desk.example/mcp", "is not https"),
        ("https://10.0.0.7/mcp", "not a public address"),
        ("https://169.254.169.254/mcp", "metadata service"),
        ("https://[::1]/mcp", "not a public address"),
    ],
)
async def test_no_token_goes_out_in_the_clear_or_to_a_private_address(url: str, words: str) -> None:
    async with opened(url) as one:
        failure = await one.failure()
    assert words in str(failure)
    assert failure.is_unsent


@pytest.mark.parametrize(
    "url", ["", "ftp://desk.example", "https://ada:pw@desk.example/mcp", "https://desk.example/\n"]
)
async def test_a_url_that_is_never_asked_opens_no_line(url: str) -> None:
    with pytest.raises(InvocationError, match="nothing was sent") as caught:
        async with opened(url):
            raise NotImplementedError
    assert "pw" not in str(caught.value)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_token_never_follows_a_redirect_to_another_origin(status: int) -> None:
    async with serve(_never) as other:
        failure = await failed(Response(status=status, headers=(("Location", f"{other.url}/mcp?token=1"),)))
    assert other.requests == []
    assert f"redirects to {other.url} (HTTP {status}), which is not followed" in str(failure)
    assert failure.is_unsent == (status != 303)


@pytest.mark.parametrize("location", ["", "http://[", "javascript:alert(1)", "//user@127.0.0.1/", "\\\\evil.example"])
async def test_a_redirect_to_no_url_is_told_and_no_more(location: str) -> None:
    failure = await failed(Response(status=307, headers=(("Location", location),)))
    assert "which is not followed" in str(failure)


async def test_a_redirect_within_the_origin_is_left_to_the_transport() -> None:
    async def handler(request: Request) -> Answer:
        return Response(status=307, headers=(("Location", "/mcp/"), ("Set-Cookie", "a=b")))

    async with serve(handler) as server, opened(mcp(server)) as one:
        response = await one.ask()
        assert response.next_request is not None
        assert str(response.next_request.url) == f"{server.url}/mcp/"
        async with one.line.client() as client:
            await client.post(one.url, json={})
            await client.post(one.url, json={})
        assert [request.header("cookie") for request in server.requests] == [None] * 3


async def test_a_client_of_the_line_asks_no_other_origin() -> None:
    async with serve(_never) as other, serve(_never) as server, opened(mcp(server)) as one:
        async with one.line.client() as client:
            response = await client.post(f"{other.url}/mcp", json={"id": 1, "method": "tools/call"})
        failure = one.line.failure_of(response.json()["error"]["data"])
    assert failure is not None
    assert f"leads to {other.url}" in str(failure)
    assert (other.requests, server.requests) == ([], [])


@pytest.mark.parametrize("as_events", [True, False])
async def test_a_server_that_echoes_its_token_is_not_repeated(as_events: bool) -> None:
    async def handler(request: Request) -> Answer:
        token = request.header("authorization") or ""
        if not as_events:
            return said(token)
        half = len(token) // 2
        return events('data: {"x": "', token[:half], token[half:], '"}\n\n', "data: end\n\n")

    async with serve(handler) as server, opened(mcp(server)) as one:
        text = (await one.ask()).text
    assert TOKEN not in text
    assert "[secret" in text
    assert not as_events or text.endswith('"}\n\ndata: end\n\n')


BEGUN = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
"""Of a stream of events that ends with its connection."""


def last_event(text: str) -> str:
    """The data of the last event, where the ones before it are no messages."""
    *_, last = text.split("event: message\n")
    return last.removeprefix("data: ").strip()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Raw(data=BEGUN[:-2] + b"Transfer-Encoding: chunked\r\n\r\n6\r\ndata: \r\nzz"), "no usable answer"),
        (
            Raw(data=BEGUN + b"data: ", refrain=b"x" * 65536),
            f"a message of the MCP server is longer than {5 << 20} bytes",
        ),
        (Raw(data=BEGUN, refrain=b": going on\n" * 6000), f"longer than {MAX_CALL_BYTES} bytes"),
    ],
)
async def test_a_stream_that_breaks_off_ends_with_an_answer_that_says_so(answer: Answer, words: str) -> None:
    async with serve(_handler(answer)) as server, opened(mcp(server)) as one:
        text = (await one.ask()).text
        assert "\nevent: broken\n\nevent: message\n" in text
        failure = one.line.failure_of(json.loads(last_event(text))["error"]["data"])
    assert failure is not None
    assert words in str(failure)
    assert not failure.is_unsent


async def test_a_call_that_is_given_up_ends_its_request() -> None:
    async def handler(request: Request) -> Answer:
        if request.json() == GIVE_UP:
            return Response(status=202)

        async def chunks() -> AsyncGenerator[bytes]:
            yield b"data: {"
            await anyio.sleep_forever()

        return Chunked(chunks=chunks(), headers=(("Content-Type", "text/event-stream"),))

    async with serve(handler) as server, opened(mcp(server)) as one:
        texts: list[str] = []
        begun = anyio.Event()

        async def call() -> None:
            async with one.line.client() as client, client.stream("POST", one.url, json=CALL) as response:
                begun.set()
                texts.append((await response.aread()).decode())

        with anyio.fail_after(20):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(call)
                await begun.wait()
                assert (await one.send(GIVE_UP)).status_code == 202
        assert sorted(exchange.status or 0 for exchange in one.log) == [200, 202]
    assert json.loads(last_event(texts[0]))["error"]["message"] == GIVEN_UP


CALL: JsonObject = {"jsonrpc": "2.0", "id": 7, "method": "tools/call"}
GIVE_UP: JsonObject = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 7}}


class SlowVault(PersonsVault):
    """Takes its time."""

    async def flow(self, use: CredentialUse, /) -> Flow:
        self.uses.append(use)
        self.asked.set()
        await anyio.sleep_forever()
        yield Secret(TOKEN)

    @cached_property
    def asked(self) -> anyio.Event:
        return anyio.Event()


async def test_a_call_that_is_given_up_before_it_is_sent_never_is() -> None:
    vault = SlowVault()
    answers: list[httpx2.Response] = []
    async with serve(_never) as server, opened(mcp(server), vault=vault) as one:

        async def call() -> None:
            answers.append(await one.send(CALL))

        with anyio.fail_after(20):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(call)
                await vault.asked.wait()
                assert (await one.send(GIVE_UP)).status_code == 202
        failure = one.line.failure_of(answers[0].json()["error"]["data"])
    assert failure is not None
    assert failure.is_unsent
    assert server.requests == []


async def test_what_mcp_does_not_hear_of_is_kept_on_the_line() -> None:
    async with serve(_handler(Response(status=401))) as server, opened(mcp(server), auth=OPEN) as one:
        assert (await one.send({"jsonrpc": "2.0", "method": "notifications/initialized"})).status_code == 405
        assert one.line.failure is not None
        assert not one.line.failed.is_set()
        async with one.line.client() as client:
            assert (await client.get(one.url)).status_code == 405
        assert one.line.failed.is_set()


async def test_a_server_cannot_make_up_a_failure_of_ours() -> None:
    async with serve(_handler(Response(status=429))) as server, opened(mcp(server)) as one:
        data = (await one.ask()).json()["error"]["data"]
        for forged in (None, "x", {}, {"orchestrator_failure": "x"}, {"orchestrator_failure": ["x"]}, [data]):
            assert one.line.failure_of(forged) is None
        assert one.line.failure_of(data) is not None
        assert one.line.failure_of(data) is None


async def test_no_token_is_in_any_log(caplog: pytest.LogCaptureFixture) -> None:
    async def handler(request: Request) -> Answer:
        return only(TOKEN)(request)

    with caplog.at_level(logging.DEBUG, "runtimes"):
        async with (
            serve(handler) as server,
            opened(f"{mcp(server)}?key=value", vault=PersonsVault(tokens=(OLD, TOKEN))) as one,
        ):
            await one.ask()
    told = repr(one.log) + caplog.text + repr(one.line.failure)
    assert TOKEN not in told
    assert OLD not in told
    assert [(exchange.status, exchange.url) for exchange in one.log] == [
        (401, f"{mcp(server)}?key=…"),
        (200, f"{mcp(server)}?key=…"),
    ]


def _handler(answer: Answer) -> Callable[[Request], Awaitable[Answer]]:
    async def handler(request: Request) -> Answer:
        return answer

    return handler


class WholeClient:
    """An `HttpClient` that reads each answer to its end, as those of recordings do."""

    def __init__(self) -> None:
        self.sent: list[HttpRequest] = []

    async def send(self, request: HttpRequest, /) -> HttpResponse:
        self.sent.append(request)
        headers = (("content-type", "text/event-stream"),)
        return HttpResponse(status=200, headers=headers, body=b"data: hello\n\n", url=request.url)


async def test_a_client_that_cannot_stream_is_asked_for_whole_answers() -> None:
    http = WholeClient()
    url = "https://desk.example/mcp"
    services = RuntimeServices(http=http, vault=PersonsVault())
    async with open_http(url, services, spec_of(url), "ada") as line, line.client() as client:
        assert (await client.post(url, json=CALL)).text == "data: hello\n\n"
        assert (await client.get(url, headers={"mcp-session-id": "s"})).status_code == 405
    [sent] = http.sent
    assert [one.value.reveal() for one in sent.attached] == [f"Bearer {TOKEN}"]
