"""Calls the operations of one OpenAPI description (spec 11.3)."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

from runtimes.base import (
    CallContext,
    CallResult,
    FunctionCall,
    FunctionSignature,
    RuntimeServices,
    RuntimeSpec,
    WireMessage,
)
from runtimes.documents import MAX_JSON_BYTES, DocumentError, parse_document
from runtimes.errors import FetchError, InvocationError, RuntimeUnavailable
from runtimes.fetch import fetch_document, is_url, resolve_location
from runtimes.http import MAX_RESPONSE_BYTES, HttpClient, HttpRequest
from runtimes.openapi.document import Description, OperationUnusable, UnreadableDescription
from runtimes.openapi.operations import Operation, read_operation
from runtimes.openapi.parameters import InvalidArgument
from runtimes.openapi.request import build_request
from runtimes.openapi.response import read_response
from runtimes.placeholders import filled, unresolved_placeholder

MAX_REDIRECTS = 3
"""Redirects followed for a GET or HEAD, all within the origin."""

ACCEPT_DESCRIPTION = "application/yaml, application/json;q=0.9, */*;q=0.5"
"""What a description is asked for as."""


class OpenApiExecutor:
    """Answers calls with HTTP requests."""

    def __init__(self, operations: Mapping[str, Operation], unusable: Mapping[str, str], http: HttpClient) -> None:
        self._operations = operations
        self._unusable = unusable
        self._functions = {name: operation.signature for name, operation in operations.items()}
        self._http = http

    @property
    def functions(self) -> Mapping[str, FunctionSignature]:
        """As `RuntimeExecutor.functions`."""
        return self._functions

    @property
    def unusable(self) -> Mapping[str, str]:
        """As `RuntimeExecutor.unusable`."""
        return self._unusable

    def preview(self, call: FunctionCall, /) -> tuple[WireMessage, ...]:
        """As `RuntimeExecutor.preview`. Raises: `InvocationError`."""
        request = self._request(call)
        body = None if request.body is None else request.body.decode()
        return (WireMessage(method=request.method, url=request.url, headers=request.headers, body=body),)

    async def invoke(self, call: FunctionCall, context: CallContext, /) -> CallResult:
        """As `RuntimeExecutor.invoke`. Raises: `InvocationError`."""
        request = replace(
            self._request(call),
            timeout=context.timeout,
            max_bytes=MAX_RESPONSE_BYTES + 1,
            max_redirects=MAX_REDIRECTS,
        )
        return read_response(await self._http.send(request))

    def _request(self, call: FunctionCall) -> HttpRequest:
        operation = self._operations.get(call.function)
        if operation is None:
            known = ", ".join(self._operations) or "none"
            reason = self._unusable.get(call.function, f"there is no such function; known functions: {known}")
            raise InvocationError(f"nothing was sent: {call.function!r} cannot be called: {reason}")
        try:
            return build_request(operation, call.arguments, call.id)
        except InvalidArgument as error:
            raise InvocationError(f"nothing was sent: {error}") from None


async def _load(spec: RuntimeSpec, http: HttpClient) -> Description:
    """The description that the runtime object names; a string in it wins over a URL (spec 11.3.2.2)."""
    text, reference = spec.spec.get("api_description"), spec.spec.get("url")
    if isinstance(text, str):
        inline = parse_document(text.encode(errors="surrogatepass"), "api_description")
        return Description(filled(inline, spec.environment.of(spec.location)), "")
    if not isinstance(reference, str) or not reference:
        raise RuntimeUnavailable("its spec has neither 'url' nor 'api_description'")
    if placeholder := unresolved_placeholder(reference):
        raise RuntimeUnavailable(f"the URL of its description has the unresolved placeholder {placeholder[:80]}")
    location = resolve_location(spec.location, reference)
    data = await fetch_document(http, location, max_bytes=MAX_JSON_BYTES, accept=ACCEPT_DESCRIPTION)
    document = filled(parse_document(data, reference.partition("?")[0]), spec.environment.of(location))
    return Description(document, location if is_url(location) else "")


def _names(description: Description, functions: Sequence[str] | None) -> list[str]:
    """The functions to open: those named, else one for each operation (spec 4.2.10)."""
    if functions is not None:
        return list(dict.fromkeys(functions))
    return list(dict.fromkeys(entry.function_name for entry in description.entries))


@asynccontextmanager
async def open_openapi(spec: RuntimeSpec, services: RuntimeServices, /) -> AsyncGenerator[OpenApiExecutor]:
    """Opens a runtime object of type `OpenApi`.

    An operation that cannot be used disables its function alone. Raises: `RuntimeUnavailable` when the description
    cannot be had or read.
    """
    try:
        description = await _load(spec, services.http)
    except FetchError as error:
        raise RuntimeUnavailable(f"its OpenAPI description cannot be had: {error}") from error
    except (DocumentError, UnreadableDescription) as error:
        raise RuntimeUnavailable(f"its OpenAPI description cannot be read: {error}") from error
    operations: dict[str, Operation] = {}
    unusable: dict[str, str] = {}
    for name in _names(description, spec.functions):
        try:
            operations[name] = read_operation(description, name, spec.location)
        except OperationUnusable as reason:
            unusable[name] = str(reason)
    yield OpenApiExecutor(operations, unusable, services.http)
