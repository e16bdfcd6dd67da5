"""What is wrong with the operations that functions mean, each where it stands in its description. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from urllib.parse import urlsplit

from orchestrator.check.bindings import Bound
from orchestrator.check.codes import problem
from orchestrator.check.places import followed, value_at
from orchestrator.errors import Problem
from orchestrator.manifest.guesses import guess
from orchestrator.manifest.members import type_of
from orchestrator.manifest.problems import quoted
from runtimes.openapi.document import Description, OperationUnusable, UnreadableDescription, list_at, object_at, text_at
from runtimes.openapi.operations import MAX_DESCRIPTION_LENGTH, TEMPLATE_NAME
from runtimes.openapi.references import Neighbours
from runtimes.openapi.schema import MAX_DESCRIPTION_LENGTH as MAX_ARGUMENT_LENGTH
from runtimes.openapi.servers import ServerNotFilled, server_url
from runtimes.placeholders import unresolved_placeholder
from runtimes.positions import pointer_to
from runtimes.proxy import is_loopback
from runtimes.values import Json, JsonObject

PLACES = ("path", "query", "header", "cookie")
"""Where a parameter may be."""

SWAGGER_PLACES = ("body", "formData")
"""Where one may be in Swagger 2.0 besides."""


def read_description(document: Json, location: str, neighbours: Neighbours | None = None) -> Description | Problem:
    """The description that a document is, or why it is none; `location` is a URL or empty."""
    try:
        return Description(document, location, neighbours)
    except UnreadableDescription as error:
        members = document if isinstance(document, dict) else {}
        pointer = next((pointer_to(name) for name in ("swagger", "openapi") if name in members), "")
        hint = "give an OpenAPI 3 or Swagger 2.0 description in JSON or YAML"
        return problem("not-openapi", pointer, str(error), hint=hint)


def _item_place(bound: Bound) -> str:
    return followed(bound.operations.source.document, pointer_to("paths", bound.entry.path))


def place_of(bound: Bound) -> str:
    """The pointer of the operation in its description."""
    return _item_place(bound) + pointer_to(bound.entry.method.lower())


_Parameters = Sequence[tuple[str, JsonObject]]
"""Each with the pointer where it is listed."""


def _parameters(bound: Bound) -> Iterator[tuple[str, JsonObject]]:
    """The parameters of the path and of the operation, each with the pointer where it is listed."""
    document = bound.operations.source.document
    for place, owner in ((_item_place(bound), bound.entry.written_item), (place_of(bound), bound.entry.written)):
        for index in range(len(list_at(owner, "parameters"))):
            pointer = place + pointer_to("parameters", index)
            with suppress(OperationUnusable):  # what cannot be followed is named as what makes it unusable
                yield pointer, bound.operations.description.follow(value_at(document, followed(document, pointer)))


def _duplicates(bound: Bound) -> Iterator[Problem]:
    name = bound.entry.operation_id
    rivals = [entry for entry in bound.operations.named(bound.name) if entry.operation_id == name]
    if name is None or len(rivals) < 2:
        return
    second = rivals[1]
    item = followed(bound.operations.source.document, pointer_to("paths", second.path))
    message = f"{bound.where} has the operationId {quoted(name)} too, so that neither can be called"
    pointer = item + pointer_to(second.method.lower(), "operationId")
    yield problem("duplicate-operation-id", pointer, message, hint="rename one")


def _place_problems(bound: Bound, parameters: _Parameters) -> Iterator[Problem]:
    """Parameters that are left out because of where they are to go; a required one makes an operation unusable."""
    is_swagger = bound.operations.description.is_translated
    known = (*PLACES, *SWAGGER_PLACES) if is_swagger else PLACES
    for pointer, parameter in parameters:
        written = parameter.get("in")
        if written in known or parameter.get("required") is True or "$ref" in parameter:
            continue
        subject = f"the parameter {quoted(text_at(parameter, 'name'))}"
        place = followed(bound.operations.source.document, pointer) + "/in"
        otherwise = "describe it in 'requestBody'" if written in SWAGGER_PLACES else f"places: {', '.join(known)}"
        if not isinstance(written, str):
            message, hint = f"{subject} has no 'in' that says where it goes, and is not sent", otherwise
        else:
            message = f"{subject} is in {quoted(written)}, where this host sends nothing"
            hint = guess(written, known, otherwise)
        yield problem("unknown-parameter-place", place, message, hint=hint)


def _path_problems(bound: Bound, parameters: _Parameters) -> Iterator[Problem]:
    path = bound.entry.path
    in_path = dict.fromkeys(TEMPLATE_NAME.findall(path.partition("?")[0]))
    in_template = dict.fromkeys(TEMPLATE_NAME.findall(path))
    declared: set[str] = set()
    for pointer, parameter in parameters:
        name, location = text_at(parameter, "name"), text_at(parameter, "in")
        if location == "path" or (location == "query" and name not in in_path):
            declared.add(name)
        if location == "path" and name not in in_template:
            message = f"the path {quoted(path)} has no place for the parameter {quoted(name)}"
            yield problem(
                "unused-path-parameter", pointer, message, hint=f"write {{{name[:60]}}} in the path, or remove it"
            )
    for name in in_template:
        if name not in declared and not unresolved_placeholder(path):
            message = (
                f"the path has the variable {quoted(name)}, which is not among its parameters; it is read as a string"
            )
            yield problem("undeclared-path-variable", pointer_to("paths", path), message, hint="declare it, in: path")


def _too_long(pointer: str, text: str, limit: int) -> Iterator[Problem]:
    if len(text) > limit:
        message = f"the description has {len(text)} characters; those beyond {limit} are cut"
        yield problem("description-too-long", pointer, message, hint="shorten it")


def _body_schema(bound: Bound) -> tuple[str, JsonObject]:
    """The schema of the body's first media type, with its pointer."""
    document = bound.operations.source.document
    content = followed(document, place_of(bound) + "/requestBody") + "/content"
    media_types = value_at(document, content)
    for name in list(media_types)[:1] if isinstance(media_types, dict) else ():
        pointer = followed(document, content + pointer_to(name, "schema"))
        schema = value_at(document, pointer)
        return pointer, schema if isinstance(schema, dict) else {}
    return "", {}


