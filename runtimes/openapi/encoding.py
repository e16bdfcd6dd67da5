"""The fields of a form: what each property of a body becomes, as its Encoding Object says (OpenAPI 3.1.2).

A form is a list of fields, whether it is sent url-encoded or in parts. An array is a field for each of its items.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import unquote

from runtimes.http import Headers
from runtimes.openapi.document import Description
from runtimes.openapi.files import base64_text, chosen_type, file_name, read_file
from runtimes.openapi.media_types import JSON_TYPE, OCTET_STREAM, MediaType, read_media_types
from runtimes.openapi.members import object_at, text_at
from runtimes.openapi.nested_arrays import flattened, inner_separators, keeping_separators
from runtimes.openapi.shapes import Shape, Shapes
from runtimes.openapi.styles import (
    DELIMITERS,
    Style,
    named_pairs,
    percent,
    percent_reserved,
    scalar_text,
)
from runtimes.values import Json, JsonObject, dump_json

MAX_PART_HEADERS = 16
"""How many header fields of its own a part may have; more are left out."""

MAX_PART_HEADER_LENGTH = 1000
"""Characters of the value of one; longer ones are left out."""

_STYLES: Mapping[str, Style] = {"form": "form", "deepObject": "deepObject", **{one: one for one in DELIMITERS}}
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_HEADER_TEXT = re.compile(rf"[\x20-\x7e]{{0,{MAX_PART_HEADER_LENGTH}}}")
_OURS = frozenset({"content-type", "content-disposition", "content-length", "content-transfer-encoding"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Styled:
    """A property that is written as a query parameter would be."""

    style: Style
    explode: bool
    allows_reserved: bool
    within: tuple[str, ...] = ()
    """As `Parameter.within`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoding:
    """How one property is written."""

    content_types: tuple[MediaType, ...] = ()
    styled: Styled | None = None
    """Set when the content type does not count."""
    headers: Headers = ()
    """What the description says in full: it has no arguments for headers of parts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a form."""

    name: str
    text: str = ""
    data: bytes | None = None
    """The bytes of a file, which is no text."""
    media_type: str = ""
    """Empty for the default of a field, plain text."""
    file_name: str = ""
    transfer_encoding: str = ""
    """The text encoding of bytes that are sent as text."""


def _styled(raw: JsonObject) -> Styled | None:
    """How the property is styled, an unknown style being read as `form`; None where its content type counts."""
    if not raw.keys() & {"style", "explode", "allowReserved"}:
        return None
    style = _STYLES.get(text_at(raw, "style"), "form")
    explode = raw.get("explode")
    return Styled(
        style=style,
        explode=explode if isinstance(explode, bool) else style in {"form", "deepObject"},
        allows_reserved=raw.get("allowReserved") is True,
        within=inner_separators(raw),
    )


def _headers(description: Description, raw: JsonObject) -> Headers:
    shapes = Shapes(description)
    found: list[tuple[str, str]] = []
    for name, written in object_at(raw, "headers").items():
        header = description.follow(written)
        value = shapes.of(header.get("schema")).fallback
        text = "" if value is None else scalar_text(value)
        if text and _TOKEN.fullmatch(name) and name.lower() not in _OURS and _HEADER_TEXT.fullmatch(text):
            found.append((name, text))
    return tuple(found[:MAX_PART_HEADERS])


def read_encodings(description: Description, content: JsonObject, *, has_styles: bool) -> Mapping[str, Encoding]:
    """The Encoding Objects of a media type, by property. Raises: `OperationUnusable`."""
    return {
        name: Encoding(
            content_types=read_media_types(text_at(raw, "contentType")),
            styled=_styled(raw) if has_styles else None,
            headers=_headers(description, raw),
        )
        for name, raw in object_at(content, "encoding").items()
        if isinstance(raw, dict)
    }


