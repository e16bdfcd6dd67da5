"""Local plugins behind Unix sockets and ports, on the level of bytes and messages (issue 10)."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest

from runtimes.local.framing import MAX_HEADER_BYTES, MAX_MESSAGE_BYTES, Spoken, framed
from runtimes.local.transports.base import CannotStart, Transport, TransportClosed
from runtimes.local.transports.sockets import connected_tcp, loopback_addresses, open_tcp, open_unix
from runtimes.local_endpoint import Framing
from tests.servers.local_peers import Converse, Talk, tcp_server, unix_server

pytestmark = [
    pytest.mark.requirement("issue:10"),
    pytest.mark.skipif(sys.platform == "win32", reason="needs Unix sockets"),
]

NOBODY = 65534
"""A user that is neither us nor the system."""


@asynccontextmanager
async def reached(
    converse: Converse, kind: str, folder: Path, framing: Framing = "auto"
) -> AsyncGenerator[Transport, None]:
    """What talks to a server of that kind."""
    with anyio.fail_after(30):
        if kind == "unix":
            path = folder / "plugin.sock"
            async with unix_server(path, converse), open_unix(str(path), framing) as transport:
                yield transport
        else:
            async with tcp_server(converse) as port, open_tcp("127.0.0.1", port, framing) as transport:
                yield transport


async def echo(talk: Talk) -> None:
    while True:
        await talk.send(await talk.receive())


def saying(*pieces: bytes) -> Converse:
    """Says these and leaves."""

    async def converse(talk: Talk) -> None:
        for piece in pieces:
            await talk.send(piece)

    return converse


async def received(transport: Transport, count: int) -> list[bytes]:
    messages: list[bytes] = []
    while len(messages) < count:
        come = await transport.receive()
        assert come, "the other side has ended"
        messages += come
    return messages


kinds = pytest.mark.parametrize("kind", ["unix", "tcp"])
framings = pytest.mark.parametrize("spoken", ["lines", "headers"])


@kinds
@framings
async def test_messages_go_and_come_in_order(kind: str, spoken: Spoken, tmp_path: Path) -> None:
    messages = [b'{"n":%d}' % number for number in range(100)] + [b'"' + b"x" * 200_000 + b'"']
    async with reached(echo, kind, tmp_path, spoken) as transport:
        for message in messages:
            await transport.send(message)
        assert await received(transport, len(messages)) == messages
        assert await transport.last_words() == ""


@kinds
@framings
async def test_which_framing_is_spoken_is_found_out_and_followed(kind: str, spoken: Spoken, tmp_path: Path) -> None:
    heard: list[bytes] = []

    async def converse(talk: Talk) -> None:
        await talk.send(framed(b'{"hello":1}', spoken))
        heard.append(await talk.receive())
        await talk.send(framed(b'{"bye":1}', spoken))

    async with reached(converse, kind, tmp_path) as transport:
        assert await received(transport, 1) == [b'{"hello":1}']
        await transport.send(b"{}")
        assert await received(transport, 1) == [b'{"bye":1}']
        assert await transport.receive() == ()
    assert heard == [framed(b"{}", spoken)]


@kinds
async def test_many_who_send_at_once_do_not_mix_their_messages(kind: str, tmp_path: Path) -> None:
    messages = [bytes([65 + number]) * 100_000 for number in range(20)]
    async with reached(echo, kind, tmp_path, "lines") as transport, anyio.create_task_group() as tasks:
        for message in messages:
            tasks.start_soon(transport.send, message)
        assert sorted(await received(transport, len(messages))) == messages


@kinds
async def test_a_message_in_pieces_is_one_message(kind: str, tmp_path: Path) -> None:
    whole = framed(b'{"a":"\xc3\xbc"}', "headers")
    async with reached(saying(*(bytes([byte]) for byte in whole)), kind, tmp_path) as transport:
        assert await received(transport, 1) == [b'{"a":"\xc3\xbc"}']
        assert await transport.receive() == ()


@kinds
async def test_the_end_in_the_middle_of_a_message_is_the_end(kind: str, tmp_path: Path) -> None:
    async with reached(saying(b'{"a":1}\n{"b"'), kind, tmp_path) as transport:
        assert await received(transport, 1) == [b'{"a":1}']
        assert await transport.receive() == ()
        assert await transport.receive() == ()


@kinds
@pytest.mark.parametrize(
    ("spoken", "flood", "says"),
    [
        ("lines", b"x" * 400, f"a line is longer than {MAX_MESSAGE_BYTES} bytes"),
        ("headers", b"x" * 400, f"a header is longer than {MAX_HEADER_BYTES} bytes"),
        ("headers", b"Content-Length: 2000000\r\n\r\n", f"a message is longer than {MAX_MESSAGE_BYTES} bytes"),
        ("headers", b"Content-Length: -1\r\n\r\n", "a Content-Length of '-1' bytes"),
    ],
)
async def test_what_cannot_be_cut_into_messages_ends_it_with_the_reason(
    kind: str, spoken: Spoken, flood: bytes, says: str, tmp_path: Path
) -> None:
    async def converse(talk: Talk) -> None:
        while True:
            await talk.send(flood * 100)

    async with reached(converse, kind, tmp_path, spoken) as transport:
        with pytest.raises(TransportClosed, match=says):
            await transport.receive()


@kinds
async def test_after_its_end_nothing_can_be_sent(kind: str, tmp_path: Path) -> None:
    async with reached(saying(), kind, tmp_path) as transport:
        assert await transport.receive() == ()
        with pytest.raises(TransportClosed, match="has closed the connection"):
            await transport.send(b"{}")


@kinds
async def test_a_message_for_which_there_is_no_room_is_given_up_whole(kind: str, tmp_path: Path) -> None:
    heard, read, is_complete = bytearray(), anyio.Event(), anyio.Event()

    async def reading_late(talk: Talk) -> None:
        await read.wait()
        while not heard.endswith(b"{}\n"):
            heard.extend(await talk.receive())
        is_complete.set()

    async with reached(reading_late, kind, tmp_path, "lines") as transport:
        sent = 0
        with anyio.move_on_after(0.05) as scope:
            while True:
                await transport.send(b"x" * MAX_MESSAGE_BYTES)
                sent += 1
        assert scope.cancelled_caught
        assert sent < 20
        read.set()
        await transport.send(b"{}")
        await is_complete.wait()
    assert [len(line) for line in heard.splitlines()] == [*([MAX_MESSAGE_BYTES] * sent), 2]


@kinds
async def test_one_that_is_gone_while_a_message_waits_is_gone(kind: str, tmp_path: Path) -> None:
    leave = anyio.Event()

    async def deaf(talk: Talk) -> None:
        await leave.wait()

    async with reached(deaf, kind, tmp_path, "lines") as transport, anyio.create_task_group() as tasks:
        with anyio.move_on_after(0.05):
            while True:
                await transport.send(b"x" * MAX_MESSAGE_BYTES)
        tasks.start_soon(transport.receive)
        leave.set()
        with pytest.raises(TransportClosed, match="has closed the connection"):
            await transport.send(b"{}")


async def test_nobody_at_a_port_is_a_failure_to_start() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, and nobody listens
        port = taken.getsockname()[1]
        with pytest.raises(CannotStart, match=f"nothing answers at 127.0.0.1:{port}: connection refused"):
            async with open_tcp("127.0.0.1", port):
                raise NotImplementedError


async def test_nobody_at_a_socket_is_a_failure_to_start(tmp_path: Path) -> None:
    path = str(tmp_path / "plugin.sock")
    with pytest.raises(CannotStart, match="no such file or directory"):
        async with open_unix(path):
            raise NotImplementedError
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(path)  # left by a program that has ended
    with pytest.raises(CannotStart, match="connection refused"):
        async with open_unix(path):
            raise NotImplementedError
    with pytest.raises(CannotStart, match="path too long"):
        async with open_unix("/" + "x" * 200):
            raise NotImplementedError


async def test_one_that_accepts_nobody_is_not_waited_for(tmp_path: Path) -> None:
    path = str(tmp_path / "plugin.sock")
    with socket.socket(socket.AF_UNIX) as full, socket.socket(socket.AF_UNIX) as queued:
        full.bind(path)
        full.listen(0)
        queued.connect(path)
        with pytest.raises(CannotStart, match="too many wait there already"):
            async with open_unix(path):
                raise NotImplementedError


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux who listens")
@pytest.mark.skipif(sys.platform == "linux" and os.geteuid() != 0, reason="only root can listen as somebody else")
async def test_a_socket_at_which_another_users_program_listens_is_refused(tmp_path: Path) -> None:
    path = str(tmp_path / "plugin.sock")
    with socket.socket(socket.AF_UNIX) as theirs:
        theirs.bind(path)
        os.seteuid(NOBODY)
        try:
            theirs.listen()
        finally:
            os.seteuid(0)
        with pytest.raises(CannotStart, match=rf"that of another user \(number {NOBODY}\), not yours"):
            async with open_unix(path):
                raise NotImplementedError


@pytest.mark.parametrize(
    ("addresses", "says"),
    [
        (["10.0.0.1"], "'localhost' is 10.0.0.1 here, which is not this machine"),
        (["127.0.0.1", "fe80::1%1"], "not this machine"),
        ([], "has no address"),
    ],
)
async def test_a_localhost_that_is_not_this_machine_is_not_contacted(addresses: list[str], says: str) -> None:
    async def resolve(host: str, port: int) -> Sequence[str]:
        assert (host, port) == ("localhost", 4000)
        return addresses

    with pytest.raises(CannotStart, match=says):
        async with connected_tcp("localhost", 4000, resolve=resolve):
            raise NotImplementedError


async def test_a_name_that_cannot_be_resolved_is_a_failure_to_start() -> None:
    async def resolve(host: str, port: int) -> Sequence[str]:
        raise OSError("no such name")

    with pytest.raises(CannotStart, match="'localhost' cannot be resolved"):
        await loopback_addresses("localhost", 4000, resolve)


async def test_each_address_of_localhost_is_tried() -> None:
    async def resolve(host: str, port: int) -> Sequence[str]:
        return ["127.255.255.254", "127.0.0.1"]

    with anyio.fail_after(30):
        async with tcp_server(echo) as port, connected_tcp("localhost", port, resolve=resolve) as stream:
            await stream.send(b"x")
            assert await stream.receive() == b"x"
