"""Events as lines of JSON: `encode` writes one, `decode` reads it back without loss."""

from __future__ import annotations

from dataclasses import asdict
from functools import cache
from typing import TYPE_CHECKING, Annotated

import orjson

from orchestrator.events import Event
from runtimes.values import dump_json, parse_json

if TYPE_CHECKING:
    from pydantic import TypeAdapter

FORMAT = 1
"""The version of the JSON form; every encoded event carries it as `v`."""


def encode(event: Event) -> bytes:
    """One line of JSON; `v` is the version of the form."""
    try:
        data = orjson.dumps(event)
    except TypeError:  # an integer that is too long for the fast encoder
        data = dump_json(asdict(event)).encode()
    return data[:-1] + b',"v":%d}' % FORMAT


@cache
def _adapter() -> TypeAdapter[Event]:
    from pydantic import Discriminator, TypeAdapter

    return TypeAdapter(Annotated[Event, Discriminator("kind")])


def decode(data: bytes | str) -> Event:
    """The event that `encode` wrote.

    Raises: `ValueError` when the data is not one, or of a version this program does not know.
    """
    value = parse_json(data)
    if not isinstance(value, dict) or value.pop("v", None) != FORMAT:
        raise ValueError(f"not an event of format {FORMAT}")
    return _adapter().validate_python(value)
