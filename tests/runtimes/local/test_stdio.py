"""Messages over the standard input and output of a program, and its start cancelled at any moment."""

from __future__ import annotations

import gc
import os
import sys
import tracemalloc
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from runtimes.local.transports.base import TransportClosed
from runtimes.local.transports.framed_stream import FramedStream
from runtimes.local.transports.program import MAX_UNREAD_BYTES, MAX_UNWAITED_BYTES
from runtimes.local.transports.stdio import StdioTransport, open_stdio
from runtimes.local_endpoint import Framing, LocalEndpoint
from tests.servers.local_zoo import closed_gate, opened_gate

WAITING = LocalEndpoint(command=(sys.executable, "-S", "-c", "import sys; sys.stdin.read()"))
"""A program that lives until its input ends."""

ECHO = LocalEndpoint(command=("cat",), framing="lines")
"""A program that says what it is told."""

MOMENTS = range(0, 480, 40)
"""After how many steps of the event loop the start is cancelled: before, within and after it."""


async def _hold() -> None:
    async with open_stdio(WAITING):
        await anyio.sleep_forever()


async def _cancelled_after(steps: int) -> None:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_hold)
        for _ in range(steps):
            await anyio.lowlevel.checkpoint()
        tasks.cancel_scope.cancel()


def test_a_start_that_is_cancelled_at_any_moment_leaves_no_program_behind() -> None:
    for steps in MOMENTS:
        anyio.run(_cancelled_after, steps)
        gc.collect()  # a program that nobody has waited for says so now, and fails this test


async def _received(transport: StdioTransport, count: int) -> list[bytes]:
    found: list[bytes] = []
    with anyio.fail_after(20):
        while len(found) < count:
            found += await transport.receive()
    return found


async def test_messages_keep_their_order_whether_they_are_waited_for_or_not() -> None:
    said = [b"%d" % number * (1 if number % 7 else 40_000) for number in range(1000)]
    async with open_stdio(ECHO) as transport, anyio.create_task_group() as tasks:

        async def say() -> None:
            for message in said:
                if not transport.send_now(message):
                    await transport.send(message)

        tasks.start_soon(say)
        assert await _received(transport, len(said)) == said


async def test_what_a_program_does_not_read_is_not_held_without_end() -> None:
    deaf = LocalEndpoint(command=("sleep", "60"), framing="lines")
    piece = b"x" * (MAX_UNWAITED_BYTES - 1)
    async with open_stdio(deaf) as transport:
        taken = 0
        while transport.send_now(piece):
            taken += 1
            await anyio.lowlevel.checkpoint()
            assert taken < 100
        assert not transport.send_now(b"small")


async def test_a_message_whose_sender_waits_no_longer_goes_out_whole_and_one_that_waits_for_room_not_at_all(
    tmp_path: Path,
) -> None:
    gate = closed_gate(tmp_path)
    late = LocalEndpoint(command=("sh", "-c", 'read go < "$0"; exec cat', gate), framing="lines")
    async with open_stdio(late) as transport:
        for message in (b"x" * 400_000, b"never"):
            with anyio.move_on_after(0.05) as scope:
                await transport.send(message)
            assert scope.cancelled_caught
            assert 0 < transport.unread <= 400_001
        assert not transport.has_read()
        with opened_gate(gate) as descriptor:
            os.write(descriptor, b"go\n")
            with anyio.fail_after(20):
                await transport.send(b"after")
            assert await _received(transport, 2) == [b"x" * 400_000, b"after"]
        assert transport.unread == 0
        assert transport.has_read()


async def test_what_is_not_read_of_a_program_stays_with_it() -> None:
    async with open_stdio(LocalEndpoint(command=("yes",), framing="lines")) as transport:
        tracemalloc.start()
        try:
            for _ in range(2000):
                await anyio.lowlevel.checkpoint()
            assert tracemalloc.get_traced_memory()[1] < 4 * MAX_UNREAD_BYTES
        finally:
            tracemalloc.stop()
        assert (await transport.receive())[0] == b"y"


async def test_a_program_that_has_left_takes_nothing() -> None:
    async with open_stdio(LocalEndpoint(command=("true",))) as transport:
        assert await transport.receive() == ()
        await transport.program.has_left.wait()
        with pytest.raises(TransportClosed, match="it has closed its input"):
            transport.send_now(b"{}")
        with pytest.raises(TransportClosed, match="it has closed its input"):
            await transport.send(b"{}")


class Line:
    """A stream in memory: what has been sent, and what comes next."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = list(pieces)
        self.sent: list[bytes] = []

    async def send(self, data: bytes) -> None:
        self.sent.append(data)

    async def receive(self) -> bytes:
        return self.pieces.pop(0) if self.pieces else b""

    def framed(self, framing: Framing) -> FramedStream:
        return FramedStream(self.send, self.receive, framing)


@pytest.mark.parametrize(
    ("heard", "spoken"),
    [
        (b"{}\n", b"[]\n"),
        (b"hello, I am starting\n", b"[]\n"),
        (b"Content-Length: 2\r\n\r\n{}", b"Content-Length: 2\r\n\r\n[]"),
        (b"hello\nContent-Length: 2\r\n\r\n{}", b"Content-Length: 2\r\n\r\n[]"),
    ],
)
async def test_a_stream_is_answered_as_it_speaks(heard: bytes, spoken: bytes) -> None:
    line = Line(heard)
    stream = line.framed("auto")
    await stream.receive()
    await stream.send(b"[]")
    assert line.sent == [spoken]


async def test_a_stream_is_spoken_to_as_one_is_told_until_it_shows_otherwise() -> None:
    line = Line(b"starting\n", b"{}\n")
    stream = line.framed("auto")
    stream.speak("headers")
    for _ in range(2):
        await stream.receive()
        await stream.send(b"[]")
    assert line.sent == [b"Content-Length: 2\r\n\r\n[]", b"[]\n"]


async def test_a_stream_that_breaks_hands_out_what_came_before_and_then_says_why() -> None:
    line = Line(b"Content-Length: 2\r\n\r\n{}Content-Length: 99999999\r\n\r\n")
    stream = line.framed("headers")
    assert await stream.receive() == [b"{}"]
    with pytest.raises(TransportClosed, match="a Content-Length of '99999999' bytes"):
        await stream.receive()
