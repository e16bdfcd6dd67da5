"""Takes known secrets out of texts, also where they stand encoded. Pure."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Self
from urllib.parse import quote, quote_plus

from auth.beginnings import Beginnings
from auth.forms import Form, Found
from auth.spellings import URL_SAFE, encoded
from auth.unescaped import Unescaped

MIN_SECRET_CHARS = 8
"""Characters a secret must have to be looked for: shorter ones stand in other words by chance.

Nor is a shorter one looked for where it stands alone: it would be a word like any other, and a mask in the place of a
word that everybody can guess tells what the password is. What it is sent as, `NAME:PASSWORD` and its base64, is longer.
"""

MAX_NAME_CHARS = 80
"""Characters of its name that stand in the place of a secret."""

_GRAM = 4
"""Bytes by which the letters and digits of secrets are looked up."""

_RUN = 2 * _GRAM - 1
"""Letters and digits in a row that have, wherever they stand, a whole group at a multiple of `_GRAM`."""

_FEW = 64
"""Forms that are sooner looked for one by one."""

_WIDE = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
"""Encodings in which letters are more than a byte."""


def _inside(value: str) -> Iterable[str]:
    """As it may stand in a text that is encoded as a whole: what was sent, say, with its URL as it is."""
    sendable = value.encode("utf-8", "surrogatepass")
    ways = (value, quote(sendable, safe=""), quote(sendable), quote_plus(sendable), quote(quote(sendable, safe="")))
    return dict.fromkeys((*ways, *(json.dumps(value, ensure_ascii=is_ascii)[1:-1] for is_ascii in (True, False))))


def _forms(value: str) -> Iterator[Form]:
    yield Form(value)
    once = base64.b64encode(value.encode("utf-8", "surrogatepass")).decode("ascii")  # as a name with a password is sent
    for text in dict.fromkeys((*_inside(value), once, quote(once, safe=""))):
        for letters in encoded(text.encode("utf-8", "surrogatepass")):
            yield Form(letters, URL_SAFE)


def label_of(name: str, value: str) -> str:
    """What stands in the place of a secret: nothing that has to be encoded in JSON, HTML or Latin-1."""
    shown = re.sub(r"[^A-Za-z0-9_.:-]", "_", name)[:MAX_NAME_CHARS]
    return "[secret]" if not shown or value in shown else f"[secret {shown}]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A secret, and what stands in its place."""

    label: str
    value: str = field(repr=False)
    forms: tuple[Form, ...]


def known(name: str, value: str) -> Known | None:
    """A secret to look for; None for one that is too short."""
    if len(value) < MIN_SECRET_CHARS:
        return None
    return Known(label=label_of(name, value), value=value, forms=tuple(_forms(value)))


def _grams(data: bytes) -> frozenset[int]:
    """The groups of four bytes that it consists of."""
    return frozenset(memoryview(data[: len(data) // _GRAM * _GRAM]).cast("I"))


class _Index:
    """Which forms may stand in a text, found with one look at it rather than with one for each form.

    Only the groups of bytes at multiples of `_GRAM` are looked up, in a table of what the runs of the forms have.
    """

    def __init__(self, forms: Sequence[tuple[Form, str]]) -> None:
        is_small = len(forms) <= _FEW
        self._always = [one for one in forms if is_small or len(one[0].sure) < _RUN]
        self._by_gram: dict[int, list[tuple[Form, str]]] = {}
        for form, label in forms if not is_small else ():
            data = form.sure[:_RUN].encode("ascii") if len(form.sure) >= _RUN else b""
            for at in range(len(data) - _GRAM + 1):
                (gram,) = _grams(data[at : at + _GRAM])
                self._by_gram.setdefault(gram, []).append((form, label))

    def may_be_in(self, text: str) -> Iterator[tuple[Form, str]]:
        """The forms whose letters and digits stand there, with what stands in their place."""
        near = self._always
        if self._by_gram:
            there = _grams(text.encode("utf-8", "surrogatepass")) & self._by_gram.keys()
            near = [*near, *dict.fromkeys(one for gram in there for one in self._by_gram[gram])]
        return (one for one in near if one[0].sure in text)


def without(text: str, places: Sequence[Found]) -> str:
    """A text with labels in those places; the same object where there are none."""
    if not places:
        return text
    parts: list[str] = []
    at = 0
    for place in places:
        if place.start >= at:
            parts += [text[at : place.start], place.label]
        at = max(at, place.end)
    return "".join([*parts, text[at:]])


class Masker:
    """Puts `[secret NAME]` in the place of secrets.

    They are found as they are, escaped as in JSON, percent-encoded, as HTML entities, also where letters and digits
    are (`\\u0061`), and in base64, also of the first three, whatever stands around them there, and of their own
    base64, as a header with a name and a password has it. Base64 that is broken into lines is not looked for. Who
    wants a secret to pass can always write it so that nobody finds it: this guards against echoes, not against intent.
    """

    def __init__(self, values: Mapping[str, str]) -> None:
        """`values` are the secrets by their names; those shorter than `MIN_SECRET_CHARS` are not looked for."""
        self._set(one for name, value in values.items() if (one := known(name, value)) is not None)

    @classmethod
    def of(cls, secrets: Iterable[Known]) -> Self:
        """One for secrets that have been prepared."""
        masker = cls({})
        masker._set(secrets)
        return masker

    def _set(self, secrets: Iterable[Known]) -> None:
        self._known = tuple(secrets)
        self._index = _Index([(form, one.label) for one in self._known for form in one.forms])

    def __repr__(self) -> str:
        """Tells no secret."""
        return f"<Masker of {len(self._known)}>"

    @property
    def forms(self) -> Iterator[Form]:
        """All that is looked for."""
        return (form for one in self._known for form in one.forms)

    @cached_property
    def beginnings(self) -> Beginnings:
        """Finds where one may begin in a text that is not whole yet."""
        return Beginnings(tuple(self.forms))

    def _at(self, text: str) -> Iterator[tuple[Form, str, re.Match[str]]]:
        return ((form, label, match) for form, label in self._index.may_be_in(text) for match in form.found_in(text))

    def found(self, text: str) -> list[Found]:
        """Where secrets stand, in order; they may overlap."""
        places = [
            Found(start=match.start(), end=match.end(), label=label, form=form) for form, label, match in self._at(text)
        ]
        if self._known and (spelled := Unescaped(text)).is_other:
            at = spelled.origin
            places += [
                Found(start=at(match.start()), end=at(match.end()), label=label, form=form)
                for form, label, match in self._at(spelled.text)
            ]
        return sorted(places, key=lambda place: (place.start, place.end, place.label))

    def masked(self, text: str) -> str:
        """The text without the secrets."""
        return without(text, self.found(text))

    def masked_bytes(self, data: bytes) -> bytes:
        """The same for a text in UTF-8, UTF-16, UTF-32, or any encoding that agrees with ASCII."""
        text = data.decode("latin-1")
        masked = self.masked(text)
        left = data if masked is text else masked.encode("latin-1")
        if b"\0" not in left:
            return left
        for one in self._known:
            for encoding in _WIDE:
                left = left.replace(one.value.encode(encoding, "surrogatepass"), one.label.encode(encoding))
        return left
