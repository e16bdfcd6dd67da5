"""What a tool of an MCP server answered, as an answer of a runtime. Pure.

A result has blocks of content, and may have structured content, which says the same in a form of its own: where it is
there it is the answer, and the texts, which repeat it, are left. Otherwise a text that is JSON is its value.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from urllib.parse import unquote, urlsplit

from runtimes.base import Attachment, CallResult
from runtimes.http import MAX_RESPONSE_BYTES
from runtimes.values import Json, JsonObject, dump_json, json_or_text

MAX_BLOCKS = 1000
"""How many blocks of one answer are read."""
MAX_ATTACHMENTS = 20
"""How many files of one answer are handed on."""
MAX_NOTES = 20
"""How many notes one answer comes with."""
MAX_EXPLANATION_CHARS = 300
"""How much of what a tool says of its failure is the explanation."""
MAX_TYPE_CHARS = 100
"""How much of a media type is handed on."""
MAX_FILE_NAME_CHARS = 100
"""How much of the name of a file is handed on."""

_FALLBACK_TYPE = "application/octet-stream"
_LINK_MEMBERS = ("type", "uri", "name", "title", "description", "mimeType", "size")


def one_line(text: str, limit: int) -> str:
    """The text on one line, printable and short."""
    return " ".join("".join(char if char.isprintable() else " " for char in text[: 4 * limit]).split())[:limit]


def _string(holder: JsonObject, name: str) -> str:
    value = holder.get(name)
    return value if isinstance(value, str) else ""


def _file_name(uri: str) -> str:
    """The last part of an address, with nothing in it that could lead anywhere."""
    try:
        path = urlsplit(uri).path
    except ValueError:
        return ""
    name = re.split(r"[/\\]", unquote(path).rstrip("/"))[-1]
    return "".join(filter(str.isprintable, name)).strip(". ")[:MAX_FILE_NAME_CHARS]


class _Reading:
    """Collects what the blocks of one answer are worth."""

    def __init__(self) -> None:
        self.values: list[Json] = []
        """Of texts, and of resources that came along."""
        self.links: list[JsonObject] = []
        self.attachments: list[Attachment] = []
        self.notes: list[str] = []
        self._bytes = 0

    def take(self, block: JsonObject, *, is_error: bool) -> None:
        """Reads one block."""
        match block.get("type"):
            case "text":
                text = _string(block, "text")
                self.values.append(text if is_error else json_or_text(text))
            case "image" | "audio" as kind:
                self._attach(_string(block, "data"), _string(block, "mimeType"), "", kind)
            case "resource":
                self._take_resource(block.get("resource"), is_error=is_error)
            case "resource_link":
                self.links.append({name: block[name] for name in _LINK_MEMBERS if block.get(name) is not None})
            case other:
                self.notes.append(f"a part of type {one_line(str(other), MAX_TYPE_CHARS)!r} was left out")

    def _take_resource(self, resource: Json, *, is_error: bool) -> None:
        if not isinstance(resource, dict):
            return
        uri = _string(resource, "uri")
        if "blob" in resource:
            self._attach(_string(resource, "blob"), _string(resource, "mimeType"), _file_name(uri), "file")
            return
        text = _string(resource, "text")
        known: JsonObject = {name: resource[name] for name in ("uri", "mimeType") if resource.get(name) is not None}
        self.values.append({**known, "text": text if is_error else json_or_text(text)})

    def _attach(self, data: str, media_type: str, name: str, kind: str) -> None:
        if len(self.attachments) >= MAX_ATTACHMENTS:
            self.notes.append(f"an {kind} was left out: {MAX_ATTACHMENTS} files is the limit")
            return
        try:
            content = base64.b64decode(data, validate=True)
        except (binascii.Error, ValueError):
            self.notes.append(f"one {kind} was left out: it is no base64")
            return
        self._bytes += len(content)
        if self._bytes > MAX_RESPONSE_BYTES:
            self.notes.append(f"one {kind} was left out: files of more than {MAX_RESPONSE_BYTES} bytes are not read")
            return
        kept = one_line(media_type, MAX_TYPE_CHARS) or _FALLBACK_TYPE
        self.attachments.append(Attachment(media_type=kept, data=content, name=name))


def _shown(files: Sequence[Attachment]) -> str:
    return ", ".join(f"{file.media_type}, {len(file.data)} bytes" for file in files)


def _payload(reading: _Reading) -> Json:
    values: list[Json] = [*reading.values, *reading.links]
    if values:
        return values[0] if len(values) == 1 else values
    return f"files: {_shown(reading.attachments)}" if reading.attachments else ""


def _explanation(payload: Json) -> str:
    """What went wrong, by the first text of the answer."""
    first = payload[0] if isinstance(payload, list) and payload else payload
    text = first if isinstance(first, str) else dump_json(first)[: 4 * MAX_EXPLANATION_CHARS]
    return one_line(text, MAX_EXPLANATION_CHARS)


def is_result(value: JsonObject) -> bool:
    """True for what can be read as a result of `tools/call`."""
    content = value.get("content")
    return isinstance(content, list) or (content is None and value.get("structuredContent") is not None)


def read_result(result: JsonObject) -> CallResult:
    """The answer that a result of `tools/call` is."""
    is_error = result.get("isError") not in (None, False)
    content = result.get("content")
    blocks = content if isinstance(content, list) else []
    reading = _Reading()
    for block in blocks[:MAX_BLOCKS]:
        if isinstance(block, dict):
            reading.take(block, is_error=is_error)
    if len(blocks) > MAX_BLOCKS:
        reading.notes.append(f"the parts of the answer after the first {MAX_BLOCKS} were left out")
    structured = result.get("structuredContent")
    payload = _payload(reading)
    if structured is not None:
        payload = structured
        reading.notes += [f"see also {one_line(_string(link, 'uri'), MAX_EXPLANATION_CHARS)}" for link in reading.links]
    return CallResult(
        payload=payload,
        is_error=is_error,
        is_truncated=len(blocks) > MAX_BLOCKS,
        explanation=_explanation(_payload(reading) or payload) if is_error else "",
        notes=tuple(reading.notes[:MAX_NOTES]),
        attachments=tuple(reading.attachments),
    )
