"""The expressions of a card's template: those that cannot be read, and the functions that there are not. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from orchestrator.check.codes import problem
from orchestrator.errors import Problem
from orchestrator.manifest.guesses import guess
from orchestrator.manifest.problems import quoted
from orchestrator.response.cards.errors import CardError
from orchestrator.response.cards.evaluate import CONCAT
from orchestrator.response.cards.limits import CardLimit
from orchestrator.response.cards.nodes import Call, Constant, Node
from orchestrator.response.cards.table import NAMES
from orchestrator.response.cards.template import parsed
from runtimes.positions import pointer_to
from runtimes.values import Json

MAX_SHOWN_BEFORE = 2000
"""Characters in front of a place inside a string, beyond which a report points to the string."""

_PLACEHOLDER = re.compile(r"\$\{\{\s*[A-Za-z_]\w*\s*(?::[^{}]*)?\}\}", re.ASCII)
"""What the environment fills: nothing of the card language, and left alone where it has no value."""

_HANDLEBARS = re.compile(r"(?<!\$)\{\{(?!\s*(?:DATE|TIME)\s*\()\s*[#/^>&!]?\s*[\w$@][^{}]{0,200}\}\}", re.ASCII)
"""What other template languages have; `{{DATE(…)}}` and `{{TIME(…)}}` belong to cards."""


@dataclass(frozen=True, slots=True)
class Text:
    """A string with an expression in it."""

    pointer: str
    text: str

    def problem(self, code: str, message: str, offset: int, hint: str = "") -> Problem:
        """A problem at a place in the string, in code points."""
        found = problem(code, self.pointer, message, hint=hint)
        return replace(found, before=self.text[:offset] if 0 < offset <= MAX_SHOWN_BEFORE else "")


def without_placeholders(text: str) -> str:
    """The string with as many other letters in place of what the environment fills."""
    return _PLACEHOLDER.sub(lambda match: "_" * len(match[0]), text)


def _calls(node: Node) -> Iterator[Call]:
    """All calls of an expression, those around first."""
    if isinstance(node, Constant):
        return
    if isinstance(node, Call):
        yield node
    inside = node.arguments if isinstance(node, Call) else tuple(member for _, member in node.members)
    for argument in inside:
        yield from _calls(argument)


def _strings(value: Json, pointer: str) -> Iterator[Text]:
    """The texts in which something may stand to be filled in."""
    if isinstance(value, str):
        yield Text(pointer, value)
        return
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, item in members:
        if isinstance(item, dict | list) or (isinstance(item, str) and "{" in item):
            yield from _strings(item, pointer + pointer_to(name))


def _function_problems(text: Text, node: Node) -> Iterator[Problem]:
    is_left = isinstance(node, Call) and node.name == CONCAT and not text.pointer.endswith("/$when")
    what_follows = "the expression is shown as it stands" if is_left else "showing the card fails"
    for call in _calls(node):
        if not call.is_known:
            message = f"cards have no function {quoted(call.name)}, and {what_follows}"
            hint = guess(call.name, NAMES, "see the list of functions in the documentation of cards")
            yield text.problem("card-function", message, max(call.at - 1, 0), hint)


def _instead_of(foreign: str) -> str:
    """What was probably meant: names of the environment are in capitals."""
    if foreign.isupper():
        return f"what the environment fills is written '${foreign}'"
    return "write it as '${name}', and conditions as '$when'"


def _text_problems(text: Text) -> Iterator[Problem]:
    foreign = _HANDLEBARS.search(text.text)
    if foreign:
        message = f"{quoted(foreign[0])} is shown as it stands: expressions in cards are written '${{…}}'"
        yield text.problem("card-handlebars", message, foreign.start(), _instead_of(foreign[0]))
    try:
        node = parsed(without_placeholders(text.text), text.pointer)
    except CardError as error:
        yield text.problem("card-expression", error.message, error.offset)
    except CardLimit as limit:
        yield problem("card-limit", text.pointer, str(limit))
    else:
        yield from _function_problems(text, node) if node is not None else ()
        start = text.text.rfind("${")
        if start > text.text.rfind("}"):
            message = "'${' has no '}', and is shown as it stands"
            yield text.problem("card-unclosed", message, start, "close it with '}'")


def expression_problems(card: Json) -> Iterator[Problem]:
    """Expressions that cannot be evaluated whatever the data; pointers begin at the card."""
    for text in _strings(card, ""):
        if "{" in text.text:
            yield from _text_problems(text)
