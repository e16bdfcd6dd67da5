"""Judges values by JSON Schemas that strangers wrote, within bounds of time and memory.

What would take more than these bounds is not judged: whoever is sent the value has the last word on it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, NoReturn

from runtimes.schema_visits import COLLECTING, Visits, pointed_at
from runtimes.values import Json, JsonObject

if TYPE_CHECKING:
    import jsonschema_rs

MAX_VISITS = 2_000_000
"""Visits of a schema's parts that judging one value may take, in all."""

MAX_EXPLAINED = 4000
"""Visits up to which an engine is asked for all that is wrong; it needs some kilobytes for each mistake."""

MAX_COLLECTED = 10_000
"""Parts that may say what `unevaluatedProperties` or `unevaluatedItems` leave over; an engine collects them all when it
reads the schema, each as often as it is referred to."""

MAX_BACKTRACKS = 10_000
"""Steps back that matching one pattern may take; what takes more does not match."""

MAX_BRANCHES = 3
"""How many of the alternatives that a value could have satisfied are explained."""

MAX_REFERENCE_CHAIN = 64
"""How many references may lead to one another before a schema is reached."""

TOO_TANGLED = "it does not fit its schema, which has too many alternatives to say why"

_NESTED = frozenset(
    {
        "$defs",
        "$ref",
        "additionalItems",
        "additionalProperties",
        "allOf",
        "anyOf",
        "contains",
        "definitions",
        "dependentSchemas",
        "else",
        "if",
        "items",
        "not",
        "oneOf",
        "patternProperties",
        "prefixItems",
        "properties",
        "propertyNames",
        "required",
        "then",
        "unevaluatedItems",
        "unevaluatedProperties",
    }
)
"""Keywords that are looked at apart from the others, or not at all, where a schema is judged piece by piece."""

_HYPHEN = re.compile(r"(?<!\\)(\\[dDsSwW])-")
_NOTHING: JsonObject = {}
_AROUND = ("$schema", "$defs", "definitions")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """Something that is wrong with a value."""

    path: tuple[str | int, ...]
    """Where, from the whole value on."""
    message: str
    alternatives: str = ""
    """What is wrong by each of several schemas of which one would do."""


def _refuse(uri: str) -> NoReturn:
    raise ValueError(f"{uri!r} is not fetched")


def _validator(schema: Json, *, checks_formats: bool) -> jsonschema_rs.Validator | None:
    import jsonschema_rs

    if not isinstance(schema, dict | bool):
        return None
    patterns = jsonschema_rs.FancyRegexOptions(backtrack_limit=MAX_BACKTRACKS)
    try:
        return jsonschema_rs.validator_for(
            schema, retriever=_refuse, pattern_options=patterns, validate_formats=checks_formats or None
        )
    except (jsonschema_rs.ValidationError, ValueError):
        return None


def _collecting(root: Json) -> Iterator[JsonObject]:
    """The parts of a document that collect what others leave over."""
    stack = [root]
    while stack:
        node = stack.pop()
        if isinstance(node, dict) and not COLLECTING.isdisjoint(node):
            yield node
        if isinstance(node, dict | list):
            stack.extend(node.values() if isinstance(node, dict) else node)


def is_pattern(pattern: str) -> bool:
    """True for a regular expression that values can be matched with."""
    return _validator({"pattern": pattern}, checks_formats=False) is not None


def readable_pattern(pattern: str) -> str | None:
    """A regular expression as values can be matched with it, if they can.

    ECMA-262 takes a hyphen after a class such as `\\w` for itself (`[\\w-.]`), where others want it escaped.
    """
    spellings = (pattern, _HYPHEN.sub(r"\1\-", pattern))
    return next((one for one in spellings if is_pattern(one)), None)


def _reasons(error: jsonschema_rs.ValidationError) -> str:
    import jsonschema_rs

    kinds = jsonschema_rs.ValidationErrorKind
    if not isinstance(error.kind, kinds.AnyOf | kinds.OneOfNotValid):
        return ""
    above = len(error.instance_path)
    branches = islice((branch[0] for branch in error.kind.context if branch), MAX_BRANCHES)
    return "; or ".join(_reason(branch, above) for branch in branches)


def _reason(error: jsonschema_rs.ValidationError, above: int) -> str:
    place = "/".join(map(str, error.instance_path[above:]))
    inner = _reasons(error)
    text = f"{error.message} ({inner})" if inner else error.message
    return f"{place}: {text}" if place else text


def _told(validator: jsonschema_rs.Validator, value: Json, path: Sequence[str | int]) -> Iterator[Mistake]:
    for error in validator.iter_errors(value):
        yield Mistake(path=(*path, *error.instance_path), message=error.message, alternatives=_reasons(error))


