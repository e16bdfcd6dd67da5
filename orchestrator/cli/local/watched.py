"""A transport to a local plugin that notes what shows of it: the framing, what it says of itself, and its stderr."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from runtimes.local.contract import INITIALIZE
from runtimes.local.framing import Spoken
from runtimes.local.introduction import Stream
from runtimes.local.transports.base import Transport, TransportClosed, TransportOpener, Unanswered
from runtimes.local.transports.framed_stream import FramedStream
from runtimes.local.transports.stdio import StdioTransport
from runtimes.values import InvalidJson, Json, JsonObject, parse_json


@dataclass(slots=True)
class Seen:
    """What has shown of a local plugin, over all attempts to speak with it."""

    starts: int = 0
    """How often it was started, or reached."""
    deaths: int = 0
    """How often it ended by itself, before it had said anything."""
    has_spoken: bool = False
    spoken: Spoken | None = None
    """How messages are framed; None where that is not a stream of ours."""
    introduction: JsonObject | None = None
    """What it has answered to `initialize`: a message with `result` or `error`."""
    refusal: str = ""
    """Why the last message could not be brought to it, where it could not."""
    stderr: bytes = b""
    """The end of what it wrote there, in the last attempt."""
    first_words: bytes = b""
    """The same of the first attempt that it ended by itself, before it had said anything."""


def _read(message: bytes) -> JsonObject:
    """Empty where it is no object."""
    try:
        value = parse_json(message)
    except InvalidJson:
        return {}
    return value if isinstance(value, dict) else {}


class _Watched:
    """Passes everything on."""

    def __init__(self, transport: Transport, seen: Seen) -> None:
        self._transport = transport
        self._seen = seen
        self._asked: Json = None
        self._has_spoken = self._has_ended = False

    async def send(self, message: bytes, /) -> None:
        """As `Transport.send`. Raises: `TransportClosed`, `Unanswered`."""
        if INITIALIZE.encode() in message and (read := _read(message)).get("method") == INITIALIZE:
            self._asked = read.get("id")
        try:
            await self._transport.send(message)
        except TransportClosed:
            self._has_ended = True
            raise
        except Unanswered as error:
            self._seen.refusal = str(error) if error.is_unsent else ""
            raise

    async def receive(self) -> Sequence[bytes]:
        """As `Transport.receive`. Raises: `TransportClosed`."""
        try:
            messages = await self._transport.receive()
        except TransportClosed:
            self._has_ended = True
            raise
        self._has_spoken = self._has_spoken or bool(messages)
        self._has_ended = self._has_ended or not messages
        self._seen.has_spoken = self._seen.has_spoken or bool(messages)
        if self._asked is not None:
            for read in map(_read, messages):
                if read.get("id") == self._asked and "method" not in read:
                    self._seen.introduction, self._asked = read, None
        self.look()
        return messages

    async def last_words(self) -> str:
        """As `Transport.last_words`."""
        return await self._transport.last_words()

    def speak(self, spoken: Spoken) -> None:
        """As `Stream.speak`, where there is a stream below."""
        if isinstance(self._transport, Stream):
            self._transport.speak(spoken)

    def look(self) -> None:
        """Notes what shows of the transport itself."""
        if isinstance(self._transport, FramedStream):
            self._seen.spoken = self._transport.spoken
        if isinstance(self._transport, StdioTransport):
            self._seen.stderr = self._transport.program.stderr

    def close(self) -> None:
        """Notes how it came to an end."""
        self.look()
        if self._has_ended and not self._has_spoken:
            self._seen.deaths += 1
            self._seen.first_words = self._seen.first_words or self._seen.stderr


def watched(opener: TransportOpener, seen: Seen) -> TransportOpener:
    """The same, noting what shows."""

    @asynccontextmanager
    async def opened() -> AsyncGenerator[Transport]:
        seen.starts += 1
        watching: _Watched | None = None
        try:
            async with opener() as transport:
                watching = _Watched(transport, seen)
                yield watching
        finally:
            if watching is not None:
                watching.close()

    return opened
