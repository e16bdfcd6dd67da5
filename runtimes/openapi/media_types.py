"""Media types as descriptions name them: read strictly, told apart by what can be written in them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

MAX_MEDIA_TYPE_LENGTH = 255
"""Characters of a media type with its parameters."""

Kind = Literal["json", "form", "multipart", "text", "xml", "binary"]
"""How a body is written; the order is the order of preference."""

JSON_TYPE = "application/json"
FORM_DATA = "multipart/form-data"
OCTET_STREAM = "application/octet-stream"
PLAIN_TEXT = "text/plain"

_NAME = r"[A-Za-z0-9!#$&^_.+*-]+"
_PARAMETER = rf'\s*;\s*(?:{_NAME}=(?:[\w!#$%&\'*+.^`|~/:-]+|"[\x20\x21\x23-\x5b\x5d-\x7e]*"))?'
_MEDIA_TYPE = re.compile(rf"({_NAME}/{_NAME})((?:{_PARAMETER})*)\s*", re.ASCII)
_CHARSET = re.compile(r';\s*charset="?([\w.:-]+)"?', re.IGNORECASE | re.ASCII)
_TEXTS = frozenset({"graphql", "javascript", "ecmascript", "jwt", "sql", "yaml", "x-yaml", "toml", "x-ndjson", "jsonl"})
"""Subtypes of `application` that are text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaType:
    """A media type or a range of them."""

    name: str
    """Type and subtype in lower case, such as `image/png` or `image/*`."""
    text: str
    """As it is written, parameters and all."""

    @property
    def is_range(self) -> bool:
        """True for what names no single type."""
        return "*" in self.name

    @property
    def charset(self) -> str:
        """The character set it states in lower case; empty when it states none."""
        found = _CHARSET.search(self.text)
        return found[1].lower() if found else ""

    @property
    def kind(self) -> Kind:
        """How a body of it is written, as far as the name tells; ranges that take JSON are JSON."""
        main, _, sub = self.name.partition("/")
        if sub == "json" or sub.endswith("+json") or self.name in {"*/*", "application/*"}:
            return "json"
        if self.name == "application/x-www-form-urlencoded":
            return "form"
        if main == "multipart":
            return "multipart"
        if sub == "xml" or sub.endswith("+xml"):
            return "xml"
        return "text" if main == "text" or (main == "application" and sub in _TEXTS) else "binary"

    def without(self, parameter: str) -> str:
        """The text without one of its parameters."""
        return re.sub(rf';\s*{re.escape(parameter)}=("[^"]*"|[^;\s]*)\s*', "", self.text, flags=re.IGNORECASE)

    def covers(self, name: str) -> bool:
        """True when a type is this one, or in this range."""
        main, _, sub = name.partition("/")
        return self.name in {name, f"{main}/*", "*/*"} or (self.name.startswith("*/") and self.name[2:] == sub)


_JSON = MediaType(name=JSON_TYPE, text=JSON_TYPE)
"""By far the most frequent one."""


def read_media_type(text: str) -> MediaType | None:
    """The media type, or None for text that is none and could not stand in a header."""
    if text == JSON_TYPE:
        return _JSON
    if len(text) > MAX_MEDIA_TYPE_LENGTH:
        return None
    found = _MEDIA_TYPE.fullmatch(text.strip())
    return MediaType(name=found[1].lower(), text=found[0].rstrip("; \t")) if found else None


def read_media_types(text: str) -> tuple[MediaType, ...]:
    """Those of a list with commas between; what is none is left out."""
    found: Iterable[MediaType | None] = map(read_media_type, text.split(","))
    return tuple(media_type for media_type in found if media_type is not None)
