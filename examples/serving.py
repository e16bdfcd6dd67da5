"""The plumbing of the example services: a small HTTP server on loopback around a table of routes.

It needs the standard library only and knows no example. A service beside it says what its routes answer:

    serve(folder, {("GET", "/songs/{id}"): show_song}, default_port=8803)

and has `/plugin.json`, `/openapi.yaml` and `/logo.svg` served from its folder, the description with the address that
the service has. Routes are called one at a time, so they may keep their state without locks.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import socketserver
import stat
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import FrameType
from typing import NoReturn, TypeGuard
from urllib.parse import parse_qs, unquote

HOST = "127.0.0.1"
MAX_BODY_BYTES = 16 * 1024
"""How long the body of a request may be."""
MAX_DISCARDED_BYTES = 1024 * 1024
"""How much of a refused body is read and dropped, so that the sender gets to read why it was refused."""
MAX_FIELDS = 50
"""How many parameters a query may have."""
MAX_TEXT = 200
"""Characters of a text that a caller gives."""
IDLE_TIMEOUT = 30.0
"""Seconds a connection may be silent."""
POLL_INTERVAL = 0.1
"""Seconds until a stop that another thread asked for is noticed."""
DOCUMENTS = {"/plugin.json": "application/json", "/openapi.yaml": "application/yaml", "/logo.svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What goes back: bytes of a media type."""

    status: int
    media_type: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


class Refusal(Exception):
    """The request cannot be served; it is answered with `{"error": {"code", "message"}}`."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.answer = json_answer({"error": {"code": code, "message": message}}, status=status, headers=headers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request to a route."""

    origin: str
    """The address of the service, without a slash at the end."""
    path: Mapping[str, str]
    """The values of the `{name}` segments of the route."""
    given: Mapping[str, object]
    """The query parameters (a list where one is given several times) and the members of the body."""

    def arguments(self, *names: str) -> dict[str, object]:
        """What was given, which may have those names and no others. Raises: `Refusal`."""
        if unknown := sorted(self.given.keys() - set(names)):
            known = ", ".join(names) or "none"
            raise Refusal(400, "unknown_argument", f"there is no argument {unknown[0]!r}; known: {known}")
        return {name: value for name, value in self.given.items() if value is not None}


Route = Callable[[Request], Answer]
Routes = Mapping[tuple[str, str], Route]
"""By method and path; a path segment may be `{name}`."""


