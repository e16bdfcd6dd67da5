"""What the model knows of a document's members: their names, what lies in them, and their clauses. Pure."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from types import NoneType
from typing import get_args, get_origin

from pydantic import AliasChoices, BaseModel
from pydantic.fields import FieldInfo

from orchestrator.manifest.fragments import FRAGMENTS, SPECS
from orchestrator.manifest.model import Manifest
from runtimes.positions import pointer_to
from runtimes.values import Json, JsonObject

ROOT = "Manifest"

_SPEC = "Runtime.spec"
"""The member whose content depends on the type of the runtime around it."""

CLAUSES: Mapping[str, str] = {
    "Manifest": "4",
    "Manifest.schema_version": "4.2.1",
    "Manifest.name_for_human": "4.2.2",
    "Manifest.description_for_model": "4.2.3",
    "Manifest.description_for_human": "4.2.4",
    "Manifest.logo_url": "4.2.5",
    "Manifest.contact_email": "4.2.6",
    "Manifest.privacy_policy_url": "4.2.8",
    "Manifest.namespace": "4.2.9",
    "Manifest.functions": "4.2.10",
    "Manifest.runtimes": "4.2.11",
    "Manifest.capabilities": "4.2.12",
    "Function.name": "5.2.1",
    "Function.description": "5.2.2",
    "Function.parameters": "5.2.3",
    "FunctionParameters.type": "6.2.1",
    "FunctionParameters.properties": "6.2.2",
    "FunctionParameters.required": "6.2.3",
    "FunctionParameter.type": "7.2.1",
    "FunctionParameter.description": "7.2.2",
    "FunctionParameter.items": "7.2.3",
    "FunctionParameter.enum": "7.2.4",
    "FunctionParameter.default": "7.2.5",
    "Function.returns": "5.2.4",
    "Returns.type": "8.2.1",
    "Returns.description": "8.2.2",
    "Returns.$ref": "8.1",
    "Function.states": "5.2.5",
    "Function.capabilities": "5.2.6",
    "States.reasoning": "5.2.5",
    "States.responding": "5.2.5",
    "State.description": "10.2.1",
    "State.instructions": "10.2.2",
    "State.examples": "10.2.3",
    "FunctionCapabilities.confirmation": "9.2.1",
    "FunctionCapabilities.response_semantics": "9.2.2",
    "FunctionCapabilities.security_info": "9.2.3",
    "Confirmation.type": "9.3",
    "Confirmation.title": "9.3.2.1",
    "Confirmation.body": "9.3.2.2",
    "ResponseSemantics.data_path": "9.4.2.1",
    "ResponseSemantics.properties": "9.4.2.2",
    "ResponseSemantics.static_template": "9.4.2.3",
    "SecurityInfo.data_handling": "9.5.2.1",
    "Runtime.type": "11.1.1",
    "Runtime.auth": "11.1.2",
    "Runtime.run_for_functions": "11.1.3",
    "Runtime.spec": "11.1.4",
    "OpenApiSpec.api_description": "11.3.2.2",
    "OpenApiSpec.progress_style": "11.3.2.3",
    "LocalPluginSpec.local_endpoint": "11.4.2.1",
    "Runtime.output_template": "11.1.5",
    "RuntimeAuth.type": "11.2.2.1",
    "RuntimeAuth.reference_id": "11.2.2.2",
    "RuntimeAuth.scopes": "11.2.2.3",
    "PluginCapabilities.conversation_starters": "12.1.1",
    "ConversationStarter.title": "12.2.2.1",
    "ConversationStarter.text": "12.2.2.2",
}
"""The clause of the specification for each member, as `object.member`; what only other documents define has none."""


_TYPES: Mapping[object, str] = {
    NoneType: "null",
    bool: "true or false",
    str: "a string",
    tuple: "an array",
    dict: "an object",
}
"""The JSON types, as messages name them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A member that an object may have."""

    name: str
    """The specification's name; a manifest may have another spelling that is read too."""
    inside: str
    """The kind of object in it, in the array that it is, or in the map that it is; empty for anything else."""
    map_depth: int
    """How many maps from names of the author's choice lie around the objects in it."""
    types: frozenset[str]
    """The JSON types it takes, as messages name them; none for anything."""
    element_types: frozenset[str]
    """The same for the elements of the array, or of the map, that it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An object of a document that the specification describes."""

    kind: str
    pointer: str
    members: JsonObject


def type_of(value: Json) -> str:
    """The JSON type of a value, as messages name it."""
    if value is None:
        return "null"
    names = ((bool, "a boolean"), (str, "a string"), (int | float, "a number"), (list, "an array"))
    return next((name for type_, name in names if isinstance(value, type_)), "an object")


