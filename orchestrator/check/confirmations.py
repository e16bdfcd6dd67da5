"""The placeholders of a confirmation against the parameters of its function (spec 9.3.2.2). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from orchestrator.check.bindings import listed
from orchestrator.check.codes import problem
from orchestrator.check.functions import declared_parameters, takes
from orchestrator.errors import Problem
from orchestrator.manifest.guesses import guess
from orchestrator.manifest.model import Function
from orchestrator.manifest.problems import quoted
from runtimes.openapi.arguments import Arguments

MAX_PLACEHOLDERS = 200
"""How many placeholders of one text are looked at."""

MEMBERS = ("parameters", "name")
"""What a text may say of `function`."""

_PLACEHOLDER = re.compile(
    r"(?<!\$)\{\{\s*+[#^/&]?\s*+([A-Za-z_$](?:'[^'{}]*+'|\"[^\"{}]*+\"|[^{}|\s'\"])*+)\s*+(?:\|[^{}]*+)?\}\}"
)
_STEP = re.compile(r"\.([^.\[\]'\"]*+)|\[(?:'([^']*+)'|\"([^\"]*+)\"|(\d++))\]")


def _steps(path: str) -> tuple[str, ...]:
    """The names that a path leads through; none for what only shows when it is rendered."""
    matches = list(_STEP.finditer(f".{path}"))
    if sum(len(match[0]) for match in matches) != len(path) + 1:
        return ()
    return tuple(next(part for part in match.groups() if part is not None) for match in matches)


def _paths_in(body: str) -> Iterator[str]:
    for number, match in enumerate(_PLACEHOLDER.finditer(body)):
        if number == MAX_PLACEHOLDERS:
            return
        yield match[1]


class _Known:
    """The parameters that a text may name."""

    def __init__(self, declared: Sequence[str] | None, arguments: Arguments | None) -> None:
        self._arguments = arguments
        self._is_declared = declared is not None
        self.names = list(declared if declared is not None else arguments.schemas if arguments is not None else ())

    def has(self, steps: Sequence[str]) -> bool:
        """True when the steps start at a parameter, by its own spelling or another."""
        first, *inner = steps
        if self._has(first) or ".".join(steps) in self.names:
            return True
        in_body = self._arguments.members if self._arguments is not None else ()  # authors name the body in front
        return bool(inner) and inner[0] in in_body

    def _has(self, name: str) -> bool:
        if name in self.names:
            return True
        return bool(name) and not self._is_declared and self._arguments is not None and takes(self._arguments, name)


def _problem(path: str, known: _Known) -> tuple[str, str] | None:
    """Why a path leads to no parameter, with a hint."""
    steps = _steps(path)
    if steps[:1] == ("function",) and len(steps) > 1:
        if steps[1] not in MEMBERS:
            hint = guess(steps[1], MEMBERS, "write 'function.parameters.' and the name of a parameter")
            return f"the text names {quoted(path)}, and a function has 'parameters' and 'name' here", hint
        steps = steps[2:] if steps[1] == "parameters" else ()
    if not steps or known.has(steps):
        return None
    hint = guess(steps[0], known.names, f"parameters: {listed(known.names) or 'none'}")
    return f"the text names {quoted(path)}, which is no parameter of the function", hint


def confirmation_problems(function: Function, pointer: str, arguments: Arguments | None) -> Iterator[Problem]:
    """Placeholders of `confirmation.body` that name no parameter; `arguments` are those of the operation, if known."""
    confirmation, declared = function.capabilities.confirmation, declared_parameters(function)
    if confirmation is None or not confirmation.body or (declared is None and arguments is None):
        return
    known = _Known(list(declared) if declared is not None else None, arguments)
    for path in dict.fromkeys(_paths_in(confirmation.body)):
        if (reason := _problem(path, known)) is not None:
            place = pointer + "/capabilities/confirmation/body"
            yield problem("confirmation-parameter", place, reason[0], hint=reason[1])
