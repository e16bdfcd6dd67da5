"""An executor around an executor: what the host's rules name is taken out of every answer, off the event loop."""

from __future__ import annotations

from collections.abc import Sequence

import anyio
from anyio import to_thread

from orchestrator.response.redaction import Redactor, withheld
from orchestrator.response.redaction_rules import Rule
from orchestrator.tools.definitions import tool_name
from runtimes.base import CallContext, CallResult, FunctionCall, RuntimeExecutor
from runtimes.errors import InvocationError
from runtimes.wrappers import Wrapper

REDACTION_SECONDS = 5.0
"""Seconds that the rules may take over one answer, which is withheld otherwise."""


class Redacted(Wrapper):
    """Gives no answer on before the host's rules have been applied to it."""

    def __init__(
        self, inner: RuntimeExecutor, redactor: Redactor, plugin: str, seconds: float = REDACTION_SECONDS
    ) -> None:
        super().__init__(inner)
        self._seconds = seconds
        self._redactor = redactor
        self._plugin = plugin

    async def invoke(self, call: FunctionCall, context: CallContext, /) -> CallResult:
        """The redacted answer. Raises: `InvocationError` as the executor inside does, without words of the answer."""
        names = (call.function, f"{self._plugin}-{call.function}", tool_name(self._plugin, call.function))
        rules = self._redactor.rules_for(names)
        if not rules:
            return await self._inner.invoke(call, context)
        try:
            result = await self._inner.invoke(call, context)
        except InvocationError as error:
            if not error.quoted:
                raise
            wordless = error.retold("")  # what was cut short or is no JSON cannot be searched
        else:
            return await self._redacted(result, rules)
        raise wordless

    async def _redacted(self, result: CallResult, rules: Sequence[Rule]) -> CallResult:
        with anyio.move_on_after(self._seconds):
            return await to_thread.run_sync(self._redactor.redacted, result, rules, abandon_on_cancel=True)
        return withheld(result, f"they took more than {self._seconds:g} s")
