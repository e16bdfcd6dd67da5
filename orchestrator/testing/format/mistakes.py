"""What a validating model says of a document, in our words and at the places of the document. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from runtimes.positions import pointer_to
from runtimes.values import Json

_TIME = "a time with its offset, such as 2026-11-21T09:00:00Z"

_WANTED: Mapping[str, str] = {
    "string_type": "a text",
    "tuple_type": "a list",
    "model_type": "an object",
    "dict_type": "an object",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "int_type": "a whole number",
    "float_type": "a number",
    "datetime_type": _TIME,
    "datetime_parsing": _TIME,
    "datetime_from_date_parsing": _TIME,
    "datetime_object_invalid": _TIME,
    "timezone_aware": _TIME,
}
"""What was wanted, by the validator's name for the mistake."""

_PLACED = ("pattern", "wrong-value")
"""Mistakes of our own: they name their place inside of what was validated, and say all that is to be said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """One mistake in a document."""

    code: str
    message: str
    pointer: str
    """To the place, without the steps that a short form has added."""
    hint: str
    location: tuple[int | str, ...]
    """The place as the model names it."""


def _model_in(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((model for part in get_args(annotation) if (model := _model_in(part))), None)


def _members_of(model: type[BaseModel]) -> Mapping[str, type[BaseModel] | None]:
    return {one.alias or name: _model_in(one.annotation) for name, one in model.model_fields.items()}


def _known_at(location: tuple[int | str, ...], root: type[BaseModel]) -> tuple[str, ...]:
    """The members of the object in which the last step of the location is."""
    known = root
    for step in location[:-1]:
        known = _members_of(known).get(str(step)) or known
    return tuple(_members_of(known))


def _step(node: Json, step: int | str) -> tuple[Json] | None:
    """What stands there, if the step leads into the node."""
    if isinstance(node, dict):
        return (node[step],) if isinstance(step, str) and step in node else None
    return (node[step],) if isinstance(node, list) and isinstance(step, int) and step < len(node) else None


def _pointer(location: tuple[int | str, ...], document: Json) -> str:
    """The location without the steps that a short form has added."""
    parts: list[str | int] = []
    node = document
    for step in location:
        child = _step(node, step)
        if child is not None:
            parts.append(step)
            [node] = child
    return pointer_to(*parts)


def _hint(item: ErrorDetails, name: str, root: type[BaseModel]) -> str:
    """What was probably meant."""
    if item["type"] == "missing":
        return f"add {name!r}"
    if item["type"] == "pattern":
        return str(item.get("ctx", {}).get("hint", ""))
    if item["type"] == "extra_forbidden":
        known = _known_at(item["loc"], root)
    elif item["type"] == "literal_error":
        known = tuple(re.findall(r"'([^']*)'", str(item.get("ctx", {}).get("expected", ""))))
        name = str(item["input"])
    else:
        return ""
    near = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}"


def _told(item: ErrorDetails) -> tuple[str, str]:
    """Code and message."""
    name = str(item["loc"][-1]) if item["loc"] else ""
    if item["type"] == "extra_forbidden":
        return "unknown-member", f"there is no member {name!r} here"
    if item["type"] == "missing":
        return "missing", f"member {name!r} is missing"
    message = item["msg"].removeprefix("Value error, ").rstrip(".")
    if item["type"] in _PLACED:
        return item["type"], message
    subject = "the value" if not name or name.isdecimal() else repr(name)
    if item["type"] == "value_error":
        return "wrong-value", message if name.isdecimal() or not name else f"{subject}: {message}"
    wanted = _WANTED.get(item["type"], message.removeprefix("Input should be "))
    return "wrong-value", f"{subject} must be {wanted}"


def _mistake(item: ErrorDetails, document: Json, root: type[BaseModel]) -> Mistake:
    code, message = _told(item)
    hint = _hint(item, str(item["loc"][-1]) if item["loc"] else "", root)
    inner = str(item.get("ctx", {}).get("pointer", "")) if item["type"] in _PLACED else ""
    pointer = _pointer(item["loc"], document) + inner
    return Mistake(code=code, message=message, pointer=pointer, hint=hint, location=item["loc"])


def mistakes_of(error: ValidationError, document: Json, root: type[BaseModel]) -> list[Mistake]:
    """Each mistake of a document that is to be what `root` is."""
    return [_mistake(item, document, root) for item in error.errors(include_url=False)]
