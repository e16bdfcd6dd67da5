"""Opens somebody else's runtime, and carries its calls out behind a guard.

The host sees an executor of the seam whatever stands behind it. Above it stands `runtimes.discovery`.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import TypeVar

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
from runtimes.errors import InvocationError, RuntimeUnavailable, ServerUnknown
from runtimes.foreign.answers import checked_preview, checked_result, checked_sign_in, retold_error
from runtimes.foreign.apart import CANCEL_GRACE, Failed, Held, held_open
from runtimes.foreign.lent import LentContext
from runtimes.foreign.members import described
from runtimes.foreign.signatures import checked_functions
from runtimes.foreign.words import RAISED, Unfit, in_one_line, text_of, words_of
from runtimes.values import JsonObject, dump_json, parse_json

T = TypeVar("T")

OPEN_SECONDS = 30.0
"""Seconds that opening a runtime object may take."""

CLOSE_SECONDS = 5.0
"""Seconds that closing it may take."""

SIGN_IN_SECONDS = 30.0
"""Seconds that it may take to say whether the person has to sign in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardLimits:
    """How long somebody else's code is waited for, in seconds."""

    open: float = OPEN_SECONDS
    close: float = CLOSE_SECONDS
    sign_in: float = SIGN_IN_SECONDS
    cancel: float = CANCEL_GRACE
    """After it was cancelled."""


def _failed(function: str, error: BaseException) -> InvocationError:
    if isinstance(error, InvocationError):
        return retold_error(error)
    said = str(error) if isinstance(error, Unfit) else words_of(error)
    return InvocationError(f"the runtime of {function!r} failed: {said}")


def _own_copy(value: JsonObject) -> JsonObject:
    copy = parse_json(dump_json(value))
    return copy if isinstance(copy, dict) else {}


class _Foreign:
    """Somebody else's executor: its functions as they were when it was opened, and calls that end."""

    def __init__(
        self,
        held: Held[RuntimeExecutor],
        functions: Mapping[str, FunctionSignature],
        unusable: Mapping[str, str],
        limits: GuardLimits,
    ) -> None:
        self._held = held
        self._executor = held.inside
        self._functions = functions
        self._unusable = unusable
        self._limits = limits

    @property
    def functions(self) -> Mapping[str, FunctionSignature]:
        return self._functions

    @property
    def unusable(self) -> Mapping[str, str]:
        return self._unusable

    def preview(self, call: FunctionCall, /) -> tuple[WireMessage, ...]:
        """Raises: `InvocationError`, whatever the executor inside raises."""
        try:
            return checked_preview(self._executor.preview(self._copied(call)))
        except RAISED as error:
            raise _failed(call.function, error) from error

    async def sign_in(self, function: str, person: str, /) -> SignIn | None:
        """Raises: `InvocationError`, whatever the executor inside raises, and when it takes too long."""
        answer = await self._apart(function, lambda: self._executor.sign_in(function, person), self._limits.sign_in)
        try:
            return checked_sign_in(answer)
        except RAISED as error:
            raise _failed(function, error) from error

    async def invoke(self, call: FunctionCall, context: CallContext, /) -> CallResult:
        """Raises: `InvocationError`, whatever the executor inside raises, and where its answer is no good."""
        own = self._copied(call)
        with LentContext(context) as lent:
            answer = await self._apart(call.function, lambda: self._executor.invoke(own, lent.context))
        try:
            return checked_result(answer)
        except RAISED as error:
            raise _failed(call.function, error) from error

    def _copied(self, call: FunctionCall) -> FunctionCall:
        """What was judged and shown stays as it is, whatever becomes of the arguments inside."""
        if call.function not in self._functions:
            known = in_one_line(", ".join(self._functions)) or "none"
            raise InvocationError(f"there is no function {call.function!r}; known functions: {known}", is_unsent=True)
        try:
            return replace(call, arguments=_own_copy(call.arguments))
        except (TypeError, ValueError, RecursionError) as error:
            raise InvocationError(f"the arguments of {call.function!r} are no JSON: {error}", is_unsent=True) from error

    async def _apart(self, function: str, work: Callable[[], Awaitable[T]], seconds: float | None = None) -> T:
        """Raises: `InvocationError`."""
        try:
            self._held.refuse_ended()
        except Failed as failure:
            ended = _failed(function, failure.error)
            ended.is_unsent = True
            raise ended from failure.error
        try:
            return await self._held.run_apart(work, seconds=seconds, grace=self._limits.cancel)
        except TimeoutError:
            raise InvocationError(f"the runtime of {function!r} gave no answer within {seconds:g} s") from None
        except Failed as failure:
            raise _failed(function, failure.error) from failure.error


def _unavailable(where: str, error: BaseException) -> RuntimeUnavailable:
    """What opening has raised; a reason of the runtime's own is left as it is, but bounded."""
    if isinstance(error, ServerUnknown):
        return ServerUnknown(in_one_line(text_of(error)))
    if isinstance(error, RuntimeUnavailable):
        return RuntimeUnavailable(in_one_line(text_of(error)))
    return RuntimeUnavailable(f"{where} cannot be opened: {words_of(error)}")


def _checked(where: str, held: Held[RuntimeExecutor], spec: RuntimeSpec, limits: GuardLimits) -> RuntimeExecutor:
    """Raises: `RuntimeUnavailable`, with everything that is wrong."""
    try:
        functions, unusable = checked_functions(*described(held.inside), spec.functions)
    except Unfit as error:
        raise RuntimeUnavailable(f"{where} opens what is no executor: {error}") from error
    except RAISED as error:
        raise RuntimeUnavailable(f"{where} opens what is no executor: {words_of(error)}") from error
    return _Foreign(held, functions, unusable, limits)


def guarded(factory: RuntimeFactory, where: str, limits: GuardLimits | None = None) -> RuntimeFactory:
    """A factory that opens what `factory` opens, held to the seam; what entering raises is `RuntimeUnavailable`.

    `where` names the runtime and its distribution in what is said.
    """
    bounds = limits or GuardLimits()

    @asynccontextmanager
    async def open_guarded(spec: RuntimeSpec, services: RuntimeServices, /) -> AsyncGenerator[RuntimeExecutor, None]:
        own = replace(spec, spec=_own_copy(spec.spec), template_context=_own_copy(spec.template_context))
        opening = held_open(
            lambda: factory(own, services),
            open_seconds=bounds.open,
            close_seconds=bounds.close,
            grace=bounds.cancel,
        )
        async with AsyncExitStack() as stack:
            try:
                held = await stack.enter_async_context(opening)
            except TimeoutError:
                raise RuntimeUnavailable(f"{where} cannot be opened: it takes longer than {bounds.open:g} s") from None
            except Failed as failure:
                raise _unavailable(where, failure.error) from failure.error
            yield _checked(where, held, spec, bounds)

    return open_guarded
