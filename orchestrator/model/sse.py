"""Server-sent events, read without I/O: bytes in, the data of complete events out.

Only `data` matters to chat completions: comments and the other fields are skipped.
"""

from __future__ import annotations

MAX_LINE_BYTES = 1024 * 1024
"""The longest line that is read, without its line end."""

MAX_EVENT_BYTES = 4 * 1024 * 1024
"""The most data that one event may have, over all its lines."""

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class EventTooLong(ValueError):
    """A line or an event passes its limit; the stream cannot be read on."""


def _check(size: int, limit: int, what: str) -> None:
    if size > limit:
        raise EventTooLong(f"a {what} of the stream is longer than {limit} bytes")


class SseReader:
    """Reads one stream, however its bytes are cut."""

    def __init__(self) -> None:
        self._line = bytearray()  # the unfinished line
        self._data: list[bytes] = []
        self._data_bytes = 0
        self._is_after_cr = False
        self._is_first_line = True

    def feed(self, chunk: bytes) -> list[bytes]:
        """The data of each event that this chunk completes. Raises: `EventTooLong`."""
        if self._is_after_cr and chunk:
            self._is_after_cr = False
            chunk = chunk.removeprefix(b"\n")
        if not chunk:
            return []
        lines = chunk.splitlines()
        self._is_after_cr = chunk.endswith(b"\r")
        rest = b"" if chunk.endswith((b"\r", b"\n")) else lines.pop()
        if lines and self._line:
            lines[0] = bytes(self._line) + lines[0]
            self._line.clear()
        payloads = [payload for line in lines if (payload := self._read(line)) is not None]
        self._line += rest
        _check(len(self._line), MAX_LINE_BYTES, "line")
        return payloads

    def finish(self) -> list[bytes]:
        """The data of an event that the end of the stream cut off before its blank line."""
        line = bytes(self._line)
        self._line.clear()
        payloads = [payload for last in (line, b"") if (payload := self._read(last)) is not None]
        self._is_after_cr = False
        return payloads

    def _read(self, line: bytes) -> bytes | None:
        _check(len(line), MAX_LINE_BYTES, "line")
        if self._is_first_line:
            self._is_first_line = False
            line = line.removeprefix(_BYTE_ORDER_MARK)
        if not line:
            return self._dispatch()
        name, _, value = line.partition(b":")
        if name == b"data":
            self._data.append(value.removeprefix(b" "))
            self._data_bytes += len(value) + 1
            _check(self._data_bytes, MAX_EVENT_BYTES, "event")
        return None

    def _dispatch(self) -> bytes | None:
        if not self._data:
            return None
        payload = b"\n".join(self._data)
        self._data.clear()
        self._data_bytes = 0
        return payload
