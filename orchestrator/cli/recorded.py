"""Runtimes that give one recorded answer to every call, so that it is read as an answer is: nothing is opened or sent.

A description that lies in a file is read, for what its operation says of errors and of the API's address.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from auth import SignIn
from orchestrator.manifest.load import Plugin
from orchestrator.manifest.model import Manifest
from orchestrator.tools.binding import OPENAPI
from runtimes.base import (
    CallContext,
    CallResult,
    FunctionCall,
    FunctionSignature,
    RuntimeExecutor,
    RuntimeFactory,
    RuntimeServices,
    RuntimeSpec,
    WireMessage,
)
from runtimes.documents import DocumentError
from runtimes.errors import FetchError, InvocationError, RuntimeUnavailable
from runtimes.http import HttpRequest, HttpResponse
from runtimes.openapi.document import OperationUnusable, UnreadableDescription
from runtimes.openapi.loading import load_description
from runtimes.openapi.operations import Operation, read_operation
from runtimes.openapi.response import read_response
from runtimes.values import InvalidJson, Json, JsonObject, decoded, json_or_text, parse_json

OK = 200
"""The HTTP status of a recorded answer, where nobody says another."""

FAILED = 400
"""The first status of failures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """An answer that was kept."""

    body: bytes = field(repr=False)
    status: int = OK

    @property
    def media_type(self) -> str:
        """JSON for what reads as JSON; otherwise the reader looks for itself."""
        try:
            parse_json(self.body)
        except InvalidJson:
            return ""
        return "application/json"


class _NoNetwork:
    """An HTTP client for somebody who must not go anywhere."""

    async def send(self, request: HttpRequest, /) -> HttpResponse:
        """Raises: `InvocationError`, always."""
        del request
        raise InvocationError("nothing is fetched to show a recorded answer", is_unsent=True)


class _RecordedExecutor:
    """Answers each of its functions with what was kept."""

    def __init__(self, recorded: Recorded, functions: Mapping[str, Operation | None]) -> None:
        """`functions` have their operations, where they have any that can be read."""
        self._recorded = recorded
        self._operations = functions

    @property
    def functions(self) -> Mapping[str, FunctionSignature]:
        """As `RuntimeExecutor.functions`."""
        return {
            name: operation.signature if operation is not None else FunctionSignature(name=name, destination="")
            for name, operation in self._operations.items()
        }

    @property
    def unusable(self) -> Mapping[str, str]:
        """None: an answer is there already."""
        return {}

    async def sign_in(self, function: str, person: str, /) -> SignIn | None:
        """As `RuntimeExecutor.sign_in`: nothing is sent."""
        del function, person
        return None

    def preview(self, call: FunctionCall, /) -> tuple[WireMessage, ...]:
        """Nothing is sent."""
        del call
        return ()

    async def invoke(self, call: FunctionCall, context: CallContext, /) -> CallResult:
        """The answer that was kept. Raises: `InvocationError` for one that says the call was turned away."""
        del context
        recorded, operation = self._recorded, self._operations[call.function]
        headers = (("Content-Type", recorded.media_type),) if recorded.media_type else ()
        if operation is not None:
            response = HttpResponse(status=recorded.status, headers=headers, body=recorded.body, url=operation.server)
            return read_response(response, operation.errors, method=operation.signature.method or "GET", is_final=True)
        try:
            payload = json_or_text(decoded(recorded.body))
        except InvalidJson as error:
            raise InvocationError(f"the recorded answer cannot be read: {error}") from None
        return CallResult(payload=payload, is_error=recorded.status >= FAILED, status=recorded.status)


async def _operations(spec: RuntimeSpec) -> Mapping[str, Operation | None]:
    """The functions of a runtime with their operations. Raises: `RuntimeUnavailable` when nobody names them."""
    names = dict.fromkeys(spec.functions or ())
    if spec.type.casefold() != OPENAPI:
        return names
    try:
        description = await load_description(spec, _NoNetwork())
    except (RuntimeUnavailable, FetchError, DocumentError, UnreadableDescription, InvocationError) as error:
        if spec.functions is None:
            raise RuntimeUnavailable(f"its OpenAPI description cannot be read without a network: {error}") from error
        return names
    found: dict[str, Operation | None] = {}
    for name in (
        names if spec.functions is not None else dict.fromkeys(one.function_name for one in description.entries)
    ):
        try:
            found[name] = read_operation(description, name, spec.location, spec.server)
        except OperationUnusable:
            found[name] = None
    return found


def recorded_runtimes(plugins: Sequence[Plugin], recorded: Recorded) -> Mapping[str, RuntimeFactory]:
    """A factory for each type of runtime that the plugins have."""

    @asynccontextmanager
    async def open_recorded(spec: RuntimeSpec, services: RuntimeServices, /) -> AsyncGenerator[RuntimeExecutor]:
        del services
        yield _RecordedExecutor(recorded, await _operations(spec))

    return {runtime.type: open_recorded for plugin in plugins for runtime in plugin.manifest.runtimes}


def _bare(runtime: Json) -> Json:
    return {**runtime, "auth": {"type": "None"}} if isinstance(runtime, dict) else runtime


def without_credentials(plugin: Plugin) -> Plugin:
    """The plugin with runtimes that ask for no credential: none is needed to read an answer."""
    runtimes = plugin.document.get("runtimes")
    if not isinstance(runtimes, list):
        return plugin
    document: JsonObject = {**plugin.document, "runtimes": [_bare(runtime) for runtime in runtimes]}
    return replace(plugin, document=document, manifest=Manifest.model_validate(document))
