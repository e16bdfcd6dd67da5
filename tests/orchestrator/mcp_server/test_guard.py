"""Who is let in over HTTP, and how messages are cut out of a stream: both against strangers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcp.shared.message import SessionMessage
from starlette.datastructures import Headers

from orchestrator.cli.mcp import MIN_TOKEN_CHARS, TOKEN_VARIABLE, address_of, token_of
from orchestrator.cli.parser import build_parser
from orchestrator.errors import UsageError
from orchestrator.mcp_server.guard import Door
from orchestrator.mcp_server.http import Address
from orchestrator.mcp_server.stdio import Incoming, Lines, MessageTooLong

HERE, TOKEN = "127.0.0.1:8080", "t" * MIN_TOKEN_CHARS
BEARER = f"Bearer {TOKEN}"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": HERE, "authorization": BEARER}, None),
        ({"host": HERE.upper(), "authorization": BEARER, "origin": f"http://{HERE}"}, None),
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


PING = b'{"jsonrpc":"2.0","id":1,"method":"ping"}\n'


@given(st.lists(st.integers(1, 40), max_size=12))
def test_messages_are_the_same_however_they_arrive(sizes: list[int]) -> None:
    data, lines = PING + b"\n" + b"{oops\n" + b"x" * 200 + b"\n" + PING, Lines(max_bytes=100)
    found: list[Incoming] = []
    for size in sizes:
        found += lines.feed(data[:size])
        data = data[size:]
    found += lines.feed(data)
    assert [type(one).__name__ for one in found] == [
        "SessionMessage",
        "ValidationError",
        "MessageTooLong",
        "SessionMessage",
    ]
    assert isinstance(found[0], SessionMessage)
    assert isinstance(found[2], MessageTooLong)


def test_a_message_that_never_ends_is_not_kept() -> None:
    lines = Lines(max_bytes=1000)
    for _ in range(100):
        assert lines.feed(b"x" * 1000) == []
    assert lines.kept <= 1000
