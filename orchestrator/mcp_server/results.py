"""What came of a call as an MCP result: text, structured content, links to its sources, and files. Pure."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence

import mcp_types as types

from orchestrator.content import Citation
from orchestrator.mcp_server.making import Made
from orchestrator.render.sanitize import clean_line
from runtimes.base import Attachment
from runtimes.values import InvalidJson, Json, JsonObject, parse_json

MAX_LINKS = 20
"""Sources of one answer that are linked to."""

RESULT = "result"
"""The member that holds an answer which is an array: structured content is always an object."""

_NOTES = ("[note: ", "[while it ran, the plugin asked the person: ")
"""How the lines begin that the host adds to a whole answer."""


def structured(answer: str) -> JsonObject | None:
    """The answer as JSON, where it is an object or an array, and whole.

    `answer` is JSON or text, then notes. A text may look like a number or a quoted one; it is not taken for that.
    """
    first, *notes = answer.split("\n")
    is_whole = all(line.startswith(_NOTES) and line.endswith("]") for line in notes)
    if not first.startswith(("{", "[")) or not is_whole:
        return None
    try:
        value: Json = parse_json(first)
    except InvalidJson:
        return None
    return value if isinstance(value, dict) else {RESULT: value}


def _links(citations: Sequence[Citation]) -> Iterator[types.ResourceLink]:
    """A link for each source that has an address of its own, each address once; only `https`: nobody alters those."""
    addresses: set[str] = set()
    for citation in citations:
        url = citation.url
        if url is None or not url.startswith("https://") or url in addresses or len(addresses) >= MAX_LINKS:
            continue
        addresses.add(url)
        title = clean_line(citation.title)
        about = [clean_line(text) for text in (citation.subtitle, citation.information_protection_label) if text]
        yield types.ResourceLink(name=title or url, title=title or None, uri=url, description=" - ".join(about) or None)


def _file(number: int, file: Attachment) -> types.ContentBlock:
    data = base64.b64encode(file.data).decode()
    kind = file.media_type.partition("/")[0].lower()
    if kind == "image":
        return types.ImageContent(data=data, mime_type=file.media_type)
    if kind == "audio":
        return types.AudioContent(data=data, mime_type=file.media_type)
    uri = f"attachment:{number}"
    contents = types.BlobResourceContents(uri=uri, mime_type=file.media_type or None, blob=data)
    return types.EmbeddedResource(resource=contents)


def result_of(made: Made) -> types.CallToolResult:
    """The result that a client is given; what a plugin says to the person is in what it says to the model."""
    content: list[types.ContentBlock] = [types.TextContent(text=made.text)]
    content += _links(made.shown.citations)
    content += [_file(number, file) for number, file in enumerate(made.attachments, start=1)]
    value = structured(made.answer) if made.answer else None
    return types.CallToolResult(content=content, structured_content=value, is_error=made.is_error)


def failed(text: str) -> types.CallToolResult:
    """A result that says why there is none."""
    return types.CallToolResult(content=[types.TextContent(text=clean_line(text))], is_error=True)
