"""JSON Schema beyond the subset that parameters and return objects take (spec 6, 7 and 8). Pure."""

from __future__ import annotations

from orchestrator.errors import Problem
from orchestrator.manifest.known import VALUES
from orchestrator.manifest.members import KINDS, Found
from orchestrator.manifest.problems import problem
from runtimes.positions import pointer_to
from runtimes.values import Json

SCHEMA_KINDS = frozenset({"FunctionParameters", "FunctionParameter", "Returns"})
"""Objects in the shape of JSON Schema."""

_SCHEMA_TYPES = frozenset({"string", "array", "boolean", "integer", "number", "object", "null"})

_NESTED = "FunctionParameter.properties"
"""What the model follows although the specification has it not."""

_CORE = "$anchor $comment $defs $id $ref $schema definitions deprecated description example examples title"
_LOGIC = "allOf anyOf oneOf not if then else const enum default format nullable readOnly writeOnly type xml"
_OBJECTS = "properties required additionalProperties patternProperties propertyNames minProperties maxProperties"
_MORE_OBJECTS = "dependencies dependentRequired dependentSchemas unevaluatedProperties"
_ARRAYS = "items prefixItems additionalItems unevaluatedItems contains minContains maxContains minItems maxItems"
_OPENAPI = "discriminator externalDocs"
_SCALARS = "minLength maxLength pattern minimum maximum exclusiveMinimum exclusiveMaximum multipleOf uniqueItems"
_KEYWORDS = frozenset(" ".join((_CORE, _LOGIC, _OBJECTS, _MORE_OBJECTS, _ARRAYS, _OPENAPI, _SCALARS)).split())
"""Keywords of JSON Schema and of OpenAPI's dialect of it."""


def _is_type_of_json_schema(kind: str, value: Json) -> bool:
    """True for a `type` that JSON Schema has and the specification has not."""
    types = value if isinstance(value, list) else [value]
    if not types or not all(isinstance(item, str) and item in _SCHEMA_TYPES for item in types):
        return False
    return isinstance(value, list) or value not in VALUES[f"{kind}.type"]


def subset_problem(found: Found, name: str, value: Json) -> Problem | None:
    """The warning for a member beyond the subset; None for one within it, and for what is no JSON Schema at all."""
    if found.kind not in SCHEMA_KINDS:
        return None
    what = "only the description is used" if found.kind == "Returns" else "it is passed on as it is"
    pointer = found.pointer + pointer_to(name)
    if f"{found.kind}.{name}" == _NESTED or (name not in KINDS[found.kind] and name in _KEYWORDS):
        message = f"keyword {name!r} is more of JSON Schema than the specification takes; {what}"
        return problem("beyond-subset", pointer, message, hint="leave it out where other hosts are to read it")
    if name == "type" and _is_type_of_json_schema(found.kind, value):
        known = ", ".join(VALUES[f"{found.kind}.type"])
        message = f"this 'type' is more of JSON Schema than the specification takes; {what}"
        return problem("beyond-subset", pointer, message, hint=f"other hosts take: {known}")
    return None
