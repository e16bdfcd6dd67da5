"""An operation with all resolved that a call of it needs."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from auth import AuthReference
from runtimes.base import FunctionSignature
from runtimes.demands import Alternative
from runtimes.openapi.arguments import Arguments
from runtimes.openapi.document import Description, Entry, object_at, text_at
from runtimes.openapi.error_answers import DeclaredErrors
from runtimes.openapi.inputs import TEMPLATE_NAME as TEMPLATE_NAME
from runtimes.openapi.inputs import Taken, read_inputs
from runtimes.openapi.schema import tool_schema
from runtimes.openapi.security import places, read_security, shape
from runtimes.openapi.servers import destination_of, server_url
from runtimes.values import Json, JsonObject, canonical_bytes

MAX_DESCRIPTION_LENGTH = 4096
"""Characters of an operation's description that are kept."""

REPEATABLE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing, so that doing it twice is the same as once."""

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
    operation = entry.operation
    text = text_at(operation, "description").strip() or text_at(operation, "summary").strip()
    return text if len(text) <= MAX_DESCRIPTION_LENGTH else text[: MAX_DESCRIPTION_LENGTH - 1] + "…"


def _is_consequential(entry: Entry) -> bool | None:
    """What the description says; where its words contradict each other or are none of the two, that it has."""
    operation = entry.operation
    said = [operation[name] for name in _CONSEQUENTIAL if name in operation]
    return any(value is not False for value in said) if said else None


def read_arguments(description: Description, entry: Entry) -> Arguments:
    """The arguments of an operation, wherever its server is. Raises: `OperationUnusable`, as a call of it would."""
    inputs = read_inputs(description, entry).inputs
    tool_schema(description, inputs.arguments.schemas, inputs.arguments.required, inputs.arguments.more)
    return inputs.arguments


def _fingerprint(entry: Entry, server: str, taken: Taken, security: Sequence[Json]) -> str:
    """Over all that decides what is sent and how it is described."""
    operation: JsonObject = {name: value for name, value in entry.operation.items() if name not in _NOT_SENT}
    resolved: JsonObject = {
        "server": server,
        "method": entry.method,
        "path": entry.path,
        "operation": operation,
        "parameters": [one.shape for one in taken.parameters],
        "body": taken.inputs.body_shape,
        "definitions": taken.inputs.reached,
        **({"security": list(security)} if security else {}),
    }
    return hashlib.sha256(canonical_bytes(resolved)).hexdigest()


def _server(description: Description, entry: Entry, manifest_location: str, wanted: str) -> str:
    """As `server_url`; one that the operation has from the document is looked for once. Raises: `OperationUnusable`."""
    if "servers" in entry.operation or "servers" in entry.path_item:
        return server_url(description, entry, manifest_location, wanted)
    key = manifest_location, wanted
    if key not in description.servers_in_common:
        description.servers_in_common[key] = server_url(description, entry, manifest_location, wanted)
    return description.servers_in_common[key]


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
    server = base_url or _server(description, entry, manifest_location, wanted)
    taken = read_inputs(description, entry)
    inputs, key = taken.inputs, taken.key
    security = read_security(description, entry, auth)
    return Operation(
        server=server,
        path=entry.path,
        arguments=inputs.arguments,
        idempotency_header=key.name if key else None,
        signature=FunctionSignature(
            name=function,
            description=_description_of(entry),
            parameters=inputs.schema,
            rules=inputs.rules,
            method=entry.method,
            destination=destination_of(server),
            repeatable=key is not None or entry.method in REPEATABLE_METHODS,
            is_consequential=_is_consequential(entry),
            left_out=inputs.arguments.left_out,
            responses=tuple(object_at(entry.operation, "responses")),
            fingerprint=_fingerprint(entry, server, taken, shape(security)),
        ),
        errors=DeclaredErrors(description, entry.operation),
        credentials=description.credential_names | places(security) if security else description.credential_names,
        security=security,
    )