def _description_problems(bound: Bound, parameters: _Parameters) -> Iterator[Problem]:
    """Descriptions that the model would read, where the manifest has no words of its own."""
    function = bound.function
    if function is None or not function.description:
        member = "description" if text_at(bound.entry.operation, "description").strip() else "summary"
        text = text_at(bound.entry.operation, member).strip()
        yield from _too_long(place_of(bound) + pointer_to(member), text, MAX_DESCRIPTION_LENGTH)
    if function is not None and function.parameters is not None:
        return
    document = bound.operations.source.document
    for pointer, parameter in parameters:
        place = followed(document, pointer) + "/description"
        yield from _too_long(place, text_at(parameter, "description"), MAX_ARGUMENT_LENGTH)
    schema_place, schema = _body_schema(bound)
    for name, described in object_at(schema, "properties").items():
        place = schema_place + pointer_to("properties", name, "description")
        yield from _too_long(place, text_at(described, "description"), MAX_ARGUMENT_LENGTH)


def _server_place(bound: Bound) -> tuple[str, Json]:
    """Where the URL of the server stands, and what it is as written."""
    root: Json = bound.operations.description.root
    if bound.operations.description.is_translated:
        servers = list_at(bound.entry.operation, "servers") or list_at(root, "servers")
        return "/host", text_at(servers[0], "url")
    levels = ((place_of(bound), bound.entry.operation), (_item_place(bound), bound.entry.path_item), ("", root))
    for place, level in levels:
        if servers := list_at(level, "servers"):
            server = servers[0]
            return place + "/servers/0/url", server.get("url", "") if isinstance(server, dict) else ""
    return "/servers", ""


def _server_problems(bound: Bound, manifest_location: str) -> Iterator[Problem]:
    pointer, written = _server_place(bound)
    if not isinstance(written, str):
        message = f"the URL of a server must be a string, not {type_of(written)}"
        yield problem("server-url", pointer, message, hint="give an absolute https URL of the server")
        return
    if unresolved_placeholder(written):
        return
    try:
        url = server_url(bound.operations.description, bound.entry, manifest_location)
    except ServerNotFilled:
        return  # told where the placeholder stands
    except OperationUnusable as reason:
        yield problem("server-url", pointer, str(reason), hint="give an absolute https URL of the server")
        return
    parts = urlsplit(url)
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        message = f"the server {quoted(written)} is called over http"
        yield problem("insecure-server", pointer, message, hint="use https")


def ambiguous_name(bound: Bound) -> Iterator[Problem]:
    """A name that is the sanitised spelling of more than one operationId, at the function."""
    rivals = bound.operations.named(bound.name)
    if bound.function is not None and len({entry.operation_id or entry.distinct_name for entry in rivals}) > 1:
        places = " and ".join(f"{entry.method} {entry.path}" for entry in rivals[:2])
        message = f"the name {quoted(bound.name)} means {len(rivals)} operations, such as {places}"
        hint = "give the operations operationIds that are function names as they stand"
        yield problem("ambiguous-operation", bound.pointer + "/name", message, hint=hint)


def unusable(bound: Bound, reason: OperationUnusable) -> Iterator[Problem]:
    """An operation that this host cannot call; a path that is not filled is named elsewhere."""
    if not unresolved_placeholder(bound.entry.path):
        message = f"{bound.where} cannot be called: {reason}"
        yield problem("unusable-operation", place_of(bound), message, hint="change the operation, or leave it out")


def operation_problems(bound: Bound, manifest_location: str) -> Iterator[Problem]:
    """What is wrong with the operation, beside what keeps it from being used."""
    yield from _duplicates(bound)
    yield from _server_problems(bound, manifest_location)
    parameters = list(_parameters(bound))
    yield from _place_problems(bound, parameters)
    yield from _path_problems(bound, parameters)
    yield from _description_problems(bound, parameters)
