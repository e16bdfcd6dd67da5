"""The requests of one toolbox: system texts made once, messages from the history. Pure."""

from __future__ import annotations

from functools import cached_property

from orchestrator.model.base import Message, ReasoningRequest, RespondingRequest
from orchestrator.tools.toolbox import Toolbox
from orchestrator.turn.history import History
from orchestrator.turn.machine import Limits, Rules
from orchestrator.turn.prompts import (
    citation_numbers,
    disengaging_prompt,
    functions_called,
    reasoning_prompt,
    responding_prompt,
    turn_messages,
    with_language,
)


class Requests:
    """Makes what the model is sent; the same history always gives the same request.

    The toolbox is in the language of the conversation, which the turn names (`TurnStarted.locale`).
    """

    def __init__(self, toolbox: Toolbox, instructions: str, limits: Limits) -> None:
        self.toolbox = toolbox
        self._instructions = instructions
        self.rules = Rules(
            limits=limits,
            has_tools=bool(toolbox.tools),
            responding=frozenset(
                (function.plugin.namespace, function.name)
                for function in toolbox.functions
                if function.has_responding_instructions
            ),
        )

    @cached_property
    def reasoning_system(self) -> str:
        """The system text of every reasoning request, without the line about the person's language."""
        return reasoning_prompt(self.toolbox, self._instructions)

    @cached_property
    def responding_system(self) -> str:
        """The system text of a responding request if every function were called: for authors to read."""
        functions = self.toolbox.functions
        cites = any(function.may_be_cited for function in functions)
        return responding_prompt(functions, self._instructions, None, cites=cites)

    def reasoning(self, history: History) -> ReasoningRequest:
        """Asks for calls, or for text."""
        system = _spoken(self.reasoning_system, history)
        return ReasoningRequest(system=system, messages=_messages(history), tools=self.toolbox.tools)

    def responding(self, history: History, limit: str | None) -> RespondingRequest:
        """Asks for the answer, with the instructions of the functions called in this turn."""
        called = functions_called(history.turn, self.toolbox) if history.turn is not None else ()
        cites = history.turn is not None and bool(citation_numbers(history.turn))
        system = _spoken(responding_prompt(called, self._instructions, limit, cites=cites), history)
        return RespondingRequest(system=system, messages=_messages(history))

    def disengaging(self, history: History) -> RespondingRequest:
        """Asks for the last words."""
        system = _spoken(disengaging_prompt(self.toolbox, self._instructions), history)
        return RespondingRequest(system=system, messages=_messages(history))


def _spoken(system: str, history: History) -> str:
    return with_language(system, history.turn.started.locale if history.turn is not None else None)


def _messages(history: History) -> tuple[Message, ...]:
    current = turn_messages(history.turn) if history.turn is not None else ()
    return (*history.earlier_messages(), *current)
