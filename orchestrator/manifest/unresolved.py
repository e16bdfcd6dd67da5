"""Placeholders of a document that nothing has filled, each where it stands. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.errors import Problem
from orchestrator.manifest.problems import problem, quoted
from runtimes.placeholders import unresolved_placeholder, why_unresolved
from runtimes.positions import name_at, pointer_to
from runtimes.values import Json

HINT = (
    "set the variable, or give a file that has it with --env; one that looks like a secret is taken from --env only, "
    "and for local documents only"
)

_NAME_HINT = (
    "write the name out: names are filled in descriptions and cards only, and none becomes one that is there already"
)

Steps = tuple[str | int, ...]
"""The way from the root of a document to a value."""


def _texts_with(mark: str, value: Json) -> Iterator[tuple[Steps, str]]:
    """The steps of a pointer are put together for the few that are wanted: documents have thousands of strings."""
    stack: list[tuple[Steps, Json]] = [((), value)]
    while stack:
        at, node = stack.pop()
        if isinstance(node, str):
            if mark in node:
                yield at, node
        elif isinstance(node, list):
            inner = [((*at, index), item) for index, item in enumerate(node) if isinstance(item, (str, list, dict))]
            stack.extend(reversed(inner))
        elif isinstance(node, dict):
            yield from (((*at, name), name) for name in node if mark in name)
            stack.extend(((*at, name), node[name]) for name in reversed(node))


def strings_in(value: Json, pointer: str = "", *, mark: str = "") -> Iterator[tuple[str, str]]:
    """Every string of a document that has the mark in it, with its pointer; names of members included."""
    for steps, text in _texts_with(mark, value):
        yield pointer + pointer_to(*steps), text


def unresolved_in(document: Json) -> Iterator[Problem]:
    """One problem for each string that a placeholder is left in."""
    for pointer, text in strings_in(document, mark="${{"):
        if placeholder := unresolved_placeholder(text):
            is_name = name_at(pointer) == text
            reason = "is left in the name of a member" if is_name else why_unresolved(placeholder)
            message, hint = f"{quoted(placeholder)} {reason}", _NAME_HINT if is_name else HINT
            yield problem("unresolved-placeholder", pointer, message, hint=hint)
