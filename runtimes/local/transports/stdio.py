"""Messages to a program over its standard input and output."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from runtimes.local.transports.framed_stream import FramedStream
from runtimes.local.transports.process import running
from runtimes.local.transports.program import Program
from runtimes.local_endpoint import LocalEndpoint


class StdioTransport(FramedStream):
    """A running program, its stdin and stdout as a stream of messages."""

    def __init__(self, program: Program, endpoint: LocalEndpoint) -> None:
        super().__init__(program.write, program.read, endpoint.framing)
        self.program = program

    def send_now(self, message: bytes, /) -> bool:
        """Sends all of it at once, as long as the program reads. Raises: `TransportClosed`."""
        return self.program.write_now(self.framed(message))

    @property
    def unread(self) -> int:
        """Bytes that wait for the program to read, where they are so many that nothing more is taken; else 0."""
        return self.program.unread

    def has_read(self) -> bool:
        """Whether the program has ever been seen to have read all that it was sent."""
        return self.program.has_read()

    async def last_words(self) -> str:
        """The last line on stderr, or what a limit has to do with its end."""
        return await self.program.last_words()


@asynccontextmanager
async def open_stdio(endpoint: LocalEndpoint) -> AsyncGenerator[StdioTransport, None]:
    """Runs the endpoint's program for as long as the context lasts.

    Entering raises: `CannotStart`.
    """
    async with running(endpoint) as program:
        yield StdioTransport(program, endpoint)
