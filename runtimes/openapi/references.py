"""References between documents: which document one means, what it points to there, and what it says besides. Pure.

A reference is kept as text. Those of another document are made absolute when it is read, so that a value carries with
it all that is needed to follow its references, wherever it is looked at.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, unquote, urljoin

from runtimes.http import is_url, shown_url
from runtimes.values import Json, JsonObject

MAX_SHOWN_REFERENCE = 120
"""Characters of a reference in a message."""

MAX_REFERENCE_CHAIN = 32
"""How many references may lead to one another before a value is reached."""

ANNOTATIONS = frozenset(
    {
        "$comment",
        "default",
        "deprecated",
        "description",
        "example",
        "examples",
        "externalDocs",
        "nullable",
        "readOnly",
        "summary",
        "title",
        "writeOnly",
        "xml",
    }
)
"""Members that say something of a value and do not change which values are valid."""

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
DATA = frozenset({"const", "default", "enum", "example", "examples", "x-example", "x-examples"})
"""Members whose values are data: a `$ref` in them is no reference."""

_MAPS = frozenset({"$defs", "definitions", "patternProperties", "properties", "schemas"})
"""Members whose own members have names that the author chose."""


class OperationUnusable(Exception):
    """An operation cannot be offered; the message is the reason, in one line."""


class DocumentMissing(OperationUnusable):
    """A reference leads to a document that was not read; `address` is where it would be."""

    def __init__(self, message: str, address: str) -> None:
        super().__init__(message)
        self.address = address


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbours:
    """The other documents that a description refers to."""

    base: str = ""
    """The address of the description itself, where its relative references start; empty where it has none."""
    documents: Mapping[str, Json] = field(default_factory=dict[str, Json], repr=False)
    """Those that were read, by address, their references absolute."""
    reasons: Mapping[str, str] = field(default_factory=dict[str, str])
    """Why one of them cannot be had, by address."""


def address_of(location: str) -> str:
    """The address of a document at a file path or URL: what stands before the `#` of an absolute reference."""
    if not location or is_url(location):
        return location.partition("#")[0]
    # without a colon, so that no path is taken for a URL of some other scheme
    return quote(posixpath.normpath(location.replace("\\", "/")), safe="/")


def location_of(address: str) -> str:
    """The file path or URL that an address means."""
    return address if is_url(address) else unquote(address)


def absolute(base: str, reference: str) -> str:
    """The reference with the address of its document in front; `base` is that of the document it stands in.

    It is only put together here: whoever reads the document judges whether it may be read.
    """
    uri, mark, fragment = reference.partition("#")
    if not uri:
        return base + mark + fragment
    if _SCHEME.match(uri) and not is_url(uri):
        return reference
    if is_url(uri) or is_url(base):
        try:
            return urljoin(base, uri) + mark + fragment
        except ValueError:
            return reference
    path = unquote(uri.partition("?")[0]).replace("\\", "/")
    return address_of(posixpath.join(posixpath.dirname(unquote(base)), path)) + mark + fragment


def shown(reference: str) -> str:
    """A reference as messages show it: without the query of a URL."""
    uri, mark, fragment = reference.partition("#")
    return (shown_url(uri) + mark + fragment)[:MAX_SHOWN_REFERENCE]


def is_map_of_names(name: str, *, is_map: bool) -> bool:
    """True for a member whose own members have names that the author chose; `is_map` says that it is one of those."""
    return not is_map and name in _MAPS


def rebased(document: Json, base: str, *, is_map: bool = False) -> Json:
    """The document with its references absolute; `is_map` says that its members' names are no keywords."""
    if isinstance(document, list):
        return [rebased(item, base) for item in document]
    if not isinstance(document, dict):
        return document
    found: JsonObject = {}
    for name, value in document.items():
        if name == "$ref" and isinstance(value, str) and not is_map:
            found[name] = absolute(base, value)
        elif name in DATA and not is_map:
            found[name] = value
        else:
            found[name] = rebased(value, base, is_map=is_map_of_names(name, is_map=is_map))
    return found


def references_in(value: Json) -> Iterator[str]:
    """Every reference below a value, in no order."""
    stack: list[tuple[Json, bool]] = [(value, False)]
    while stack:
        node, is_map = stack.pop()
        if isinstance(node, list):
            stack.extend((item, False) for item in node)
        if not isinstance(node, dict):
            continue
        reference = node.get("$ref")
        if isinstance(reference, str) and not is_map:
            yield reference
        for name, member in node.items():
            if isinstance(member, dict | list) and (is_map or name not in DATA):
                stack.append((member, is_map_of_names(name, is_map=is_map)))


def _step(value: Json, token: str) -> Json:
    """Raises: `KeyError` when there is no such member."""
    if isinstance(value, dict):
        return value[token]
    if (
        isinstance(value, list)
        and token.isascii()
        and token.isdecimal()
        and len(token) < 10
        and int(token) < len(value)
    ):
        return value[int(token)]
    raise KeyError(token)


def anchors_in(document: Json) -> Mapping[str, Json]:
    """The schemas of a document that have an `$anchor`, by it."""
    found: dict[str, Json] = {}
    stack = [document]
    while stack:
        node = stack.pop()
        if isinstance(node, dict):
            name = node.get("$anchor")
            if isinstance(name, str):
                found.setdefault(name, node)
            stack.extend(node.values())
        elif isinstance(node, list):
            stack.extend(node)
    return found


def pointed_at(document: Json, pointer: str) -> Json:
    """What a JSON pointer means in a document, percent-decoded already. Raises: `KeyError` where it is nothing."""
    for token in pointer.split("/")[1:]:
        document = _step(document, token.replace("~1", "/").replace("~0", "~"))
    return document


def overlaid(target: JsonObject, referring: JsonObject) -> JsonObject:
    """A value with what the object that refers to it says besides; both hold, where both say the same thing."""
    own = {name: value for name, value in referring.items() if name != "$ref"}
    if not own:
        return target
    if (own.keys() - ANNOTATIONS) & target.keys():
        return {"allOf": [target], **own}
    return target | own
