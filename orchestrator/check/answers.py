"""The paths of response semantics against the schema of an operation's answers (spec 9.4.2). Pure.

Only what the schema plainly says is held against a path: a step into an object that lists its properties and not that
one, into a scalar, or by name into an array. Anything composed or open may have what is looked for.
"""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.check.answer_schemas import Nothing, answer_schema, followed_schema, schema_at
from orchestrator.check.bindings import Bound, listed
from orchestrator.check.codes import problem
from orchestrator.check.responses import SEMANTICS, property_queries
from orchestrator.errors import Problem
from orchestrator.manifest.guesses import guess
from orchestrator.manifest.model import Function
from orchestrator.manifest.problems import quoted
from orchestrator.manifest.queries import data_path_of, within_result
from orchestrator.response.semantics import TEMPLATE_SELECTOR


def _problem(bound: Bound, pointer: str, query: str, nothing: Nothing) -> Problem:
    message = f"{quoted(query)} finds nothing in the answers of {bound.where} as they are described"
    otherwise = f"there is: {listed(nothing.known)}" if nothing.known else f"what is there is {nothing.instead}"
    return problem("path-finds-nothing", pointer, message, hint=guess(nothing.step, nothing.known, otherwise))


def answer_problems(bound: Bound, function: Function) -> Iterator[Problem]:
    """Paths that lead to nothing in an answer as its schema has it."""
    semantics, description = function.capabilities.response_semantics, bound.operations.description
    schema = answer_schema(bound) if semantics is not None and not bound.described.runtime.output_template else None
    if semantics is None or schema is None:
        return
    query = data_path_of(semantics.data_path)
    result = schema_at(description, schema, query)
    if isinstance(result, Nothing):
        yield _problem(bound, bound.pointer + SEMANTICS + "/data_path", query, result)
        return
    if result is not None and result.get("type") == "array":
        result = followed_schema(description, result.get("items"))
    if result is None:
        return
    for place, path in property_queries(semantics, bound.pointer):
        found = schema_at(description, result, path)
        meant = within_result(path, query) if isinstance(found, Nothing) else None
        if meant is not None:  # the manifest's own rules say what it is taken for
            found = schema_at(description, result, meant)
        if isinstance(found, Nothing) and place.endswith(TEMPLATE_SELECTOR):  # tried from the root of the answer on
            found = schema_at(description, schema, path)
        if isinstance(found, Nothing):
            yield _problem(bound, place, path, found)
