"""What a manifest says of answers: JSONPath queries, and cards that lie in files of their own. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice

from orchestrator.check.card_actions import action_problems
from orchestrator.check.card_expressions import expression_problems
from orchestrator.check.cards import CARD, schema_problems
from orchestrator.check.codes import problem
from orchestrator.errors import Problem
from orchestrator.manifest.model import Function, ResponseSemantics
from orchestrator.manifest.queries import Path, data_path_of, path_of, property_of
from orchestrator.response.cards.limits import CardLimit
from orchestrator.response.cards.template import check_size
from orchestrator.response.jsonpath import CostlyQuery, InvalidQuery, select
from runtimes.openapi.document import text_at
from runtimes.placeholders import unresolved_placeholder
from runtimes.positions import pointer_to
from runtimes.values import Json, JsonObject

SEMANTICS = "/capabilities/response_semantics"
"""Where a function has them."""

MAX_PROPERTIES = 20
"""How many properties of one function are looked at; six are known."""


_HINT = "write a plain RFC 9535 query, such as '$.items'"


def property_queries(semantics: ResponseSemantics, pointer: str) -> Iterator[tuple[str, str]]:
    """The queries of the properties that the host would evaluate, each with its pointer."""
    for name, value in islice(semantics.properties.items(), MAX_PROPERTIES):
        reading = property_of(value)
        for part in reading.parts if reading is not None else ():
            if isinstance(part, Path):
                yield pointer + SEMANTICS + pointer_to("properties", name), part.query


def _queries(function: Function, pointer: str) -> Iterator[tuple[str, str]]:
    semantics = function.capabilities.response_semantics
    if semantics is not None:
        if path_of(semantics.data_path) is not None:  # the manifest's own rules speak of other text
            yield pointer + SEMANTICS + "/data_path", data_path_of(semantics.data_path)
        yield from property_queries(semantics, pointer)
        sign_in = path_of(semantics.oauth_card_path or "")
        if sign_in is not None:  # others name a file there
            yield pointer + SEMANTICS + "/oauth_card_path", sign_in


def query_problems(function: Function, pointer: str) -> Iterator[Problem]:
    """Queries that cannot be evaluated (spec 9.4.2)."""
    for place, query in _queries(function, pointer):
        if unresolved_placeholder(query):
            continue
        try:
            select(query, {})
        except InvalidQuery as error:
            code = "costly-jsonpath" if isinstance(error, CostlyQuery) else "invalid-jsonpath"
            before = query[: max(error.column - 1, 0)]
            yield replace(problem(code, place, str(error), hint=_HINT), before=before)


def card_file(function: Function) -> str:
    """The file that the function's card lies in; empty where it has none."""
    semantics = function.capabilities.response_semantics
    return text_at(semantics.static_template, "file") if semantics is not None else ""


def _not_a_card(document: Json) -> Problem | None:
    hint = 'a card is a JSON object with "type": "AdaptiveCard"'
    if not isinstance(document, dict):
        return problem("not-a-card", "", "an Adaptive Card is an object", hint=hint)
    if document.get("type") == CARD:
        return None
    told = f"its type is {str(document['type'])[:60]!r}" if "type" in document else "it has no type"
    return problem("not-a-card", "/type", f"this is no Adaptive Card: {told}", hint=hint)


def card_problems(document: Json) -> Iterator[Problem]:
    """What is wrong with a card whatever the answer (spec 9.4.2.3); pointers begin at the card."""
    found = _not_a_card(document)
    if found is not None or not isinstance(document, dict):
        yield from [found] if found is not None else ()
        return
    try:
        check_size(document)
    except CardLimit as limit:
        yield problem("card-limit", "", str(limit))
        return
    yield from schema_problems(document)
    yield from action_problems(document)
    yield from expression_problems(document)


def inline_card(function: Function) -> JsonObject | None:
    """The card that stands in the manifest; None where there is none, and where it lies in a file."""
    semantics = function.capabilities.response_semantics
    card = semantics.static_template if semantics is not None else None
    return card if card is not None and "file" not in card else None


def of_inline_card(problems: Iterable[Problem], pointer: str) -> Iterator[Problem]:
    """The problems of a card, at their places in the manifest; `pointer` is that of the function."""
    place = pointer + SEMANTICS + "/static_template"
    yield from (replace(found, pointer=place + found.pointer) for found in problems)


def inline_card_problems(function: Function, pointer: str) -> Iterator[Problem]:
    """What is wrong with a card that stands in the manifest."""
    card = inline_card(function)
    if card is not None:
        yield from of_inline_card(card_problems(card), pointer)
