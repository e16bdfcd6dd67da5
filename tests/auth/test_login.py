"""The listener at the end of a login takes one answer, and whoever else knocks changes nothing. Issue 9."""

from __future__ import annotations

import base64
import hashlib
import socket
from urllib.parse import urlsplit

import anyio
import pytest

from auth import ProviderError, Secret
from auth.login import HEAD_SECONDS, MAX_CONNECTIONS, MAX_HEAD_BYTES, listening
from tests.auth.waiting_login import NAME, STATE, said, waiting


async def test_the_answer_ends_the_login_and_the_page_says_so() -> None:
    async with waiting() as login:
        page = await login.finish()
    assert (login.result, login.queries) == ("tokens", [f"code=c&state={STATE}"])
    assert page.startswith("HTTP/1.1 200")
    assert "<h1>You are logged in</h1>" in page
    assert "The credential albums is kept" in page


async def test_it_listens_on_this_machine_alone_and_on_a_port_of_its_own() -> None:
    async with waiting() as login:
        parts = urlsplit(login.listener.redirect_uri)
        assert (parts.scheme, parts.hostname, parts.path) == ("http", "127.0.0.1", "/callback")
        with pytest.raises(OSError, match=r"."), socket.create_connection(("127.0.0.2", parts.port or 0), timeout=5):
            raise NotImplementedError
        await login.finish()


async def test_a_login_that_does_not_work_says_why_on_its_page_and_to_its_caller() -> None:
    failure = ProviderError("the provider says 'access_denied': <b>no</b>", code="access_denied")
    async with waiting(failure=failure) as login:
        page = await login.finish()
    assert login.error is failure
    assert page.startswith("HTTP/1.1 400")
    assert "The login did not work" in page
    assert "&lt;b&gt;no&lt;/b&gt;" in page
    assert "<b>" not in page


async def test_an_error_that_nobody_expected_is_told_on_the_page_and_raised_alone() -> None:
    failure = ZeroDivisionError("a secret may stand here")
    async with waiting(failure=failure) as login:
        page = await login.finish()
    assert login.error is failure
    assert page.startswith("HTTP/1.1 500")
    assert "The login did not work" in page
    assert "a secret" not in page


async def test_every_page_is_plain_and_goes_nowhere() -> None:
    async with waiting() as login:
        pages = [
            await login.get("/"),
            await login.get("/callback?state=x"),
            await login.say("no request\r\n\r\n"),
            await login.finish(),
        ]
    for page in pages:
        head, _, body = page.partition("\r\n\r\n")
        fields = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:])
        policy = fields["content-security-policy"]
        style = base64.b64encode(hashlib.sha256(body.split("<style>")[1].split("</style>")[0].encode()).digest())
        assert policy == (
            f"default-src 'none'; style-src 'sha256-{style.decode().lower()}'; base-uri 'none'; form-action 'none'; "
            "frame-ancestors 'none'"
        )
        assert fields["referrer-policy"] == "no-referrer"
        assert fields["cache-control"] == "no-store"
        assert fields["x-content-type-options"] == "nosniff"
        assert fields["cross-origin-opener-policy"] == "same-origin"
        assert fields["content-type"] == "text/html; charset=utf-8"
        assert fields["connection"] == "close"
        assert not fields.keys() & {"location", "refresh", "set-cookie", "link"}
        assert "<script" not in body
        assert "http" not in body
        assert "src" not in body


@pytest.mark.parametrize(
    ("target", "status", "words"),
    [
        ("/", 404, "nothing here"),
        ("/favicon.ico", 404, "nothing here"),
        (f"/callback/?state={STATE}", 404, "nothing here"),
        (f"//callback?state={STATE}", 404, "nothing here"),
        (f"http://HOST/callback?state={STATE}", 404, "nothing here"),
        ("/callback", 400, "not the login"),
        ("/callback?", 400, "not the login"),
        ("/callback?code=c", 400, "not the login"),
        ("/callback?code=c&state=", 400, "not the login"),
        ("/callback?code=c&state=other", 400, "not the login"),
        (f"/callback?code=c&state={STATE}&state=other", 400, "not the login"),
        (f"/callback?code=c&state={STATE}&state={STATE}", 400, "not the login"),
        (f"/callback?STATE={STATE}", 400, "not the login"),
        ("/callback?state=%00%ff", 400, "not the login"),
        ("/callback?" + "a=b&" * 40 + f"state={STATE}", 400, "not the login"),
        ("/callback?error=access_denied&state=<b>", 400, "not the login"),
    ],
)
async def test_what_is_not_the_answer_is_refused_and_the_wait_goes_on(target: str, status: int, words: str) -> None:
    async with waiting() as login:
        page = await login.get(target)
        assert page.startswith(f"HTTP/1.1 {status} ")
        assert words in page
        assert login.queries == []
        await login.finish()
    assert login.result == "tokens"


@pytest.mark.parametrize("method", ["POST", "HEAD", "OPTIONS", "PUT", "TRACE"])
async def test_only_get_is_taken(method: str) -> None:
    async with waiting() as login:
        page = await login.get(f"/callback?code=c&state={STATE}", method=method)
        assert page.startswith("HTTP/1.1 405 ")
        assert login.queries == []
        await login.finish()
    assert login.result == "tokens"


