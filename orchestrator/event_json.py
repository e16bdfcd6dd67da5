"""Events as lines of JSON: `encode` writes one, `decode` reads it back without loss.

The form has a version. Whoever changes what an event is made of raises `FORMAT`, and says in
`orchestrator.event_upcasters` what becomes of an event of the version before.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from functools import cache
from typing import TYPE_CHECKING, Annotated, TypeGuard

import orjson

from orchestrator.event_upcasters import UPCASTERS
from orchestrator.events import Event
from runtimes.values import Json, JsonObject, dump_json

if TYPE_CHECKING:
    from pydantic_core import CoreSchema, SchemaValidator, ValidationError

FORMAT = 3
"""The version of the JSON form; every encoded event carries it as `v`, as its last member."""

MAX_COMPLAINT_CHARS = 200
"""How much is said of data that is no event."""

_ENDING = b',"v":%d}' % FORMAT
_JSON_REFERENCE = "runtimes.values.Json:"
"""How the validator's schema names the type of any JSON value."""


class UnknownFormat(ValueError):
    """The data is of a newer version of the form than this program knows."""

    def __init__(self, version: int) -> None:
        super().__init__(f"an event of format {version!r:.20}, where this program knows 1 to {FORMAT}")


def encode(event: Event) -> bytes:
    """One line of JSON; `v` is the version of the form."""
    try:
        data = orjson.dumps(event)
    except TypeError:  # an integer that is too long for the fast encoder
        data = dump_json(asdict(event)).encode()
    return data[:-1] + _ENDING


def _trusting(schema: CoreSchema) -> CoreSchema:
    """The schema without a look at JSON values: what comes from a JSON text is one, and looking costs the most."""
    if schema["type"] != "definitions":
        return schema
    definitions: list[CoreSchema] = [
        {"type": "any", "ref": ref} if (ref := str(one.get("ref"))).startswith(_JSON_REFERENCE) else one
        for one in schema["definitions"]
    ]
    return {**schema, "definitions": definitions}


def _is_schema(part: object) -> TypeGuard[dict[str, object]]:
    return isinstance(part, dict)


def _is_row(part: object) -> TypeGuard[Sequence[object]]:
    return isinstance(part, list | tuple)


def _refuse_infinities(part: object) -> None:
    """Sets it at each number: the schema of a dataclass takes no configuration from outside."""
    if _is_schema(part):
        if part.get("type") == "float":
            part["allow_inf_nan"] = False
        for inner in part.values():
            _refuse_infinities(inner)
    elif _is_row(part):
        for inner in part:
            _refuse_infinities(inner)


@cache
def _validator() -> SchemaValidator:
    from pydantic import Discriminator, TypeAdapter
    from pydantic_core import SchemaValidator

    schema = _trusting(TypeAdapter(Annotated[Event, Discriminator("kind")]).core_schema)
    _refuse_infinities(schema)
    return SchemaValidator(schema)


def _complaint(error: ValidationError) -> str:
    """The first reason, in one line and without what the data says."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(map(str, first["loc"]))
    reason = "no kind of event is called so" if first["type"] == "union_tag_invalid" else first["msg"]
    text = f"not an event: {f'{place}: ' if place else ''}{reason}"[:MAX_COMPLAINT_CHARS]
    return "".join(char if char.isprintable() else "�" for char in text)


def _validated(data: bytes | str) -> Event:
    """The event of a text that has the members of this version; other members are not looked at."""
    from pydantic_core import ValidationError

    try:
        event: Event = _validator().validate_json(data, strict=True)
    except ValidationError as error:
        complaint = _complaint(error)
    else:
        return event
    raise ValueError(complaint)


def _upcast(event: JsonObject) -> JsonObject:
    """As this version would have written it. Raises: `UnknownFormat`, `ValueError` where it names no version."""
    version = event.get("v")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise ValueError("not an event: it names no version of its form")
    if version > FORMAT:
        raise UnknownFormat(version)
    event = {name: value for name, value in event.items() if name != "v"}
    for step in range(version, FORMAT):
        event = UPCASTERS[step](event)
    return event


def decode_value(value: Json) -> Event:
    """As `decode`, of a line that has been read as JSON. Raises: `UnknownFormat`, `ValueError`."""
    if not isinstance(value, dict):
        raise ValueError("not an event: it is no JSON object")
    return _validated(json.dumps(_upcast(value), ensure_ascii=False, allow_nan=False))


def _is_odd(data: bytes) -> bool:
    """True where the version may be named twice, or a number be none of JSON's; mostly those are words of a text."""
    if data.count(b'"v"') != 1 or (b"\\" in data and b"u0076" in data):
        return True
    return (b"N" in data and b"NaN" in data) or (b"I" in data and b"Infinity" in data)  # one byte is found much faster


def _names(members: list[tuple[str, Json]]) -> list[str]:
    return [name for name, _ in members]


def _check_odd(data: bytes) -> None:
    """Raises: `ValueError` for a number that JSON has not, and for a version that is named twice."""
    from pydantic_core import from_json

    from_json(data, allow_inf_nan=False)  # which bounds the depth, too
    names: Json = json.loads(data, object_pairs_hook=_names)
    if isinstance(names, list) and names.count("v") > 1:
        raise ValueError("not an event: it names the version of its form twice")


def decode(data: bytes | str) -> Event:
    """The event that `encode` wrote, in this version of the form or an older one.

    Raises: `UnknownFormat` for a version that this program does not know, `ValueError` when the data is no event.
    """
    data = data.encode() if isinstance(data, str) else data
    if _is_odd(data):
        _check_odd(data)
    if data.endswith(_ENDING):  # what stands before the last brace is the last member, or it is no JSON at all
        return _validated(data)
    from pydantic_core import from_json

    value: Json = from_json(data, allow_inf_nan=False)
    return decode_value(value)
