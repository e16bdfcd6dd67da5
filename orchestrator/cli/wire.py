"""What would be sent for a call, as the command line prints it: as text, as JSON, as a curl command; secrets masked."""

from __future__ import annotations

import base64
import re
import shlex
import string
from dataclasses import replace
from urllib.parse import unquote

from orchestrator.errors import UsageError
from orchestrator.render.sanitize import clean
from runtimes.base import WireMessage
from runtimes.credentials import whole_message
from runtimes.values import Json, JsonObject

MASK = "***"
"""What stands for a secret."""

MAX_SHOWN_BODY = 4000
"""Characters that are printed of a body that is no text."""

_SECRET_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie"})
_SCHEME = re.compile(r"\w[\w.+-]*(?= )")
_PRINTED_AS_IT_IS = frozenset(b" :;,./_=" + string.digits.encode() + string.ascii_letters.encode())
"""Bytes that mean nothing else to `printf`."""


def _masked_header(name: str, value: str, secrets: frozenset[str]) -> str:
    folded = name.casefold()
    if folded == "cookie":
        return "; ".join(f"{pair.partition('=')[0]}={MASK}" for pair in value.split("; "))
    if folded in _SECRET_HEADERS:
        scheme = _SCHEME.match(value)
        return f"{scheme[0]} {MASK}" if scheme else MASK
    return MASK if folded in secrets else value


def _masked_url(url: str, secrets: frozenset[str]) -> str:
    address, mark, query = url.partition("?")
    pairs = [pair.partition("=") for pair in query.split("&")]
    shown = [
        f"{name}={MASK}" if joint and unquote(name).casefold() in secrets else f"{name}{joint}{value}"
        for name, joint, value in pairs
    ]
    return address + mark + "&".join(shown)


def masked(message: WireMessage) -> WireMessage:
    """The same with its credentials, without their values."""
    message = whole_message(message)
    headers = tuple((name, _masked_header(name, value, message.secrets)) for name, value in message.headers)
    return replace(message, url=_masked_url(message.url, message.secrets), headers=headers)


def _content_type(message: WireMessage) -> str:
    return next((value for name, value in message.headers if name.casefold() == "content-type"), "")


def sent_bytes(message: WireMessage) -> bytes:
    """The body: bytes that are no text stand in a preview as a data URL."""
    body = message.body or ""
    if body.startswith("data:") and not _content_type(message).startswith("text/"):
        return base64.b64decode(body.partition(";base64,")[2])
    return body.encode()


def _readable(message: WireMessage) -> str:
    body, data = message.body or "", sent_bytes(message)
    text = data.decode(errors="replace")
    is_whole = text == body or len(text) <= MAX_SHOWN_BODY
    return text if is_whole else f"{text[:MAX_SHOWN_BODY]}… (all of it with --json)"


def as_lines(message: WireMessage) -> list[str]:
    """A request for people to read."""
    lines = [f"{message.method} {message.url}", *(f"{name}: {value}" for name, value in message.headers)]
    return lines if message.body is None else [*lines, "", _readable(message)]


def as_json(message: WireMessage) -> JsonObject:
    """A request for programs."""
    headers: list[Json] = [[name, value] for name, value in message.headers]
    return {"method": message.method, "url": message.url, "headers": headers, "body": message.body}


def _quoted(text: str) -> str:
    """A word of any shell that stands for the text in Latin-1, as headers are sent."""
    if text.isascii() and text.isprintable():
        return shlex.quote(text)
    data = text.encode("latin-1")
    escaped = (chr(byte) if byte in _PRINTED_AS_IT_IS else f"\\{byte:03o}" for byte in data)
    return f"\"$(printf '{''.join(escaped)}')\""


def _header_words(message: WireMessage) -> list[str]:
    """Curl leaves out a header without a value unless a semicolon ends its name; a media type it makes up itself."""
    words = [f"{name}: {value}" if value else f"{name};" for name, value in message.headers]
    if message.body is not None and not _content_type(message):
        words.append("Content-Type:")
    return words


def _is_plain(data: bytes) -> bool:
    """True when the bytes are a text that a terminal shows as it is."""
    text = data.decode(errors="replace")
    return text.encode() == data and clean(text) == text


def curl_command(message: WireMessage) -> str:
    """A line for a POSIX shell that sends the same request.

    Raises: `UsageError` for what is no HTTP request.
    """
    if not message.url.startswith(("http://", "https://")):
        raise UsageError(f"--curl prints HTTP requests; this one is {message.method}: use --dry-run")
    method = ["--head"] if message.method == "HEAD" else ["--request", message.method]
    words = ["curl", "--globoff", "--path-as-is", *method, "--url", shlex.quote(message.url)]
    for header in _header_words(message):
        words += ["--header", _quoted(header)]
    if message.body is None:
        return " ".join(words)
    data = sent_bytes(message)
    if _is_plain(data):
        return " ".join([*words, "--data-raw", shlex.quote(data.decode())])
    coded = base64.b64encode(data).decode()
    return f"printf %s {shlex.quote(coded)} | base64 --decode | " + " ".join([*words, "--data-binary", "@-"])
