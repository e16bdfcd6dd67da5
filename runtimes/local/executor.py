"""A runtime whose functions are methods of a local program (spec 11.4): started at the first call, shared by all.

The program is described in the host's table of local endpoints, never in a manifest: a manifest only names it.
"""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager

import anyio
from anyio.abc import TaskGroup, TaskStatus

from auth import SignIn
from runtimes.base import (
    CallContext,
    CallResult,
    FunctionCall,
    FunctionSignature,
    LocalEndpoint,
    RuntimeExecutor,
    RuntimeServices,
    RuntimeSpec,
    WireMessage,
)
from runtimes.errors import InvocationError, RuntimeUnavailable
from runtimes.local.jsonrpc import (
    Answer,
    Broken,
    Connection,
    Demand,
    Fault,
    JsonRpcError,
    Message,
    Notification,
    Unreadable,
    request_frame,
)
from runtimes.local.transports import CannotStart, Transport, TransportClosed, open_stdio
from runtimes.values import JsonObject, canonical_json

PROGRESS = "$/progress"
"""The notification with which a program says what it is doing: `id` of the request and `message`."""
MAX_PROGRESS_NOTES = 200
"""How many of them one call may send; further ones are dropped."""
MAX_PROGRESS_CHARS = 500
"""How much of one of them is shown."""
MAX_REFUSALS = 100
"""How many requests of one running program are answered; further ones are dropped."""
NOTICE_GRACE = 1.0
"""Seconds that a notice or a refusal may take to leave before the program is given up."""
PREVIEW_ID = 1
"""The request id in a preview: that of the first request to a fresh program."""


class _Pending:
    """A request that waits for its answer."""

    def __init__(self, progress: Callable[[str], None]) -> None:
        self.is_done = anyio.Event()
        self.outcome: Answer | Fault | str = ""
        """A text says why there is no answer."""
        self._progress = progress
        self._notes = 0

    def settle(self, outcome: Answer | Fault | str) -> None:
        """The first outcome holds: an answer is not undone by the end of the program that gave it."""
        if not self.is_done.is_set():
            self.outcome = outcome
            self.is_done.set()

    def note(self, text: str) -> None:
        self._notes += 1
        if self._notes <= MAX_PROGRESS_NOTES:
            self._progress(text[:MAX_PROGRESS_CHARS])


class _Session:
    """One running program and what it has been asked."""

    def __init__(self, transport: Transport, sent: Callable[[bytes], None]) -> None:
        """`sent` is told of each request once its frame has gone out."""
        self._transport = transport
        self._sent = sent
        self._connection = Connection()
        self._pending: dict[int, _Pending] = {}
        self._listening = anyio.CancelScope()
        self._refusals = 0
        self.is_over = False
        self.complaint = ""
        """What was wrong with the last thing it wrote that could not be used."""

    async def call(self, method: str, params: JsonObject, progress: Callable[[str], None]) -> Answer | Fault | str:
        """Asks and waits; a text says why there is no answer. Raises: `JsonRpcError` when it cannot be asked."""
        request = self._connection.request(method, params)
        pending = self._pending[request.id] = _Pending(progress)
        try:
            await self._transport.send(request.frame)
            self._sent(request.frame)
            await pending.is_done.wait()
        except TransportClosed as error:
            self.give_up(str(error))
        except anyio.get_cancelled_exc_class():
            with anyio.CancelScope(shield=True):
                await self._tell(self._connection.withdraw(request.id))
            raise
        finally:
            del self._pending[request.id]
        return pending.outcome

    async def listen(self) -> None:
        """Hands out what the program sends, until it ends or is given up."""
        with self._listening:
            await self._listen()

    async def _listen(self) -> None:
        reason = ""
        while not reason and (data := await self._transport.receive()):
            for message in self._connection.receive(data):
                reason = await self._take(message)
        self.is_over = True
        if not reason:
            last_words = await self._transport.last_words()
            reason = f"it ended before it answered{last_words and f'; its last words: {last_words}'}"
        self.give_up(reason)

    def give_up(self, reason: str) -> None:
        """Ends whatever still waits, and `listen`."""
        self.is_over = True
        self._listening.cancel()
        for pending in self._pending.values():
            pending.settle(reason)

    async def _take(self, message: Message) -> str:
        """Takes one message; a text says why there can be no more."""
        match message:
            case Answer() | Fault():
                self._settle(message.id, message)
            case Unreadable():
                self.complaint = message.reason
                if message.id is not None:
                    self._settle(message.id, f"it does not speak JSON-RPC 2.0: {message.reason}")
            case Notification():
                self._note(message)
            case Demand():
                await self._refuse(message)
            case Broken():
                return message.reason
        return ""

    def _settle(self, request_id: int, outcome: Answer | Fault | str) -> None:
        if pending := self._pending.get(request_id):
            pending.settle(outcome)

    def _note(self, notification: Notification) -> None:
        if notification.method != PROGRESS or not isinstance(notification.params, dict):
            return
        number, text = notification.params.get("id"), notification.params.get("message")
        if isinstance(number, int) and isinstance(text, str) and (pending := self._pending.get(number)):
            pending.note(text)

    async def _refuse(self, demand: Demand) -> None:
        self._refusals += 1
        if self._refusals <= MAX_REFUSALS:
            await self._tell(self._connection.refuse(demand))
            return
        self.complaint = f"it has sent more than {MAX_REFUSALS} requests of its own"

    async def _tell(self, frame: bytes) -> None:
        """Sends what nobody waits for; a program that has left, or does not read, misses it."""
        if self.is_over:
            return
        with anyio.move_on_after(NOTICE_GRACE):
            try:
                await self._transport.send(frame)
            except TransportClosed:
                self.complaint = "it has closed its input"


