"""Calls the operations of one OpenAPI description (spec 11.3)."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from auth import MappingVault, SecretsInUse, SignIn, Vault
from runtimes.authorized import Authorized, previewed
from runtimes.base import (
    CallContext,
    CallResult,
    FunctionCall,
    FunctionSignature,
    RuntimeServices,
    RuntimeSpec,
    WireMessage,
)
from runtimes.credentials import Discreet
from runtimes.demands import Need
from runtimes.documents import DocumentError
from runtimes.errors import FetchError, InvocationError, RuntimeUnavailable, ServerUnknown
from runtimes.garbage import collector_paused
from runtimes.http import MAX_RESPONSE_BYTES, HttpClient, HttpRequest
from runtimes.openapi.cutout import reduced
from runtimes.openapi.document import Description, OperationUnusable, UnreadableDescription
from runtimes.openapi.loading import load_description
from runtimes.openapi.operations import Operation, read_operation
from runtimes.openapi.parameters import InvalidArgument
from runtimes.openapi.request import build_request
from runtimes.openapi.response import read_response
from runtimes.openapi.servers import NoSuchServer

if TYPE_CHECKING:
    from runtimes.openapi.repeats import Sleep

MAX_REDIRECTS = 3
"""Redirects followed for a call (`runtimes.redirects`)."""

MAX_UNUSED = 64
"""Operations that a description may hold beside those that are called; of a larger one, a part is kept."""

MAX_BYTES_AT_ONCE = 256 * 1024
"""Of an answer that is read while nothing else runs; a longer one is read in a thread."""


def _need(operation: Operation) -> Need:
    return Need(what=repr(operation.signature.name), server=operation.server, alternatives=operation.security)


class OpenApiExecutor:
    """Answers calls with HTTP requests."""

    def __init__(
        self,
        operations: Mapping[str, Operation],
        unusable: Mapping[str, str],
        http: HttpClient,
        authorized: Authorized,
        sleep: Sleep = anyio.sleep,
        secrets: SecretsInUse | None = None,
    ) -> None:
        """`sleep` waits so many seconds between two attempts of a call; `secrets` are those of the host."""
        self._authorized = authorized
        self._operations = operations
        self._unusable = unusable
        self._functions = {name: operation.signature for name, operation in operations.items()}
        self._http = Discreet(http, secrets)
        self._sleep = sleep

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
        from runtimes.openapi.content import shown_content

        request = self._request(call)
        media_type = next((value for name, value in request.headers if name == "Content-Type"), "")
        body = None if request.body is None else shown_content(request.body, media_type)
        operation = self._operation(call.function)
        message = WireMessage(
            method=request.method,
            url=request.url,
            headers=request.headers,
            body=body,
            secrets=operation.credentials,
            attached=previewed(operation.security),
        )
        return (message,)

    async def sign_in(self, function: str, person: str, /) -> SignIn | None:
        """As `RuntimeExecutor.sign_in`. Raises: `InvocationError`."""
        return await self._authorized.sign_in(_need(self._operation(function)), person)

    async def settled(self) -> None:
        """Returns when the vault has ended what calls did not wait for."""
        await self._authorized.settled()

    async def invoke(self, call: FunctionCall, context: CallContext, /) -> CallResult:
        """As `RuntimeExecutor.invoke`. Raises: `InvocationError`."""
        from runtimes.openapi.repeats import Repeating

        operation = self._operation(call.function)
        request = replace(
            self._request(call),
            timeout=context.timeout,
            max_bytes=MAX_RESPONSE_BYTES + 1,
            max_redirects=MAX_REDIRECTS,
            credentials=operation.credentials,
        )
        is_safe = operation.signature.repeatable and context.may_repeat
        repeating = Repeating(http=self._http, is_safe=is_safe, progress=context.progress, sleep=self._sleep)
        response = await self._authorized.send(_need(operation), context.person, request, repeating.send)
        read = partial(read_response, response, operation.errors, method=request.method, is_final=is_safe)
        if len(response.body) <= MAX_BYTES_AT_ONCE:
            return read()
        return await anyio.to_thread.run_sync(read, abandon_on_cancel=True)

    def _operation(self, function: str) -> Operation:
        operation = self._operations.get(function)
        if operation is None:
            known = ", ".join(self._operations) or "none"
            reason = self._unusable.get(function, f"there is no such function; known functions: {known}")
            raise InvocationError(f"nothing was sent: {function!r} cannot be called: {reason}", is_unsent=True)
        return operation

    def _request(self, call: FunctionCall) -> HttpRequest:
        operation = self._operation(call.function)
        try:
            return build_request(operation, call.arguments, call.id)
        except InvalidArgument as error:
            raise InvocationError(f"nothing was sent: {error}", is_unsent=True) from None


def _names(description: Description, functions: Sequence[str] | None) -> list[str]:
    """The functions to open: those named, else one for each operation (spec 4.2.10)."""
    if functions is not None:
        return list(dict.fromkeys(functions))
    return list(dict.fromkeys(entry.function_name for entry in description.entries))


async def describe(spec: RuntimeSpec, services: RuntimeServices) -> Description:
    """The description of a runtime object. Raises: `RuntimeUnavailable` when it cannot be had or read."""
    try:
        return await load_description(spec, services.http, services.cache)
    except FetchError as error:
        raise RuntimeUnavailable(f"its OpenAPI description cannot be had: {error}") from error
    except (DocumentError, UnreadableDescription) as error:
        raise RuntimeUnavailable(f"its OpenAPI description cannot be read: {error}") from error


def _without_unused(description: Description, functions: Sequence[str] | None) -> Description:
    """The description, or the part of it that the functions need where that leaves out much."""
    if functions is None or len(description.entries) <= len(functions) + MAX_UNUSED:
        return description
    return reduced(description, functions)


def execute(
    description: Description,
    spec: RuntimeSpec,
    http: HttpClient,
    *,
    vault: Vault | None = None,
    sleep: Sleep = anyio.sleep,
    secrets: SecretsInUse | None = None,
) -> OpenApiExecutor:
    """Answers the functions of a runtime object through a client, with credentials of the vault; `sleep` waits so many
    seconds between two attempts.

    An operation that cannot be used disables its function alone. Raises: `ServerUnknown` when no function of it has
    the server that the spec asks for.
    """
    operations: dict[str, Operation] = {}
    unusable: dict[str, str] = dict(description.broken) if spec.functions is None else {}
    unknown = ""
    with collector_paused():
        for name in _names(description, spec.functions):
            try:
                operations[name] = read_operation(
                    description, name, spec.location, spec.server, base_url=spec.base_url, auth=spec.auth
                )
            except NoSuchServer as reason:
                unusable[name] = unknown = str(reason)
            except OperationUnusable as reason:
                unusable[name] = str(reason)
    if unknown and not operations:
        raise ServerUnknown(unknown)
    authorized = Authorized(vault or MappingVault(), spec.auth, spec.plugin)
    return OpenApiExecutor(operations, unusable, http, authorized, sleep, secrets)


@asynccontextmanager
async def open_openapi(
    spec: RuntimeSpec, services: RuntimeServices, /, *, sleep: Sleep = anyio.sleep
) -> AsyncGenerator[OpenApiExecutor]:
    """Opens a runtime object of type `OpenApi`; leaving waits until the vault has kept what it was given for it.

    Raises: `RuntimeUnavailable`, as `describe` and `execute`.
    """
    description = _without_unused(await describe(spec, services), spec.functions)
    executor = execute(description, spec, services.http, vault=services.vault, sleep=sleep, secrets=services.secrets)
    try:
        yield executor
    finally:
        await executor.settled()
