"""A transport in memory: a test plays the program."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import anyio

from runtimes.local.transports.base import TransportClosed
from runtimes.values import Json, JsonObject, dump_json, parse_json


class PlayedTransport:
    """What is sent is read by the test, and what the test says comes in."""

    def __init__(self) -> None:
        self._sent: deque[JsonObject] = deque()
        self._said: deque[bytes] = deque()
        self._has_sent = anyio.Event()
        self._has_said = anyio.Event()
        self._is_over = False
        self.words = ""

    # --- the transport

    async def send(self, message: bytes, /) -> None:
        if self._is_over:
            raise TransportClosed("it has closed its input")
        value = parse_json(message)
        assert isinstance(value, dict)
        self._sent.append(value)
        self._has_sent.set()

    async def receive(self) -> Sequence[bytes]:
        while not self._said and not self._is_over:
            self._has_said = anyio.Event()
            await self._has_said.wait()
        said = tuple(self._said)
        self._said.clear()
        return said

    async def last_words(self) -> str:
        return self.words

    # --- the test

    async def heard(self) -> JsonObject:
        """The next message that has been sent."""
        with anyio.fail_after(10):
            while not self._sent:
                self._has_sent = anyio.Event()
                await self._has_sent.wait()
        return self._sent.popleft()

    @property
    def unheard(self) -> int:
        """How many messages have been sent that the test has not read."""
        return len(self._sent)

    def say(self, **members: Json) -> None:
        """Sends a message of JSON-RPC 2.0."""
        self._said.append(dump_json({"jsonrpc": "2.0", **members}).encode())
        self._has_said.set()

    def say_all(self, messages: list[Json]) -> None:
        """Sends a batch."""
        self._said.append(dump_json(messages).encode())
        self._has_said.set()

    def leave(self) -> None:
        self._is_over = True
        self._has_said.set()
