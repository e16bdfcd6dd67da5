"""Copies of our own of what somebody else's code hands out, read once: afterwards none of that code runs. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from math import isfinite
from typing import TYPE_CHECKING, TypeVar

from runtimes.foreign.kinds import is_mapping, is_sequence
from runtimes.foreign.words import Unfit
from runtimes.values import Json, dump_json, parse_json

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T", bound="DataclassInstance")


def own(value: T, kind: type[T]) -> T:
    """The same object of the seam, of exactly its own class: one derived from it may be made in another way.

    Raises: whatever reading a field raises.
    """
    copy = object.__new__(kind)
    for field in fields(kind):
        object.__setattr__(copy, field.name, getattr(value, field.name))
    return copy


def plain(text: str) -> str:
    """A text without what a class derived from `str` makes of it, such as an enumeration."""
    return str.__str__(text)


def _children(value: object, copy: object) -> Iterator[tuple[object, object]]:
    if is_mapping(value) and is_mapping(copy):
        if len(value) != len(copy):
            raise Unfit("two of its keys are the same as texts")
        yield from zip(value.values(), copy.values(), strict=True)
    elif is_sequence(value) and is_sequence(copy):
        yield from zip(value, copy, strict=True)


def _refuse_changed(value: object, copy: object) -> None:
    """Raises: `Unfit` where writing it as JSON would have lost something."""
    pairs = [(value, copy)]
    while pairs:
        given, written = pairs.pop()
        if isinstance(given, float) and not isfinite(given):
            raise Unfit(f"it has the number {float(given)}, which JSON has not")
        pairs.extend(_children(given, written))


def own_json(value: Json, max_bytes: int) -> Json:
    """The same value as it is once it was written as JSON.

    Raises: `Unfit`, `TypeError`, `ValueError`, `RecursionError` where it is no JSON, or is longer than that.
    """
    text = dump_json(value).encode()
    if len(text) > max_bytes:
        raise Unfit(f"it has {len(text)} bytes, and {max_bytes} is the limit")
    copy = parse_json(text)
    _refuse_changed(value, copy)
    return copy
