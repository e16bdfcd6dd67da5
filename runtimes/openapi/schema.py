"""The JSON Schema of a tool: what its arguments reach, put together within a budget of bytes.

A definition used once stands where it is used; one used more often, as every one that leads back to itself is, stands
in `$defs`. Where the whole is too long it is trimmed from the bottom: descriptions of what is far away first, then
long lists of values, then definitions that are many references away, then what lies deep; each cut says so.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from runtimes.openapi.conversion import MAX_SCHEMA_BYTES, Grain, request_references
from runtimes.openapi.document import Description, OperationUnusable
from runtimes.openapi.fragments import Definitions, Fragment, Link, Path
from runtimes.openapi.keywords import MAX_DESCRIPTION_LENGTH as MAX_DESCRIPTION_LENGTH
from runtimes.values import Json, JsonObject, dump_json

MAX_TOOL_SCHEMA_BYTES = MAX_SCHEMA_BYTES
"""The JSON text of one tool's parameters."""

MAX_NESTING = 48
"""How deep a definition may stand in another; deeper ones stand in `$defs`."""

NEVER = -1
"""As a number of references: not even in what no reference leads to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """How much of what a tool reaches is shown."""

    hops: int
    """References on the way to a definition that is shown."""
    described: int
    """References on the way to a schema whose description is shown."""
    depth: int
    """Schemas inside each other between two references."""
    choices: int
    """Values in a list of them."""

    def grain(self, *, is_described: bool) -> Grain:
        """That of a schema, with its description or without."""
        return Grain(depth=self.depth, is_described=is_described, choices=self.choices)


DETAILS = (
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


class Closure:
    """What some schemas reach through references."""

    def __init__(self, description: Description, schemas: Iterable[Json]) -> None:
        """Raises: `OperationUnusable` for a reference that cannot be followed."""
        self.definitions: Definitions = description.definitions
        pending = [reference for schema in schemas for reference in request_references(schema)]
        found = dict.fromkeys(pending)
        while pending:
            for reference in self.definitions.next(pending.pop()):
                if reference not in found:
                    found[reference] = None
                    pending.append(reference)
        self.references: tuple[str, ...] = tuple(found)

    @property
    def digests(self) -> JsonObject:
        """A hash of each definition, by reference."""
        return {reference: self.definitions.digest(reference) for reference in self.references}


def _put(schema: Json, path: Path, value: Json) -> Json:
    """The schema with another value at a place; what does not lie on the way is shared."""
    if not path:
        return value
    step, *rest = path
    if isinstance(schema, list) and isinstance(step, int):
        return [*schema[:step], _put(schema[step], tuple(rest), value), *schema[step + 1 :]]
    if isinstance(schema, dict) and isinstance(step, str):
        return {**schema, step: _put(schema[step], tuple(rest), value)}
    return schema


def _with(target: Json, beside: JsonObject) -> Json:
    return {**target, **beside} if isinstance(target, dict) and beside else target


class _Assembly:
    """The schema of one tool in one detail."""

    def __init__(self, definitions: Definitions, detail: Detail) -> None:
        self._definitions = definitions
        self._detail = detail
        self._left = MAX_TOOL_SCHEMA_BYTES
        self._uses: Counter[str] = Counter()
        self._parts: dict[str, Fragment] = {}
        self._stubs: dict[str, JsonObject] = {}
        self._pending: list[str] = []

    def build(self, properties: Mapping[str, Json], required: Sequence[str]) -> JsonObject | None:
        """None where it is too long. Raises: `OperationUnusable`."""
        self._left -= sum(len(name) + 5 for name in properties)
        grain = self._detail.grain(is_described=self._detail.described >= 0)
        tops: dict[str, Fragment] = {}
        for name, raw in properties.items():
            part = self._definitions.convert(raw, grain) if self._left >= 0 else None
            if part is None:
                return None
            tops[name] = part
            self._left -= part.size
        if not self._reach(tops.values()):
            return None
        schema: JsonObject = {
            "type": "object",
            "properties": {name: self._placed(part, 2) for name, part in tops.items()},
            "required": list(required),
        }
        if defined := self._defined():
            schema["$defs"] = defined
        return schema if len(dump_json(schema).encode()) <= MAX_TOOL_SCHEMA_BYTES else None

    def _reach(self, tops: Iterable[Fragment]) -> bool:
        """Finds the definitions that are shown; False as soon as they are too long together."""
        grains = (self._detail.grain(is_described=False), self._detail.grain(is_described=True))
        shelves = tuple(self._definitions.shelf(grain) for grain in grains)
        waiting = deque((link.reference, 1) for part in tops for link in self._counted(part))
        while waiting and self._left >= 0:
            reference, hop = waiting.popleft()
            if reference in self._parts or reference in self._stubs:
                continue
            grain = grains[hop <= self._detail.described]
            if hop > self._detail.hops:
                self._stubs[reference] = self._definitions.stub(reference, grain)
                self._left -= len(dump_json(self._stubs[reference])) * self._uses[reference]
                continue
            part = self._definitions.fragment(reference, grain, shelves[hop <= self._detail.described])
            if part is None:
                return False
            self._parts[reference] = part
            self._left -= part.size
            waiting.extend((link.reference, hop + 1) for link in self._counted(part))
        return self._left >= 0

    def _counted(self, part: Fragment) -> tuple[Link, ...]:
        for link in part.links:
            self._uses[link.reference] += 1 if link.is_replaceable else 2
        return part.links

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
        defined: JsonObject = {}
        while self._pending:
            reference = self._pending.pop()
            name = self._definitions.name(reference)
            if name not in defined:
                defined[name] = {}
                defined[name] = self._placed(self._parts[reference], 2)
        return defined


def assembled(
    description: Description, properties: Mapping[str, Json], required: Sequence[str], detail: Detail
) -> JsonObject | None:
    """The JSON Schema of a tool's arguments in one detail; None where that is too long. Raises: `OperationUnusable`."""
    return _Assembly(description.definitions, detail).build(properties, required)


def tool_schema(closure: Closure, properties: Mapping[str, Json], required: Sequence[str]) -> JsonObject:
    """The JSON Schema of a tool's arguments. Raises: `OperationUnusable` when no detail fits the budget."""
    for detail in DETAILS:
        schema = _Assembly(closure.definitions, detail).build(properties, required)
        if schema is not None:
            return schema
    raise OperationUnusable(f"its parameters need a schema of more than {MAX_TOOL_SCHEMA_BYTES} bytes")
