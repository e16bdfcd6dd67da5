"""Carries out one dispatched call and says, as a fact, what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import anyio

from orchestrator.events import CallFailed, CallNotExecuted, CallReturned, CallUnknown
from orchestrator.response.projection import MIN_BUDGET, RESULT_BUDGET
from orchestrator.tools.attachments import notice
from orchestrator.tools.toolbox import BoundFunction
from orchestrator.turn.files import Unsendable
from orchestrator.turn.kept_files import KeptFiles
from orchestrator.turn.live_questions import LiveQuestions
from orchestrator.turn.state import CallState
from runtimes.base import CallContext, FunctionCall
from runtimes.errors import InvocationError
from runtimes.values import Json, JsonObject

REPEAT_PAUSE = 0.5
"""Seconds before a call that was not executed is made once more; after a sign-in there is nothing to wait for."""

WithoutAnswer = CallFailed | CallNotExecuted | CallUnknown
Outcome = CallReturned | WithoutAnswer


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingCall:
    """A call that may go out, with the bytes of the files that it names."""

    call: CallState
    function: BoundFunction
    arguments: JsonObject = field(default_factory=dict[str, Json])
    """As the runtime takes them."""
    unsendable: str = ""
    """Why it cannot be sent after all."""


async def outgoing(call: CallState, function: BoundFunction, files: KeptFiles) -> OutgoingCall:
    """Reads what a call needs from the store, so that nothing of it can fail once it is dispatched.

    Raises: `StoreError`.
    """
    try:
        arguments = await files.filled(call.arguments, function.signature)
    except Unsendable as error:
        return OutgoingCall(call=call, function=function, unsendable=str(error))
    return OutgoingCall(call=call, function=function, arguments=arguments)


def _without_answer(call: CallState, error: InvocationError) -> WithoutAnswer:
    """A call certainly not executed may be made once more for each cause, unless its runtime has repeated it already;
    one that may have been executed is not."""
    message, cause = str(error), error.not_executed
    if cause == "sign-in" and cause in call.not_executed and call.has_signed_in:
        message += ", and did not after the sign-in either"
    if cause is not None and cause not in call.not_executed and not error.is_final:
        return CallNotExecuted(call_id=call.call_id, cause=cause, message=message)
    is_certain = cause is not None or error.is_unsent or call.is_harmless
    if is_certain and not call.may_have_happened:
        return CallFailed(call_id=call.call_id, message=message)
    return CallUnknown(call_id=call.call_id, message=message)


async def carry_out(
    ready: OutgoingCall,
    *,
    person: str,
    timeout: float,
    progress: Callable[[str], None],
    questions: LiveQuestions,
    files: KeptFiles,
    budget: int = RESULT_BUDGET,
    locale: str | None = None,
) -> Outcome:
    """The call's one outcome; `timeout` is in seconds, `budget` in characters that the model reads.

    `questions` are those that the plugin asks meanwhile; they are over with the call. `files` are the conversation's:
    the answer's join them. `locale` is for numbers and dates on cards.
    """
    call, function = ready.call, ready.function
    if ready.unsendable:
        return CallFailed(call_id=call.call_id, message=ready.unsendable)
    if call.not_executed - {"sign-in"}:
        await anyio.sleep(REPEAT_PAUSE)
    request = FunctionCall(id=call.call_id, function=function.name, arguments=ready.arguments)
    context = CallContext(
        person=person, timeout=timeout, progress=progress, ask=questions.ask, may_repeat=call.repeatable
    )
    try:
        result = await function.executor.invoke(request, context)
    except InvocationError as error:
        outcome, asked = _without_answer(call, error), questions.told()
        return replace(outcome, message=f"{outcome.message} {asked}") if asked else outcome
    finally:
        questions.close()
    asked = questions.told()
    text, shown = await function.read_aside(result, max(budget - len(asked), MIN_BUDGET), locale)
    attachments = await files.take_in(result.attachments)
    return CallReturned(
        call_id=call.call_id,
        text="\n".join([text, *map(notice, attachments), *([asked] if asked else [])]),
        shown=shown,
        is_error=result.is_error,
        status=result.status,
        attachments=attachments,
    )
