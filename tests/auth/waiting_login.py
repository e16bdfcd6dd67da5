"""A login that waits for its answer, for the tests of the listener."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import anyio
import anyio.abc

from auth import ProviderError, Secret
from auth.login import LoopbackListener, listening

STATE = "st4te"
NAME = "albums"


@dataclass
class Login:
    """A login that waits, and what it came to."""

    listener: LoopbackListener
    queries: list[str] = field(default_factory=list[str])
    result: str = ""
    error: Exception | None = None
    failure: Exception | None = None
    held: anyio.Event | None = None
    taken: anyio.Event = field(default_factory=anyio.Event)

    @property
    def place(self) -> str:
        return urlsplit(self.listener.redirect_uri).netloc

    async def take(self, query: str) -> str:
        self.queries.append(query)
        self.taken.set()
        if self.held is not None:
            await self.held.wait()
        if self.failure is not None:
            raise self.failure
        return "tokens"

    async def run(self) -> None:
        try:
            self.result = await self.listener.once(Secret(STATE), NAME, self.take)
        except (ProviderError, ZeroDivisionError) as error:
            self.error = error

    async def say(self, head: str) -> str:
        """What comes back for these bytes."""
        host, _, port = self.place.partition(":")
        async with await anyio.connect_tcp(host, int(port)) as stream:
            await stream.send(head.replace("HOST", self.place).encode("latin-1"))
            return await said(stream)

    async def get(self, target: str, host: str = "HOST", method: str = "GET") -> str:
        return await self.say(f"{method} {target} HTTP/1.1\r\nHost: {host}\r\n\r\n")

    async def finish(self) -> str:
        return await self.get(f"/callback?code=c&state={STATE}")


async def said(stream: anyio.abc.SocketStream) -> str:
    received = b""
    try:
        while True:
            received += await stream.receive()
    except (anyio.EndOfStream, anyio.BrokenResourceError):
        return received.decode()


@asynccontextmanager
async def waiting(
    *, failure: Exception | None = None, held: anyio.Event | None = None, host: str = "127.0.0.1"
) -> AsyncGenerator[Login]:
    """It has to be over at the end."""
    with anyio.fail_after(15):
        async with listening(host=host) as listener:
            login = Login(listener, failure=failure, held=held)
            async with anyio.create_task_group() as group:
                group.start_soon(login.run)
                yield login
