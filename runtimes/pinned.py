"""An executor around an executor that calls functions only as they were when they were offered.

A server may change what a tool does while a turn runs. The model has chosen, and the person has agreed to, what was
offered: anything else is refused, and is offered as it is when the next turn begins.
"""

from __future__ import annotations

from runtimes.base import CallContext, CallResult, FunctionCall, RuntimeExecutor, WireMessage
from runtimes.errors import InvocationError
from runtimes.wrappers import Wrapper


class Pinned(Wrapper):
    """Remembers the functions of the executor inside as they are when it is made; those without a fingerprint may
    become anything."""

    def __init__(self, inner: RuntimeExecutor) -> None:
        super().__init__(inner)
        self._offered = {name: signature.fingerprint for name, signature in inner.functions.items()}

    def preview(self, call: FunctionCall, /) -> tuple[WireMessage, ...]:
        """Raises: `InvocationError`, also where the function is not what it was."""
        self._check(call.function)
        return self._inner.preview(call)

    async def invoke(self, call: FunctionCall, context: CallContext, /) -> CallResult:
        """Raises: `InvocationError`, also where the function is not what it was: nothing is sent then."""
        self._check(call.function)
        return await self._inner.invoke(call, context)

    def _check(self, function: str) -> None:
        offered = self._offered.get(function)
        current = self._inner.functions.get(function)
        if offered and current is not None and current.fingerprint != offered:
            reason = "its server has changed what it does since it was offered; it is offered anew in the next turn"
            raise InvocationError(f"nothing was sent: {function!r}: {reason}", is_unsent=True)
