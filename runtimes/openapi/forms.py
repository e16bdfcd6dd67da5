"""Bodies that are forms: url-encoded, and in parts (RFC 7578)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote_plus

from runtimes.http import Headers
from runtimes.openapi.content import Budget, Content
from runtimes.openapi.document import Description
from runtimes.openapi.encoding import Encoding, Field, Fields, styled_pairs
from runtimes.openapi.media_types import MediaType
from runtimes.openapi.shapes import Shapes
from runtimes.openapi.styles import InvalidArgument
from runtimes.values import Json, JsonObject

BOUNDARY_PREFIX = "part-"
"""What the boundary between parts starts with; 32 hexadecimal digits follow."""

_QUOTED = str.maketrans({'"': "%22", **{chr(code): f"%{code:02X}" for code in (*range(0x20), 0x7F)}})


def _members(value: Json) -> JsonObject:
    if not isinstance(value, dict):
        raise InvalidArgument("the body is sent as a form and must be an object")
    return value


def _form_encoded(text: str) -> str:
    """As forms in browsers are (RFC 1866 8.2.1, and the URL standard for what it leaves open)."""
    return text if text.isascii() and text.isalnum() else quote_plus(text, safe="*").replace("~", "%7E")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FormWriter:
    """Writes objects as `name=value` pairs."""

    description: Description
    schema: Json
    encodings: Mapping[str, Encoding]
    media_type: MediaType

    def write(self, value: Json, call_id: str, /) -> Content:
        """As `Writer.write`."""
        del call_id
        budget = Budget()
        pairs: list[str] = []
        for pair in self._pairs(_members(value)):
            budget.spend(len(pair) + len("&"))
            pairs.append(pair)
        return Content(media_type=self.media_type.text, data="&".join(pairs).encode())

    def _pairs(self, value: JsonObject) -> Iterator[str]:
        fields = Fields(self.description, self.schema, self.encodings)
        shape = Shapes(self.description).of(self.schema)
        for name, member in value.items():
            encoding = self.encodings.get(name, Encoding())
            if encoding.styled is not None:
                for one, text in styled_pairs(name, member, encoding.styled):
                    yield f"{one}={text}"
            else:
                for field in fields.of_member(name, shape.member(name), encoding, member):
                    yield f"{_form_encoded(name)}={_form_encoded(self._text(field))}"

    def _text(self, field: Field) -> str:
        """The field as text: bytes are base64 in it."""
        return field.text if field.data is None else base64.b64encode(field.data).decode()


def _quoted(text: str) -> str:
    """A name between quotes, escaped as browsers do (RFC 7578 2, and the HTML standard), all controls among it."""
    return f'"{text.translate(_QUOTED)}"'


def _part(field: Field, headers: Headers) -> bytes:
    """One part, its header and its content, without what separates it from others."""
    disposition = f"form-data; name={_quoted(field.name)}"
    if field.data is not None:
        disposition += f"; filename={_quoted(field.file_name)}"
    lines = [f"Content-Disposition: {disposition}"]
    if field.media_type:
        lines.append(f"Content-Type: {field.media_type}")
    if field.transfer_encoding:
        lines.append(f"Content-Transfer-Encoding: {field.transfer_encoding}")
    lines += [f"{name}: {value}" for name, value in headers]
    head = "\r\n".join(lines).encode()
    return head + b"\r\n\r\n" + (field.text.encode() if field.data is None else field.data)


def _boundary(parts: list[bytes], call_id: str) -> str:
    """A boundary that is in none of the parts; the same call has the same, so a preview shows what is sent."""
    state = hashlib.sha256(call_id.encode(errors="replace"))
    for part in parts:
        state.update(part)
    return next(one for one in _candidates(state.hexdigest()) if all(one.encode() not in part for part in parts))


def _candidates(seed: str) -> Iterator[str]:
    while True:
        yield BOUNDARY_PREFIX + seed[:32]
        seed = hashlib.sha256(seed.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MultipartWriter:
    """Writes objects as parts, each with its name."""

    description: Description
    schema: Json
    encodings: Mapping[str, Encoding]
    media_type: MediaType

    def write(self, value: Json, call_id: str, /) -> Content:
        """As `Writer.write`."""
        budget = Budget()
        parts: list[bytes] = []
        for field in Fields(self.description, self.schema, self.encodings).of(_members(value)):
            part = _part(field, self._headers(field.name))
            budget.spend(len(part))
            parts.append(part)
        boundary = _boundary(parts, call_id)
        separator = f"--{boundary}\r\n".encode()
        body = b"".join(piece for part in parts for piece in (separator, part, b"\r\n"))
        return Content(
            media_type=f"{self.media_type.without('boundary')}; boundary={boundary}",
            data=body + f"--{boundary}--\r\n".encode(),
        )

    def _headers(self, name: str) -> Headers:
        encoding = self.encodings.get(name)
        return encoding.headers if encoding is not None else ()
