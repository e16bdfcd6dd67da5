"""What a template refers to: the paths of its expressions, each with the `$data` that it is read in. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from orchestrator.response.cards import lambdas
from orchestrator.response.cards.nodes import ACCESSOR, ELEMENT, Call, Constant, Node, Record
from orchestrator.response.cards.template import RESERVED, check_size, parsed, pointed
from orchestrator.response.cards.values import number_text
from runtimes.values import Json

PathNames: TypeAlias = tuple[str | None, ...]
"""The names of a path, in order; None is every element, or one whose place is computed."""

_LAMBDAS: Final = frozenset(form.name for form in lambdas.FORMS)
_Variables: TypeAlias = Mapping[str, PathNames | None]
"""The variables of lambdas, in lower case, and what they go through where that is a path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A path that an expression of the template reads."""

    path: PathNames
    """It begins at the data of its place, unless its first name begins with `$`."""
    pointer: str
    """RFC 6901 pointer of the string in the template."""
    text: str
    """That string."""
    offset: int
    """Where in it, in code points: the path, or its last point or bracket."""
    within: tuple[str, ...]
    """The pointers of the `$data` members around it, the outermost first."""


def _name(node: Node) -> str | None:
    if not isinstance(node, Constant) or isinstance(node.value, bool):
        return None
    if isinstance(node.value, int | float):
        return number_text(node.value)
    return node.value if isinstance(node.value, str) else None


def _path(node: Node, variables: _Variables) -> PathNames | None:
    """The path that a node is; None for anything else, and for what begins at a variable without a path."""
    names = list[str | None]()
    while isinstance(node, Call) and node.name in (ACCESSOR, ELEMENT):
        names.append(_name(node.arguments[0 if node.name == ACCESSOR else 1]))
        if len(node.arguments) == 1:
            first = (names[-1] or "").lower()
            before = variables[first] if first in variables else (names[-1],)
            return None if before is None else (*before, *names[-2::-1])
        node = node.arguments[1 if node.name == ACCESSOR else 0]
    return None


def _inside(node: Node) -> Iterator[Node]:
    """What a path is computed from, or what a call is applied to."""
    if isinstance(node, Record):
        yield from (member for _, member in node.members)
    elif isinstance(node, Call) and node.name == ACCESSOR:
        yield from node.arguments[1:]
    elif isinstance(node, Call):
        yield from node.arguments


def _computed(node: Node) -> Iterator[Node]:
    """What is computed between the square brackets of a path."""
    while isinstance(node, Call) and len(node.arguments) > 1:
        if node.name == ELEMENT and not isinstance(node.arguments[1], Constant):
            yield node.arguments[1]
        node = node.arguments[1 if node.name == ACCESSOR else 0]


def _paths_of_lambda(call: Call, variables: _Variables) -> Iterator[tuple[PathNames, int]]:
    collection, variable, body = call.arguments
    yield from _paths(collection, variables)
    through = _path(collection, variables)
    name = _name(variable.arguments[0]) if isinstance(variable, Call) else None
    bound = None if through is None else (*through, None)
    yield from _paths(body, {**variables, (name or "").lower(): bound})


def _paths(node: Node, variables: _Variables) -> Iterator[tuple[PathNames, int]]:
    """The longest paths in an expression, with their places."""
    path = _path(node, variables)
    if path is not None:
        yield path, node.at
    if isinstance(node, Call) and node.name in _LAMBDAS:
        yield from _paths_of_lambda(node, variables)
        return
    for inner in _computed(node) if path is not None else _inside(node):
        yield from _paths(inner, variables)


def _of_text(text: str, pointer: str, within: tuple[str, ...]) -> Iterator[Reference]:
    node = parsed(text, pointer)
    if node is None:
        return
    for path, at in _paths(node, {}):
        yield Reference(path=path, pointer=pointer, text=text, offset=max(at - 1, 0), within=within)


def _may_refer(value: Json) -> bool:
    return isinstance(value, dict | list) or (isinstance(value, str) and "${" in value)


def _of(template: Json, pointer: str, within: tuple[str, ...]) -> Iterator[Reference]:
    if isinstance(template, str):
        yield from _of_text(template, pointer, within)
    elif isinstance(template, list):
        for place, item in enumerate(template):
            if _may_refer(item):
                yield from _of(item, pointed(pointer, place), within)
    elif isinstance(template, dict):
        inside = within
        if "$data" in template:
            data = pointed(pointer, "$data")
            inside = (*within, data)
            if isinstance(template["$data"], str):
                yield from _of(template["$data"], data, within)
        for name, value in template.items():
            if _may_refer(value) and name != "$data" and (name == "$when" or name not in RESERVED):
                yield from _of(value, pointed(pointer, name), inside)


def references(template: Json) -> tuple[Reference, ...]:
    """Every path that a template reads, in order. Raises: `CardError`, `CardLimit`."""
    check_size(template)
    return tuple(_of(template, "", ()))
