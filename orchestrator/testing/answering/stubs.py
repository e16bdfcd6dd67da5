"""The stubs of a conversation: which of them answers a request, and what goes wrong where one says so. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from urllib.parse import unquote, urlsplit

from orchestrator.testing.format.expectations import query_of
from orchestrator.testing.format.matching import first_difference
from orchestrator.testing.format.settings import Fault, Stub, StubAnswer
from runtimes.errors import InvocationError
from runtimes.http import HttpRequest, shown_url
from runtimes.openapi.document import Entry
from runtimes.values import json_or_text


def fault_of(fault: Fault, request: HttpRequest) -> InvocationError:
    """What a caller is told of a request that goes wrong in this way."""
    place = shown_url(request.url)
    sent = f"{request.method} {place} was sent and has no usable answer"
    match fault:
        case "refuse":
            return InvocationError(f"cannot connect to {place}: connection refused", not_executed="connect")
        case "reset":
            return InvocationError(f"{sent}: the connection broke off", is_lost=True)
        case "hang":
            return InvocationError(f"{sent}: no answer within {request.timeout:.3g} s")
        case "garbage":
            return InvocationError(f"{sent}: it is no HTTP")


def operations_of(entries: Iterable[Entry]) -> frozenset[str]:
    """The names by which stubs may call operations."""
    return frozenset(name for entry in entries for name in (entry.operation_id, entry.function_name) if name)


def _fits(stub: Stub, request: HttpRequest, entry: Entry | None) -> bool:
    parts = urlsplit(request.url)
    if stub.method is not None and stub.method != request.method.upper():
        return False
    if stub.path is not None and stub.path not in (unquote(parts.path), entry.path if entry else None):
        return False
    if stub.operation is not None and (
        entry is None or stub.operation not in (entry.operation_id, entry.function_name)
    ):
        return False
    if stub.query is not None and first_difference(stub.query, query_of(parts.query)) is not None:
        return False
    body = json_or_text((request.body or b"null").decode(errors="replace"))
    return stub.json_ is None or first_difference(stub.json_, body) is None


class Stubs:
    """The stubs of a conversation, and how often each has answered."""

    def __init__(self, stubs: Sequence[Stub]) -> None:
        self._left = [(stub, [stub.times]) for stub in stubs]

    def add(self, stub: Stub) -> None:
        """Puts a stub after those that there are."""
        self._left.append((stub, [stub.times]))

    def take(self, request: HttpRequest, entry: Entry | None) -> StubAnswer | None:
        """The answer of the first that fits; None where none does."""
        for stub, left in self._left:
            if left[0] == 0 or not _fits(stub, request, entry):
                continue
            left[0] = None if left[0] is None else left[0] - 1
            return stub.answer
        return None
