"""What an operation demands of a request: its parameters and its body, read from the description alone. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from orchestrator.mock.schemas import Checks, Schemas
from orchestrator.mock.shapes import Shape
from runtimes.json_schema import JsonSchema
from runtimes.openapi.document import Description, Entry
from runtimes.openapi.members import list_at, object_at, text_at
from runtimes.openapi.swagger import WITHIN
from runtimes.values import Json, JsonObject

NOT_PARAMETERS = frozenset({"accept", "content-type", "authorization"})
"""Header parameters of these names are ignored (OpenAPI 3.1.1, Parameter Object)."""

_DEFAULT_STYLES = {"path": "simple", "query": "form", "header": "simple", "cookie": "form"}
_EXPLODED = frozenset({"form", "cookie"})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Schema:
    """A schema with what is asked of it."""

    shape: Shape
    validator: JsonSchema = field(repr=False)
    document: JsonObject = field(repr=False)
    """The schema and its definitions."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Demand:
    """One parameter."""

    name: str
    place: str
    """`path`, `query`, `header` or `cookie`."""
    is_required: bool
    style: str
    explode: bool
    allows_empty: bool
    within: tuple[str, ...]
    """The formats of the arrays inside its array (Swagger 2.0)."""
    media_type: str
    """Of a value that is a document of its own; else empty."""
    schema: Schema


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FieldRule:
    """How one property of a form is written; no style where its content type counts."""

    style: str = ""
    explode: bool = True
    within: tuple[str, ...] = ()
    media_type: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Media:
    """A body in one media type."""

    name: str
    """As the description has it; it may be a range."""
    schema: Schema
    fields: Mapping[str, FieldRule]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Contract:
    """All of it."""

    demands: tuple[Demand, ...]
    takes_body: bool
    needs_body: bool
    media: tuple[Media, ...]


def _schema(schemas: Schemas, raw: Json) -> Schema:
    document = schemas.standalone(raw, "request")
    own: JsonObject = {name: value for name, value in document.items() if name != "$defs"}
    return Schema(
        shape=Shape(checks=Checks(document), schema=own), validator=schemas.validator(document), document=document
    )


def _within(raw: Json) -> tuple[str, ...]:
    return tuple(name for name in list_at(raw, WITHIN) if isinstance(name, str))


def _demand(schemas: Schemas, raw: JsonObject) -> Demand:
    place = text_at(raw, "in")
    content = object_at(raw, "content") if "schema" not in raw else {}
    media_type, media = next(iter(content.items()), ("", None))
    style = text_at(raw, "style") or _DEFAULT_STYLES[place]
    explode = raw.get("explode")
    return Demand(
        name=text_at(raw, "name"),
        place=place,
        is_required=raw.get("required") is True or place == "path",
        style=style,
        explode=explode if isinstance(explode, bool) else style in _EXPLODED,
        allows_empty=raw.get("allowEmptyValue") is True,
        within=_within(raw),
        media_type=media_type,
        schema=_schema(schemas, schemas.followed(media).get("schema") if content else raw.get("schema")),
    )


def _credentials(description: Description, schemas: Schemas) -> frozenset[tuple[str, str]]:
    """Where security schemes put keys: whoever calls a mock needs none."""
    declared = object_at(object_at(description.root, "components"), "securitySchemes")
    found = (schemas.followed(one) for one in declared.values())
    return frozenset(
        (text_at(one, "in"), text_at(one, "name").casefold()) for one in found if one.get("type") == "apiKey"
    )


def _demands(description: Description, schemas: Schemas, entry: Entry) -> tuple[Demand, ...]:
    raw: dict[tuple[str, str], JsonObject] = {}
    for one in [*list_at(entry.path_item, "parameters"), *list_at(entry.operation, "parameters")]:
        found = schemas.followed(one)
        place, name = text_at(found, "in"), text_at(found, "name")
        if place in _DEFAULT_STYLES and name and not (place == "header" and name.lower() in NOT_PARAMETERS):
            raw[(place, name)] = found
    keys = _credentials(description, schemas)
    demands = (_demand(schemas, one) for (place, name), one in raw.items() if (place, name.casefold()) not in keys)
    return tuple(demands)


def credential_parameters(description: Description, schemas: Schemas) -> frozenset[str]:
    """The names, case folded, of the query parameters that carry keys."""
    return frozenset(name for place, name in _credentials(description, schemas) if place == "query")


def _rules(media: JsonObject, *, has_styles: bool) -> Mapping[str, FieldRule]:
    found: dict[str, FieldRule] = {}
    for name, raw in object_at(media, "encoding").items():
        is_styled = has_styles and isinstance(raw, dict) and bool(raw.keys() & {"style", "explode", "allowReserved"})
        style = (text_at(raw, "style") or "form") if is_styled else ""
        explode = raw.get("explode") if isinstance(raw, dict) else None
        found[name] = FieldRule(
            style=style,
            explode=explode if isinstance(explode, bool) else style == "form",
            within=_within(raw),
            media_type=text_at(raw, "contentType"),
        )
    return found


def read_contract(description: Description, schemas: Schemas, entry: Entry) -> Contract:
    """What an operation demands."""
    body = schemas.followed(entry.operation.get("requestBody"))
    content = {name: schemas.followed(media) for name, media in object_at(body, "content").items()}
    # OpenAPI 3.0 has styles in url-encoded forms only
    is_new = description.minor_version >= 1
    return Contract(
        demands=_demands(description, schemas, entry),
        takes_body=bool(content),
        needs_body=body.get("required") is True,
        media=tuple(
            Media(
                name=name,
                schema=_schema(schemas, media.get("schema")),
                fields=_rules(media, has_styles=is_new or not name.lower().startswith("multipart/")),
            )
            for name, media in content.items()
        ),
    )
