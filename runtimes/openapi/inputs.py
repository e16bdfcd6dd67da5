"""What a request of an operation can carry: its parameters and its body, as the arguments of a tool.

Operations of one description share much of it: what is equal is read once and is then the same object for all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from runtimes.openapi.arguments import Arguments
from runtimes.openapi.conversion import is_leaf, request_references
from runtimes.openapi.document import Description, Entry, OperationUnusable
from runtimes.openapi.exact import ExactRules
from runtimes.openapi.parameters import IDEMPOTENCY_KEY, MAX_EQUAL_BYTES, Parameter, read_parameters
from runtimes.openapi.schema import tool_schema
from runtimes.placeholders import unresolved_placeholder
from runtimes.values import Json, JsonObject, json_bytes

if TYPE_CHECKING:
    from runtimes.openapi.body import Body

TEMPLATE_NAME = re.compile(r"\{([^{}]+)\}")
"""A name in a path template."""


def _usable(entry: Entry, parameters: Sequence[Parameter]) -> list[Parameter]:
    """Those with a place to go, and one for each name in the path that its author forgot to declare.

    Raises: `OperationUnusable`.
    """
    if "#" in entry.path:
        raise OperationUnusable("its path has a fragment")
    if placeholder := unresolved_placeholder(entry.path):
        raise OperationUnusable(f"its path has the unresolved placeholder {placeholder[:80]}")
    if "{" not in entry.path:
        return [one for one in parameters if one.location != "path"]
    in_template = dict.fromkeys(TEMPLATE_NAME.findall(entry.path))
    if in_template.keys() == {one.name for one in parameters if one.location == "path"}:
        return list(parameters)
    usable = [one for one in parameters if one.location != "path" or one.name in in_template]
    declared = {one.name for one in usable if one.location == "path"}
    forgotten = [name for name in in_template if name not in declared]
    if forgotten:
        in_path = TEMPLATE_NAME.findall(entry.path.partition("?")[0])
        queried = {one.name for one in usable if one.location == "query"}
        forgotten = [name for name in forgotten if name in in_path or name not in queried]
    return usable + [
        Parameter(name=name, location="path", is_required=True, schema={"type": "string"}) for name in forgotten
    ]


def _body(description: Description, entry: Entry) -> Body | None:
    """As `read_body`, the same one for operations whose bodies are written alike. Raises: `OperationUnusable`."""
    if "requestBody" not in entry.operation or entry.method in {"GET", "HEAD"}:
        return None
    from runtimes.openapi.body import Body, read_body

    text = json_bytes(entry.operation["requestBody"])
    if len(text) > MAX_EQUAL_BYTES:
        return read_body(description, entry)
    known = description.equal_bodies.get(text)
    if not isinstance(known, Body):
        known = read_body(description, entry)
        description.equal_bodies[text] = known
    return known


def _reached(description: Description, schemas: Iterable[Json]) -> str:
    """A hash of all that their references lead to. Raises: `OperationUnusable` where one cannot be followed."""
    references: dict[str, None] = {}
    for schema in schemas:
        if isinstance(schema, dict) and not is_leaf(schema):
            references.update(dict.fromkeys(request_references(schema)))
    return description.definitions.digest(tuple(references))


def _shape(description: Description, body: Body | None) -> list[Json]:
    """All that decides how a body is written, but for what its members refer to. Raises: `OperationUnusable`."""
    if body is None:
        return []
    members = None if body.members is None else dict(body.members)
    source = description.follow(body.source)
    flags: list[Json] = [body.is_required, body.takes_more, *body.required_members]
    return [body.media_type, body.schema, body.encoding, source, members, *flags]


class Inputs:
    """The parameters and the body of operations that have the same ones."""

    def __init__(self, description: Description, parameters: Sequence[Parameter], body: Body | None) -> None:
        """Raises: `OperationUnusable` where a reference cannot be followed."""
        self._description = description
        self.parameters = tuple(parameters)
        """Those that are arguments; what cannot be sent is among them."""
        self.arguments = Arguments(parameters, body)
        self._schemas = self.arguments.schemas
        self.reached = _reached(description, [*self._schemas.values(), self.arguments.more])
        """A hash of all that their references lead to."""
        self.body_shape = _shape(description, body)
        """All that decides how the body is written, but for what its members refer to; empty where there is none."""
        self.rules = ExactRules(description, self.arguments)

    @cached_property
    def schema(self) -> JsonObject:
        """The JSON Schema of the tool. Raises: `OperationUnusable`."""
        taken = self.arguments
        return tool_schema(self._description, self._schemas, taken.required, taken.more)


class Taken(NamedTuple):
    """What one operation takes."""

    inputs: Inputs
    parameters: Sequence[Parameter]
    """All that it sends, that for the call's id among them."""
    key: Parameter | None
    """The one that takes the call's id, and is no argument."""


def read_inputs(description: Description, entry: Entry) -> Taken:
    """What a request of the operation can carry. Raises: `OperationUnusable`."""
    usable = _usable(entry, read_parameters(description, entry))
    key = next((one for one in usable if one.location == "header" and one.name.lower() == IDEMPOTENCY_KEY), None)
    parameters = usable if key is None else [one for one in usable if one is not key]
    body = _body(description, entry)
    identity = (id(body), *map(id, parameters))
    known = description.equal_inputs.get(identity)
    if not isinstance(known, Inputs):
        known = Inputs(description, parameters, body)  # parameters and body stay in it, and so their ids
        description.equal_inputs[identity] = known
    return Taken(inputs=known, parameters=usable, key=key)
