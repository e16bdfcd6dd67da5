"""What the model reads of an answer: the results, without what is binary, within a budget of characters. Pure.

What is left out is told in notes; what is left of JSON is JSON.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from orchestrator.response.hidden import clean
from runtimes.limits import MAX_DEPTH
from runtimes.values import Json, JsonObject, depth_of, dump_json

RESULT_BUDGET = 64_000
"""Characters of one result that the model reads, where the host does not say."""

MIN_BUDGET = 500
"""The least budget: below it there is no room for a thing and the note about the others."""

MIN_ENCODED = 256
"""Characters from which on a text that looks like Base64 is taken for a file."""

MIN_TEXT = 40
"""Characters that are left of a text that is cut, where there is room for them."""

MAX_NOTES = 5
"""How many cuts are told one by one."""

_LEAST = 2
"""Characters of an empty text, array or object."""

_DATA_URL = re.compile(
    r"data:[\w.+-]{0,100}+(?:/[\w.+-]{0,100}+)?(?:;(?!base64,)[\w=.+-]{0,100}+){0,4}+;base64,[A-Za-z0-9+/=_%-]*+",
    re.ASCII | re.IGNORECASE,
)
"""Within a text too, such as the image of a page in Markdown; what it cannot be is given up early."""
_ENCODED = re.compile(r"(?=[^a-z]*[a-z])(?=[^A-Z]*[A-Z])(?=\D*\d)[A-Za-z0-9+/_\r\n-]+={0,2}\s*", re.ASCII)
_ENDS = 64
"""Characters of a text that are looked at first: most texts are told from Base64 by them."""

_ENDS_ENCODED = re.compile(r"[A-Za-z0-9+/_\r\n-]+={0,2}", re.ASCII)

_OF_ENCODED = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/_-= "
"""What stands in such a text as JSON writes it without escapes."""


_ENCODED_AS_ZEROS = bytes.maketrans(_OF_ENCODED, b"0" * len(_OF_ENCODED))
_LONG_ROW = b"0" * MIN_ENCODED
"""A row of what Base64 is made of is told by plain search in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Projection:
    """What is read, and what is not."""

    text: str
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Cuts:
    """What has been left out so far."""

    told: list[str] = field(default_factory=list[str])
    count: int = 0

    def add(self, what: str) -> None:
        self.count += 1
        if self.count <= MAX_NOTES:
            self.told.append(f"[cut: {what}]")

    def notes(self) -> tuple[str, ...]:
        more = self.count - MAX_NOTES
        return (*self.told, f"[cut: {more} more places are shortened]") if more > 0 else tuple(self.told)


# --- what is binary


def _is_encoded(text: str) -> bool:
    if len(text) < MIN_ENCODED or not _ENDS_ENCODED.fullmatch(text, 0, _ENDS):
        return False
    return _ENCODED.fullmatch(text) is not None


def _file(text: str) -> str:
    return f"(a file, {len(text)} characters of Base64, not shown)"


def _is_readable(text: str) -> bool:
    """True for JSON text of a value that `without_binary` leaves as it is: most are, and need not be gone through."""
    if "\\" in text or clean(text) is not text or "data:" in text.lower():
        return False
    return len(text) < MIN_ENCODED or _LONG_ROW not in text.encode().translate(_ENCODED_AS_ZEROS)


def _text_without_binary(text: str) -> str:
    return _file(text) if _is_encoded(text) else _DATA_URL.sub(lambda url: _file(url[0]), clean(text))


def without_binary(value: Json) -> Json:
    """The value without what hides in it, and with what it is in the place of each file: a `data:` URL, or a long text
    in Base64."""
    if isinstance(value, str):
        return _text_without_binary(value)
    if isinstance(value, list):
        return [without_binary(item) for item in value]
    return {clean(name): without_binary(item) for name, item in value.items()} if isinstance(value, dict) else value


# --- what does not fit


def _size(value: Json) -> int:
    return len(dump_json(value))