def _registered(spec: RuntimeSpec, services: RuntimeServices) -> tuple[str, LocalEndpoint]:
    name = spec.spec.get("local_endpoint")
    if not isinstance(name, str) or not name:
        raise RuntimeUnavailable("a LocalPlugin runtime needs 'local_endpoint', the name of an installed local plugin")
    endpoint = services.local_endpoints.get(name)
    if endpoint is None:
        near = difflib.get_close_matches(name, services.local_endpoints, n=1)
        hint = f", perhaps {near[0]!r} is meant" if near else ""
        raise RuntimeUnavailable(
            f"there is no local plugin {name!r}{hint}; register it with `--local {name}=COMMAND`"
            f' or `[local."{name}"]` in orchestrator.toml'
        )
    return name, endpoint


class LocalExecutor:
    """Calls the methods of one local program."""

    def __init__(self, spec: RuntimeSpec, services: RuntimeServices, tasks: TaskGroup) -> None:
        """Raises: `RuntimeUnavailable` when the endpoint is not in the host's table."""
        self._name, self._endpoint = name, endpoint = _registered(spec, services)
        self._sent = services.sent
        self._tasks = tasks
        self._starting = anyio.Lock()
        self._session: _Session | None = None
        fingerprint = hashlib.sha256(canonical_json([name, *endpoint.command]).encode()).hexdigest()
        self._functions = {
            function: FunctionSignature(
                name=function, destination=f"local plugin {name!r}", repeatable=False, fingerprint=fingerprint
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
        """The line that would be written. Raises: `InvocationError`."""
        self._check(call)
        try:
            frame = request_frame(PREVIEW_ID, call.function, call.arguments)
        except JsonRpcError as error:
            raise self._failure(call, str(error)) from error
        return (self._wire(frame),)

    async def invoke(self, call: FunctionCall, context: CallContext, /) -> CallResult:
        """Asks the program, starting it first where it is not running. Raises: `InvocationError`."""
        self._check(call)
        outcome = await self._ask(call, context)
        if isinstance(outcome, Answer):
            return CallResult(payload=outcome.result)
        if isinstance(outcome, Fault):
            return CallResult(payload={"code": outcome.code, "message": outcome.message}, is_error=True)
        raise self._failure(call, outcome)

    async def _ask(self, call: FunctionCall, context: CallContext) -> Answer | Fault | str:
        try:
            with anyio.move_on_after(context.timeout):
                session = await self._running()
                return await session.call(call.function, call.arguments, context.progress)
        except CannotStart as error:
            raise InvocationError(
                f"local plugin {self._name!r} cannot be started: {error}", not_executed="connect"
            ) from error
        except JsonRpcError as error:
            raise self._failure(call, str(error)) from error
        complaint = self._session.complaint if self._session else ""
        return f"it took longer than {context.timeout:g} s{complaint and f'; {complaint}'}"

    async def _running(self) -> _Session:
        async with self._starting:
            session = self._session
            if session is None or session.is_over:
                session = self._session = await self._tasks.start(self._serve)
            return session

    async def _serve(self, *, task_status: TaskStatus[_Session]) -> None:
        async with open_stdio(self._endpoint) as transport:
            session = _Session(transport, lambda frame: self._sent(self._wire(frame)))
            task_status.started(session)
            try:
                await session.listen()
            finally:
                session.give_up("it was stopped")

    def _wire(self, frame: bytes) -> WireMessage:
        return WireMessage(method="JSON-RPC", url=f"local:{self._name}", body=frame.decode().rstrip("\n"))

    def _check(self, call: FunctionCall) -> None:
        if call.function not in self._functions:
            known = ", ".join(sorted(self._functions)) or "none"
            raise self._failure(call, f"there is no such function; known functions: {known}")

    def _failure(self, call: FunctionCall, reason: str) -> InvocationError:
        return InvocationError(f"local plugin {self._name!r} gave no answer to {call.function!r}: {reason}")


@asynccontextmanager
async def open_local(spec: RuntimeSpec, services: RuntimeServices, /) -> AsyncGenerator[RuntimeExecutor, None]:
    """A factory for `LocalPlugin`; leaving stops the program.

    Entering raises: `RuntimeUnavailable` when the endpoint is not in the host's table.
    """
    tasks = anyio.create_task_group()
    # By hand, because `async with` would wrap the caller's own exception in a group.
    await tasks.__aenter__()
    try:
        yield LocalExecutor(spec, services, tasks)
    finally:
        tasks.cancel_scope.cancel()
        await tasks.__aexit__(None, None, None)
