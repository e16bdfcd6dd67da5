"""Who is let in over HTTP, how many, and for how long."""

from __future__ import annotations

import anyio
import pytest
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from orchestrator.cli.mcp import MIN_TOKEN_CHARS, TOKEN_VARIABLE, address_of, token_of
from orchestrator.cli.parser import build_parser
from orchestrator.errors import UsageError
from orchestrator.mcp_server.guard import PATH, Door, Guarded
from orchestrator.mcp_server.http import Address, names_at

HERE, TOKEN = "127.0.0.1:8080", "t" * MIN_TOKEN_CHARS
BEARER = f"Bearer {TOKEN}"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": HERE, "authorization": BEARER}, None),
        ({"host": HERE.upper(), "authorization": BEARER, "origin": f"http://{HERE}"}, None),
        ({"host": HERE, "authorization": f"bearer {TOKEN}"}, None),
        ({"host": HERE}, 401),
        ({"host": HERE, "authorization": f"{BEARER}x"}, 401),
        ({"host": HERE, "authorization": TOKEN}, 401),
        ({"host": HERE, "authorization": "Bearer ü"}, 401),
        ({"host": "evil.example:8080", "authorization": BEARER}, 421),
        ({"host": f"{HERE}.evil.example", "authorization": BEARER}, 421),
        ({"authorization": BEARER}, 421),
        ({"host": HERE, "authorization": BEARER, "origin": "http://evil.example"}, 403),
        ({"host": HERE, "authorization": BEARER, "origin": f"http://{HERE}.evil.example"}, 403),
        ({"host": HERE, "authorization": BEARER, "origin": "null"}, 403),
    ],
)
def test_only_who_calls_it_by_its_name_from_no_other_page_and_with_the_token_comes_in(
    headers: dict[str, str], status: int | None
) -> None:
    refusal = Door(names={HERE}, token=TOKEN).refusal(Headers(headers))
    assert (refusal.status_code if refusal is not None else None) == status


def test_a_server_on_all_addresses_has_any_name_and_still_wants_the_token() -> None:
    door = Door(names=None, token=TOKEN)
    assert door.refusal(Headers({"host": "box.example:1", "authorization": BEARER})) is None
    refusal = door.refusal(Headers({"host": "box.example:1"}))
    assert refusal is not None
    assert (refusal.status_code, refusal.headers["www-authenticate"]) == (401, "Bearer")


@pytest.mark.parametrize(
    ("written", "address", "is_loopback", "is_any"),
    [
        ("8080", Address(host="127.0.0.1", port=8080), True, False),
        (":0", Address(host="127.0.0.1", port=0), True, False),
        ("localhost:80", Address(host="localhost", port=80), True, False),
        ("[::1]:80", Address(host="::1", port=80), True, False),
        ("0.0.0.0:80", Address(host="0.0.0.0", port=80), False, True),
        ("box.example:80", Address(host="box.example", port=80), False, False),
    ],
)
def test_an_address_is_a_port_or_a_host_and_a_port(
    written: str, address: Address, *, is_loopback: bool, is_any: bool
) -> None:
    assert address_of(written) == address
    assert (address.is_loopback, address.is_any) == (is_loopback, is_any)


@pytest.mark.parametrize("written", ["", "localhost", "127.0.0.1:", "1:65536", "1:-1", "1:٣", "x:1e3"])
def test_what_is_no_address_is_wrong_use(written: str) -> None:
    with pytest.raises(UsageError, match="wants"):
        address_of(written)


def test_the_token_is_made_unless_the_environment_has_a_good_one() -> None:
    options = build_parser().parse_args(["mcp", "p.json", "--http", "0"])
    here, there = Address(), Address(host="0.0.0.0")
    made = token_of(options, here, {})
    assert made is not None
    assert len(made) > MIN_TOKEN_CHARS
    assert made != token_of(options, here, {})
    assert token_of(options, here, {TOKEN_VARIABLE: TOKEN}) == TOKEN
    for bad in ("short", "with a space in the middle", "ü" * MIN_TOKEN_CHARS):
        with pytest.raises(UsageError, match=TOKEN_VARIABLE):
            token_of(options, here, {TOKEN_VARIABLE: bad})
    open_to_all = build_parser().parse_args(["mcp", "p.json", "--http", "0", "--no-token"])
    assert token_of(open_to_all, here, {TOKEN_VARIABLE: TOKEN}) is None
    with pytest.raises(UsageError, match="loopback only"):
        token_of(open_to_all, there, {})


async def exchanged(app: ASGIApp, *events: Message, **limits: float) -> list[Message]:
    """What is answered to a request of which these events come, and then nothing more."""
    sent: list[Message] = []
    arriving = iter(events)

    async def receive() -> Message:
        if (event := next(arriving, None)) is None:
            await anyio.sleep_forever()
            raise NotImplementedError
        return event

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": PATH, "headers": [(b"host", HERE.encode())]}
    door = Door(names=None, token=None)
    await Guarded(app, door, body_seconds=limits.get("body_seconds", 60.0))(scope, receive, send)
    return sent


async def test_a_body_that_does_not_come_is_not_waited_for_and_one_that_has_come_is() -> None:
    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        await request.body()
        await anyio.wait_all_tasks_blocked()
        await PlainTextResponse("done")(scope, receive, send)

    part: Message = {"type": "http.request", "body": b"x", "more_body": True}
    with anyio.fail_after(10):
        late = await exchanged(slow, part, body_seconds=0.02)
        whole = await exchanged(slow, part, {"type": "http.request", "body": b"y"}, body_seconds=5.0)
    assert [one["status"] for one in (late[0], whole[0])] == [408, 200]


async def test_so_many_are_served_at_once_and_at_the_end_nobody() -> None:
    statuses, inside = list[int](), anyio.Event()

    async def stream(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        inside.set()
        await anyio.sleep_forever()

    app, ends = Guarded(stream, Door(names=None, token=None), max_requests=1), list[bool]()

    async def ask() -> None:
        async def receive() -> Message:
            raise NotImplementedError

        async def send(message: Message) -> None:
            if "status" in message:
                statuses.append(message["status"])
            else:
                ends.append(not message.get("more_body", False))

        await app({"type": "http", "method": "GET", "path": PATH, "headers": [(b"host", b"a")]}, receive, send)

    with anyio.fail_after(10):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ask)
            await inside.wait()
            await ask()
            assert statuses == [200, 503]
            app.close()
        await ask()
    assert (statuses, ends) == ([200, 503, 503], [True, True, True])


def test_on_the_port_of_http_the_name_alone_is_enough() -> None:
    assert "127.0.0.1" in (names_at(Address(), 80) or ())
    assert "127.0.0.1" not in (names_at(Address(), 8080) or ())
