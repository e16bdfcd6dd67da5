"""The names that a card's template reads, against the schema of the answers that it is shown for. Pure.

A template is expanded over one result: an element of the array at the data path, or what is there. Where the whole
answer is an array, authors also write for that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from orchestrator.check.answer_schemas import Nothing, answer_schema, followed_schema, member_of, schema_at
from orchestrator.check.bindings import Bound, listed
from orchestrator.check.card_expressions import Text, without_placeholders
from orchestrator.check.places import value_at
from orchestrator.errors import Problem
from orchestrator.manifest.guesses import guess
from orchestrator.manifest.model import ResponseSemantics
from orchestrator.manifest.problems import quoted
from orchestrator.manifest.queries import data_path_of
from orchestrator.response.cards import CardError, CardLimit, Reference, references
from runtimes.openapi.document import Description, object_at
from runtimes.values import Json, JsonObject, dump_json

_Schemas: TypeAlias = tuple[JsonObject, ...]
"""What may be there; any of them is enough."""

_Found: TypeAlias = _Schemas | Nothing | None
"""None where it is not known."""

_ONLY_A_PATH = re.compile(r"\$\{[^(){}?+*/<>=!&|,`]*\}")
_SHOWN = re.compile(r".*/(?:text|facts/\d+/(?:title|value))", re.DOTALL)
"""Where elements show text, and nothing where there is a number."""
_SCALARS = {"integer": "a number", "number": "a number", "boolean": "true or false"}


def _masked(template: Json) -> Json:
    if isinstance(template, str):
        return without_placeholders(template) if "${{" in template else template
    if isinstance(template, list):
        return [_masked(item) for item in template]
    if isinstance(template, dict):
        return {name: _masked(item) for name, item in template.items()}
    return template


def _is_only_a_path(text: str) -> bool:
    return _ONLY_A_PATH.fullmatch(text) is not None


def _as_named(schema: JsonObject, name: str) -> Json | Nothing:
    """The member of that name; cards do not look at case."""
    folded = name.lower()
    known = next((key for key in object_at(schema, "properties") if key.lower() == folded), name)
    return member_of(schema, known)


@dataclass(slots=True)
class _Scopes:
    """What is known of the data at each place of a template."""

    description: Description
    root: _Schemas
    data_paths: Mapping[str, Reference]
    """The path that each `$data` is, by its pointer, where it is nothing but one."""
    _known: dict[tuple[str, ...], _Schemas | None] = field(default_factory=dict[tuple[str, ...], "_Schemas | None"])

    def find(self, reference: Reference) -> _Found:
        """What the path leads to."""
        first = reference.path[0] if reference.path else None
        scope = self._at(reference.within)
        if first is None or scope is None:
            return None
        if not first.startswith("$"):
            return self._walk(scope, reference.path)
        starts = {"$root": self.root, "$data": scope}
        start = starts.get(first.lower())
        return self._walk(start, reference.path[1:]) if start is not None else None

    def _at(self, within: tuple[str, ...]) -> _Schemas | None:
        """The data inside these `$data` members; None where it is not known."""
        if not within:
            return self.root
        if within not in self._known:
            path = self.data_paths.get(within[-1])
            found = self.find(path) if path is not None else None
            self._known[within] = self._elements(found) if isinstance(found, tuple) else None
        return self._known[within]

    def _elements(self, schemas: _Schemas) -> _Schemas | None:
        """One for each element of an array."""
        return self._followed(one.get("items") if one.get("type") == "array" else one for one in schemas)

    def _followed(self, raw: Iterator[Json]) -> _Schemas | None:
        schemas = tuple(followed_schema(self.description, one) for one in raw)
        known = tuple(one for one in schemas if one is not None)
        return known if len(known) == len(schemas) else None

    def _walk(self, schemas: _Schemas, path: Sequence[str | None]) -> _Found:
        for name in path:
            following = self._step(schemas, name)
            if not isinstance(following, tuple):
                return following
            schemas = following
        return schemas

    def _step(self, schemas: _Schemas, name: str | None) -> _Found:
        if name is None:
            arrays = [one for one in schemas if one.get("type") == "array"]
            return self._followed(one.get("items") for one in arrays) if arrays else None
        found: list[Json] = []
        missed: list[Nothing] = []
        for schema in schemas:
            is_element = schema.get("type") == "array" and name.isdecimal()
            following = schema.get("items") if is_element else _as_named(schema, name)
            if isinstance(following, Nothing):
                missed.append(following)
            else:
                found.append(following)
        if not found and missed:
            known = dict.fromkeys(key for one in missed for key in one.known)
            return Nothing(name, tuple(known), missed[0].instead)
        return self._followed(iter(found))


def _roots(bound: Bound, semantics: ResponseSemantics) -> _Schemas | None:
    """One result, and the array that it is an element of; None where that is not known."""
    description, whole = bound.operations.description, answer_schema(bound)
    result = schema_at(description, whole, data_path_of(semantics.data_path)) if whole is not None else None
    if not isinstance(result, dict):
        return None
    if result.get("type") != "array":
        return (result,)
    element = followed_schema(description, result.get("items"))
    return (element, result) if element is not None else None


def _shown(reference: Reference) -> str:
    return ".".join(name if name is not None else "…" for name in reference.path)


def _missed(bound: Bound, reference: Reference, nothing: Nothing) -> Problem:
    message = f"{quoted(_shown(reference))} is not in the answers of {bound.where} as they are described"
    otherwise = f"there is: {listed(nothing.known)}" if nothing.known else f"what is there is {nothing.instead}"
    text = Text(reference.pointer, reference.text)
    return text.problem("card-name", message, reference.offset, guess(nothing.step, nothing.known, otherwise))


def _silent(reference: Reference, schemas: _Schemas) -> Problem | None:
    """The problem of a text that is nothing but a number, as far as that is certain."""
    kinds = [one.get("type") for one in schemas]
    kind = kinds[0] if kinds else None
    if not isinstance(kind, str) or kind not in _SCALARS or any(one != kind for one in kinds):
        return None
    if not _SHOWN.fullmatch(reference.pointer) or not _is_only_a_path(reference.text):
        return None
    message = f"{quoted(reference.text)} becomes {_SCALARS[kind]}, and renderers that want text show nothing"
    hint = f"make it text: '${{string({_shown(reference)})}}'"
    return Text(reference.pointer, reference.text).problem("card-silent", message, 0, hint)


def name_problems(bound: Bound, semantics: ResponseSemantics, card: JsonObject) -> Iterator[Problem]:
    """Names that no answer has, each once for each place of data; pointers begin at the card."""
    roots = _roots(bound, semantics) if not bound.described.runtime.output_template else None
    if roots is None:
        return
    masked = _masked(card) if "${{" in dump_json(card) else card
    try:
        found = references(masked)
    except (CardError, CardLimit):  # told of the expression itself
        return
    read = [replace(one, text=str(value_at(card, one.pointer))) for one in found] if masked is not card else found
    data = {one.pointer: one for one in read if one.pointer.endswith("/$data") and _is_only_a_path(one.text)}
    scopes = _Scopes(bound.operations.description, roots, data)
    told: set[tuple[object, ...]] = set()
    for reference in read:
        schemas = scopes.find(reference)
        key = (reference.within, reference.path)
        if isinstance(schemas, Nothing) and key not in told:
            told.add(key)
            yield _missed(bound, reference, schemas)
        silent = _silent(reference, schemas) if isinstance(schemas, tuple) else None
        if silent is not None:
            yield silent
