"""Runtimes of somebody else: one that is in order, and what makes it go wrong."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TypeGuard, TypeVar

from auth import SignIn
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
from runtimes.foreign.opening import GuardLimits, guarded
from tests.servers.no_http import NO_SERVICES

WHERE = "the runtime 'x-zoo' of the distribution 'zoo'"
SPEC = RuntimeSpec(plugin="p", type="x-zoo", spec={"place": "here"}, location="")
QUICK = GuardLimits(open=0.05, close=0.05, sign_in=0.05, cancel=0.05)
SIGNATURE = FunctionSignature(
    name="feed",
    description="Feeds an animal.",
    parameters={"type": "object", "properties": {"animal": {"type": "string"}}},
    destination="the zoo",
)
CALL = FunctionCall(id="c", function="feed", arguments={"animal": "otter"})
CONTEXT = CallContext(person="ada", timeout=5)

T = TypeVar("T")
Invoked = Callable[[FunctionCall, CallContext], Awaitable[object]]


async def fed(call: FunctionCall, context: CallContext) -> object:
    """Answers as it should."""
    del context
    return CallResult(payload={"fed": call.arguments["animal"]})


class Zoo:
    """An executor whose members a test may give as they should not be."""

    def __init__(
        self,
        invoke: Invoked = fed,
        *,
        functions: object = None,
        unusable: object = None,
        preview: Callable[[FunctionCall], object] | None = None,
        sign_in: Callable[[], Awaitable[object]] | None = None,
    ) -> None:
        self.functions: object = {"feed": SIGNATURE} if functions is None else functions
        self.unusable: object = {} if unusable is None else unusable
        self._invoke = invoke
        self._preview = preview
        self._sign_in = sign_in

    def preview(self, call: FunctionCall, /) -> object:
        return (WireMessage(method="ZOO", url="zoo:feed"),) if self._preview is None else self._preview(call)

    async def sign_in(self, function: str, person: str, /) -> object:
        del function, person
        return None if self._sign_in is None else await self._sign_in()

    async def invoke(self, call: FunctionCall, context: CallContext, /) -> object:
        return await self._invoke(call, context)


def is_executor(value: object) -> TypeGuard[RuntimeExecutor]:
    """What a stranger claims of anything."""
    return value is not NO_SERVICES


def is_factory(value: object) -> TypeGuard[RuntimeFactory]:
    """What a stranger claims of anything."""
    return value is not NO_SERVICES


def opening(executor: object, limits: GuardLimits = QUICK) -> AbstractAsyncContextManager[RuntimeExecutor]:
    """What the host opens where a stranger's factory opens that."""

    @asynccontextmanager
    async def factory(spec: RuntimeSpec, services: RuntimeServices, /) -> AsyncGenerator[RuntimeExecutor]:
        assert is_executor(executor)
        yield executor

    return guarded(factory, WHERE, limits)(SPEC, NO_SERVICES)


def signing_in(**fields: object) -> SignIn:
    """A wish to have the person sign in, some fields of it of other types."""
    return spoilt(SignIn(name="zoo", kind="login", reason="never given"), **fields)


def spoilt(value: T, /, **fields: object) -> T:
    """A frozen object of the seam with fields that are not as they should be."""
    for name, field in fields.items():
        object.__setattr__(value, name, field)
    return value