@pytest.mark.parametrize("host", ["evil.test", "evil.test:PORT", "127.0.0.1", "127.0.0.1:1", "127.0.0.1:PORT.evil", ""])
async def test_a_request_under_another_name_is_refused(host: str) -> None:
    """A name of a stranger's that leads here (DNS rebinding)."""
    async with waiting() as login:
        port = login.place.partition(":")[2]
        page = await login.get(f"/callback?code=c&state={STATE}", host=host.replace("PORT", port))
        assert page.startswith("HTTP/1.1 400 ")
        assert login.queries == []
        await login.finish()
    assert login.result == "tokens"


async def test_localhost_is_this_machine_too() -> None:
    async with waiting(host="localhost") as login:
        host = urlsplit(login.listener.redirect_uri).netloc
        assert host.startswith("localhost:")
        connected = f"GET /callback?state={STATE} HTTP/1.1\r\nHost: {host}\r\n\r\n"
        async with await anyio.connect_tcp("127.0.0.1", int(host.partition(":")[2])) as stream:
            await stream.send(connected.encode())
            assert "You are logged in" in await said(stream)


@pytest.mark.parametrize(
    "head",
    [
        "\r\n\r\n\r\nx",
        "GET\r\n\r\n",
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        "GET /callback HTTP/1.1\r\n\r\n",
        "GET /callback HTTP/1.1\r\nHost: HOST\r\nHost: HOST\r\n\r\n",
        "GET /callback HTTP/1.1\r\nHost: HOST\r\nBad Name: x\r\n\r\n",
        "GET /callback HTTP/2.0\r\nHost: HOST\r\n\r\n",
        f"GET /callback?state={STATE} HTTP/1.1\r\nHost: HOST\r\nX: {'y' * 2 * MAX_HEAD_BYTES}\r\n\r\n",
    ],
)
async def test_what_is_no_request_is_refused(head: str) -> None:
    async with waiting() as login:
        assert (await login.say(head)).startswith("HTTP/1.1 400 ")
        assert login.queries == []
        await login.finish()
    assert login.result == "tokens"


async def test_connections_that_say_nothing_hold_nobody_up() -> None:
    """Browsers open some in advance."""
    async with waiting() as login:
        host, _, port = login.place.partition(":")
        async with await anyio.connect_tcp(host, int(port)) as silent:
            await silent.send(b"GET /callback")
            await login.finish()
            with anyio.fail_after(HEAD_SECONDS):
                assert await said(silent) == ""


async def test_a_slow_request_is_not_waited_for() -> None:
    async with waiting() as login:
        host, _, port = login.place.partition(":")
        async with await anyio.connect_tcp(host, int(port)) as slow:
            await slow.send(b"GET /callback")
            assert await said(slow) == ""
        await login.finish()
    assert login.result == "tokens"


async def test_more_connections_than_are_held_are_closed() -> None:
    async with waiting() as login:
        host, _, port = login.place.partition(":")
        silent = [await anyio.connect_tcp(host, int(port)) for _ in range(MAX_CONNECTIONS)]
        # well before the silent ones are given up
        with anyio.fail_after(HEAD_SECONDS / 2):
            async with await anyio.connect_tcp(host, int(port)) as further:
                assert await said(further) == ""
        for one in silent:
            await one.aclose()
        while not login.queries:  # the ends of those connections are on their way
            await login.finish()
    assert login.result == "tokens"


async def test_a_second_answer_is_told_that_it_is_done() -> None:
    held = anyio.Event()
    async with waiting(held=held) as login, anyio.create_task_group() as group:
        group.start_soon(login.finish)
        await login.taken.wait()
        assert "Already done" in await login.get(f"/callback?code=other&state={STATE}")
        held.set()
    assert login.queries == [f"code=c&state={STATE}"]


async def test_a_browser_that_goes_away_does_not_take_the_login_along() -> None:
    held = anyio.Event()
    async with waiting(held=held) as login:
        host, _, port = login.place.partition(":")
        async with await anyio.connect_tcp(host, int(port)) as stream:
            await stream.send(f"GET /callback?state={STATE} HTTP/1.1\r\nHost: {login.place}\r\n\r\n".encode())
            await login.taken.wait()
        held.set()
    assert login.result == "tokens"


async def test_a_login_that_is_cancelled_leaves_nothing_behind() -> None:
    async with listening() as listener:
        with anyio.move_on_after(0.01) as scope:
            await listener.once(Secret(STATE), NAME, _never)
    assert scope.cancelled_caught
    port = urlsplit(listener.redirect_uri).port or 0
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)


async def _never(query: str) -> str:
    raise NotImplementedError(query)


async def test_a_port_that_is_taken_is_an_error() -> None:
    async with listening() as listener:
        port = urlsplit(listener.redirect_uri).port or 0
        with pytest.raises(OSError, match="in use"):
            async with listening(port=port):
                raise NotImplementedError
