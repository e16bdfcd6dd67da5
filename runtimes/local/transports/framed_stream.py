"""Messages over a stream of bytes, framed as the other side frames them: what stdio and sockets have in common.

It starts nothing and closes nothing: who opened the stream does.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from runtimes.local.framing import Frames, Spoken, framed
from runtimes.local.transports.base import TransportClosed
from runtimes.local_endpoint import Framing

READ_BYTES = 64 * 1024
"""How much is read at once."""

SendBytes = Callable[[bytes], Awaitable[None]]
"""Writes all of it. Raises: `TransportClosed`."""
ReceiveBytes = Callable[[], Awaitable[bytes]]
"""What has come; empty once the other side has ended."""


class FramedStream:
    """Frames what goes out and cuts what comes in."""

    def __init__(self, send_bytes: SendBytes, receive_bytes: ReceiveBytes, framing: Framing) -> None:
        """`auto` speaks lines until the other side shows what it speaks."""
        self._send_bytes = send_bytes
        self._receive_bytes = receive_bytes
        self._follows = framing == "auto"
        self._frames = Frames(None if framing == "auto" else framing)
        self._spoken: Spoken = "lines" if framing == "auto" else framing

    async def send(self, message: bytes, /) -> None:
        """Sends all of it. Raises: `TransportClosed`."""
        await self._send_bytes(self.framed(message))

    async def receive(self) -> Sequence[bytes]:
        """The next messages; none once the other side has ended.

        Raises: `TransportClosed` where the stream cannot be cut into messages any further.
        """
        frames = self._frames
        while not frames.broken and (data := await self._receive_bytes()):
            if messages := frames.receive(data):
                if self._follows:
                    self._follow(messages)
                return messages
        if frames.broken:
            raise TransportClosed(frames.broken)
        return ()

    def unfinished(self) -> str:
        """What is wrong with the message that has begun and not ended; empty where none has."""
        return self._frames.unfinished()

    @property
    def spoken(self) -> Spoken:
        """How the other side is spoken to; as it speaks itself, once that has shown."""
        return self._spoken

    def framed(self, message: bytes) -> bytes:
        """The bytes that go out for a message."""
        return framed(message, self._spoken)

    def speak(self, spoken: Spoken) -> None:
        """Frames what goes out in this way, until the other side shows that it speaks another."""
        self._spoken = spoken

    def _follow(self, messages: Sequence[bytes]) -> None:
        """Speaks as the other side does; a line that is no message is what a program of either kind may print."""
        heard = self._frames.spoken
        if heard is not None and (heard == "headers" or any(message.startswith(b"{") for message in messages)):
            self._spoken = heard
            self._follows = False
