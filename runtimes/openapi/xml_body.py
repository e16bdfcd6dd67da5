"""Bodies in XML, written as the `xml` hints of their schemas say (OpenAPI 3.0.4, XML Object).

There is no document type and no entity in what is written, and everything that came as an argument is escaped.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from runtimes.openapi.content import CHARSETS, Budget, Content, encoded_text
from runtimes.openapi.document import Description
from runtimes.openapi.media_types import MediaType
from runtimes.openapi.members import object_at, text_at
from runtimes.openapi.shapes import Shape, Shapes
from runtimes.openapi.styles import InvalidArgument, scalar_text
from runtimes.values import Json, JsonObject

DEFAULT_ROOT = "root"
"""The name of the outermost element, where neither its schema nor the schema's own name gives one."""

MAX_NAMESPACE_LENGTH = 1000
"""Characters of a namespace; longer ones are left out."""

_STARTS = (
    "A-Za-z_\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c\u200d\u2070-\u218f"
    "\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
_ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_DECLARED_TYPE = re.compile(r"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)
_IN_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_IN_ATTRIBUTE = _IN_TEXT | str.maketrans({"\n": "&#10;", "\t": "&#9;", '"': "&quot;"})


@cache
def _name_pattern() -> re.Pattern[str]:
    """Of the name of an element; compiled when it is wanted, since its ranges of characters take a while."""
    return re.compile(f"[{_STARTS}][{_STARTS}0-9.\u00b7\u0300-\u036f\u203f\u2040-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tag:
    """The name of an element or an attribute, its prefix in front, and the namespaces it needs."""

    name: str
    declared: Mapping[str, str]
    """Namespaces by prefix; the one without a prefix is the default."""


def _legal(text: str) -> str:
    """The text. Raises: `InvalidArgument` for what no XML document can have in it."""
    if found := _ILLEGAL.search(text):
        raise InvalidArgument(f"the body is sent as XML, which cannot have the character {found[0]!r}")
    return text


def _hints(shape: Shape) -> JsonObject:
    return object_at(shape.keywords, "xml")


def _attribute(name: str, text: str) -> str:
    return f' {name}="{text.translate(_IN_ATTRIBUTE)}"'


class _Document:
    """One document while it is written."""

    def __init__(self, shapes: Shapes, *, is_unicode: bool) -> None:
        self._shapes = shapes
        self._is_unicode = is_unicode
        self._budget = Budget()

    def element(self, name: str, schema: Json, value: Json, scope: Mapping[str, str]) -> str:
        """One element, its name already that of the hints. Raises: `InvalidArgument`."""
        shape = self._shapes.of(schema)
        tag = self._tag(name, _hints(shape), scope)
        declared = dict(tag.declared)
        attributes, inner = "", ""
        if isinstance(value, dict):
            attributes, rest = self._split(shape, value, scope, declared)
            inside = {**scope, **declared}
            inner = "".join(self._member(one, shape.member(one), rest[one], inside) for one in rest)
        elif isinstance(value, list):
            inner = self._items(name, shape, value, {**scope, **declared})
        elif value is not None:
            inner = _legal(scalar_text(value)).translate(_IN_TEXT)
        spaces = "".join(_attribute(f"xmlns:{one}" if one else "xmlns", uri) for one, uri in declared.items())
        self._budget.spend(2 * len(tag.name) + len(spaces) + len(attributes) + len("<></>"))
        start = tag.name + spaces + attributes
        if isinstance(value, str | int | float):
            self._budget.spend(len(inner))
        return f"<{start}>{inner}</{tag.name}>" if inner else f"<{start}/>"

    def _split(
        self, shape: Shape, value: JsonObject, scope: Mapping[str, str], declared: dict[str, str]
    ) -> tuple[str, JsonObject]:
        """The members that are attributes, written, and the others, in the order of the schema.

        What the attributes need declared is added to what the element declares.
        """
        order = [
            *(name for name in shape.properties if name in value),
            *(n for n in value if n not in shape.properties),
        ]
        attributes: dict[str, str] = {}
        rest: JsonObject = {}
        for name in order:
            member, hints = value[name], _hints(self._shapes.of(shape.member(name)))
            if hints.get("attribute") is not True:
                rest[name] = member
            elif member is not None:
                tag = self._tag(text_at(hints, "name") or name, hints, {**scope, **declared}, is_attribute=True)
                if isinstance(member, list | dict) or tag.name in attributes:
                    raise InvalidArgument(f"{name[:60]!r} is an XML attribute, which takes one text and stands once")
                declared.update(tag.declared)
                attributes[tag.name] = _attribute(tag.name, _legal(scalar_text(member)))
        return "".join(attributes.values()), rest

    def _member(self, name: str, schema: Json, value: Json, scope: Mapping[str, str]) -> str:
        if value is None:
            return ""
        shape = self._shapes.of(schema)
        hints = _hints(shape)
        own = text_at(hints, "name") or name
        if isinstance(value, list) and hints.get("wrapped") is not True:
            return self._items(name, shape, value, scope)
        return self.element(own, schema, value, scope)

    def _items(self, name: str, shape: Shape, value: list[Json], scope: Mapping[str, str]) -> str:
        """The items of an array, each called as its own hints say, else as what is around it."""
        own = text_at(_hints(self._shapes.of(shape.items)), "name") or name
        return "".join(self.element(own, shape.items, item, scope) for item in value)

    def _tag(self, name: str, hints: JsonObject, scope: Mapping[str, str], *, is_attribute: bool = False) -> _Tag:
        before, _, local = name.rpartition(":")
        prefix, namespace = text_at(hints, "prefix") or before, text_at(hints, "namespace")
        if not self._is_name(local):
            raise InvalidArgument(f"the body is sent as XML, and {local[:60]!r} cannot be a name in it")
        if (
            not _name_pattern().fullmatch(prefix)
            or prefix.lower().startswith("xml")
            or not (self._is_unicode or prefix.isascii())
        ):
            prefix = ""
        if len(namespace) > MAX_NAMESPACE_LENGTH or _ILLEGAL.search(namespace) or (is_attribute and not prefix):
            namespace = ""
        is_known = scope.get(prefix, "") == namespace
        if is_attribute and prefix and namespace and not is_known and prefix in scope:
            prefix, is_known = "", True
        if prefix and not namespace and prefix not in scope:
            prefix = ""
        declared = {prefix: namespace} if namespace and not is_known else {}
        return _Tag(name=f"{prefix}:{local}" if prefix else local, declared=declared)

    def _is_name(self, text: str) -> bool:
        is_written = self._is_unicode or text.isascii()
        return is_written and text.lower() != "xmlns" and _name_pattern().fullmatch(text) is not None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class XmlWriter:
    """Writes values as XML; a string that its schema says nothing more of is XML text already."""

    description: Description
    schema: Json
    media_type: MediaType

    def write(self, value: Json, call_id: str, /) -> Content:
        """As `Writer.write`."""
        del call_id
        shapes = Shapes(self.description)
        shape = shapes.of(self.schema)
        if isinstance(value, str) and self.takes_text(shape):
            if _DECLARED_TYPE.search(value):
                raise InvalidArgument("the body is XML, and must have no document type and no entities of its own")
            return encoded_text(_legal(value), self.media_type)
        charset = self.media_type.charset if self.media_type.charset in CHARSETS else "utf-8"
        document = _Document(shapes, is_unicode=charset.startswith("utf"))
        name = text_at(_hints(shape), "name") or self._component() or DEFAULT_ROOT
        text = f'<?xml version="1.0" encoding="{charset.upper()}"?>{document.element(name, self.schema, value, {})}'
        return encoded_text(text, self.media_type, errors="xmlcharrefreplace")

    def takes_text(self, shape: Shape) -> bool:
        """True when a string is the document itself, rather than the text of its outermost element."""
        return shape.types <= {"string"} and not shape.properties and not _hints(shape) and not self._component()

    def _component(self) -> str:
        """The name of the schema, where it has one."""
        name = text_at(self.schema, "$ref").rpartition("/")[2]
        return name if _name_pattern().fullmatch(name) else ""


def xml_text(description: Description, schema: Json, value: Json, name: str) -> str:
    """One value as an element, for a part of another body. Raises: `InvalidArgument`."""
    shapes = Shapes(description)
    own = text_at(_hints(shapes.of(schema)), "name") or name
    return '<?xml version="1.0" encoding="UTF-8"?>' + _Document(shapes, is_unicode=True).element(own, schema, value, {})
