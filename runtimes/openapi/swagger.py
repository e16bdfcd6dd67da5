"""Swagger 2.0 in the shape of OpenAPI 3: one operation at a time, when it is asked for, and the few shared members.

Only what differs is written anew. Schemas stay as they are, and so do references to them, since `#/definitions/…`
leads to the same place in the same document. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from runtimes.openapi.members import list_at, object_at, text_at
from runtimes.values import Json, JsonObject

Follow = Callable[[Json], JsonObject | None]
"""The object at the end of a chain of references; None where it leads nowhere."""

DEFAULT_TYPE = "application/json"
"""The media type where a description names none."""

MULTIPART = "multipart/form-data"
URLENCODED = "application/x-www-form-urlencoded"

WITHIN = "x-collectionFormats"
"""The member of a translated parameter that names the formats of the arrays inside its array; OpenAPI 3 has none."""

SEPARATORS: Mapping[str, str] = {"csv": ",", "ssv": " ", "tsv": "\t", "pipes": "|"}
"""What stands between the items of an array in each format but `multi`, which nothing inside another array has."""

MAX_FORMATS = 8
"""Arrays inside each other of which the format is looked at."""

_SCHEMES = ("https", "http")
_NOT_KEPT = frozenset({"consumes", "produces", "parameters", "responses", "schemes"})
_NOT_SCHEMA = frozenset(
    {"name", "in", "required", "description", "collectionFormat", "allowEmptyValue", "x-example", "schema"}
)
_STYLES = {"ssv": "spaceDelimited", "tsv": "tabDelimited", "pipes": "pipeDelimited"}
_FLOWS = {
    "implicit": "implicit",
    "password": "password",
    "application": "clientCredentials",
    "accessCode": "authorizationCode",
}


def _texts(level: JsonObject, root: JsonObject, name: str) -> list[str]:
    """The list of an operation, else that of the document."""
    own = level.get(name)
    found = own if isinstance(own, list) else list_at(root, name)
    return [text for text in found if isinstance(text, str) and text]


def _schema(raw: JsonObject) -> JsonObject:
    """The schema of a parameter, whose members stand beside its name."""
    schema = {name: value for name, value in raw.items() if name not in _NOT_SCHEMA}
    if schema.get("type") == "file":
        return schema | {"type": "string", "format": "binary"}
    return schema


def _within(raw: JsonObject) -> JsonObject:
    """The formats of the arrays inside an array: `csv` where nothing is said."""
    formats: list[Json] = []
    items = object_at(raw, "items")
    while items.get("type") == "array" and len(formats) < MAX_FORMATS:
        stated = text_at(items, "collectionFormat")
        formats.append(stated if stated in SEPARATORS else "csv")
        items = object_at(items, "items")
    return {WITHIN: formats} if formats else {}


def _style(raw: JsonObject) -> JsonObject:
    """How the elements of an array are separated: by commas where nothing is said."""
    if raw.get("type") != "array":
        return {}
    separator = raw.get("collectionFormat", "csv")
    if separator == "multi":
        return {"style": "form", "explode": True, **_within(raw)}
    plain = "simple" if text_at(raw, "in") in {"path", "header"} else "form"
    style = _STYLES.get(separator, plain) if isinstance(separator, str) else plain
    return {"style": style, "explode": False, **_within(raw)}


def _parameter(raw: JsonObject) -> JsonObject:
    kept: JsonObject = {
        name: raw[name] for name in ("name", "in", "required", "description", "allowEmptyValue") if name in raw
    }
    kept["schema"] = _schema(raw)
    return kept | _style(raw)


def _form_body(fields: list[JsonObject], consumes: list[str]) -> JsonObject:
    has_file = any(field.get("type") == "file" for field in fields)
    fitting = [name for name in consumes if name.partition(";")[0].strip().lower() in {MULTIPART, URLENCODED}]
    if has_file:
        fitting = [name for name in fitting if name.lower().startswith("multipart/")] or [MULTIPART]
    properties: JsonObject = {}
    encoding: JsonObject = {}
    for field in fields:
        name = text_at(field, "name")
        about: JsonObject = {"description": field["description"]} if "description" in field else {}
        properties[name] = _schema(field) | about
        if style := _style(field):
            encoding[name] = style
    required: list[Json] = [text_at(field, "name") for field in fields if field.get("required") is True]
    schema: JsonObject = {"type": "object", "properties": properties}
    if required:
        schema["required"] = required
    media: JsonObject = {"schema": schema, "encoding": encoding} if encoding else {"schema": schema}
    return {"content": dict.fromkeys(fitting or [URLENCODED], media), "required": bool(required)}


def _whole_body(raw: JsonObject, consumes: list[str]) -> JsonObject:
    body: JsonObject = {
        "content": {name: {"schema": raw.get("schema", {})} for name in consumes or [DEFAULT_TYPE]},
        "required": raw.get("required") is True,
    }
    return body | ({"description": raw["description"]} if "description" in raw else {})


def _media(schema: Json, example: Json) -> JsonObject:
    shape: JsonObject = {"type": "string", "format": "binary"} if text_at(schema, "type") == "file" else {}
    media: JsonObject = {"schema": shape or schema} if schema is not None else {}
    return media | ({"example": example} if example is not None else {})


def _response(raw: JsonObject, produces: list[str]) -> JsonObject:
    kept: JsonObject = {name: value for name, value in raw.items() if name not in {"schema", "examples", "headers"}}
    examples = object_at(raw, "examples")
    names = dict.fromkeys([*(produces or [DEFAULT_TYPE]), *examples] if "schema" in raw else examples)
    if names:
        kept["content"] = {name: _media(raw.get("schema"), examples.get(name)) for name in names}
    headers = object_at(raw, "headers")
    if headers:
        kept["headers"] = {
            name: {"schema": _schema(header)} for name, header in headers.items() if isinstance(header, dict)
        }
    return kept


def _parameters(item: JsonObject, operation: JsonObject, follow: Follow) -> tuple[list[JsonObject], list[Json]]:
    """The parameters of an operation and of its path, those of the operation first in rank; and what is none."""
    found: dict[tuple[str, str], JsonObject] = {}
    broken: list[Json] = []
    for raw in [*list_at(item, "parameters"), *list_at(operation, "parameters")]:
        parameter = follow(raw)
        if parameter is None:
            broken.append(raw)
            continue
        place = text_at(parameter, "in")
        found[(place, "" if place == "body" else text_at(parameter, "name"))] = parameter
    return list(found.values()), broken


def translated_operation(root: JsonObject, item: JsonObject, operation: JsonObject, follow: Follow) -> JsonObject:
    """An operation of Swagger 2.0 as OpenAPI 3 has it, the parameters of its path among its own.

    What cannot be followed is left as it is, so that whoever reads it says why.
    """
    kept: JsonObject = {name: value for name, value in operation.items() if name not in _NOT_KEPT}
    parameters, broken = _parameters(item, operation, follow)
    kept["parameters"] = [
        *broken,
        *(_parameter(one) for one in parameters if text_at(one, "in") not in {"body", "formData"}),
    ]
    consumes = _texts(operation, root, "consumes")
    fields = [one for one in parameters if one.get("in") == "formData" and text_at(one, "name")]
    whole = next((one for one in parameters if one.get("in") == "body"), None)
    if whole is not None:
        kept["requestBody"] = _whole_body(whole, consumes)
    elif fields:
        kept["requestBody"] = _form_body(fields, consumes)
    produces = _texts(operation, root, "produces")
    kept["responses"] = {
        status: raw if (response := follow(raw)) is None else _response(response, produces)
        for status, raw in object_at(operation, "responses").items()
    }
    if schemes := list_at(operation, "schemes"):
        kept["servers"] = _servers({**root, "schemes": schemes}, "")
    return kept


def _servers(root: JsonObject, location: str) -> list[Json]:
    host, base = text_at(root, "host").strip(), text_at(root, "basePath").strip()
    path = f"/{base.lstrip('/')}"
    if not host:
        return [{"url": path}]
    if "://" in host:
        return [{"url": host.rstrip("/") + path}]
    declared = [scheme for scheme in _SCHEMES if scheme in list_at(root, "schemes")]
    own = urlsplit(location).scheme.lower() if location else ""
    return [{"url": f"{scheme}://{host}{path}"} for scheme in declared or [own if own in _SCHEMES else "https"]]


def _security_scheme(raw: JsonObject) -> JsonObject:
    kind = raw.get("type")
    if kind == "basic":
        return {**raw, "type": "http", "scheme": "basic"}
    if kind != "oauth2":
        return raw
    moved = {"flow", "authorizationUrl", "tokenUrl", "scopes"}
    flow: JsonObject = {name: raw[name] for name in ("authorizationUrl", "tokenUrl") if name in raw}
    kept: JsonObject = {name: value for name, value in raw.items() if name not in moved}
    name = _FLOWS.get(text_at(raw, "flow"), "implicit")
    flow["scopes"] = raw.get("scopes", {})
    kept["flows"] = {name: flow}
    return kept


def translated_root(root: JsonObject, location: str) -> JsonObject:
    """The document with the servers and security schemes that OpenAPI 3 would have; all else stays where it is."""
    schemes: Mapping[str, Json] = object_at(root, "securityDefinitions")
    known: JsonObject = {name: _security_scheme(raw) for name, raw in schemes.items() if isinstance(raw, dict)}
    return {**root, "servers": _servers(root, location), "components": {"securitySchemes": known}}
