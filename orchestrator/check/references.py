"""Checks a manifest against the documents that it refers to: descriptions, tools, cards. Reads them, calls nothing."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice

from orchestrator.check.answers import answer_problems
from orchestrator.check.authorization import auth_problems, scheme_problems
from orchestrator.check.bindings import (
    Bound,
    bound_by,
    function_problems,
    names_without_function,
    pattern_problems,
    shared_descriptions,
)
from orchestrator.check.card_names import name_problems
from orchestrator.check.codes import problem
from orchestrator.check.confirmations import confirmation_problems
from orchestrator.check.functions import change_problems, inferred_change_problems, parameter_problems
from orchestrator.check.lint import Linter, lint_problems
from orchestrator.check.operations import ambiguous_name, operation_problems, unusable
from orchestrator.check.places import in_source, placed
from orchestrator.check.referred import Referred, read_referred
from orchestrator.check.responses import (
    card_problems,
    inline_card,
    inline_card_problems,
    of_inline_card,
    query_problems,
)
from orchestrator.check.sources import Source, Sources
from orchestrator.errors import Problem
from orchestrator.manifest.examine import MAX_PROBLEMS
from orchestrator.manifest.model import Function, Manifest
from orchestrator.manifest.unresolved import unresolved_in
from runtimes.http import HttpClient
from runtimes.openapi.arguments import Arguments
from runtimes.openapi.document import OperationUnusable
from runtimes.openapi.operations import read_arguments
from runtimes.placeholders import Environment, may_have_placeholders
from runtimes.positions import pointer_to
from runtimes.values import JsonObject

MAX_OPERATIONS = 1000
"""How many operations of one manifest are looked at; each is read as a call would read it."""

OPERATIONS_SECONDS = 30.0
"""Seconds after which no more of them are looked at: one may lead to a whole large description. Cards get as many."""


def _binding_problems(referred: Referred) -> Iterator[Problem]:
    for described in referred.runtimes:
        yield from pattern_problems(described, referred.names)
    meant = names_without_function(referred.runtimes, referred.names)
    for index, function in enumerate(referred.functions or ()):
        yield from function_problems(function.name, pointer_to("functions", index, "name"), referred.runtimes, meant)
    yield from shared_descriptions(referred.runtimes)


def _arguments(bound: Bound) -> Arguments | OperationUnusable:
    try:
        return read_arguments(bound.operations.description, bound.entry)
    except OperationUnusable as reason:
        return reason


def _card_name_problems(bound: Bound, function: Function, cards: Mapping[str, Source]) -> Iterator[Problem]:
    """Names of the function's card that its answers do not have."""
    semantics, card, source = function.capabilities.response_semantics, inline_card(function), cards.get(bound.pointer)
    if semantics is None:
        return
    if card is not None:
        yield from of_inline_card(name_problems(bound, semantics, card), bound.pointer)
    elif source is not None and isinstance(source.document, dict):
        yield from in_source(name_problems(bound, semantics, source.document), source)


def _bound_problems(bound: Bound, location: str, cards: Mapping[str, Source]) -> Iterator[Problem]:
    """Everything about one function and its operation."""
    source = bound.operations.source
    yield from in_source(operation_problems(bound, location), source)
    yield from in_source(scheme_problems(bound), source)
    yield from ambiguous_name(bound)
    arguments = _arguments(bound)
    if isinstance(arguments, OperationUnusable):
        yield from in_source(unusable(bound, arguments), source)
    if bound.function is None:
        return
    known = arguments if isinstance(arguments, Arguments) else None
    if known is not None:
        yield from parameter_problems(bound, bound.function, known)
    yield from change_problems(bound, bound.function)
    yield from answer_problems(bound, bound.function)
    yield from confirmation_problems(bound.function, bound.pointer, known)
    yield from _card_name_problems(bound, bound.function, cards)


def _operation_problems(referred: Referred, location: str, seconds: float) -> Iterator[Problem]:
    deadline = time.monotonic() + seconds
    left = MAX_OPERATIONS
    for described in referred.runtimes:
        bound = list(islice(bound_by(described, referred.functions), left + 1))
        yield from auth_problems(described, bound[:left])
        yield from inferred_change_problems(described, bound[:left])
        for one in bound:
            if left == 0 or time.monotonic() >= deadline:
                message = (
                    "what follows is not checked against its operations: there are too many, or they are too large"
                )
                pointer = pointer_to("runtimes", described.index)
                yield problem("too-many-references", pointer, message, hint="split the plugin")
                return
            left -= 1
            yield from _bound_problems(one, location, referred.cards)


def _function_problems(referred: Referred) -> Iterator[Problem]:
    for index, function in enumerate(referred.functions or ()):
        pointer = pointer_to("functions", index)
        yield from query_problems(function, pointer)
        if not any(described.has(function.name) for described in referred.runtimes):
            yield from confirmation_problems(function, pointer, None)


def _cards(referred: Referred) -> Iterator[tuple[str, Iterator[Problem]]]:
    """What is wrong with each card, with the pointer of a function that has it."""
    for index, function in enumerate(referred.functions or ()):
        pointer = pointer_to("functions", index)
        if inline_card(function) is not None:
            yield pointer, inline_card_problems(function, pointer)
    places: dict[Source, str] = {}
    for pointer, source in referred.cards.items():
        places.setdefault(source, pointer)
    for source, pointer in places.items():
        yield pointer, in_source(card_problems(source.document), source)
        if may_have_placeholders(source.data):
            yield pointer, in_source(unresolved_in(source.document), source)


def _card_problems(referred: Referred, seconds: float) -> Iterator[Problem]:
    deadline = time.monotonic() + seconds
    for pointer, problems in _cards(referred):
        if time.monotonic() >= deadline:
            message = "the cards from here on are not checked: there are too many, or they are too large"
            yield problem("too-many-references", pointer, message, hint="split the plugin")
            return
        yield from problems


def _listed(found: Iterable[Problem]) -> list[Problem]:
    """Each once, as many as a report lists."""
    told: dict[Problem, None] = {}
    for one in found:
        told[one] = None
        if len(told) > MAX_PROBLEMS:
            message = f"there are more than {MAX_PROBLEMS} problems in what is referred to; the others are not listed"
            return [problem("too-many-references", "", message), *islice(told, MAX_PROBLEMS)]
    return list(told)


async def check_references(
    document: JsonObject,
    manifest: Manifest,
    location: str,
    *,
    http: HttpClient,
    environment: Environment,
    seconds: float = OPERATIONS_SECONDS,
    linter: Linter | None = None,
) -> tuple[tuple[Problem, ...], Mapping[str, str]]:
    """The problems between a manifest and what it refers to, and the texts of the files they stand in.

    `document` is the manifest with its placeholders filled, `manifest` the same as types, `location` the path or URL
    it came from. A problem in the manifest has a pointer and no line; one in another file has `file`, and its place.
    `linter` looks at whole descriptions.
    """
    sources = Sources(location, http, environment)
    referred = await read_referred(document, manifest, sources)
    lint = await lint_problems(referred, linter) if linter is not None else ()
    rules = (
        _binding_problems(referred),
        _operation_problems(referred, location, seconds),
        _function_problems(referred),
        _card_problems(referred, seconds),
        lint,
    )
    problems = placed(_listed(chain(referred.problems, *rules)), sources.read)
    return problems, {name: sources.text(name) for name in dict.fromkeys(found.file for found in problems) if name}
