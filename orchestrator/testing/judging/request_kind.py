"""How HTTP requests and JSON-RPC frames are held against what was expected. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import unquote, unquote_plus, urlsplit

from orchestrator.testing.format.expectations import (
    RequestExpectation,
    query_of,
)
from orchestrator.testing.format.matching import cut, described, first_difference, shown
from orchestrator.testing.format.patterns import Absent, Pattern
from orchestrator.testing.judging.listing import Kind
from orchestrator.testing.judging.mismatch import Mismatch, plain_mismatch, ranked, text_mismatch, value_mismatch
from runtimes.base import WireMessage
from runtimes.credentials import whole_message
from runtimes.positions import pointer_to
from runtimes.values import InvalidJson, Json, JsonObject, parse_json

FRAME = "JSON-RPC"
"""The method of a wire message that is a JSON-RPC frame."""

MASK = "(secret)"
"""What stands in a failure for the value of a credential."""


def _json_of(text: str | None) -> Json:
    """The JSON of a body; a text that is none is itself."""
    try:
        return parse_json(text or "null")
    except InvalidJson:
        return text


def _path_of(url: str) -> tuple[str, JsonObject]:
    """The path and the query of a URL."""
    try:
        parts = urlsplit(url)
        return unquote(parts.path), query_of(parts.query)
    except ValueError:
        return url, {}


def _header_values(message: WireMessage, name: str) -> list[str]:
    return [value for key, value in message.headers if key.casefold() == name.casefold()]


def _header(name: str, pattern: Pattern, message: WireMessage) -> Mismatch | None:
    values = _header_values(message, name)
    if any(first_difference(pattern, value) is None for value in values):
        return None
    if not values and isinstance(pattern.node, Absent):
        return None
    came = ", ".join(map(shown, values)) or "no such field"
    details = (("expected", described(pattern.node)), ("came", came))
    return Mismatch(pointer=pointer_to("headers", name), message=f"the header field {name!r} differs", details=details)


def _masked_pairs(text: str, separator: str, secrets: frozenset[str]) -> str:
    """Text such as `a=b&c=d` without the values of the pairs that have one of these names."""
    pairs = (part.partition("=") for part in text.split(separator))
    return separator.join(
        f"{name}={MASK}" if unquote_plus(name).strip().casefold() in secrets else f"{name}{equals}{value}"
        for name, equals, value in pairs
    )


def _masked_field(name: str, value: str, secrets: frozenset[str]) -> str:
    if name.casefold() in secrets:
        return MASK
    return _masked_pairs(value, ";", secrets) if name.casefold() == "cookie" else value


def masked(message: WireMessage) -> WireMessage:
    """The message as it went out, without the values of credentials."""
    message = whole_message(message)
    path, mark, query = message.url.partition("?")
    headers = tuple((name, _masked_field(name, value, message.secrets)) for name, value in message.headers)
    return replace(message, url=f"{path}{mark}{_masked_pairs(query, '&', message.secrets)}", headers=headers)


def _frame_checks(expectation: RequestExpectation, message: WireMessage) -> Iterator[Mismatch | None]:
    if expectation.rpc is None and expectation.params is None:
        return
    frame = _json_of(message.body) if message.method == FRAME else None
    members = frame if isinstance(frame, dict) else {}
    method, params = members.get("method"), members.get("params")
    came = method if isinstance(method, str) else ""
    yield plain_mismatch(expectation.rpc, came, "/rpc", "the frame has another method")
    yield value_mismatch(expectation.params, params, "/params", "the frame has other parameters")


def _checks(expectation: RequestExpectation, message: WireMessage) -> Iterator[Mismatch | None]:
    method = expectation.method.upper() if expectation.method is not None else None
    path, query = _path_of(message.url)
    yield value_mismatch(expectation.path, path, "/path", "the request has another path")
    yield plain_mismatch(method, message.method.upper(), "/method", "the request has another method")
    yield text_mismatch(expectation.url, message.url, "/url", "the URL of the request")
    yield from _frame_checks(expectation, message)
    yield value_mismatch(expectation.query, query, "/query", "the request has another query")
    for name, pattern in expectation.headers.items():
        yield _header(name, pattern, message)
    yield text_mismatch(expectation.body, message.body or "", "/body", "the body of the request")
    yield value_mismatch(expectation.json_, _json_of(message.body), "/json", "the request has another body")


def _explain_request(expectation: RequestExpectation, message: WireMessage) -> Mismatch | None:
    """What differs; where credentials went out with the request, it is told of the request without them."""
    message = whole_message(message)
    found = ranked(_checks(expectation, message))
    if found is None or not message.secrets:
        return found
    told = ranked(_checks(expectation, masked(message)))
    is_same = told is not None and (told.pointer, told.rank, dict(told.details).get("at")) == (
        found.pointer,
        found.rank,
        dict(found.details).get("at"),
    )
    if told is not None and is_same:
        return told
    details = tuple((label, MASK if label == "came" else text) for label, text in found.details)
    return replace(found, details=details)


def _request_expected(expectation: RequestExpectation) -> str:
    if expectation.rpc is not None:
        return f"{FRAME} {expectation.rpc}"
    path = described(expectation.path.node).strip('"') if expectation.path is not None else ""
    return " ".join(part for part in (expectation.method or "", path) if part) or "a request"


def _request_shown(message: WireMessage) -> str:
    if message.method == FRAME:
        frame = _json_of(message.body)
        method = frame.get("method") if isinstance(frame, dict) else None
        return f"{FRAME} {method if isinstance(method, str) else '?'}"
    return cut(f"{message.method} {_path_of(message.url)[0]}")


REQUESTS: Kind[RequestExpectation, WireMessage] = Kind(
    explain=_explain_request,
    expected=_request_expected,
    came=_request_shown,
    missing=lambda expectation: f"{_request_expected(expectation)!r} was not sent",
    noun="request",
)
