"""One call of an OpenAPI operation that meets a hostile server, how it has to end, and a bound on its memory."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import anyio

from runtimes.base import CallContext, CallResult, FunctionCall, RuntimeServices, RuntimeSpec
from runtimes.errors import InvocationError
from runtimes.fetch import SharedClient
from runtimes.http import MAX_RESPONSE_BYTES
from runtimes.openapi import open_openapi
from runtimes.values import JsonObject, dump_json
from tests.servers.descriptions import api

MAX_EXTRA_BYTES = 256 * 1024 * 1024
"""Address space that all the calls may need beyond what the program has when they begin, their servers included."""

SIZE_OF_THIS_PROCESS = Path("/proc/self/statm")

SLACK = 2.0
"""Seconds a call may take beyond its limit, on a machine that others use too."""

HOSTS = ("127.0.0.1", "api.test")
"""What a call may reach unless it says otherwise."""

HandlerT = TypeVar("HandlerT")
Outcome = tuple[CallResult | None, str]
"""A result, or the words of an error."""


async def _at_once(seconds: float) -> None:
    """Stands in for the wait between two attempts."""
    del seconds
    await anyio.lowlevel.checkpoint()


async def call(
    url: str,
    timeout: float,
    client: SharedClient | None = None,
    method: str = "get",
    hosts: Iterable[str] = HOSTS,
) -> CallResult:
    """One call of an operation at that URL, which has a credential among its headers."""
    credential: JsonObject = {"name": "X-API-Key", "in": "header", "required": True, "schema": {"type": "string"}}
    description = api({"/x": {method: {"operationId": "f", "parameters": [credential]}}}, servers=[{"url": url}])
    spec = RuntimeSpec(
        plugin="test", type="OpenApi", spec={"api_description": dump_json(description)}, location="plugin.json"
    )
    owned = client or SharedClient()
    services = RuntimeServices(http=owned.allowing(hosts))
    try:
        async with open_openapi(spec, services, sleep=_at_once) as executor:
            request = FunctionCall(id="1", function="f", arguments={"X-API-Key": "s3cret"})
            return await executor.invoke(request, CallContext(person="me", timeout=timeout))
    finally:
        await owned.aclose()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hostile(Generic[HandlerT]):
    """A server, by its handler, and how a call of it ends."""

    handler: HandlerT
    error: str = ""
    """What the error says; empty where there is an answer."""
    payload: str = ""
    """What the answer says."""
    note: str = ""
    is_truncated: bool = False
    timeout: float = 10.0

    def check(self, outcome: Outcome) -> None:
        result, error = outcome
        assert "s3cret" not in error
        if self.error:
            assert result is None
            assert self.error in error
            return
        assert result is not None, error
        assert str(result.payload).startswith(self.payload)
        assert len(str(result.payload)) <= MAX_RESPONSE_BYTES
        assert result.is_truncated == self.is_truncated
        assert any(self.note in note for note in result.notes) if self.note else result.notes == ()


async def outcome(url: str, hostile: Hostile[HandlerT], client: SharedClient | None = None) -> Outcome:
    """How a call of the server at that URL ended, which was in time."""
    started = time.monotonic()
    try:
        return await call(url, hostile.timeout, client), ""
    except InvocationError as error:
        return None, str(error)
    finally:
        assert time.monotonic() - started < hostile.timeout + SLACK


def bound_memory() -> None:
    """From here on this process may grow by `MAX_EXTRA_BYTES` and no more."""
    pages = int(SIZE_OF_THIS_PROCESS.read_text().split()[0])
    limit = pages * resource.getpagesize() + MAX_EXTRA_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
