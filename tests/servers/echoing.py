"""A service on loopback that tells whatever it is sent: in bodies, fields and broken answers, in several encodings."""

from __future__ import annotations

import base64
import gzip
import html
import json
from collections.abc import AsyncIterator
from urllib.parse import quote, unquote

from runtimes.values import JsonObject
from tests.servers.loopback import Answer, Chunked, Raw, Request, Response

PIECE = 5
"""Bytes of the pieces in which an answer is sent that comes in pieces."""

STATUSES = (200, 202, 400, 401, 403, 404, 409, 422, 429, 500, 503)
SHAPES = (
    "text",
    "html",
    "gzip",
    "pieces",
    "cut",
    "file",
    "links",
    "moved",
    "away",
    "no-json",
    "status-line",
    "field",
    "nothing",
)
CASES = (*(f"s{status}" for status in STATUSES), *SHAPES)
"""What the last step of the path asks for."""

BODY_CASES = ("body-status", "body-field", "body-chunk")
"""The same with broken answers in which the body of the request stands alone."""

SCHEMES: dict[str, JsonObject] = {
    "header": {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
    "query": {"type": "apiKey", "in": "query", "name": "key"},
    "cookie": {"type": "apiKey", "in": "cookie", "name": "session"},
    "bearer": {"type": "http", "scheme": "bearer"},
    "basic": {"type": "http", "scheme": "basic"},
}
"""How a plugin of the service sends its credential."""


def function_of(name: str, case: str) -> str:
    """What the plugin of a scheme calls the function of a case."""
    return f"{name}_{case.replace('-', '_')}"


def told(request: Request) -> str:
    """All of the request, as it is and encoded."""
    fields = [f"{name}: {value}" for name, value in request.headers]
    plain = "\n".join([request.target, unquote(request.target), *fields, request.body.decode("latin-1")])
    basic = [value.partition(" ")[2] for _, value in request.headers if value.startswith("Basic ")]
    clear = [base64.b64decode(one).decode("utf-8", "replace") for one in basic]
    return "\n".join([plain, *clear, *(part for one in clear for part in one.split(":", 1))])


def _encoded(text: str) -> list[str]:
    data = text.encode()
    aligned = [base64.b64encode(b"x" * before + data).decode() for before in range(3)]
    return [
        text,
        json.dumps(text),
        json.dumps(json.dumps(text)),
        quote(text, safe=""),
        quote(text),
        html.escape(text),
        *aligned,
        base64.urlsafe_b64encode(data).decode(),
    ]


def _field(request: Request) -> str:
    """What fits into a header field."""
    return told(request).replace("\n", " ").encode("latin-1", "replace").decode("latin-1")


async def _pieces(data: bytes) -> AsyncIterator[bytes]:
    for at in range(0, len(data), PIECE):
        yield data[at : at + PIECE]


def _json(request: Request, status: int = 200) -> Response:
    words = _encoded(told(request))
    body = {"message": words[0], "error": {"message": words[1], request.target: words}, "id": words[6], "items": words}
    fields = (
        ("Content-Type", "application/json"),
        ("Set-Cookie", f"echo={quote(_field(request), safe='')}"),
        ("WWW-Authenticate", f'Bearer error="{_field(request)}"'),
        ("X-Echo", _field(request)),
        ("Retry-After", "0"),
    )
    return Response(status=status, headers=fields, body=json.dumps(body).encode())


def _shaped(shape: str, request: Request) -> Answer:
    whole, there = _json(request), quote(_field(request), safe="")
    text = "\n".join(_encoded(told(request))).encode()
    cut = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 999999\r\n\r\n"
    line = _field(request).encode("latin-1")
    answers: dict[str, Answer] = {
        "text": Response(headers=(("Content-Type", "text/plain"),), body=text),
        "html": Response(headers=(("Content-Type", "text/html"),), body=b"<p>" + text + b"</p>"),
        "gzip": Response(headers=(*whole.headers, ("Content-Encoding", "gzip")), body=gzip.compress(whole.body)),
        "pieces": Chunked(headers=whole.headers, chunks=_pieces(whole.body)),
        "cut": Raw(data=cut + whole.body),
        "file": Response(
            headers=(
                ("Content-Type", "application/octet-stream"),
                ("Content-Disposition", f"attachment; filename*=UTF-8''{there}.bin"),
            ),
            body=text,
        ),
        "links": Response(
            headers=(("Content-Type", "application/json"), ("Link", f"</s200?{there}>; rel=next")), body=b"{}"
        ),
        "moved": Response(status=302, headers=(("Location", f"/s200/{there}?at={there}"),)),
        "away": Response(status=307, headers=(("Location", f"http://elsewhere.invalid/{there}?at={there}"),)),
        "no-json": Response(headers=(("Content-Type", "application/json"),), body=b"{ " + text),
        "status-line": Raw(data=b"HTTP/1.1 " + line + b"\r\n\r\n"),
        "field": Raw(data=b"HTTP/1.1 200 OK\r\n" + line + b"\r\n\r\n"),
        "nothing": Raw(),
    }
    return answers[shape]


def _of_the_body(case: str, body: bytes) -> Raw:
    before = {
        "body-status": b"HTTP/1.1 ",
        "body-field": b"HTTP/1.1 200 OK\r\n",
        "body-chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    }
    return Raw(data=before[case] + body + b"\r\n\r\n")


async def echo(request: Request) -> Answer:
    """The handler."""
    case = request.path.strip("/").partition("/")[0]
    if case in BODY_CASES:
        return _of_the_body(case, request.body)
    if case in SHAPES:
        return _shaped(case, request)
    return _json(request, int(case[1:]))


def _operation(function: str, name: str) -> JsonObject:
    return {
        "operationId": function,
        "security": [{name: []}],
        "parameters": [{"name": "q", "in": "query", "schema": {}}],
        "responses": {"200": {"description": "fine"}},
    }


def echo_plugin(url: str, name: str) -> JsonObject:
    """A plugin of one runtime, which has a function for each case."""
    functions = {function_of(name, case): case for case in CASES}
    description: JsonObject = {
        "openapi": "3.0.3",
        "info": {"title": name, "version": "1"},
        "servers": [{"url": url}],
        "paths": {f"/{case}": {"get": _operation(function, name)} for function, case in functions.items()},
        "components": {"securitySchemes": {name: SCHEMES[name]}},
    }
    return {
        "schema_version": "v2.2",
        "name_for_human": name,
        "namespace": name,
        "description_for_human": "A plugin.",
        "functions": [
            {
                "name": function,
                "capabilities": {
                    "security_info": {"data_handling": ["GetPublicData"]},
                    "response_semantics": {"data_path": "$.items", "properties": {"title": "$", "url": "$"}},
                },
            }
            for function in functions
        ],
        "runtimes": [
            {
                "type": "OpenApi",
                "auth": {"type": "ApiKeyPluginVault", "reference_id": name},
                "spec": {"api_description": json.dumps(description)},
            }
        ],
    }
