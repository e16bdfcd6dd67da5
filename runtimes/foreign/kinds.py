"""Of what kind a value is that somebody else's code hands out: nothing holds it to the types that it declares. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeGuard

from runtimes.foreign.words import kind_of
from runtimes.values import JsonObject


@dataclass(frozen=True, slots=True)
class Kind:
    """What a field has to be."""

    words: str
    fits: Callable[[object], bool]


def is_sequence(value: object) -> TypeGuard[Sequence[object]]:
    """A tuple, or a list in its place."""
    return isinstance(value, tuple | list)


def is_mapping(value: object) -> TypeGuard[Mapping[object, object]]:
    """A mapping of anything."""
    return isinstance(value, Mapping)


def is_object(value: object) -> TypeGuard[JsonObject]:
    """A dictionary: what is in it shows when it is written as JSON."""
    return isinstance(value, dict)


def is_bytes(value: object) -> TypeGuard[bytes]:
    """Bytes that do not change."""
    return isinstance(value, bytes)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def are_texts(value: object) -> bool:
    """A tuple or a list of texts."""
    return is_sequence(value) and all(map(_is_text, value))


def _is_set(value: object) -> TypeGuard[frozenset[object] | set[object]]:
    return isinstance(value, frozenset | set)


def _is_text_mapping(value: object) -> bool:
    return is_mapping(value) and all(map(_is_text, (*value, *value.values())))


def _are_pairs(value: object) -> bool:
    return is_sequence(value) and all(are_texts(pair) and is_sequence(pair) and len(pair) == 2 for pair in value)


TEXT = Kind("a text", _is_text)
TEXTS = Kind("a tuple of texts", are_texts)
TEXT_OR_NONE = Kind("a text or None", lambda value: value is None or _is_text(value))
TEXT_MAPPING = Kind("a mapping of texts", _is_text_mapping)
PAIRS = Kind("a tuple of pairs of texts", _are_pairs)
TEXT_SET = Kind("a set of texts", lambda value: _is_set(value) and all(map(_is_text, value)))
BYTES = Kind("bytes", is_bytes)
FLAG = Kind("a bool", lambda value: isinstance(value, bool))
FLAG_OR_NONE = Kind("a bool or None", lambda value: value is None or isinstance(value, bool))
STATUS = Kind(
    "an integer or None", lambda value: value is None or (isinstance(value, int) and not isinstance(value, bool))
)
OBJECT = Kind("a JSON object", is_object)
OBJECT_OR_NONE = Kind("a JSON object or None", lambda value: value is None or is_object(value))
SEQUENCE = Kind("a tuple", is_sequence)


def misfits(value: object, kinds: Mapping[str, Kind]) -> Iterator[str]:
    """The fields that are of another kind than they have to be."""
    for name, kind in kinds.items():
        field: object = getattr(value, name)
        if not kind.fits(field):
            yield f"its {name} is {kind_of(field)}, and not {kind.words}"
