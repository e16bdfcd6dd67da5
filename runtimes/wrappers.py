"""Executors around an executor, each for one purpose: `Templated`, `Bounded`, `Guarded`.

The host puts them around what `runtimes.discovery` finds; the innermost is the runtime itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

import anyio

from auth import SignIn
from runtimes.base import (
    CallContext,
    CallResult,
    FunctionCall,
    FunctionSignature,
    RuntimeExecutor,
    RuntimeSpec,
    WireMessage,
)
from runtimes.errors import InvocationError
from runtimes.liquid import TemplateError, render
from runtimes.questions import Ask, LiveAnswer, LiveQuestion
from runtimes.values import Json, JsonObject, dump_json, json_or_text

MAX_MESSAGE_CHARS = 300
"""How much of a stranger's exception is quoted."""

BOUND_GRACE = 0.25
"""Seconds that `Bounded` waits beyond the timeout: an executor that keeps the time itself knows better what to say."""

_QUERY = re.compile(r"\?\S+")


def one_line(error: BaseException) -> str:
    """The first line of an exception's message, short and without the queries of URLs, where secrets travel."""
    lines = str(error).strip().splitlines()
    return _QUERY.sub("?…", lines[0])[:MAX_MESSAGE_CHARS] if lines else ""


def _with_payload(result: CallResult, payload: Json, *, is_error: bool = False) -> CallResult:
    return replace(result, payload=payload, is_error=is_error)


def _failed(function: str, error: Exception) -> InvocationError:
    return InvocationError(f"the runtime of {function!r} failed: {type(error).__name__}: {one_line(error)}")


class Wrapper:
    """Passes everything on to the executor inside; a wrapper says only what it does otherwise."""

    def __init__(self, inner: RuntimeExecutor) -> None:
        self._inner = inner

    @property
    def functions(self) -> Mapping[str, FunctionSignature]:
        """Those of the executor inside."""
        return self._inner.functions

    @property
    def unusable(self) -> Mapping[str, str]:
        """Those of the executor inside."""
        return self._inner.unusable

    def preview(self, call: FunctionCall, /) -> tuple[WireMessage, ...]:
        """What the executor inside would send."""
        return self._inner.preview(call)

    async def sign_in(self, function: str, person: str, /) -> SignIn | None:
        """What the executor inside needs of the person first. Raises: `InvocationError`, as it does."""
        return await self._inner.sign_in(function, person)

    async def invoke(self, call: FunctionCall, context: CallContext, /) -> CallResult:
        """Has the executor inside carry the call out."""
        return await self._inner.invoke(call, context)


class Unhurried:
    """Asks while the deadline of a scope stands still, as often as it takes: a person is slower than a program."""

    def __init__(self, scope: anyio.CancelScope, ask: Ask) -> None:
        self._scope = scope
        self._ask = ask
        self._open = 0
        self._left = 0.0

    async def __call__(self, question: LiveQuestion) -> LiveAnswer:
        """As `ask`; of several questions at once the last answer sets the clock going again."""
        if not self._open:
            self._left = self._scope.deadline - anyio.current_time()
            self._scope.deadline = float("inf")
        self._open += 1
        try:
            return await self._ask(question)
        finally:
            self._open -= 1
            if not self._open:
                self._scope.deadline = anyio.current_time() + self._left


class Bounded(Wrapper):
    """Ends a call when its time is over, whatever the executor inside makes of it."""

    async def invoke(self, call: FunctionCall, context: CallContext, /) -> CallResult:
        """Raises: `InvocationError` when there is no answer within `context.timeout` and `BOUND_GRACE`; what the person
        takes to answer questions of the plugin does not count."""
        with anyio.move_on_after(context.timeout + BOUND_GRACE) as scope:
            return await self._inner.invoke(call, replace(context, ask=Unhurried(scope, context.ask)))
        raise InvocationError(f"{call.function!r} gave no answer within {context.timeout:g} s")


class Templated(Wrapper):
    """Applies a runtime's `output_template` to successful answers (spec 11.1.5).

    The template sees `response` and `manifest`. What it makes is JSON if it reads as JSON, else text. A template that
    fails does not lose the answer: the call has been carried out, and repeating it could do harm. The result is then
    an error whose payload has `error`, which says so, and `response`, the answer as it came.
    """

    def __init__(self, inner: RuntimeExecutor, spec: RuntimeSpec) -> None:
        super().__init__(inner)
        self._spec = spec
        self._template = spec.output_template
        self._manifest = spec.template_context

    def over(self, manifest: JsonObject) -> Templated:
        """The same with another reading of the manifest, such as its texts in one language."""
        return Templated(self._inner, replace(self._spec, template_context=manifest))

    async def invoke(self, call: FunctionCall, context: CallContext, /) -> CallResult:
        """Raises: `InvocationError` as the executor inside does."""
        result = await self._inner.invoke(call, context)
        if self._template is None or result.is_error:
            return result
        try:
            text = render(self._template, {"response": result.payload, "manifest": self._manifest})
        except TemplateError as error:
            message = f"the call was carried out, but output_template cannot be applied to the answer: {error}"
            return _with_payload(result, {"error": message, "response": result.payload}, is_error=True)
        return _with_payload(result, json_or_text(text))


class Guarded(Wrapper):
    """Keeps the exceptions of somebody else's executor from ending the turn."""

    def preview(self, call: FunctionCall, /) -> tuple[WireMessage, ...]:
        """Raises: `InvocationError`, whatever the executor inside raises."""
        try:
            return self._inner.preview(call)
        except InvocationError:
            raise
        except Exception as error:
            raise _failed(call.function, error) from error

    async def sign_in(self, function: str, person: str, /) -> SignIn | None:
        """Raises: `InvocationError`, whatever the executor inside raises."""
        try:
            return await self._inner.sign_in(function, person)
        except InvocationError:
            raise
        except Exception as error:
            raise _failed(function, error) from error

    async def invoke(self, call: FunctionCall, context: CallContext, /) -> CallResult:
        """Raises: `InvocationError`, whatever the executor inside raises, and where its answer is no JSON."""
        try:
            result = await self._inner.invoke(call, context)
            dump_json(result.payload)
            return result
        except InvocationError:
            raise
        except Exception as error:
            raise _failed(call.function, error) from error
