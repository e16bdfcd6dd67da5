"""An XML document as a JSON value, so that paths and templates find their way in it.

The value is what a schema describes that has the document as its XML form (OpenAPI, the XML Object): the root element
is the value itself; attributes and child elements are members by their local names; a name that occurs twice is an
array. Whether a single element stands for an array of one cannot be seen here. Texts stay texts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from xml.parsers import expat

from runtimes.values import Json, JsonObject

MAX_XML_DEPTH = 64
"""How many elements may lie inside each other."""

MAX_XML_NODES = 50_000
"""Elements and attributes of a document that is turned into a value; each costs time in which nothing else runs."""

TEXT = "#text"
"""The member for text that stands beside attributes or elements."""


class NotAValue(ValueError):
    """A document is not well-formed, has a document type, or goes beyond a limit."""


@dataclass(slots=True, kw_only=True)
class _Element:
    name: str
    members: JsonObject = field(default_factory=dict[str, Json])
    texts: list[str] = field(default_factory=list[str])
    repeated: set[str] = field(default_factory=set[str])

    def add(self, name: str, value: Json) -> None:
        if name not in self.members:
            self.members[name] = value
            return
        before = self.members[name]
        if name in self.repeated and isinstance(before, list):
            before.append(value)
            return
        self.members[name] = [before, value]
        self.repeated.add(name)

    def value(self) -> Json:
        text = "".join(self.texts).strip()
        if not self.members:
            return text
        if text:
            self.add(TEXT, text)
        return self.members


def _local(name: str) -> str:
    return name.rpartition(":")[2]


class _Reader:
    def __init__(self) -> None:
        self.root: Json = None
        self._open: list[_Element] = []
        self._count = 0
        self._parser = expat.ParserCreate("utf-8")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.StartDoctypeDeclHandler = self._refuse_doctype

    def read(self, text: str) -> Json:
        self._parser.Parse(text.encode(errors="replace"), True)
        return self.root

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1 + len(attributes)
        if self._count > MAX_XML_NODES:
            raise NotAValue(f"there are more than {MAX_XML_NODES} elements and attributes")
        if len(self._open) >= MAX_XML_DEPTH:
            raise NotAValue(f"nested more than {MAX_XML_DEPTH} deep")
        element = _Element(name=_local(name))
        for key, value in attributes.items():
            if key != "xmlns" and not key.startswith("xmlns:"):
                element.add(_local(key), value)
        self._open.append(element)

    def _end(self, name: str) -> None:
        del name
        element = self._open.pop()
        if self._open:
            self._open[-1].add(element.name, element.value())
        else:
            self.root = element.value()

    def _text(self, text: str) -> None:
        self._open[-1].texts.append(text)

    def _refuse_doctype(self, name: str, system_id: str | None, public_id: str | None, has_subset: bool) -> None:
        del name, system_id, public_id, has_subset
        raise NotAValue("it has a document type, which is not read")


def xml_to_json(text: str) -> Json:
    """The value of an XML document. Raises: `NotAValue`."""
    try:
        return _Reader().read(text)
    except expat.ExpatError as error:
        raise NotAValue(f"not well-formed XML: {expat.ErrorString(error.code)} (line {error.lineno})") from None
