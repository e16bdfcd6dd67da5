"""The request that a call becomes: exactly the bytes that are sent."""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

from runtimes.http import Headers, HttpRequest
from runtimes.network import ContactRefused, origin_of
from runtimes.openapi.arguments import Placed
from runtimes.openapi.operations import TEMPLATE_NAME, Operation
from runtimes.openapi.parameters import (
    InvalidArgument,
    Parameter,
    has_dot_segment,
    header_text,
    path_text,
    percent,
    query_pairs,
    scalar_text,
)
from runtimes.values import JsonObject, dump_json

ACCEPT = "application/json, text/plain;q=0.9, */*;q=0.5"
"""What answers are asked for."""

MAX_REQUEST_BYTES = 4 * 1024 * 1024
"""The longest body that is sent."""

_PATH_LITERAL = "/:@!$&'()*+,;=%"
_QUERY_LITERAL = _PATH_LITERAL + "?"


def _expanded(template: str, values: dict[str, str], literal: str) -> str:
    """The template with its names replaced by text that is encoded already."""
    pieces = TEMPLATE_NAME.split(template)
    return "".join(values[piece] if index % 2 else quote(piece, safe=literal) for index, piece in enumerate(pieces))


def _path_values(placed: Placed, names: set[str]) -> dict[str, str]:
    values: dict[str, str] = {}
    for parameter, value in placed.parameters:
        if parameter.location == "path" and parameter.name in names:
            values[parameter.name] = path_text(parameter, value)
    if missing := sorted(names - values.keys()):
        raise InvalidArgument(f"the argument {missing[0]!r} is missing; it is part of the path")
    return values


def _template_query(placed: Placed, template: str) -> tuple[str, set[Parameter]]:
    """The query that the path template itself has, and the parameters used up by it."""
    names = set(TEMPLATE_NAME.findall(template))
    used = {parameter: value for parameter, value in placed.parameters if parameter.name in names}
    used = {one: value for one, value in used.items() if one.location in {"path", "query"}}
    values = {one.name: percent(scalar_text(value)) for one, value in used.items()}
    if missing := sorted(names - values.keys()):
        raise InvalidArgument(f"the argument {missing[0]!r} is missing; it is part of the address")
    return _expanded(template, values, _QUERY_LITERAL), {one for one in used if one.location == "query"}


def _url(operation: Operation, placed: Placed) -> str:
    path, mark, query = operation.path.partition("?")
    names = set(TEMPLATE_NAME.findall(path))
    expanded = "/" + _expanded(path, _path_values(placed, names), _PATH_LITERAL).removeprefix("/")
    if has_dot_segment(expanded):
        raise InvalidArgument("an argument would lead out of the path of the operation")
    own, used = _template_query(placed, query)
    pairs = [own] if mark and own else []
    for parameter, value in placed.parameters:
        if parameter.location == "query" and parameter not in used:
            pairs += query_pairs(parameter, value)
    return operation.server + expanded + (f"?{'&'.join(pairs)}" if pairs else "")


def _is_within(url: str, server: str) -> bool:
    """True when a URL keeps the scheme, host, port and path prefix of the server."""
    try:
        prefix = urlsplit(server).path
        return origin_of(url) == origin_of(server) and urlsplit(url).path.startswith(f"{prefix}/")
    except ContactRefused:
        return False


def _media_type(operation: Operation) -> str:
    declared = operation.arguments.body.media_type if operation.arguments.body else ""
    return declared if re.fullmatch(r"[\x21-\x7e ]+", declared) else "application/json"


def _headers(operation: Operation, placed: Placed, call_id: str) -> Headers:
    headers = [("Accept", ACCEPT)]
    if placed.has_body:
        headers.append(("Content-Type", _media_type(operation)))
    for parameter, value in placed.parameters:
        if parameter.location == "header" and value is not None:
            headers.append((parameter.name, header_text(parameter, value)))
    if operation.idempotency_header is not None:
        headers.append((operation.idempotency_header, call_id))
    return tuple(headers)


def _body(placed: Placed) -> bytes | None:
    if not placed.has_body:
        return None
    data = dump_json(placed.body).encode()
    if len(data) > MAX_REQUEST_BYTES:
        raise InvalidArgument(f"the body is longer than {MAX_REQUEST_BYTES} bytes")
    return data


def build_request(operation: Operation, arguments: JsonObject, call_id: str) -> HttpRequest:
    """The request of a call. Raises: `InvalidArgument` for arguments that cannot be sent."""
    placed = operation.arguments.place(arguments)
    try:
        url = _url(operation, placed)
        request = HttpRequest(
            method=operation.signature.method or "GET",
            url=url,
            headers=_headers(operation, placed, call_id),
            body=_body(placed),
        )
    except (UnicodeError, TypeError) as error:
        raise InvalidArgument(f"an argument cannot be written as text: {error}") from None
    if not _is_within(url, operation.server):
        raise InvalidArgument("the arguments would lead away from the operation's server")
    return request
