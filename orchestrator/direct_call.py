"""One call without a model: whoever makes it is its consent, and the rules of the host still hold."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import anyio

from auth import SecretsInUse
from orchestrator.errors import CallForbidden, UsageError
from orchestrator.policy.rules import Rule
from orchestrator.signals import QuestionClosed, QuestionRaised
from orchestrator.tools.arguments import InvalidArguments
from orchestrator.tools.toolbox import BoundFunction, Toolbox
from orchestrator.turn.live_questions import Asker, Asks, LiveQuestions
from orchestrator.turn.replies import new_call_id
from runtimes.base import CallContext, CallResult, FunctionCall
from runtimes.errors import InvocationError
from runtimes.values import JsonObject


def prepared(toolbox: Toolbox, function: str, arguments: JsonObject) -> tuple[BoundFunction, FunctionCall]:
    """The function of that name, and the call of it. Raises: `UnknownName`, `UsageError`."""
    bound = toolbox.find(function)
    try:
        checked = bound.checker.check(arguments)
    except InvalidArguments as error:
        raise UsageError(f"the arguments of {bound.name!r} do not fit: {error}") from None
    return bound, FunctionCall(id=new_call_id(), function=bound.name, arguments=checked)


def refuse_denied(function: BoundFunction, rules: Iterable[Rule]) -> None:
    """Raises: `CallForbidden` where one of the rules denies it."""
    denying = next((rule for rule in rules if rule.effect == "deny"), None)
    if denying is not None:
        reason = f": {denying.reason}" if denying.reason else ""
        raise CallForbidden(f"a rule of the host forbids this call of {function.name!r}{reason}")


def _with_note(error: InvocationError, note: str) -> InvocationError:
    """The same error, and what the plugin has asked."""
    return InvocationError(
        f"{error.reason} {note}",
        not_executed=error.not_executed,
        is_lost=error.is_lost,
        is_final=error.is_final,
        is_unsent=error.is_unsent,
        quoted=error.quoted,
    )


def _not_told(signal: QuestionRaised | QuestionClosed) -> None:
    del signal


async def carried_out(
    function: BoundFunction,
    call: FunctionCall,
    context: CallContext,
    asks: Asks | None,
    secrets: SecretsInUse,
    *,
    is_quoted: bool,
) -> CallResult:
    """The answer, with a note on what the plugin has asked, in its words where they are quoted.

    Raises: `InvocationError` with the same note, and what `asks` raises.
    """
    asker = Asker(plugin=function.plugin.namespace, function=function.name, call_id=call.id, person=context.person)
    tasks = anyio.create_task_group()
    questions = LiveQuestions(asker, asks, tasks, _not_told, secrets, is_quoted=is_quoted)
    result: CallResult | None = None
    try:
        async with tasks:
            try:
                result = await function.executor.invoke(call, replace(context, ask=questions.ask))
            finally:
                questions.close()
    except ExceptionGroup as group:
        error = group.exceptions[0]
        if isinstance(error, InvocationError) and (asked := questions.told()):
            raise _with_note(error, asked) from error.__cause__
        raise error from error.__cause__
    assert result is not None  # else it has raised
    asked = questions.told()
    return replace(result, notes=(*result.notes, asked)) if asked else result
