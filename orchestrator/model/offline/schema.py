"""What a tool's JSON Schema says of its parameters, as far as words can fill them.

A nested object is read as its leaves, each with the path to it; whatever a leaf demands beyond its kind is left to the
real validator, which judges every value before it is used.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from itertools import islice

from orchestrator.model.offline.vocabulary import vocabulary
from orchestrator.model.offline.words import STOP_WORDS, name_words, stem_of, stems_of
from runtimes.values import Json, JsonObject

MAX_PARAMETERS = 100
"""Leaves of one schema that are read."""
MAX_NESTING = 4
"""Objects inside each other that are read."""
MAX_REFERENCES = 8
"""References followed, one to the next."""
MAX_CHOICES = 200
"""Members of an enumeration that are read."""
MAX_DESCRIPTION = 2_000
"""Characters of a description that are read."""

_PLAIN_WORDS = vocabulary(
    "name id number value text string type state requested new is has with include show only allow enable the of to "
    "input param parameter field data item code key"
)
"""Words of parameter names that, said alone, do not mean the parameter."""
_TEXT_HEADS = vocabulary("prompt text message content body question request instruction description comment note")
_QUERY_HEADS = vocabulary("query search keyword term topic subject filter q")
_DATE_HEADS = vocabulary("date day deadline due since until start end when")
_AMOUNT_HEADS = vocabulary("amount price quantity count total sum budget hours minutes number size limit age")
_ID_HEADS = vocabulary("id number code key identifier no postcode zip")
_LINK_WORDS = vocabulary("url uri link website href")
_LISTED = re.compile(
    r"\b(?:can be|one of|either|must be|allowed values:?)\s+((?:[\w'\"`-]+,? +){1,8}or +[\w'\"`-]+)", re.I
)


class Kind(StrEnum):
    """What a value has to be."""

    CHOICE = "choice"
    BOOLEAN = "boolean"
    INTEGER = "integer"
    NUMBER = "number"
    STRING = "string"
    OTHER = "other"


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One leaf of a schema."""

    path: tuple[str, ...]
    schema: JsonObject
    """The leaf's own schema, of an array the array's, references followed."""
    written: Json
    """The same as it stands in the document: what a value is judged by."""
    kind: Kind
    """Of an array, what its items are."""
    is_array: bool
    is_required: bool
    """True when the call cannot be made without it."""
    choices: tuple[str | int | float, ...] = ()

    @property
    def name(self) -> str:
        return self.path[-1]

    @property
    def description(self) -> str:
        text = self.schema.get("description")
        return text[:MAX_DESCRIPTION] if isinstance(text, str) else ""

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The words of its name."""
        return name_words(self.name)

    @cached_property
    def telling(self) -> frozenset[str]:
        """The stems which, said alone, mean this parameter."""
        words = frozenset(word for word in self.words if word not in _PLAIN_WORDS and word not in STOP_WORDS)
        return frozenset(stems_of(words))

    @cached_property
    def described(self) -> frozenset[str]:
        """The stems of its description."""
        return frozenset(stems_of(word for word in name_words(self.description) if word not in STOP_WORDS))

    @property
    def format(self) -> str:
        form = self.schema.get("format")
        return form if isinstance(form, str) else ""

    @property
    def is_date(self) -> bool:
        heads = {self.words[-1], self.words[0]} if self.words else set[str]()
        return self.kind is Kind.STRING and (self.format in ("date", "date-time") or bool(heads & _DATE_HEADS))

    @property
    def is_numeric(self) -> bool:
        return self.kind in (Kind.INTEGER, Kind.NUMBER)

    @property
    def is_link(self) -> bool:
        is_named = bool(_LINK_WORDS.intersection(self.words))
        return self.kind is Kind.STRING and (self.format in ("uri", "url", "iri") or is_named)

    @property
    def is_email(self) -> bool:
        is_named = bool({"email", "mail"}.intersection(self.words)) and not self.is_free_form
        return self.kind is Kind.STRING and (self.format == "email" or is_named)

    @property
    def is_id(self) -> bool:
        return bool(self.words) and self.words[-1] in _ID_HEADS

    @property
    def is_amount(self) -> bool:
        """A string by type and a number by name."""
        return self.kind is Kind.STRING and not self.is_free_form and bool(_AMOUNT_HEADS.intersection(self.words))

    @property
    def is_free_form(self) -> bool:
        """It takes a person's whole request, as a prompt does."""
        return self._has_head(_TEXT_HEADS)

    @property
    def is_query(self) -> bool:
        return self._has_head(_QUERY_HEADS)

    @property
    def is_text(self) -> bool:
        """It takes words without a form of their own."""
        if self.kind is not Kind.STRING or self.format or self.is_date or self.is_amount:
            return False
        return not self.is_id or self.is_array

    def _has_head(self, heads: frozenset[str]) -> bool:
        return self.kind is Kind.STRING and bool(self.words) and stem_of(self.words[-1]) in {stem_of(h) for h in heads}


