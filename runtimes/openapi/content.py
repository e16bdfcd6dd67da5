"""What a body is once it is written: a media type and bytes; and the bodies that are one value and no more."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from runtimes.openapi.files import chosen_type, read_file
from runtimes.openapi.media_types import PLAIN_TEXT, MediaType
from runtimes.openapi.styles import InvalidArgument, scalar_text
from runtimes.values import Json, dump_json

CHARSETS = frozenset({"utf-8", "us-ascii", "ascii", "iso-8859-1", "windows-1252", "utf-16", "utf-16le", "utf-16be"})
"""The character sets that text is written in, if its media type says so; it is UTF-8 otherwise."""

MAX_BODY_BYTES = 8 * 1024 * 1024
"""The longest body that is sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """Bytes, and the value of the Content-Type header they are sent with."""

    media_type: str
    data: bytes


class Writer(Protocol):
    """Writes the values of one body."""

    def write(self, value: Json, call_id: str, /) -> Content:
        """The content. Raises: `InvalidArgument`."""
        ...


class Budget:
    """The bytes that a body may still have: descriptions can make much of few arguments."""

    def __init__(self) -> None:
        self._left = MAX_BODY_BYTES

    def spend(self, size: int) -> None:
        """Takes bytes, or characters, away. Raises: `InvalidArgument` when there are no more."""
        self._left -= size
        if self._left < 0:
            raise InvalidArgument(f"the body is longer than {MAX_BODY_BYTES} bytes")


def _in_utf_8(media_type: MediaType) -> str:
    return f"{media_type.without('charset')}; charset=utf-8"


def encoded_text(text: str, media_type: MediaType, *, errors: str = "strict") -> Content:
    """Text in the character set of its media type, which is named where the text would be misread without.

    Raises: `InvalidArgument` for characters that are not in that set.
    """
    charset = media_type.charset
    if charset not in CHARSETS:
        is_clear = not charset and text.isascii()
        return Content(media_type=media_type.text if is_clear else _in_utf_8(media_type), data=text.encode())
    try:
        return Content(media_type=media_type.text, data=text.encode(charset, errors))
    except UnicodeEncodeError as error:
        wrong = text[error.start : error.start + 1]
        raise InvalidArgument(f"the body is sent in {charset}, which has no character {wrong!r}") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonWriter:
    """Writes any value as JSON, which is UTF-8 whatever its media type says (RFC 8259 8.1)."""

    media_type: MediaType

    def write(self, value: Json, call_id: str, /) -> Content:
        """As `Writer.write`."""
        del call_id
        is_honest = self.media_type.charset in {"", "utf-8"}
        stated = self.media_type.text if is_honest else _in_utf_8(self.media_type)
        return Content(media_type=stated, data=dump_json(value).encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class TextWriter:
    """Writes a string as it is, a number or boolean in JSON spelling; as `text/plain` anything else in JSON too."""

    media_type: MediaType

    def write(self, value: Json, call_id: str, /) -> Content:
        """As `Writer.write`."""
        del call_id
        if isinstance(value, list | dict) and self.media_type.name != PLAIN_TEXT:
            raise InvalidArgument(f"the body is sent as {self.media_type.name} and must be text")
        return encoded_text(scalar_text(value), self.media_type)


@dataclass(frozen=True, slots=True, kw_only=True)
class BinaryWriter:
    """Writes bytes, given as base64 text."""

    offered: Sequence[MediaType]
    """Those that the bytes may be sent as, the preferred one first."""
    argument: str
    """What the bytes are called in messages."""

    def write(self, value: Json, call_id: str, /) -> Content:
        """As `Writer.write`."""
        del call_id
        file = read_file(self.argument, value)
        return Content(media_type=chosen_type(self.argument, file, self.offered), data=file.data)


def shown_content(data: bytes, media_type: str) -> str:
    """Bytes as a preview shows them: UTF-8 text without NUL as it is, anything else as a data URL with the exact bytes.

    So is what would look like one, unless its media type says that it is text.
    """
    is_clear = media_type.startswith("text/") or not data.startswith(b"data:")
    try:
        if is_clear and b"\0" not in data:
            return data.decode()
    except UnicodeDecodeError:
        pass
    return f"data:{media_type.replace('; ', ';')};base64,{base64.b64encode(data).decode()}"
