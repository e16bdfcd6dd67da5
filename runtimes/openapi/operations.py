"""An operation with all resolved that a call of it needs."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from auth import AuthReference
from runtimes.base import FunctionSignature
from runtimes.demands import Alternative
from runtimes.openapi.arguments import Arguments
from runtimes.openapi.body import Body, read_body
from runtimes.openapi.conversion import is_leaf, request_references
from runtimes.openapi.document import Description, Entry, OperationUnusable, object_at, text_at
from runtimes.openapi.error_answers import DeclaredErrors
from runtimes.openapi.exact import ExactRules
from runtimes.openapi.parameters import IDEMPOTENCY_KEY, Parameter, read_parameters
from runtimes.openapi.schema import tool_schema
from runtimes.openapi.security import places, read_security, shape
from runtimes.openapi.servers import destination_of, server_url
from runtimes.placeholders import unresolved_placeholder
from runtimes.values import Json, JsonObject, canonical_json

MAX_DESCRIPTION_LENGTH = 4096
"""Characters of an operation's description that are kept."""

REPEATABLE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing, so that doing it twice is the same as once."""

TEMPLATE_NAME = re.compile(r"\{([^{}]+)\}")
"""A name in a path template."""

ANONYMOUS = AuthReference()
"""No credential."""

_CONSEQUENTIAL = ("x-openai-isConsequential", "x-oai-isConsequential")
_NOT_SENT = frozenset({"responses", "callbacks", "parameters"})
"""Members of an operation that its fingerprint leaves out; the parameters that are sent are in it as they are read."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Operation:
    """What a call of one function needs."""

    server: str
    """Without a slash at the end."""
    path: str
    """The template."""
    arguments: Arguments
    idempotency_header: str | None
    """The name of the header that carries the call's id."""
    signature: FunctionSignature
    errors: DeclaredErrors
    credentials: frozenset[str]
    """The names, case folded, that security schemes give to keys, wherever these go."""
    security: tuple[Alternative, ...]
    """What is sent along, in the order in which it is tried (`read_security`)."""


def _description_of(entry: Entry) -> str:
    text = text_at(entry.operation, "description").strip() or text_at(entry.operation, "summary").strip()
    return text if len(text) <= MAX_DESCRIPTION_LENGTH else text[: MAX_DESCRIPTION_LENGTH - 1] + "…"


def _is_consequential(entry: Entry) -> bool | None:
    """What the description says; where its words contradict each other or are none of the two, that it has."""
    said = [entry.operation[name] for name in _CONSEQUENTIAL if name in entry.operation]
    return any(value is not False for value in said) if said else None


def _usable(entry: Entry, parameters: tuple[Parameter, ...]) -> list[Parameter]:
    """Those with a place to go, and one for each name in the path that its author forgot to declare.

    Raises: `OperationUnusable`.
    """
    if "#" in entry.path:
        raise OperationUnusable("its path has a fragment")
    if placeholder := unresolved_placeholder(entry.path):
        raise OperationUnusable(f"its path has the unresolved placeholder {placeholder[:80]}")
    in_path = set(TEMPLATE_NAME.findall(entry.path.partition("?")[0]))
    in_template = list(dict.fromkeys(TEMPLATE_NAME.findall(entry.path)))
    declared = {one.name for one in parameters if one.location == "path"}
    declared |= {one.name for one in parameters if one.location == "query" and one.name not in in_path}
    forgotten = [name for name in in_template if name not in declared]
    usable = [one for one in parameters if one.location != "path" or one.name in in_template]
    return usable + [
        Parameter(name=name, location="path", is_required=True, schema={"type": "string"}) for name in forgotten
    ]


def _inputs(description: Description, entry: Entry) -> tuple[list[Parameter], Parameter | None, Body | None]:
    """What a request can carry: its parameters, the one of them that takes the call's id, and its body.

    Raises: `OperationUnusable`.
    """
    parameters = _usable(entry, read_parameters(description, entry))
    key = next((one for one in parameters if one.location == "header" and one.name.lower() == IDEMPOTENCY_KEY), None)
    return parameters, key, read_body(description, entry)


def _reached(description: Description, schemas: Iterable[Json]) -> str:
    """A hash of all that their references lead to. Raises: `OperationUnusable` where one cannot be followed."""
    inner = (schema for schema in schemas if not is_leaf(schema))
    references = dict.fromkeys(reference for schema in inner for reference in request_references(schema))
    return description.definitions.digest(tuple(references))


def read_arguments(description: Description, entry: Entry) -> Arguments:
    """The arguments of an operation, wherever its server is. Raises: `OperationUnusable`, as a call of it would."""
    parameters, key, body = _inputs(description, entry)
    arguments = Arguments([one for one in parameters if one is not key], body)
    schemas = arguments.schemas
    _reached(description, [*schemas.values(), arguments.more])
    tool_schema(description, schemas, arguments.required, arguments.more)
    return arguments


def _shape(description: Description, body: Body) -> list[Json]:
    """All that decides how a body is written, but for what its members refer to. Raises: `OperationUnusable`."""
    members = None if body.members is None else dict(body.members)
    source = description.follow(body.source)
    flags: list[Json] = [body.is_required, body.takes_more, *body.required_members]
    return [body.media_type, body.schema, body.encoding, source, members, *flags]


def _fingerprint(
    entry: Entry,
    server: str,
    parameters: Sequence[Parameter],
    body: Sequence[Json],
    reached: str,
    security: Sequence[Json],
) -> str:
    """Over all that decides what is sent and how it is described."""
    operation: JsonObject = {name: value for name, value in entry.operation.items() if name not in _NOT_SENT}
    resolved: JsonObject = {
        "server": server,
        "method": entry.method,
        "path": entry.path,
        "operation": operation,
        "parameters": [one.shape for one in parameters],
        "body": list(body),
        "definitions": reached,
        **({"security": list(security)} if security else {}),
    }
    return hashlib.sha256(canonical_json(resolved).encode()).hexdigest()


def read_operation(
    description: Description,
    function: str,
    manifest_location: str,
    wanted: str = "",
    *,
    base_url: str = "",
    auth: AuthReference = ANONYMOUS,
) -> Operation:
    """Resolves the operation that a function names, on the server that is `wanted` (as `server_url` has it).

    With a `base_url` it is called there, and the description's servers are not looked at. `auth` is the credential that
    is sent along. Raises: `OperationUnusable`.
    """
    entry = description.find(function)
    server = base_url or server_url(description, entry, manifest_location, wanted)
    parameters, key, body = _inputs(description, entry)
    arguments = Arguments([one for one in parameters if one is not key], body)
    schemas = arguments.schemas
    reached = _reached(description, [*schemas.values(), arguments.more])
    body_shape = _shape(description, body) if body else ()
    security = read_security(description, entry, auth)
    return Operation(
        server=server,
        path=entry.path,
        arguments=arguments,
        idempotency_header=key.name if key else None,
        signature=FunctionSignature(
            name=function,
            description=_description_of(entry),
            parameters=tool_schema(description, schemas, arguments.required, arguments.more),
            rules=ExactRules(description, arguments),
            method=entry.method,
            destination=destination_of(server),
            repeatable=key is not None or entry.method in REPEATABLE_METHODS,
            is_consequential=_is_consequential(entry),
            left_out=arguments.left_out,
            responses=tuple(object_at(entry.operation, "responses")),
            fingerprint=_fingerprint(entry, server, parameters, body_shape, reached, shape(security)),
        ),
        errors=DeclaredErrors(description, entry.operation),
        credentials=description.credential_names | places(security),
        security=security,
    )