def _model_in(annotation: object) -> type[BaseModel] | None:
    """The model in an annotation such as `tuple[Function, ...] | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((model for part in get_args(annotation) if (model := _model_in(part))), None)


def _map_depth(annotation: object) -> int:
    inner = get_args(annotation)
    return int(get_origin(annotation) is dict) + max(map(_map_depth, inner)) if inner else 0


def _parts(annotation: object) -> tuple[object, ...]:
    """The parts of a union, or the one type."""
    return (annotation,) if get_origin(annotation) in (tuple, dict) else get_args(annotation) or (annotation,)


def _types(annotation: object) -> frozenset[str]:
    """The JSON types of an annotation; none when one part of it takes anything."""
    named: set[str] = set()
    for part in _parts(annotation):
        origin: object = get_origin(part)
        key: object = part if origin is None else origin
        name = "an object" if _model_in(part) is part else _TYPES.get(key)
        if name is None:
            return frozenset()
        named.add(name)
    return frozenset(named)


def _element_types(annotation: object) -> frozenset[str]:
    for part in _parts(annotation):
        if get_origin(part) is tuple:
            return _types(get_args(part)[0])
        if get_origin(part) is dict:
            return _types(get_args(part)[1])
    return frozenset()


def _spellings(name: str, field: FieldInfo) -> list[str]:
    """The names that are read, the specification's own first."""
    if isinstance(field.validation_alias, AliasChoices):
        return [choice for choice in field.validation_alias.choices if isinstance(choice, str)]
    return [field.alias or name]


def _member(kind: str, name: str, field: FieldInfo) -> tuple[Member, type[BaseModel] | None]:
    """The member, and the model of what lies in it."""
    fragment = FRAGMENTS.get(f"{kind}.{name}", field.annotation)
    inner, types = _model_in(fragment), _types(field.annotation)
    is_optional = bool(types) and not field.is_required()
    member = Member(
        name=_spellings(name, field)[0],
        inside=inner.__name__ if inner is not None else "",
        map_depth=_map_depth(fragment) if inner is not None else 0,
        types=types | {_TYPES[NoneType]} if is_optional else types,
        element_types=_element_types(field.annotation),
    )
    return member, inner


def _add_kinds(model: type[BaseModel], kinds: dict[str, Mapping[str, Member]]) -> None:
    """Adds the model and all models in it."""
    members: dict[str, Member] = {}
    kinds[model.__name__] = members
    for name, field in model.model_fields.items():
        member, inner = _member(model.__name__, name, field)
        members.update(dict.fromkeys(_spellings(name, field), member))
        if inner is not None and inner.__name__ not in kinds:
            _add_kinds(inner, kinds)


def _all_kinds() -> Mapping[str, Mapping[str, Member]]:
    kinds: dict[str, Mapping[str, Member]] = {}
    _add_kinds(Manifest, kinds)
    for spec in SPECS.values():
        _add_kinds(spec, kinds)
    return kinds


KINDS: Mapping[str, Mapping[str, Member]] = _all_kinds()
"""For each kind of object, the members that are read."""


def _inside(kind: str, member: Member, members: JsonObject) -> str:
    """The kind of object in the member; that of `spec` is said by the type of the runtime."""
    runtime_type = members.get("type")
    if f"{kind}.{member.name}" != _SPEC or not isinstance(runtime_type, str):
        return member.inside
    return next((spec.__name__ for name, spec in SPECS.items() if name.casefold() == runtime_type.casefold()), "")


def _items_of(value: Json, pointer: str) -> list[tuple[str, Json]]:
    """What lies in an array or in a map, each with its pointer."""
    if isinstance(value, dict):
        return [(pointer + pointer_to(name), item) for name, item in value.items()]
    return [(pointer + pointer_to(index), item) for index, item in enumerate(value)] if isinstance(value, list) else []


def _objects_in(value: Json, pointer: str, map_depth: int) -> Iterator[tuple[str, JsonObject]]:
    if map_depth and isinstance(value, dict):
        for step, item in _items_of(value, pointer):
            yield from _objects_in(item, step, map_depth - 1)
    elif isinstance(value, dict):
        yield pointer, value
    elif not map_depth:
        for step, item in _items_of(value, pointer):
            if isinstance(item, dict):
                yield step, item


def objects_of(
    members: JsonObject, kind: str = ROOT, pointer: str = "", *, within: Container[str] = KINDS
) -> Iterator[Found]:
    """The object, and every object in it that the specification describes, as deep as the document goes.

    `within` names the kinds of objects that are looked at; what lies in another kind is passed over.
    """
    yield Found(kind=kind, pointer=pointer, members=members)
    for name, value in members.items():
        member = KINDS[kind].get(name)
        inside = _inside(kind, member, members) if member is not None else ""
        if member is not None and inside in within:
            for place, inner in _objects_in(value, pointer + pointer_to(name), member.map_depth):
                yield from objects_of(inner, inside, place, within=within)


def _step(kind: str, part: str) -> tuple[str, Member | None]:
    """The path of a member and what is known of it; within `spec` whichever type of runtime has one of that name."""
    kinds = [spec.__name__ for spec in SPECS.values()] if kind == _SPEC else [kind]
    named = [(f"{one}.{member.name}", member) for one in kinds if (member := KINDS[one].get(part)) is not None]
    return next((step for step in named if step[0] in CLAUSES), named[0] if named else ("", None))


def clause_at(pointer: str) -> str:
    """The clause of the member at the pointer, or of the innermost member around it that has one."""
    kind, clause, maps = ROOT, CLAUSES[ROOT], 0
    for part in pointer.split("/")[1:]:
        if maps:  # a name of the author's choice
            maps -= 1
            continue
        path, member = _step(kind, part) if kind else ("", None)
        if member is not None:
            clause, maps = CLAUSES.get(path, clause), member.map_depth
            kind = _SPEC if path == _SPEC else member.inside
        elif not part.isdecimal():
            return clause
    return clause
