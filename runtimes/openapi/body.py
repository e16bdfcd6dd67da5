"""The body of an operation: the media type it is sent in, what writes it, and which of its members are arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from runtimes.base import RAW_BYTES
from runtimes.openapi.body_members import BodyMembers
from runtimes.openapi.content import BinaryWriter, Content, JsonWriter, TextWriter, Writer
from runtimes.openapi.document import Description, Entry, OperationUnusable
from runtimes.openapi.encoding import Encoding, is_file, read_encodings
from runtimes.openapi.media_types import (
    FORM_DATA,
    JSON_TYPE,
    PLAIN_TEXT,
    Kind,
    MediaType,
    read_media_type,
)
from runtimes.openapi.members import object_at, text_at
from runtimes.openapi.shapes import Shape, Shapes, sendable
from runtimes.openapi.styles import InvalidArgument
from runtimes.values import Json, JsonObject

MAX_OFFERED = 50
"""How many media types of a body are looked at."""

FILE_NOTE = "The content of a file, as base64 text."
"""What is said of an argument that is bytes."""

_PREFERENCE: Sequence[Kind] = ("json", "form", "multipart", "text", "xml", "binary")
_CONCRETE: Mapping[Kind, str] = {
    "json": JSON_TYPE,
    "multipart": FORM_DATA,
    "text": PLAIN_TEXT,
    "xml": "application/xml",
}
"""What is sent for a range."""

_TELLING = frozenset({"$ref", "allOf", "anyOf", "oneOf", "contentEncoding", "contentMediaType"})
"""Members of a schema that may make bytes of a value."""

_CONTAINERS = ("object", "array")
"""What JSON always writes, whatever else is said of it."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Body:
    """A body."""

    media_type: str
    """Without what only a content can tell, such as a boundary."""
    schema: JsonObject
    """As the description has it, references and all; of bytes, that of their base64 text."""
    is_required: bool
    members: Mapping[str, Json] | None
    """The schemas of its top-level properties; None when the body is no object with named ones."""
    required_members: tuple[str, ...] = ()
    """Those that have to be given: what can be one thing alone is sent unasked."""
    takes_more: bool = False
    """True when members beyond the named ones are welcome."""
    more: Json = None
    """The schema of these, where one is stated."""
    encoding: JsonObject
    """The Encoding Objects, as the description has them."""
    writer: Writer
    source: JsonObject
    """The schema that values are written by."""
    shapes: Shapes

    def completed(self, value: Json) -> Json:
        """The value as it is sent. Raises: `OperationUnusable`."""
        return sendable(self.shapes, self.source, value)

    def content(self, value: Json, call_id: str) -> Content:
        """What is sent for a value. Raises: `InvalidArgument`."""
        try:
            return self.writer.write(self.completed(value), call_id)
        except OperationUnusable as error:
            raise InvalidArgument(f"the body cannot be written: {error}") from None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Offer:
    """One media type that a body may be sent in."""

    media_type: MediaType
    written: Json
    """Its Media Type Object, or a reference to it."""

    @property
    def rank(self) -> tuple[bool, int, bool, bool, str]:
        """The smaller, the better."""
        is_plain, is_json = self.media_type.text.lower() == JSON_TYPE, self.media_type.name == JSON_TYPE
        preference = _PREFERENCE.index(self.media_type.kind)
        return self.media_type.is_range, preference, not is_plain, not is_json, self.media_type.name


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Choice:
    """The media type to send, and all that decides how."""

    kind: Kind
    media_type: MediaType
    content: JsonObject
    schema: JsonObject

    @property
    def name(self) -> str:
        """The media type that is sent, a range being none."""
        written = self.media_type.text
        return _CONCRETE.get(self.kind, written) if self.media_type.is_range else written


def _kind(media_type: MediaType, shape: Shape, *, has_schema: bool) -> Kind | None:
    """How a media type is written, given its schema; None when it cannot be."""
    named = media_type.kind
    if named in {"form", "multipart"}:
        takes_object = not shape.types or "object" in shape.types
        return named if takes_object and (has_schema or named == "form") else None
    if shape.is_binary:
        return "binary"
    if named != "binary":
        return named
    if shape.types and not shape.types & {"string", "integer", "number", "boolean"}:
        return None
    # no text is of any type in a range such as `image/*`
    return "text" if shape.types and not media_type.is_range else "binary"


def _is_cramped(shapes: Shapes, kind: Kind, shape: Shape) -> bool:
    """True for what could carry its files only as text, which is not what servers expect of one."""
    if kind not in {"json", "form"}:
        return kind == "binary"
    return any(shapes.of(definitions[0]).is_binary for definitions in shape.properties.values())


def _choose(description: Description, offers: Sequence[_Offer]) -> _Choice | None:
    """The best that can be written, looked at no further than needed. Raises: `OperationUnusable`."""
    shapes = Shapes(description)
    fitting: list[tuple[bool, _Choice]] = []
    for offer in sorted(offers, key=lambda one: one.rank):
        content = description.follow(offer.written)
        schema = object_at(content, "schema")
        is_plain = offer.media_type.kind == "json" and len(offers) == 1
        if is_plain and description.follow(schema).get("type") in _CONTAINERS:
            return _Choice(kind="json", media_type=offer.media_type, content=content, schema=schema)
        shape = shapes.of(schema)
        kind = _kind(offer.media_type, shape, has_schema="schema" in content)
        if kind is None:
            continue
        is_cramped = len(offers) > 1 and _is_cramped(shapes, kind, shape)
        fitting.append((is_cramped, _Choice(kind=kind, media_type=offer.media_type, content=content, schema=schema)))
        if not is_cramped:
            break
    return min(fitting, key=lambda one: one[0])[1] if fitting else None