def is_file(shape: Shape, content_types: Sequence[MediaType]) -> bool:
    """True for a property whose value is bytes, given as base64 text and sent as they are."""
    if shape.is_binary:
        return True
    if shape.types - {"string"} or shape.is_text_encoded or shape.properties or not content_types:
        return False
    return all(one.kind == "binary" for one in content_types)


def styled_pairs(name: str, value: Json, styled: Styled) -> list[tuple[str, str]]:
    """The percent-encoded names and values of a property that is written as a query parameter would be.

    Raises: `InvalidArgument`.
    """
    encode = keeping_separators(percent_reserved if styled.allows_reserved else percent, styled.within)
    value = flattened(value, styled.within, styled.style, explode=styled.explode)
    if styled.style != "deepObject" or isinstance(value, dict):
        return named_pairs(name, value, style=styled.style, explode=styled.explode, encode=encode)
    if isinstance(value, list):  # in no specification, but what descriptions that say so mean
        value = {str(index): item for index, item in enumerate(value)}
        return named_pairs(name, value, style="deepObject", explode=True, encode=encode)
    return named_pairs(name, value, style="form", explode=True, encode=encode)


class Fields:
    """Turns the members of a body into fields."""

    def __init__(self, description: Description, schema: Json, encodings: Mapping[str, Encoding]) -> None:
        self._description = description
        self._schema = schema
        self._encodings = encodings
        self._shapes = Shapes(description)

    def of(self, value: JsonObject) -> Iterator[Field]:
        """The fields of all members that are not null, in their order. Raises: `InvalidArgument`."""
        shape = self._shapes.of(self._schema)
        for name, member in value.items():
            encoding = self._encodings.get(name, Encoding())
            if encoding.styled is not None:
                plain = replace(encoding.styled, allows_reserved=False)
                for one, text in styled_pairs(name, member, plain):
                    yield Field(name=unquote(one), text=unquote(text))
            else:
                yield from self.of_member(name, shape.member(name), encoding, member)

    def of_member(self, name: str, schema: Json, encoding: Encoding, value: Json) -> Iterator[Field]:
        """The fields of a member that has no style. Raises: `InvalidArgument`."""
        if isinstance(value, list):
            items = self._shapes.of(schema).items
            for item in value:
                if item is not None:
                    yield self._one(name, items, encoding, item)
        elif value is not None:
            yield self._one(name, schema, encoding, value)

    def _one(self, name: str, schema: Json, encoding: Encoding, value: Json) -> Field:
        shape = self._shapes.of(schema)
        offered = encoding.content_types
        if is_file(shape, offered):
            file = read_file(name, value)
            media_type = chosen_type(name, file, offered)
            return Field(name=name, data=file.data, media_type=media_type, file_name=file_name(file, name, media_type))
        stated = next((one for one in offered if not one.is_range), None)
        media_type = stated.text if stated is not None else ""
        if shape.is_text_encoded and isinstance(value, str):
            return self._encoded(name, shape, media_type, value)
        kind = stated.kind if stated is not None else "json" if isinstance(value, list | dict) else "text"
        if kind == "json":
            return Field(name=name, text=dump_json(value), media_type=media_type or JSON_TYPE)
        if kind == "xml":
            from runtimes.openapi.xml_body import xml_text

            return Field(name=name, text=xml_text(self._description, schema, value, name), media_type=media_type)
        return Field(name=name, text=scalar_text(value), media_type=media_type)

    def _encoded(self, name: str, shape: Shape, media_type: str, value: str) -> Field:
        """Bytes that stay in their text encoding: `contentEncoding`, and what OpenAPI 3.0 calls `byte`."""
        stated = shape.keywords.get("contentEncoding")
        encoding = stated if isinstance(stated, str) and _TOKEN.fullmatch(stated) else "base64"
        default = OCTET_STREAM if isinstance(stated, str) else ""
        return Field(name=name, text=base64_text(value), media_type=media_type or default, transfer_encoding=encoding)
