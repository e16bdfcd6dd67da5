"""The request that a call becomes: exactly the bytes that are sent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote

from runtimes.http import Headers, HttpRequest
from runtimes.openapi.arguments import Placed
from runtimes.openapi.operations import TEMPLATE_NAME, Operation
from runtimes.openapi.parameters import InvalidArgument, Parameter
from runtimes.openapi.serialisation import cookie_pairs, has_dot_segment, header_text, path_text, query_pairs
from runtimes.openapi.styles import inline_text, percent
from runtimes.values import Json, JsonObject

if TYPE_CHECKING:
    from runtimes.openapi.content import Content

ACCEPT = "application/json, text/plain;q=0.9, */*;q=0.5"
"""What answers are asked for."""

MAX_REMEMBERED_TEMPLATES = 4096
"""How many paths of operations are remembered in pieces."""

_PATH_LITERAL = "/:@!$&'()*+,;=%"
_QUERY_LITERAL = _PATH_LITERAL + "?"
_ADDED = re.compile(r"[!-\[\]-~]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Template:
    """The path of an operation, or the query in it: text that is encoded already, and names between."""

    texts: tuple[str, ...]
    """One more than there are names."""
    names: tuple[str, ...]

    def expanded(self, values: Mapping[str, str]) -> str:
        """With its names replaced by text that is encoded already."""
        if not self.names:
            return self.texts[0]
        named = (values[name] + text for name, text in zip(self.names, self.texts[1:], strict=True))
        return self.texts[0] + "".join(named)


@lru_cache(maxsize=MAX_REMEMBERED_TEMPLATES)
def _template(text: str, literal: str) -> _Template:
    pieces = TEMPLATE_NAME.split(text)
    return _Template(texts=tuple(quote(piece, safe=literal) for piece in pieces[::2]), names=tuple(pieces[1::2]))


def _path_values(placed: Placed, names: tuple[str, ...]) -> dict[str, str]:
    values: dict[str, str] = {}
    for parameter, value in placed.parameters:
        if parameter.location == "path" and parameter.name in names:
            values[parameter.name] = path_text(parameter, value)
    if missing := sorted(set(names) - values.keys()):
        raise InvalidArgument(f"the argument {missing[0]!r} is missing; it is part of the path")
    return values


def _query_text(parameter: Parameter, value: Json) -> str | None:
    return inline_text(parameter.name, value, style="simple", explode=False, encode=percent)


def _template_query(placed: Placed, query: str) -> tuple[str, frozenset[Parameter]]:
    """The query that the path template itself has, and the parameters used up by it."""
    template = _template(query, _QUERY_LITERAL)
    names = set(template.names)
    used = {parameter: value for parameter, value in placed.parameters if parameter.name in names}
    used = {one: value for one, value in used.items() if one.location in {"path", "query"}}
    written = {one.name: _query_text(one, value) for one, value in used.items()}
    values = {name: text for name, text in written.items() if text is not None}
    if missing := sorted(names - values.keys()):
        raise InvalidArgument(f"the argument {missing[0]!r} is missing; it is part of the address")
    return template.expanded(values), frozenset(one for one in used if one.location == "query")


def _url(operation: Operation, placed: Placed) -> str:
    path, mark, query = operation.path.partition("?")
    template = _template(path, _PATH_LITERAL)
    expanded = "/" + template.expanded(_path_values(placed, template.names)).removeprefix("/")
    if has_dot_segment(expanded):
        raise InvalidArgument("an argument would lead out of the path of the operation")
    own, used = _template_query(placed, query) if mark else ("", frozenset[Parameter]())
    pairs = [own] if own else []
    for parameter, value in placed.parameters:
        if parameter.location == "query" and parameter not in used:
            pairs += query_pairs(parameter, value)
    return operation.server + expanded + (f"?{'&'.join(pairs)}" if pairs else "")


def _is_within(url: str, server: str) -> bool:
    """True when a URL keeps the scheme, host, port and path prefix of the server, and adds only what a URL may have.

    A server has no query, so its authority ends with it or before.
    """
    return url.startswith(f"{server}/") and _ADDED.fullmatch(url, len(server)) is not None


def _headers(operation: Operation, placed: Placed, content: Content | None, call_id: str) -> Headers:
    headers = [("Accept", ACCEPT)]
    if content is not None:
        headers.append(("Content-Type", content.media_type))
    for parameter, value in placed.parameters:
        if parameter.location == "header" and (text := header_text(parameter, value)) is not None:
            headers.append((parameter.name, text))
    cookies = [
        pair
        for parameter, value in placed.parameters
        if parameter.location == "cookie"
        for pair in cookie_pairs(parameter, value)
    ]
    if cookies:
        headers.append(("Cookie", "; ".join(cookies)))
    if operation.idempotency_header is not None:
        headers.append((operation.idempotency_header, call_id))
    return tuple(headers)


def _content(operation: Operation, placed: Placed, call_id: str) -> Content | None:
    body = operation.arguments.body
    if body is None or not placed.has_body:
        return None
    from runtimes.openapi.content import MAX_BODY_BYTES

    content = body.content(placed.body, call_id)
    if len(content.data) > MAX_BODY_BYTES:
        raise InvalidArgument(f"the body is longer than {MAX_BODY_BYTES} bytes")
    return content


def build_request(operation: Operation, arguments: JsonObject, call_id: str) -> HttpRequest:
    """The request of a call. Raises: `InvalidArgument` for arguments that cannot be sent."""
    placed = operation.arguments.place(arguments)
    try:
        url = _url(operation, placed)
        content = _content(operation, placed, call_id)
        request = HttpRequest(
            method=operation.signature.method or "GET",
            url=url,
            headers=_headers(operation, placed, content, call_id),
            body=content.data if content is not None else None,
        )
    except (UnicodeError, TypeError) as error:
        raise InvalidArgument(f"an argument cannot be written as text: {error}") from None
    if not _is_within(url, operation.server):
        raise InvalidArgument("the arguments would lead away from the operation's server")
    return request