def _file_schema(description: Description, schema: Json) -> JsonObject:
    about = text_at(description.follow(schema), "description") if isinstance(schema, dict) else ""
    return {"type": "string", **RAW_BYTES, "description": f"{about.rstrip()} {FILE_NOTE}".lstrip()}


def _is_surely_no_bytes(schema: Json) -> bool:
    """True for the many schemas that one glance is enough for."""
    if not isinstance(schema, dict) or not _TELLING.isdisjoint(schema) or schema.get("format") == "binary":
        return False
    kind = schema.get("type")
    return _is_surely_no_bytes(schema.get("items")) if kind == "array" else isinstance(kind, str) and kind != "file"


def _arguments_of_form(
    description: Description, members: Mapping[str, Json], encodings: Mapping[str, Encoding]
) -> JsonObject:
    """The schemas of a form's members as arguments: files are base64 text, and what is sent as such says so."""
    shapes = Shapes(description)
    found: JsonObject = {}
    for name, schema in members.items():
        content_types = encodings[name].content_types if name in encodings else ()
        if not content_types and _is_surely_no_bytes(schema):
            found[name] = schema
            continue
        shape = shapes.of(schema)
        if is_file(shape, content_types):
            found[name] = _file_schema(description, schema)
        elif "array" in shape.types and is_file(shapes.of(shape.items), content_types):
            array = description.follow(schema) if isinstance(schema, dict) else {}
            found[name] = {**array, "items": _file_schema(description, shape.items)}
        elif shape.is_text_encoded and isinstance(schema, dict):
            found[name] = {**description.follow(schema), "format": "byte"}
        else:
            found[name] = schema
    return found


def _with_files(
    description: Description, schema: JsonObject, members: Mapping[str, Json], named: Mapping[str, Json]
) -> JsonObject:
    """The schema of a whole form, with those of its members as arguments where they differ."""
    changed: JsonObject = {name: one for name, one in named.items() if one is not members[name]}
    if not changed:
        return schema
    followed = description.follow(schema)
    return {**followed, "properties": {**object_at(followed, "properties"), **changed}}


def _writer(
    description: Description, choice: _Choice, encodings: Mapping[str, Encoding], offers: list[_Offer]
) -> Writer:
    media_type = read_media_type(choice.name) or choice.media_type
    schema = choice.content.get("schema")
    if choice.kind == "form":
        from runtimes.openapi.forms import FormWriter

        return FormWriter(description=description, schema=schema, encodings=encodings, media_type=media_type)
    if choice.kind == "multipart":
        from runtimes.openapi.forms import MultipartWriter

        return MultipartWriter(description=description, schema=schema, encodings=encodings, media_type=media_type)
    if choice.kind == "xml":
        from runtimes.openapi.xml_body import XmlWriter

        return XmlWriter(description=description, schema=schema, media_type=media_type)
    if choice.kind == "binary":
        binary = [one.media_type for one in offers if one.media_type.kind == "binary"]
        is_named = choice.media_type.kind == "binary"
        return BinaryWriter(offered=binary if is_named else [choice.media_type], argument="body")
    return TextWriter(media_type=media_type) if choice.kind == "text" else JsonWriter(media_type=media_type)


def _argument_schema(description: Description, choice: _Choice, about: str) -> JsonObject:
    """The schema of the body as one argument; `about` describes it where it does not describe itself."""
    schema = choice.schema
    if about and "description" not in schema:
        schema = schema | {"description": about}
    if choice.kind == "binary":
        return _file_schema(description, schema)
    is_text = choice.kind == "text" or (choice.kind == "xml" and not choice.schema)
    return schema if choice.schema or not is_text else {"type": "string", **schema}


def _offers(raw: JsonObject) -> list[_Offer]:
    offered = list(object_at(raw, "content").items())[:MAX_OFFERED]
    named = [(read_media_type(name), content) for name, content in offered]
    return [_Offer(media_type=name, written=content) for name, content in named if name is not None]


def read_body(description: Description, entry: Entry) -> Body | None:
    """The body of an operation, if it has one; GET and HEAD have none.

    Raises: `OperationUnusable` when none of the media types it is offered in can be written.
    """
    if "requestBody" not in entry.operation or entry.method in {"GET", "HEAD"}:
        return None
    raw = description.follow(entry.operation["requestBody"])
    offers = _offers(raw)
    choice = _choose(description, offers)
    if choice is None:
        offered = ", ".join(name[:60] for name in list(object_at(raw, "content"))[:MAX_OFFERED]) or "none"
        raise OperationUnusable(f"its body cannot be written: it takes {offered}")
    members = BodyMembers(description)
    members.collect(choice.schema)
    has_styles = choice.kind == "form" or description.minor_version >= 1 or description.is_translated
    encodings = read_encodings(description, choice.content, has_styles=has_styles)
    is_object = choice.kind not in {"text", "binary"}
    is_flat = is_object and members.is_object and bool(members.properties)
    is_form = is_flat and choice.kind in {"form", "multipart"}
    named = _arguments_of_form(description, members.properties, encodings) if is_form else members.properties
    schema = _argument_schema(description, choice, text_at(raw, "description"))
    return Body(
        media_type=choice.name,
        schema=_with_files(description, schema, members.properties, named),
        is_required=raw.get("required") is True,
        members=named if is_flat else None,
        required_members=tuple(members.needed()),
        takes_more=members.more is not None if is_flat else is_object and members.may_be_object,
        more=members.more if is_flat else None,
        encoding=object_at(choice.content, "encoding"),
        writer=_writer(description, choice, encodings, offers),
        source=choice.schema,
        shapes=Shapes(description),
    )
