"""Liquid templates: `output_template` (spec 11.1.5) and the texts of confirmations (spec 9.3).

Both the template and the data are a stranger's. What they may cost is bounded in `runtimes.liquid_guard`, which is
imported at the first template: the engine is slow to import.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from runtimes.values import Json

if TYPE_CHECKING:
    from liquid.exceptions import LiquidError

Filter = Callable[..., object]
"""Takes the value to its left and the arguments, returns the new value."""

NO_FILTERS: Mapping[str, Filter] = MappingProxyType({})

_FAULTS = (ValueError, ArithmeticError, TypeError, LookupError, AttributeError, RecursionError, OSError)
"""What the engine's filters let out beside its own errors: dates out of range, text that is no base64, deep nesting."""


class TemplateError(Exception):
    """A template cannot be rendered; `line` is 1-based, 0 where no place is known."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(f"line {line}: {message}" if line else message)
        self.line = line


def _line_of(error: LiquidError) -> int:
    token = error.token
    if token is None or token.start_index < 0:
        return 0
    return token.source.count("\n", 0, token.start_index) + 1


def _one_line(message: object) -> str:
    return " ".join(str(message).split())


def render(template: str, variables: Mapping[str, Json], filters: Mapping[str, Filter] = NO_FILTERS) -> str:
    """What the template makes of the variables; an undefined variable is empty. `filters` adds to the usual ones.

    An object is printed as Python prints it: templates say `{{ thing | json }}` for JSON.

    Raises: `TemplateError` when the template is not Liquid, misuses a filter, or costs more than it may.
    """
    from liquid.exceptions import LiquidError

    from runtimes.liquid_guard import render_guarded

    try:
        return render_guarded(template, variables, filters)
    except LiquidError as error:
        raise TemplateError(_one_line(error.message), _line_of(error)) from error
    except _FAULTS as error:
        raise TemplateError(_one_line(f"{type(error).__name__}: {error}")) from error
