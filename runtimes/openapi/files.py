"""Files as arguments: bytes given as base64 text, what is known of their type, and the name they are sent under.

An argument never names a path. Who may read the person's disk, such as the command line, reads the file itself and
gives a data URL, which carries the name: `data:image/png;name=photo.png;base64,…`.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote, unquote

from runtimes.openapi.media_types import OCTET_STREAM, MediaType, read_media_type
from runtimes.openapi.styles import InvalidArgument
from runtimes.values import Json

MAX_FILE_BYTES = 5 * 1024 * 1024
"""The largest file that an argument may be."""

MAX_FILE_NAME_LENGTH = 200
"""Characters of a file's name."""

MAX_PATH_LENGTH = 255
"""Characters of a text that may be a path though its letters are those of base64."""

MAX_TYPES_LISTED = 5
"""How many media types a message lists."""

MAX_TYPE_SHOWN = 60
"""Characters of a media type in a message."""

_DATA_URL = re.compile(r"data:([^,;]*)((?:;[^,;]*)*),")
_ROOTED = re.compile(r"(/[A-Za-z0-9_-]+)+/?")
_SPACE = re.compile(r"[ \t\r\n]+")
_URL_SAFE = str.maketrans("-_", "+/")
_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
)
_EXTENSIONS = {
    "application/json": ".json",
    "application/pdf": ".pdf",
    "application/xml": ".xml",
    "application/zip": ".zip",
    "image/gif": ".gif",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/webp": ".webp",
    "text/csv": ".csv",
    "text/html": ".html",
    "text/plain": ".txt",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """Bytes, and what came with them."""

    data: bytes
    media_type: str = ""
    """As it was stated; empty when it was not."""
    name: str = ""


def _data_url(text: str) -> tuple[str, str, str]:
    """The media type, the name and the base64 text of a data URL; other text is base64 itself."""
    found = _DATA_URL.match(text)
    if found is None:
        return "", "", text
    parameters = found[2].split(";")[1:]
    if not parameters or parameters[-1].strip().lower() != "base64":
        raise InvalidArgument("a data URL must be base64: 'data:image/png;base64,…'")
    names = [one.partition("=")[2] for one in parameters if one.strip().lower().startswith("name=")]
    media_type = read_media_type(found[1])
    stated = media_type.name if media_type is not None and not media_type.is_range else ""
    return stated, unquote(names[0]) if names else "", text[found.end() :]


def _actual_type(file: File) -> str:
    if file.media_type:
        return file.media_type
    if file.data[:4] == b"RIFF" and file.data[8:12] == b"WEBP":
        return "image/webp"
    return next((name for signature, name in _SIGNATURES if file.data.startswith(signature)), "")


def _is_like_path(text: str, file: File) -> bool:
    """True for bare text that a path is likelier than bytes.

    A slash in it makes its padding count, and one that leads needs bytes that are known, such as those of a JPEG.
    """
    if "/" not in text or file.media_type:
        return False
    is_rooted = len(text) <= MAX_PATH_LENGTH and _ROOTED.fullmatch(text) is not None
    return len(text) % 4 != 0 or (is_rooted and not _actual_type(file))


def base64_text(value: Json) -> str:
    """The base64 text of an argument that is sent as such; a data URL is more than that. Raises: `InvalidArgument`."""
    return _data_url(value)[2] if isinstance(value, str) else ""


def read_file(argument: str, value: Json) -> File:
    """The file that an argument is. Raises: `InvalidArgument` for what is no base64 text, and for one too large."""
    if not isinstance(value, str):
        raise InvalidArgument(f"{argument[:60]!r} is a file; give its bytes as base64 text")
    if len(value) > MAX_FILE_BYTES * 2:
        raise InvalidArgument(f"the file {argument[:60]!r} is longer than {MAX_FILE_BYTES} bytes")
    media_type, name, text = _data_url(value)
    given = _SPACE.sub("", text)
    digits = given.translate(_URL_SAFE).rstrip("=")
    no_bytes = InvalidArgument(
        f"{argument[:60]!r} is a file; give its bytes as base64 text, not its path or its address"
    )
    try:
        data = base64.b64decode(digits + "=" * (-len(digits) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise no_bytes from None
    if len(data) > MAX_FILE_BYTES:
        raise InvalidArgument(f"the file {argument[:60]!r} is longer than {MAX_FILE_BYTES} bytes")
    base_name = re.split(r"[/\\]", name)[-1]
    file = File(data=data, media_type=media_type, name=base_name[:MAX_FILE_NAME_LENGTH])
    if text is value and _is_like_path(given, file):
        raise no_bytes
    return file


def unread(argument: str, text: str) -> str:
    """Why a text is no file; empty for one that `read_file` reads."""
    try:
        read_file(argument, text)
    except InvalidArgument as error:
        return str(error)
    return ""


def data_url(data: bytes, *, name: str = "", media_type: str = "") -> str:
    """Bytes as an argument, with the name they are sent under. `media_type` is left out when it is not known."""
    named = f";name={quote(name, safe='')}" if name else ""
    return f"data:{media_type}{named};base64,{base64.b64encode(data).decode()}"


def chosen_type(argument: str, file: File, offered: Sequence[MediaType]) -> str:
    """The media type to send a file as: what it is, if that is offered, else the first that is.

    Raises: `InvalidArgument` where only ranges are offered, and what it is lies in none of them or is not known.
    """
    if not offered:
        return file.media_type or OCTET_STREAM
    actual = _actual_type(file)
    for media_type in offered:
        if actual and media_type.covers(actual):
            return actual if media_type.is_range else media_type.text
    named = next((media_type.text for media_type in offered if not media_type.is_range), "")
    if named or any(media_type.covers(OCTET_STREAM) for media_type in offered):
        return named or OCTET_STREAM
    taken = ", ".join(media_type.name[:MAX_TYPE_SHOWN] for media_type in offered[:MAX_TYPES_LISTED])
    raise InvalidArgument(
        f"{argument[:60]!r} takes {taken}, and its bytes are {actual[:MAX_TYPE_SHOWN] or 'of no known type'};"
        " give them as a data URL that names their type: 'data:TYPE;base64,…'"
    )


def file_name(file: File, argument: str, media_type: str) -> str:
    """The name to send a file under: its own, else the argument's with the extension of its type."""
    plain = media_type.partition(";")[0].strip().lower()
    return file.name or argument[:MAX_FILE_NAME_LENGTH] + _EXTENSIONS.get(plain, "")
