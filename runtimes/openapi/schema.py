"""The JSON Schema of a tool: what its arguments reach, put together within a budget of bytes.

A definition used once stands where it is used; one used more often, as every one that leads back to itself is, stands
in `$defs`. Where the whole is too long it is trimmed from the bottom: examples first, then descriptions of what is far
away, then long lists of values, then definitions that are many references away, then what lies deep; each cut but that
of examples says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from runtimes.openapi.conversion import MAX_SCHEMA_BYTES, PARTED, Grain
from runtimes.openapi.document import Description, OperationUnusable
from runtimes.openapi.fragments import Assembled, Definitions, Fragment, Path
from runtimes.openapi.keywords import MAX_DESCRIPTION_LENGTH as MAX_DESCRIPTION_LENGTH
from runtimes.values import Json, JsonObject, json_bytes

MAX_TOOL_SCHEMA_BYTES = MAX_SCHEMA_BYTES
"""The JSON text of one tool's parameters."""

MAX_NESTING = 48
"""How deep a definition may stand in another; deeper ones stand in `$defs`."""

_MAX_BYTES_OF_CHAR = len(r"\u0000")
_FRAME_BYTES = len('{"type":"object","properties":{},"required":[],"additionalProperties":,"$defs":{}}')
_MORE = "\0more"
"""Stands for arguments that have no name of their own."""

MAX_GRAINS = 64
"""How many grains are kept at hand; a description is shown in no more than two for each of `DETAILS`."""

NEVER = -1
"""As a number of references: not even in what no reference leads to."""


class Detail(NamedTuple):
    """How much of what a tool reaches is shown."""

    hops: int
    """References on the way to a definition that is shown."""
    described: int
    """References on the way to a schema whose description is shown."""
    depth: int
    """Schemas inside each other between two references."""
    choices: int
    """Values in a list of them."""
    has_examples: bool = False
    """True where examples are shown beside descriptions."""

    @lru_cache(maxsize=MAX_GRAINS)  # noqa: B019  # of a tuple, which is the same for all who are equal
    def grain(self, *, is_described: bool) -> Grain:
        """That of a schema, with its description or without."""
        has_examples = is_described and self.has_examples
        return Grain(depth=self.depth, is_described=is_described, choices=self.choices, has_examples=has_examples)


DETAILS = (
    Detail(hops=64, described=64, depth=32, choices=2000, has_examples=True),
    Detail(hops=64, described=64, depth=32, choices=2000),
    Detail(hops=64, described=2, depth=32, choices=2000),
    Detail(hops=64, described=1, depth=32, choices=100),
    Detail(hops=64, described=0, depth=12, choices=20),
    Detail(hops=5, described=0, depth=6, choices=20),
    Detail(hops=3, described=0, depth=6, choices=20),
    Detail(hops=2, described=0, depth=4, choices=20),
    Detail(hops=1, described=0, depth=4, choices=20),
    Detail(hops=0, described=0, depth=3, choices=20),
    Detail(hops=0, described=0, depth=1, choices=20),
    Detail(hops=0, described=NEVER, depth=0, choices=20),
)
"""From all of it to next to nothing: the first with which a tool's schema fits its budget is taken."""


def _put(schema: Json, path: Path, value: Json) -> Json:
    """The schema with another value at a place; what does not lie on the way is shared."""
    if not path:
        return value
    step, rest = path[0], path[1:]
    if isinstance(schema, list) and isinstance(step, int):
        return [*schema[:step], _put(schema[step], rest, value), *schema[step + 1 :]]
    if isinstance(schema, dict) and isinstance(step, str):
        return {**schema, step: _put(schema[step], rest, value)}
    return schema


def _with(target: Json, beside: JsonObject) -> Json:
    return {**target, **beside} if isinstance(target, dict) and beside else target


_NOTHING = Assembled(schemas=(), defined={}, size=0)
"""What no parts are together."""


class _Tops(NamedTuple):
    """The arguments of a tool."""

    members: JsonObject
    """The schema of each, with references still in some."""
    linked: Mapping[str, Fragment]
    """Those that refer to definitions."""
    size: int
    """Bytes that the JSON text of the others has together."""