def json_answer(value: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer in JSON."""
    body = json.dumps(value).encode()
    return Answer(status=status, media_type="application/json", body=body, headers=headers or {})


def text_answer(text: str) -> Answer:
    """An answer in plain text."""
    return Answer(status=200, media_type="text/plain; charset=utf-8", body=text.encode())


def text(name: str, value: object) -> str:
    """That value as a text with something in it. Raises: `Refusal`."""
    if isinstance(value, str) and 0 < len(value.strip()) <= MAX_TEXT:
        return value.strip()
    raise Refusal(400, "invalid_value", f"{name!r} must be a text of 1 to {MAX_TEXT} characters")


def number(name: str, value: object, *, minimum: float, maximum: float) -> int | float:
    """That value, a JSON number or the text of one, as a number in the range. Raises: `Refusal`."""
    wanted = Refusal(400, "invalid_value", f"{name!r} must be a number from {minimum:g} to {maximum:g}")
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise wanted
    try:
        result = float(value)
    except (ValueError, OverflowError):
        raise wanted from None
    if not minimum <= result <= maximum:
        raise wanted
    return int(result) if result.is_integer() else result


def _is_object(value: object) -> TypeGuard[dict[str, object]]:
    return isinstance(value, dict)


def _parse_body(body: bytes, media_type: str) -> dict[str, object]:
    if not body:
        return {}
    if media_type.partition(";")[0].strip().lower() != "application/json":
        raise Refusal(415, "unsupported_media_type", "the body must be application/json")
    try:
        value: object = json.loads(body)
    except (ValueError, RecursionError):
        raise Refusal(400, "invalid_json", "the body is not JSON") from None
    if not _is_object(value):
        raise Refusal(400, "invalid_body", "the body must be a JSON object")
    return value


def _parse_query(query: str) -> dict[str, object]:
    try:
        fields = parse_qs(query, keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError:
        raise Refusal(400, "invalid_query", f"a query may have {MAX_FIELDS} parameters") from None
    return {name: values[0] if len(values) == 1 else values for name, values in fields.items()}


def _match(template: str, path: str) -> dict[str, str] | None:
    wanted, given = template.split("/"), path.split("/")
    if len(wanted) != len(given):
        return None
    pairs = list(zip(wanted, map(unquote, given), strict=True))
    if any(segment != value for segment, value in pairs if not segment.startswith("{")):
        return None
    return {segment.strip("{}"): value for segment, value in pairs if segment.startswith("{")}


class _Service(ThreadingHTTPServer):
    """The server: routes, documents, and one call at a time."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, port: int, routes: Routes, *, is_verbose: bool) -> None:
        self.routes = routes
        self.documents: dict[str, Answer] = {}
        self.is_verbose = is_verbose
        self.turn = threading.Lock()
        super().__init__((HOST, port), _Exchange)
        self.origin = f"http://{HOST}:{self.server_port}"

    def server_bind(self) -> None:
        """Binds without asking the name service for a host name, which may take seconds."""
        socketserver.TCPServer.server_bind(self)
        self.server_port = self.server_address[1]

    def handle_error(self, request: object, client_address: object) -> None:
        """Callers hang up; that is no error of the service."""
        error = sys.exception()
        if self.is_verbose or not isinstance(error, OSError):
            print(f"{type(error).__name__}: {error}", file=sys.stderr)

    def answer(self, method: str, target: str, body: bytes, media_type: str) -> Answer:
        """The answer to one request. Raises: `Refusal`."""
        path, _, query = target.partition("?")
        if method == "GET" and path in self.documents:
            return self.documents[path]
        matches = {
            route_method: (route, values)
            for (route_method, template), route in self.routes.items()
            if (values := _match(template, path)) is not None
        }
        if not matches:
            raise Refusal(404, "not_found", "there is nothing at this path")
        if method not in matches:
            allowed = ", ".join(sorted(matches))
            raise Refusal(405, "method_not_allowed", f"this path takes {allowed}", headers={"Allow": allowed})
        route, values = matches[method]
        given = {**_parse_query(query), **_parse_body(body, media_type)}
        with self.turn:
            return route(Request(origin=self.origin, path=values, given=given))


class _Exchange(BaseHTTPRequestHandler):
    """One connection: reads requests and writes answers."""

    protocol_version = "HTTP/1.1"
    timeout = IDLE_TIMEOUT
    wbufsize = -1  # an answer leaves in one write, not a head and then a body
    disable_nagle_algorithm = True

    def _read_body(self) -> bytes:
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not re.fullmatch("[0-9]{1,10}", length):
            self.close_connection = True
            raise Refusal(411, "length_required", "send the body with its Content-Length")
        if int(length) > MAX_BODY_BYTES:
            self.close_connection = True
            self.rfile.read(min(int(length), MAX_DISCARDED_BYTES))
            raise Refusal(413, "body_too_large", f"the body must not be longer than {MAX_BODY_BYTES} bytes")
        return self.rfile.read(int(length))

    def _write(self, answer: Answer) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.media_type)
        self.send_header("Content-Length", str(len(answer.body)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(answer.body)

    def _exchange(self) -> None:
        assert isinstance(self.server, _Service)
        try:
            body = self._read_body()
            answer = self.server.answer(self.command, self.path, body, self.headers.get("Content-Type", ""))
        except Refusal as refusal:
            answer = refusal.answer
        self._write(answer)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _exchange

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What the standard library refuses by itself is answered in the same form, not in HTML."""
        self.close_connection = True
        self._write(Refusal(code, "bad_request", message or "the request cannot be read").answer)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """One line a request, without its query, where that was asked for."""
        assert isinstance(self.server, _Service)
        if self.server.is_verbose:
            print(self.command, self.path.partition("?")[0], int(code), file=sys.stderr)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing of silent connections."""


def _read_documents(folder: Path, *, default: str, origin: str) -> dict[str, Answer]:
    texts = {path: (folder / path.lstrip("/")).read_text(encoding="utf-8") for path in DOCUMENTS}
    texts["/openapi.yaml"] = texts["/openapi.yaml"].replace(default, origin)
    return {path: Answer(status=200, media_type=DOCUMENTS[path], body=texts[path].encode()) for path in DOCUMENTS}


def _stop_with_parent(server: _Service) -> None:
    """Stops the server when its standard input is a pipe and the other end of it is gone."""
    if stat.S_IFMT(os.fstat(0).st_mode) not in (stat.S_IFIFO, stat.S_IFSOCK):
        return

    def watch() -> None:
        with suppress(OSError):
            while os.read(0, MAX_BODY_BYTES):
                continue
        server.shutdown()

    threading.Thread(target=watch, daemon=True).start()


def _leave(signum: int, frame: FrameType | None) -> NoReturn:
    raise SystemExit(0)


def serve(folder: Path, routes: Routes, *, default_port: int) -> None:
    """Reads the command line and serves until SIGTERM, SIGINT, or the end of a piped standard input."""
    parser = argparse.ArgumentParser(description=f"the service of the example {folder.name}")
    parser.add_argument("--port", type=int, default=default_port, help="0 takes any free one (default: %(default)s)")
    parser.add_argument("--verbose", action="store_true", help="log each request to standard error")
    options = parser.parse_args()
    try:
        server = _Service(options.port, routes, is_verbose=options.verbose)
    except (OSError, OverflowError) as error:
        sys.exit(f"cannot listen on {HOST}:{options.port}: {error}; choose another port with --port")
    server.documents.update(_read_documents(folder, default=f"http://{HOST}:{default_port}", origin=server.origin))
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGINT, _leave)
    _stop_with_parent(server)
    print(f"listening on {server.origin}", flush=True)
    try:
        server.serve_forever(poll_interval=POLL_INTERVAL)
    finally:
        server.server_close()
