"""One call without a model: whoever makes it is its consent, and the rules of the host still hold."""

from __future__ import annotations

from collections.abc import Iterable

from orchestrator.errors import CallForbidden, UsageError
from orchestrator.policy.rules import Rule
from orchestrator.tools.arguments import InvalidArguments
from orchestrator.tools.toolbox import BoundFunction, Toolbox
from orchestrator.turn.replies import new_call_id
from runtimes.base import FunctionCall
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