def _shortened_text(text: str, budget: int, where: str, cuts: _Cuts) -> str:
    """As much of the text as fits with its quotes; escapes count for what they take."""
    kept = text[: max(0, budget - 2)]
    while kept and _size(kept) > budget:
        kept = kept[: len(kept) * 3 // 4]
    cuts.add(f"{len(text) - len(kept)} of {len(text)} characters{where} are not shown")
    return kept


def _shortened_array(items: Sequence[Json], budget: int, where: str, cuts: _Cuts) -> list[Json]:
    """The first elements that fit; of a first one that does not fit, what does."""
    kept: list[Json] = []
    left = budget - 2
    for item in items:
        size = _size(item) + 1
        if size > left:
            break
        kept.append(item)
        left -= size
    if not kept and items and left > MIN_TEXT:
        kept = [_shortened(items[0], left - 1, where, cuts)]
    if len(kept) < len(items):
        things = f"elements{where}" if where else "results"
        cuts.add(f"{len(items) - len(kept)} of {len(items)} {things} are not shown")
    return kept


def _shares(sizes: Sequence[tuple[int, str]], budget: int) -> Iterator[tuple[str, int]]:
    """What each member may take: small ones all that they need, the others an equal part of the rest."""
    for index, (size, name) in enumerate(sizes):
        share = min(size, max(0, budget) // (len(sizes) - index))
        budget -= share
        yield name, share


def _with_room(members: JsonObject, budget: int) -> tuple[JsonObject, int]:
    """The first members whose names take no more than half of the budget, and what is left for their values."""
    kept: JsonObject = {}
    room = budget - 2
    for name, value in members.items():
        cost = _size(name) + 2
        if room - cost >= budget // 2:
            kept[name] = value
            room -= cost
    return kept, room


def _shortened_object(members: JsonObject, budget: int, where: str, cuts: _Cuts) -> JsonObject:
    """The members for which there is room, large values shortened."""
    kept, room = _with_room(members, budget)
    shares = dict(_shares(sorted((_size(value), name) for name, value in kept.items()), room))
    found: JsonObject = {}
    for name, value in kept.items():
        if _size(value) <= shares[name]:
            found[name] = value
        elif isinstance(value, (dict, list, str)) and shares[name] >= _LEAST:
            found[name] = _shortened(value, shares[name], f" in {name[:MIN_TEXT]!r}", cuts)
    if len(found) < len(members):
        cuts.add(f"{len(members) - len(found)} of {len(members)} members{where} are not shown")
    return found


def _shortened(value: Json, budget: int, where: str, cuts: _Cuts) -> Json:
    if isinstance(value, str):
        return value if _size(value) <= budget else _shortened_text(value, budget, where, cuts)
    if isinstance(value, list):
        return _shortened_array(value, budget, where, cuts)
    if isinstance(value, dict):
        return value if _size(value) <= budget else _shortened_object(value, budget, where, cuts)
    return value


def _fitting_text(text: str, budget: int) -> Projection:
    if len(text) <= budget:
        return Projection(text=text)
    cut = f"[cut: {len(text) - budget} more characters are not shown]"
    return Projection(text=text[:budget], notes=(cut,))


def project(value: Json, budget: int = RESULT_BUDGET) -> Projection:
    """The value as text within the budget, in characters. Arrays are cut between elements, and stay arrays."""
    budget = max(budget, MIN_BUDGET)
    text = "" if isinstance(value, str) else dump_json(value)
    if text.count("[") + text.count("{") > MAX_DEPTH and depth_of(value) > MAX_DEPTH:
        value = text  # only a caller's own functions give that
    if isinstance(value, str):
        return _fitting_text(_text_without_binary(value), budget)
    if not _is_readable(text):
        value = without_binary(value)
        text = dump_json(value)
    if len(text) <= budget:
        return Projection(text=text)
    cuts = _Cuts()
    return Projection(text=dump_json(_shortened(value, budget, "", cuts)), notes=cuts.notes())