class JsonSchema:
    """A schema; each part of it that values are judged by is compiled once, when it is first needed."""

    def __init__(self, root: Json, *, checks_formats: bool = False) -> None:
        """One that is no schema says nothing: everything is valid."""
        self.root = root
        self._checks_formats = checks_formats
        self._compiled: dict[int, tuple[Json, jsonschema_rs.Validator | None]] = {}
        self._plain: dict[int, tuple[JsonObject, JsonObject]] = {}

    def is_valid(self, value: Json) -> bool:
        """False for what is certain not to be valid."""
        validator = self.compiled(self.root)
        return validator is None or Visits(self.root).of(self.root, value) > MAX_VISITS or validator.is_valid(value)

    def mistakes(self, value: Json) -> Iterator[Mistake]:
        """What is wrong with a value, as far as it can be told."""
        return _Judging(self).of(self.root, value, ())

    @cached_property
    def _is_readable(self) -> bool:
        visits = Visits(self.root)
        return all(visits.of(part, None) <= MAX_COLLECTED for part in _collecting(self.root))

    def compiled(self, part: Json) -> jsonschema_rs.Validator | None:
        """What judges by a part of the schema; None where it is none."""
        if not self._is_readable:
            return None
        known = self._compiled.get(id(part))
        if known is None:
            around: JsonObject = {}
            if isinstance(part, dict) and part is not self.root and isinstance(self.root, dict):
                around = {name: self.root[name] for name in _AROUND if name in self.root}
            whole: Json = {**part, **around} if isinstance(part, dict) and around else part
            known = self._compiled[id(part)] = (part, _validator(whole, checks_formats=self._checks_formats))
        return known[1]  # the part stays, and so its id

    def plain(self, part: JsonObject) -> JsonObject:
        """What a part says of a value itself, and neither of what is in it nor in the words of other schemas."""
        known = self._plain.get(id(part))
        if known is None:
            kept: JsonObject = {name: part[name] for name in part if name not in _NESTED}
            known = self._plain[id(part)] = (part, kept)
        return known[1]


class _Judging:
    """One value being judged, the whole at once where that is cheap, else piece by piece."""

    def __init__(self, schema: JsonSchema) -> None:
        self._schema = schema
        self._visits = Visits(schema.root)
        self._left = MAX_VISITS

    def of(self, part: Json, value: Json, path: tuple[str | int, ...]) -> Iterator[Mistake]:
        """What is wrong with a value by a part of the schema."""
        validator = self._schema.compiled(part)
        if validator is None:
            return
        visits = self._visits.of(part, value)
        is_known = visits <= self._left
        if is_known:
            self._left -= visits
            if validator.is_valid(value):
                return
        if visits <= MAX_EXPLAINED:
            yield from _told(validator, value, path)
            return
        is_told = False
        for mistake in self._inside(part, value, path):
            is_told = True
            yield mistake
        if is_known and not is_told:
            yield Mistake(path=path, message=TOO_TANGLED)

    def _inside(self, part: Json, value: Json, path: tuple[str | int, ...]) -> Iterator[Mistake]:
        target = self._resolved(part)
        own = self._schema.plain(target)
        if self._visits.of(own, value) <= MAX_EXPLAINED and (validator := self._schema.compiled(own)) is not None:
            yield from _told(validator, value, path)
        if isinstance(value, dict):
            yield from self._members(target, value, path)
        elif isinstance(value, list) and isinstance(items := target.get("items"), dict):
            for index, item in enumerate(value):
                yield from self.of(items, item, (*path, index))

    def _members(self, schema: JsonObject, value: JsonObject, path: tuple[str | int, ...]) -> Iterator[Mistake]:
        required, declared = schema.get("required"), schema.get("properties")
        for name in required if isinstance(required, list) else ():
            if isinstance(name, str) and name not in value:
                yield Mistake(path=path, message=f'"{name}" is a required property')
        properties = declared if isinstance(declared, dict) else {}
        for name, member in value.items():
            if name in properties:
                yield from self.of(properties[name], member, (*path, name))
            elif "patternProperties" not in schema and "additionalProperties" in schema:
                yield from self.of(schema["additionalProperties"], member, (*path, name))

    def _resolved(self, part: Json) -> JsonObject:
        root = self._schema.root
        for _ in range(MAX_REFERENCE_CHAIN):
            if not isinstance(part, dict):
                return _NOTHING
            if "$ref" not in part:
                return part
            part = pointed_at(root if isinstance(root, dict) else {}, part["$ref"])
        return _NOTHING
