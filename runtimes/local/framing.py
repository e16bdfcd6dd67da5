"""Cuts a stream of bytes into messages and back: one a line, or each after a header with its length. Pure.

Which of the two the other side speaks shows in the first bytes it sends; how it is spoken to is decided above.
"""

from __future__ import annotations

import re
from typing import Literal

MAX_MESSAGE_BYTES = 1024 * 1024
"""How long one message may be, in either direction. Its depth is bounded where it is read."""
MAX_HEADER_BYTES = 4096
"""How long the header fields of one message may be together."""

Spoken = Literal["lines", "headers"]
"""One message a line, or each after `Content-Length`."""

_LENGTH = b"content-length"
_BLANK = re.compile(rb"\r?\n\r?\n")
"""What ends a header, also where its lines end as they do in a file."""


class _Unframed(Exception):
    """The stream cannot be read any further."""


def framed(message: bytes, spoken: Spoken) -> bytes:
    """What goes out for a message, which has no line feed in it."""
    if spoken == "lines":
        return message + b"\n"
    return b"Content-Length: %d\r\n\r\n%b" % (len(message), message)


def _length(header: bytes) -> int:
    """Raises: `_Unframed`."""
    fields = (line.partition(b":") for line in header.split(b"\n"))
    given = {value.strip() for name, _, value in fields if name.strip().lower() == _LENGTH}
    if len(given) != 1:
        raise _Unframed("a header with several lengths" if given else "a header without a Content-Length")
    (digits,) = given
    if not digits.isdigit() or len(digits) > len(str(MAX_MESSAGE_BYTES)):
        raise _Unframed(f"a Content-Length of {digits[:20].decode(errors='replace')!r} bytes")
    if (length := int(digits)) > MAX_MESSAGE_BYTES:
        raise _Unframed(f"a message is longer than {MAX_MESSAGE_BYTES} bytes")
    return length


class Frames:
    """Collects what comes and hands out the messages that it completes."""

    def __init__(self, spoken: Spoken | None = None) -> None:
        """None finds out with the first message."""
        self.spoken: Spoken | None = spoken
        """Which of the two the other side speaks; None as long as that is not known."""
        self.broken = ""
        """Why the stream cannot be read any further; empty as long as it can."""
        self._may_change = spoken is None
        self._buffer = bytearray()
        self._searched = 0

    def receive(self, data: bytes) -> list[bytes]:
        """The messages that `data` completes; once the stream is `broken` there are no more."""
        messages: list[bytes] = []
        if self.broken:
            return messages
        self._buffer += data
        if self.spoken == "lines" and not self._may_change and len(self._buffer) <= MAX_MESSAGE_BYTES:
            return self._all_lines(data)
        try:
            while (message := self._next()) is not None:
                messages.append(message)
        except _Unframed as error:
            self.broken = str(error)
            self._buffer.clear()
        return messages

    def unfinished(self) -> str:
        """What is missing of the message that has begun; empty where none has."""
        if not self._buffer or self._buffer.isspace():
            return ""
        if self.spoken != "headers":
            missing = "the line feed after it is missing"
        elif _BLANK.search(self._buffer, 0, MAX_HEADER_BYTES + 4):
            missing = "it is shorter than its Content-Length"
        else:
            missing = "the empty line after its header is missing, or the last Content-Length was too small"
        return f"it has sent {len(self._buffer)} bytes that are no whole message: {missing}"

    def _next(self) -> bytes | None:
        """Raises: `_Unframed`."""
        if self._may_change:
            self._detect()
        if self.spoken is None:
            return None
        return self._next_line() if self.spoken == "lines" else self._next_headed()

    def _detect(self) -> None:
        """By the first bytes; a header below lines that are no messages counts as well."""
        start = bytes(self._buffer[: len(_LENGTH)]).lower()
        if start == _LENGTH:
            self.spoken = "headers"
            self._may_change = False
        elif not _LENGTH.startswith(start):
            self.spoken = "lines"

    def _next_line(self) -> bytes | None:
        end = self._buffer.find(b"\n", self._searched)
        if (len(self._buffer) if end < 0 else end) > MAX_MESSAGE_BYTES:
            raise _Unframed(f"a line is longer than {MAX_MESSAGE_BYTES} bytes")
        if end < 0:
            self._searched = len(self._buffer)
            return None
        self._may_change = self._may_change and not self._buffer.startswith(b"{")
        return self._cut(0, end, end + 1)

    def _all_lines(self, data: bytes) -> list[bytes]:
        """All at once, where none can be too long."""
        if b"\n" not in data:
            return []
        *lines, rest = bytes(self._buffer).split(b"\n")
        self._buffer = bytearray(rest)
        self._searched = 0
        return lines

    def _next_headed(self) -> bytes | None:
        blank = _BLANK.search(self._buffer, self._searched, MAX_HEADER_BYTES + 4)
        if blank is None:
            if len(self._buffer) >= MAX_HEADER_BYTES + 4:
                raise _Unframed(f"a header is longer than {MAX_HEADER_BYTES} bytes")
            self._searched = max(0, len(self._buffer) - 3)
            return None
        start = blank.end()
        length = _length(bytes(self._buffer[: blank.start()]))
        if len(self._buffer) < start + length:
            self._searched = blank.start()
            return None
        return self._cut(start, start + length, start + length)

    def _cut(self, start: int, end: int, rest: int) -> bytes:
        message = bytes(self._buffer[start:end])
        del self._buffer[:rest]
        self._searched = 0
        return message