def _resolved(schema: Json, root: JsonObject) -> JsonObject:
    """The schema with its reference followed, and without the alternative `null`."""
    for _ in range(MAX_REFERENCES):
        if not isinstance(schema, dict):
            return {}
        reference = schema.get("$ref")
        if isinstance(reference, str):
            schema = _pointed(root, reference)
            continue
        alternatives = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf")
        if "type" in schema or "enum" in schema or not isinstance(alternatives, list):
            return schema
        told = [option for option in alternatives if isinstance(option, dict) and option.get("type") != "null"]
        if not told:
            return schema
        schema = {"description": schema.get("description", "")} | told[0]
    return {}


def _pointed(root: JsonObject, reference: str) -> Json:
    found: Json = root
    if not reference.startswith("#/"):
        return {}
    for step in reference[2:].split("/"):
        name = step.replace("~1", "/").replace("~0", "~")
        found = found.get(name) if isinstance(found, dict) else None
    return found


def _type(schema: JsonObject) -> str:
    named = schema.get("type")
    names = named if isinstance(named, list) else [named]
    told = [name for name in names if isinstance(name, str) and name != "null"]
    if told:
        return told[0]
    return "object" if isinstance(schema.get("properties"), dict) else "string"


def _choices(schema: JsonObject) -> tuple[str | int | float, ...]:
    listed = schema.get("enum")
    if isinstance(listed, list):
        return tuple(
            choice for choice in listed[:MAX_CHOICES] if isinstance(choice, str | int | float) and choice is not True
        )
    constant = schema.get("const")
    if isinstance(constant, str):
        return (constant,)
    return _listed(schema)


def _listed(schema: JsonObject) -> tuple[str, ...]:
    """The choices that a description lists in words: `can be breakfast, lunch, or dinner`."""
    text = schema.get("description")
    match = _LISTED.search(text[:MAX_DESCRIPTION]) if isinstance(text, str) else None
    if match is None or _type(schema) != "string":
        return ()
    return tuple(word.strip("'\"`") for word in re.split(r"[,\s]+", match[1]) if word not in ("or", ""))


def _kind(schema: JsonObject) -> Kind:
    if _choices(schema):
        return Kind.CHOICE
    name = _type(schema)
    known = {"boolean": Kind.BOOLEAN, "integer": Kind.INTEGER, "number": Kind.NUMBER, "string": Kind.STRING}
    return known.get(name, Kind.OTHER)


def _leaf(member: Json, root: JsonObject, path: tuple[str, ...], is_required: bool) -> Parameter:
    schema = _resolved(member, root)
    is_array = _type(schema) == "array"
    items = _resolved(schema.get("items"), root) if is_array else schema
    return Parameter(
        path=path,
        schema=schema,
        written=member,
        kind=_kind(items),
        is_array=is_array,
        is_required=is_required,
        choices=_choices(items),
    )


def _leaves(schema: JsonObject, root: JsonObject, path: tuple[str, ...], is_required: bool) -> Iterator[Parameter]:
    declared = schema.get("properties")
    properties = declared if isinstance(declared, dict) else {}
    listed = schema.get("required")
    demanded = {name for name in listed if isinstance(name, str)} if isinstance(listed, list) else set[str]()
    undeclared: JsonObject = {name: {} for name in sorted(demanded) if name not in properties}
    for name, member in list((properties | undeclared).items())[:MAX_PARAMETERS]:
        below = _resolved(member, root)
        needed = is_required and name in demanded
        if isinstance(below.get("properties"), dict) and below["properties"] and len(path) < MAX_NESTING:
            yield from _leaves(below, root, (*path, name), needed)
            continue
        yield _leaf(member, root, (*path, name), needed)


def parameters_of(schema: JsonObject) -> tuple[Parameter, ...]:
    """The leaves of a tool's parameters, in order."""
    return tuple(islice(_leaves(schema, schema, (), True), MAX_PARAMETERS))


def is_valid(value: Json, schema: Json, root: JsonObject) -> bool:
    """Whether a value satisfies a schema that stands inside `root`; one that cannot be read demands nothing."""
    from runtimes.json_schema import JsonSchema

    if isinstance(schema, dict):
        around: JsonObject = {name: root[name] for name in ("$schema", "$defs", "definitions") if name in root}
        schema = around | schema
    return JsonSchema(schema).is_valid(value)
