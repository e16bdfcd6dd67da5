"""Placeholders of a document that nothing has filled, each where it stands. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.errors import Problem
from orchestrator.manifest.problems import problem, quoted
from runtimes.placeholders import unresolved_placeholder
from runtimes.positions import pointer_to
from runtimes.values import Json

HINT = "set the variable, or give a file that has it with --env; one that looks like a secret is taken from --env only"


def strings_in(value: Json, pointer: str = "") -> Iterator[tuple[str, str]]:
    """Every string of a document with its pointer, names of members included."""
    if isinstance(value, str):
        yield pointer, value
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from strings_in(item, pointer + pointer_to(index))
    elif isinstance(value, dict):
        for name, item in value.items():
            yield pointer + pointer_to(name), name
            yield from strings_in(item, pointer + pointer_to(name))


def unresolved_in(document: Json) -> Iterator[Problem]:
    """One problem for each string that a placeholder is left in."""
    for pointer, text in strings_in(document):
        if placeholder := unresolved_placeholder(text):
            yield problem("unresolved-placeholder", pointer, f"{quoted(placeholder)} has no value", hint=HINT)
