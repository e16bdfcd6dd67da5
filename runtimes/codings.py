"""Content codings of an answer, decoded no further than asked for.

None is offered (`Accept-Encoding: identity`); gzip and deflate are decoded where a server sends them all the same. One
coding at most: those that are piled up, and those that cannot be stopped after so many bytes, are refused.
"""

from __future__ import annotations

import zlib
from typing import Protocol

MAX_CODING_CHARS = 40
"""How much of a coding's name is quoted."""

_ANY_HEADER = 32 + zlib.MAX_WBITS
_ZLIB_METHOD = 8
_GZIP_MARK = b"\x1f\x8b"


class BadContent(Exception):
    """An answer breaks a limit, is not coded as it says, or is coded in a way that was not asked for."""


class Decoder(Protocol):
    """Decodes one answer."""

    def decode(self, chunk: bytes, room: int, /) -> bytes:
        """The next bytes, at most `room` of them; `room` is positive. Raises: `BadContent`."""
        ...

    def finish(self) -> None:
        """Told that there are no more chunks. Raises: `BadContent` when there should be."""
        ...


class _Identity:
    def decode(self, chunk: bytes, room: int, /) -> bytes:
        return chunk[:room]

    def finish(self) -> None:
        return


def _has_header(start: bytes) -> bool:
    """True where deflated content starts as RFC 1950 says; some servers leave the header out."""
    if start[:1] == _GZIP_MARK[:1]:
        return True
    return start[0] & 0x0F == _ZLIB_METHOD and (len(start) == 1 or int.from_bytes(start[:2]) % 31 == 0)


class _Inflating:
    """gzip, in any number of members, and deflate."""

    def __init__(self, *, may_lack_header: bool) -> None:
        self._may_lack_header = may_lack_header
        self._inflate = zlib.decompressobj(wbits=_ANY_HEADER)
        self._is_begun = False
        self._is_over = False
        """Nothing of what follows the content is kept: there may be any amount of it."""

    def decode(self, chunk: bytes, room: int, /) -> bytes:
        if chunk and not self._is_begun:
            self._is_begun = True
            if self._may_lack_header and not _has_header(chunk):
                self._inflate = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
        decoded = bytearray()
        while chunk and len(decoded) < room and not self._is_over:
            if self._inflate.eof:
                self._is_over = not _GZIP_MARK.startswith(chunk[:2])
                self._inflate = zlib.decompressobj(wbits=_ANY_HEADER)
                continue
            try:
                decoded += self._inflate.decompress(chunk, room - len(decoded))
            except zlib.error as error:
                raise BadContent(f"its compressed content is broken: {error}") from None
            chunk = self._inflate.unused_data
        return bytes(decoded)

    def finish(self) -> None:
        if self._is_begun and not self._is_over and not self._inflate.eof:
            raise BadContent("its compressed content ends too early")


def decoder_for(coding: str) -> Decoder:
    """The decoder of a `Content-Encoding`. Raises: `BadContent` for one that was not asked for."""
    name = coding.strip().lower()
    if name in {"", "identity"}:
        return _Identity()
    if name in {"gzip", "x-gzip", "deflate"}:
        return _Inflating(may_lack_header=name == "deflate")
    raise BadContent(f"the answer is encoded as {name[:MAX_CODING_CHARS]!r}, which was not asked for")
