"""Takes known secrets out of texts, also where they stand encoded. Pure."""

from __future__ import annotations

import base64
import re
import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby

MIN_SECRET_CHARS = 8
"""Characters a secret must have to be looked for: shorter ones stand in other words by chance."""

MAX_NAME_CHARS = 80
"""Characters of its name that stand in the place of a secret."""

_PLAIN = frozenset(string.ascii_letters + string.digits)
"""Characters that no encoding of text changes."""

_ESCAPED = {"\b": "b", "\f": "f", "\n": "n", "\r": "r", "\t": "t"}
"""The letters of JSON's short escapes."""

_ENTITIES = {"&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos"}
"""The names of HTML's entities."""

_BACKSLASHES = r"\\{1,7}"
"""Before an escaped character: JSON within JSON within JSON has seven of them."""

_PERCENT = "%(?:25){0,3}"
"""Before the digits of an encoded byte: a URL within a URL has its percent signs encoded again."""

_URL_SAFE = {"+": "-", "/": "_"}
"""The letters of the alphabet of base64 that is meant for URLs, for those of the usual one."""

_ALIGNED = ((0, 0), (1, 2), (2, 3))
"""Bytes that stand before a secret in its group of three, with the letters of base64 that depend on them."""

_WIDE = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
"""Encodings in which letters are more than a byte."""


def _any_case(digits: str) -> str:
    return "".join(f"[{one}{one.lower()}]" if one.isalpha() else one for one in digits.upper())


def _json_escapes(character: str) -> Iterator[str]:
    units = character.encode("utf-16-be", "surrogatepass").hex()
    yield "".join(f"{_BACKSLASHES}u{_any_case(units[at : at + 4])}" for at in range(0, len(units), 4))
    if character in _ESCAPED:
        yield _BACKSLASHES + _ESCAPED[character]
    if character in '"/':
        yield _BACKSLASHES + re.escape(character)


def _spellings(character: str) -> Iterator[str]:
    """Expressions for each way to write a character."""
    encoded = character.encode("utf-8", "surrogatepass")
    yield from _json_escapes(character)
    yield "".join(f"{_PERCENT}{_any_case(f'{byte:02x}')}" for byte in encoded)
    yield f"&#(?:0{{0,5}}{ord(character)}|[xX]0{{0,5}}{_any_case(f'{ord(character):x}')});"
    if character in _ENTITIES:
        yield f"&{_ENTITIES[character]};"
    if character == " ":
        yield r"\+"
    if not character.isascii():
        yield re.escape(encoded.decode("latin-1"))
    yield re.escape(character)


def _backslashes(count: int) -> str:
    """So many in a row: one expression, since there are too many ways to tell apart which of them escapes which."""
    encoded = rf"(?:{_BACKSLASHES}u005[cC]|{_PERCENT}5[cC]|&#(?:0{{0,5}}92|[xX]0{{0,5}}5[cC]);){{{count}}}"
    return rf"(?:\\{{{count},{8 * count}}}|{encoded})"


def _kind(character: str) -> str:
    return "plain" if character in _PLAIN else "\\" if character == "\\" else ""


def _written(text: str, also: Mapping[str, str] | None = None) -> str:
    """An expression for a text in any encoding that leaves letters and digits as they are."""
    parts: list[str] = []
    for kind, run in groupby(text, _kind):
        if kind == "plain":
            parts.append("".join(run))
            continue
        if kind:
            parts.append(_backslashes(len(tuple(run))))
            continue
        for character in run:
            others = (re.escape((also or {}).get(character, character)),)
            parts.append(f"(?:{'|'.join(dict.fromkeys((*_spellings(character), *others)))})")
    return "".join(parts)


def _encoded(data: bytes) -> Iterator[str]:
    """Base64 of the data, wherever it stands in what is encoded."""
    yield base64.b64encode(data).decode("ascii")
    for before, dependent in _ALIGNED:
        letters = base64.b64encode(bytes(before) + data).decode("ascii")
        yield letters[dependent : (before + len(data)) * 8 // 6]


class _Form:
    """One way in which a secret may be written; its expression is compiled when it may be there."""

    def __init__(self, expression: str, text: str) -> None:
        runs = ("".join(run) for is_plain, run in groupby(text, _PLAIN.__contains__) if is_plain)
        self._expression = expression
        self._sure = max(runs, key=len, default="")

    def found_in(self, text: str) -> Iterator[re.Match[str]]:
        """Where it stands; letters and digits in a row are looked for first, since that is fast."""
        return re.finditer(self._expression, text) if self._sure in text else iter(())


def _forms(value: str) -> Iterator[_Form]:
    data = value.encode("utf-8", "surrogatepass")
    yield _Form(_written(value), value)
    for letters in _encoded(data):
        yield _Form(_written(letters, _URL_SAFE), letters)


def _label(name: str, value: str) -> str:
    """What stands in the place of a secret: nothing that has to be encoded in JSON, HTML or Latin-1."""
    shown = re.sub(r"[^A-Za-z0-9_.:-]", "_", name)[:MAX_NAME_CHARS]
    return "[secret]" if not shown or value in shown else f"[secret {shown}]"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """A secret, and what stands in its place."""

    label: str
    value: str = field(repr=False)
    forms: tuple[_Form, ...]


class Masker:
    """Puts `[secret NAME]` in the place of secrets.

    They are found as they are, escaped as in JSON, percent-encoded, as HTML entities, and in base64, whatever stands
    around them there. Who wants a secret to pass can always write it so that nobody finds it: this guards against
    echoes, not against intent.
    """

    def __init__(self, values: Mapping[str, str]) -> None:
        """`values` are the secrets by their names; those shorter than `MIN_SECRET_CHARS` are not looked for."""
        self._known = [
            _Known(label=_label(name, value), value=value, forms=tuple(_forms(value)))
            for name, value in values.items()
            if len(value) >= MIN_SECRET_CHARS
        ]

    def __repr__(self) -> str:
        """Tells no secret."""
        return f"<Masker of {len(self._known)}>"

    def masked(self, text: str) -> str:
        """The text without the secrets."""
        found = [
            (match.start(), match.end(), known.label)
            for known in self._known
            for form in known.forms
            for match in form.found_in(text)
        ]
        if not found:
            return text
        parts: list[str] = []
        at = 0
        for start, end, label in sorted(found):
            if start >= at:
                parts += [text[at:start], label]
            at = max(at, end)
        return "".join([*parts, text[at:]])

    def masked_bytes(self, data: bytes) -> bytes:
        """The same for a text in UTF-8, UTF-16, UTF-32, or any encoding that agrees with ASCII."""
        text = data.decode("latin-1")
        masked = self.masked(text)
        left = data if masked is text else masked.encode("latin-1")
        if b"\0" not in left:
            return left
        for known in self._known:
            for encoding in _WIDE:
                left = left.replace(known.value.encode(encoding, "surrogatepass"), known.label.encode(encoding))
        return left