class _Assembly:
    """Puts some parts together, in one detail."""

    def __init__(self, definitions: Definitions, detail: Detail) -> None:
        self._definitions = definitions
        self._detail = detail
        self._left = MAX_TOOL_SCHEMA_BYTES
        self._uses: dict[str, int] = {}
        self._parts: dict[str, Fragment] = {}
        self._stubs: dict[str, JsonObject] = {}
        self._pending: list[str] = []

    def build(self, tops: Sequence[Fragment]) -> Assembled | None:
        """None where it is too long. Raises: `OperationUnusable`."""
        self._left -= sum(part.size for part in tops)
        if not self._reach(tops):
            return None
        schemas = tuple(self._placed(part, 2) for part in tops)
        defined = self._defined()
        size = MAX_TOOL_SCHEMA_BYTES - self._left + sum(len(name) + 4 for name in defined)
        return Assembled(schemas=schemas, defined=defined, size=size)

    def _reach(self, tops: Iterable[Fragment]) -> bool:
        """Finds the definitions that are shown; False as soon as they are too long together."""
        level = self._counted(tops)
        hop = 0
        while level and self._left >= 0:
            hop += 1
            found = self._taken(level, hop) if hop <= self._detail.hops else self._left_out(level)
            level = self._counted(found)
        return self._left >= 0

    def _counted(self, parts: Iterable[Fragment]) -> list[str]:
        """What the parts refer to and nothing before them does."""
        uses = self._uses
        found: list[str] = []
        for part in parts:
            for link in part.links:
                reference = link.reference
                if reference not in uses:
                    uses[reference] = 0
                    found.append(reference)
                uses[reference] += 1 if link.is_replaceable else 2
        return found

    def _taken(self, references: Iterable[str], hop: int) -> Iterator[Fragment]:
        """Takes in definitions, until they are too long."""
        grain = self._detail.grain(is_described=hop <= self._detail.described)
        shelf = self._definitions.shelf(grain)
        for reference in references:
            part = self._definitions.fragment(reference, grain, shelf)
            self._left -= MAX_TOOL_SCHEMA_BYTES + 1 if part is None else part.size
            if part is None or self._left < 0:
                return
            self._parts[reference] = part
            yield part

    def _left_out(self, references: Iterable[str]) -> tuple[Fragment, ...]:
        """Says little of definitions that are too far away to be taken in."""
        grain = self._detail.grain(is_described=False)
        for reference in references:
            self._stubs[reference] = self._definitions.stub(reference, grain)
            self._left -= len(json_bytes(self._stubs[reference])) * self._uses[reference]
        return ()

    def _placed(self, part: Fragment, nesting: int) -> Json:
        """A part with what it refers to in place, where that stands nowhere else."""
        schema = part.schema
        for link in part.links:
            inner = nesting + len(link.path)
            if link.reference in self._stubs:
                schema = _put(schema, link.path, _with(self._stubs[link.reference], link.beside))
            elif self._uses[link.reference] == 1 and inner < MAX_NESTING:
                placed = self._placed(self._parts[link.reference], inner)
                schema = _put(schema, link.path, _with(placed, link.beside))
            else:
                self._pending.append(link.reference)
        return schema

    def _defined(self) -> JsonObject:
        placed: dict[str, Json] = {}
        while self._pending:
            reference = self._pending.pop()
            if reference not in placed:
                placed[reference] = {}
                placed[reference] = self._placed(self._parts[reference], 2)
        return {self._definitions.name(reference): schema for reference, schema in placed.items()}


def _together(definitions: Definitions, parts: Sequence[Fragment], detail: Detail) -> Assembled | None:
    """Some parts put together, once for all tools that share them; None where that is too long."""
    key = detail, tuple(map(id, parts))
    if key not in definitions.assembled:
        definitions.assembled[key] = parts, _Assembly(definitions, detail).build(parts)  # they stay, and so their ids
    return definitions.assembled[key][1]


def _tops(definitions: Definitions, properties: Mapping[str, Json], grain: Grain) -> _Tops | None:
    """The schema of each argument as a part; None where they are too long together. Raises: `OperationUnusable`."""
    parts, leaves = definitions.parts(grain), definitions.leaves(grain)
    members: JsonObject = {}
    linked: dict[str, Fragment] = {}
    alone: list[Json] = []
    size = length = 0
    for name, schema in properties.items():
        if isinstance(schema, dict) and PARTED.isdisjoint(schema):
            members[name] = definitions.leaf(schema, grain, leaves)
            alone.append(members[name])
            continue
        known = parts.get(id(schema))
        part = known[1] if known is not None else definitions.part(schema, grain, parts)
        if part is None:
            return None
        members[name] = part.schema
        length += len(name) + part.size
        if part.links:
            linked[name] = part
        else:
            size += part.size
        if length > MAX_TOOL_SCHEMA_BYTES:
            return None
    size += len(json_bytes(alone))
    return _Tops(members=members, linked=linked, size=size) if size <= MAX_TOOL_SCHEMA_BYTES else None


def assembled(
    description: Description, properties: Mapping[str, Json], required: Sequence[str], detail: Detail, more: Json = None
) -> JsonObject | None:
    """The JSON Schema of a tool's arguments in one detail; None where that is too long. Raises: `OperationUnusable`."""
    shown = properties if more is None else {**properties, _MORE: more}
    tops = _tops(description.definitions, shown, detail.grain(is_described=detail.described >= 0))
    if tops is None:
        return None
    members, linked = tops.members, tops.linked
    found = _together(description.definitions, tuple(linked.values()), detail) if linked else _NOTHING
    if found is None:
        return None
    members.update(zip(linked, found.schemas, strict=True))
    rest: JsonObject = {} if more is None else {"additionalProperties": members.pop(_MORE)}
    schema: JsonObject = {"type": "object", "properties": members, "required": list(required), **rest}
    if found.defined:
        schema["$defs"] = found.defined
    names = (*properties, *required)
    size = found.size + tops.size + sum(map(len, names)) * _MAX_BYTES_OF_CHAR + len(names) * len('"":,') + _FRAME_BYTES
    is_short = size <= MAX_TOOL_SCHEMA_BYTES or len(json_bytes(schema)) <= MAX_TOOL_SCHEMA_BYTES
    return schema if is_short else None


def tool_schema(
    description: Description, properties: Mapping[str, Json], required: Sequence[str], more: Json = None
) -> JsonObject:
    """The JSON Schema of a tool's arguments, `more` that of those which are not among the properties.

    Raises: `OperationUnusable` when no detail fits the budget.
    """
    for index, detail in enumerate(DETAILS):
        if index == 1 and not description.definitions.has_examples:
            continue  # it is the first without its examples, of which there is none
        schema = assembled(description, properties, required, detail, more)
        if schema is not None:
            return schema
    raise OperationUnusable(f"its parameters need a schema of more than {MAX_TOOL_SCHEMA_BYTES} bytes")
