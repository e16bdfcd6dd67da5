"""What a person is asked before a function changes something: a title, and the arguments of the call (spec 9.3)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice

from orchestrator.authoring.wording import label, one_line, without_braces
from orchestrator.manifest.known import MAX_STRING
from runtimes.values import JsonObject

MAX_LISTED = 30
"""Arguments that a confirmation lists; hosts show the others beside it."""

MAX_TITLE = 100
"""Characters of a confirmation's title."""

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_QUOTABLE = re.compile(r"[^'\\{}%\x00-\x1f]{1,100}")


def _variable(argument: str) -> str:
    """The argument in Liquid; empty for a name that cannot be written there."""
    if _PLAIN.fullmatch(argument):
        return f"function.parameters.{argument}" if len(argument) <= MAX_TITLE else ""
    return f"function.parameters['{argument}']" if _QUOTABLE.fullmatch(argument) else ""


def _line(argument: str) -> str:
    variable = _variable(argument)
    return f"* **{label(argument) or 'Value'}**: {{{{{variable}}}}}" if variable else ""


def confirmation(heading: str, arguments: Iterable[str]) -> JsonObject:
    """The confirmation of a function; the line of an argument that is not given ends at its colon."""
    lines = [line for line in map(_line, islice(arguments, MAX_LISTED)) if line]
    title = one_line(without_braces(heading), MAX_TITLE)
    while len("\n".join(lines)) > MAX_STRING:
        lines.pop()
    found: JsonObject = {"type": "AdaptiveCard", "title": title}
    if lines:
        found["body"] = "\n".join(lines)
    return found
