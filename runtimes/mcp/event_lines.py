"""Lines of a stream of events that are looked at before `mcp` sees them: its pace, and where an older server is written
to. Pure; whoever hands them on has cut the stream after ends of lines."""

from __future__ import annotations

import re
from urllib.parse import urljoin, urlsplit

from runtimes.errors import InvocationError
from runtimes.network import ContactRefused, origin_of

MIN_RETRY_SECONDS, MAX_RETRY_SECONDS = 1, 60
"""How long a server may have a stream that has ended be left alone before it is asked for again."""

MAX_ENDPOINT_CHARS = 2048
"""How long an address may be that messages are to be sent to."""

_RETRY = re.compile(rb"(?<![^\r\n])retry:[ ]?([^\r\n]*)")
_MILLISECONDS = re.compile(rb"[0-9]{1,9}")
_ENDS = re.compile(rb"\r\n|\r|\n")


def _bounded(match: re.Match[bytes]) -> bytes:
    if not _MILLISECONDS.fullmatch(match[1]):
        return b":"  # a comment, as what is no number is to be passed over
    return b"retry: %d" % min(max(int(match[1]), MIN_RETRY_SECONDS * 1000), MAX_RETRY_SECONDS * 1000)


def paced(lines: bytes) -> bytes:
    """The lines with no other pauses in them than those that are allowed."""
    return _RETRY.sub(_bounded, lines)


def checked_endpoint(written: str, url: str) -> None:
    """Raises: `InvocationError` for an address that messages to the server at the URL are not sent to."""
    here, there = origin_of(url), "no usable address"
    is_short = len(written) <= MAX_ENDPOINT_CHARS and written.isascii() and written.isprintable()
    try:
        target = urljoin(url, written)
        if is_short:
            there = str(origin_of(target))
        if there == str(here) and urlsplit(target).netloc == urlsplit(url).netloc:
            return
    except (ValueError, ContactRefused):
        pass
    how = "at an address that it writes in another way" if there == str(here) else f"at {there}"
    raise InvocationError(
        f"nothing was sent: the MCP server {here} wants messages {how}, and has to want them at its own", is_unsent=True
    )


class EndpointWatch:
    """Looks for the event that says where messages go, the first of its kind (MCP 2024-11-05, "HTTP with SSE")."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._event = ""
        self._data: list[str] = []
        self._is_over = False
        self._ends_with_cr = False

    def look(self, lines: bytes) -> None:
        """Raises: `InvocationError` for an address of another server."""
        if self._is_over:
            return
        if self._ends_with_cr and lines.startswith(b"\n"):
            lines = lines[1:]
        self._ends_with_cr = lines.endswith(b"\r")
        *whole, _ = _ENDS.split(lines)
        for line in whole:
            if not self._is_over:
                self._take(line.decode("utf-8", "replace"))

    def _take(self, line: str) -> None:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if not line:
            if self._event == "endpoint":
                self._is_over = True
                checked_endpoint("\n".join(self._data), self._url)
            self._event, self._data = "", []
        elif name == "event":
            self._event = value
        elif name == "data" and sum(map(len, self._data)) <= MAX_ENDPOINT_CHARS:
            self._data.append(value)
