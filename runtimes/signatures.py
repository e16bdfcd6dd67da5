"""What a Python function says of itself: its description, and its parameters as JSON Schema."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Literal, Union, get_args, get_origin, get_type_hints

import orjson

from runtimes.values import InvalidJson, Json, JsonObject, parse_json

_PLAIN: Mapping[object, str] = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    dict: "object",
    list: "array",
    type(None): "null",
}
_ANYTHING: frozenset[object] = frozenset({object, inspect.Parameter.empty, Json})
"""Annotations that leave the type open."""


def _as_json(value: object) -> Json:
    return parse_json(orjson.dumps(value))


def _type_schema(annotation: object) -> JsonObject:
    """Raises: `ValueError` for a type that JSON does not have."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        notes = [note for note in inner[1:] if isinstance(note, str)]
        return _type_schema(inner[0]) | ({"description": notes[0]} if notes else {})
    if annotation in _PLAIN:
        return {"type": _PLAIN[annotation]}
    if annotation in _ANYTHING:
        return {}
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return {"enum": [_as_json(member.value) for member in annotation]}
    if origin is Literal:
        return {"enum": [_as_json(value) for value in inner]}
    if origin is list:
        return {"type": "array", "items": _type_schema(inner[0])}
    if origin is dict:
        return {"type": "object", "additionalProperties": _type_schema(inner[1])}
    if origin is Union or origin is types.UnionType:
        return {"anyOf": [_type_schema(choice) for choice in inner]}
    raise ValueError(f"{annotation!r} is not a type that JSON has")


def _convert(annotation: object, value: Json) -> object:
    """Makes members of enumerations of their values; everything else is already what JSON says."""
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return annotation(value)
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _convert(inner[0], value)
    if origin is list and isinstance(value, list):
        return [_convert(inner[0], item) for item in value]
    if (origin is Union or origin is types.UnionType) and value is not None:
        choices = [choice for choice in inner if choice is not type(None)]
        return _convert(choices[0], value) if len(choices) == 1 else value
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One named parameter."""

    annotation: object
    schema: JsonObject
    is_required: bool

    def convert(self, value: Json) -> object:
        """The argument that the function expects. Raises: `ValueError` for a value that its enumeration lacks."""
        return _convert(self.annotation, value)


def _parameter(parameter: inspect.Parameter, annotation: object) -> Parameter:
    schema = _type_schema(annotation)
    if parameter.default is inspect.Parameter.empty:
        return Parameter(annotation=annotation, schema=schema, is_required=True)
    default = _as_json(parameter.default)
    return Parameter(annotation=annotation, schema=schema | {"default": default}, is_required=False)


def parameters_of(function: Callable[..., object]) -> Mapping[str, Parameter]:
    """The parameters by name.

    Raises: `ValueError` when one cannot be passed by name, or its type or default is none that JSON has.
    """
    try:
        hints = get_type_hints(function, include_extras=True)
    except NameError as error:
        raise ValueError(f"the parameters of {function.__name__!r} cannot be read: {error}") from error
    parameters: dict[str, Parameter] = {}
    for name, parameter in inspect.signature(function).parameters.items():
        where = f"parameter {name!r} of {function.__name__!r}"
        if parameter.kind not in (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY):
            raise ValueError(f"{where} cannot be passed by name")
        try:
            parameters[name] = _parameter(parameter, hints.get(name, inspect.Parameter.empty))
        except (ValueError, orjson.JSONEncodeError, InvalidJson) as error:
            raise ValueError(f"{where}: {error}") from error
    return parameters


def schema_of(parameters: Mapping[str, Parameter]) -> JsonObject:
    """The JSON Schema object of all of them."""
    required: list[Json] = [name for name, parameter in parameters.items() if parameter.is_required]
    properties: JsonObject = {name: parameter.schema for name, parameter in parameters.items()}
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def description_of(function: Callable[..., object]) -> str:
    """The first paragraph of its docstring, on one line."""
    paragraph = (inspect.getdoc(function) or "").strip().partition("\n\n")[0]
    return " ".join(paragraph.split())
