"""A runtime whose functions are methods of a local plugin (spec 11.4): a program we start, or one that runs already.

What stands behind its name is described in the host's table of local endpoints, never in a manifest. The programs are
`runtimes.local.programs`' business.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager

import anyio
import anyio.lowlevel
from anyio.abc import TaskGroup

from auth import SignIn
from runtimes.base import (
    CallContext,
    CallResult,
    FunctionCall,
    FunctionSignature,
    RuntimeExecutor,
    RuntimeServices,
    RuntimeSpec,
    WireMessage,
)
from runtimes.errors import InvocationError, RuntimeUnavailable
from runtimes.local.connection import JsonRpcError, request_message
from runtimes.local.messages import Answer, Fault
from runtimes.local.open_call import Caller
from runtimes.local.programs import Programs, Resting, Timing
from runtimes.local.session import Session
from runtimes.local.transports.base import CannotStart, TransportOpener
from runtimes.local_endpoint import LocalEndpoint, named_endpoint
from runtimes.values import Json, canonical_json

PREVIEW_ID = 1
"""The request id in a preview, which opens no request."""

_TIMING = Timing()


def _opener(endpoint: LocalEndpoint, services: RuntimeServices) -> TransportOpener:
    """Raises: `RuntimeUnavailable` for an address that cannot be used."""
    if not endpoint.address:
        from runtimes.local.transports.stdio import open_stdio

        return lambda: open_stdio(endpoint)
    from runtimes.local.transports.of_address import AddressRefused, opener_for

    if endpoint.command:
        raise RuntimeUnavailable("it has a command and an address, and can have only one of them")
    try:
        return opener_for(endpoint.address, endpoint.framing, services.local_http or services.http)
    except AddressRefused as error:
        raise RuntimeUnavailable(str(error)) from error


def _fingerprint(name: str, endpoint: LocalEndpoint) -> str:
    """Of everything that decides who answers, and what it can reach."""
    parts: list[Json] = [
        name,
        *endpoint.command,
        endpoint.address,
        endpoint.directory,
        dict(endpoint.environment),
        [*endpoint.inherited],
        endpoint.is_sandboxed,
        endpoint.has_network,
    ]
    return hashlib.sha256(canonical_json(parts).encode()).hexdigest()


def _failed(fault: Fault) -> CallResult:
    payload: dict[str, Json] = {"code": fault.code, "message": fault.message}
    if fault.data is not None:
        payload["data"] = fault.data
    return CallResult(payload=payload, is_error=True)


class LocalExecutor:
    """Calls the methods of one local plugin."""

    def __init__(self, spec: RuntimeSpec, services: RuntimeServices, tasks: TaskGroup, timing: Timing) -> None:
        """Raises: `RuntimeUnavailable` when the endpoint is not in the host's table, or not usable."""
        self._name, endpoint = named_endpoint("LocalPlugin", spec.spec, services.local_endpoints)
        self._tell_sent = services.sent
        self._programs = Programs(endpoint, _opener(endpoint, services), tasks, self._sent, timing)
        fingerprint = _fingerprint(self._name, endpoint)
        self._functions = {
            function: FunctionSignature(
                name=function, destination=f"local plugin {self._name!r}", repeatable=False, fingerprint=fingerprint
            )
            for function in spec.functions or ()
        }

    @property
    def functions(self) -> Mapping[str, FunctionSignature]:
        """Those that the manifest has for this runtime; the program is not asked."""
        return self._functions

    @property
    def unusable(self) -> Mapping[str, str]:
        """None: what a program can do shows when it is called."""
        return {}

    async def sign_in(self, function: str, person: str, /) -> SignIn | None:
        """As `RuntimeExecutor.sign_in`: local plugins are sent no credentials."""
        del function, person
        return None

    def preview(self, call: FunctionCall, /) -> tuple[WireMessage, ...]:
        """The message that would be sent. Raises: `InvocationError`."""
        self._check(call)
        try:
            message = request_message(PREVIEW_ID, call.function, call.arguments)
        except JsonRpcError as error:
            raise self._failure(call, str(error), is_unsent=True) from error
        return (self._wire(message),)

    async def invoke(self, call: FunctionCall, context: CallContext, /) -> CallResult:
        """Asks the program, starting it first where it is not running. Raises: `InvocationError`."""
        self._check(call)
        caller = Caller(context.progress, context.ask, context.timeout)
        try:
            session = self._programs.running(context.person) or await self._started(context.person, caller)
            await anyio.lowlevel.checkpoint_if_cancelled()
            outcome = await session.call(call.function, call.arguments, caller)
        except CannotStart as error:
            raise self._unstarted(str(error), is_final=isinstance(error, Resting)) from error
        except JsonRpcError as error:
            raise self._failure(call, str(error), is_unsent=True) from error
        if isinstance(outcome, Answer):
            return CallResult(payload=outcome.result)
        if isinstance(outcome, Fault):
            return _failed(outcome)
        await anyio.lowlevel.checkpoint_if_cancelled()  # where all is cancelled, it may be the program that was first
        if outcome.is_late:
            late = f"it took longer than {context.timeout:g} s"
            raise self._failure(call, f"{late}; {outcome.reason}" if outcome.reason else late)
        raise self._failure(call, outcome.reason)

    async def _started(self, person: str, caller: Caller) -> Session:
        """Starts the program in the time that the caller has. Raises: `CannotStart`."""
        start = anyio.current_time()
        with anyio.move_on_after(caller.seconds):
            session = await self._programs.started(person)
            caller.seconds -= anyio.current_time() - start
            return session
        hint = self._programs.hint(person)
        raise CannotStart(f"it was not ready within {caller.seconds:g} s{hint and f'; {hint}'}")

    async def aclose(self) -> None:
        """Stops what runs."""
        await self._programs.aclose()

    def _unstarted(self, reason: str, *, is_final: bool) -> InvocationError:
        message = f"local plugin {self._name!r} cannot be started: {reason}"
        return InvocationError(message, not_executed="connect", is_final=is_final)

    def _sent(self, message: bytes) -> None:
        self._tell_sent(self._wire(message))

    def _wire(self, message: bytes) -> WireMessage:
        return WireMessage(method="JSON-RPC", url=f"local:{self._name}", body=message.decode())

    def _check(self, call: FunctionCall) -> None:
        if call.function not in self._functions:
            known = ", ".join(sorted(self._functions)) or "none"
            raise self._failure(call, f"there is no such function; known functions: {known}", is_unsent=True)

    def _failure(self, call: FunctionCall, reason: str, *, is_unsent: bool = False) -> InvocationError:
        message = f"local plugin {self._name!r} gave no answer to {call.function!r}: {reason}"
        return InvocationError(message, is_unsent=is_unsent)


@asynccontextmanager
async def open_local(
    spec: RuntimeSpec, services: RuntimeServices, /, *, timing: Timing = _TIMING
) -> AsyncGenerator[RuntimeExecutor, None]:
    """A factory for `LocalPlugin`; leaving stops the programs.

    Entering raises: `RuntimeUnavailable` when the endpoint is not in the host's table, or not usable.
    """
    tasks = anyio.create_task_group()
    # By hand, because `async with` would wrap the caller's own exception in a group.
    await tasks.__aenter__()
    try:
        executor = LocalExecutor(spec, services, tasks, timing)
        try:
            yield executor
        finally:
            with anyio.CancelScope(shield=True):
                await executor.aclose()
    finally:
        tasks.cancel_scope.cancel()
        await tasks.__aexit__(None, None, None)
