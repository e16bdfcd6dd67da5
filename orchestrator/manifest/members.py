"""What the model knows of a document's members: their names, what lies in them, and their clauses. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import get_args

from pydantic import AliasChoices, BaseModel
from pydantic.fields import FieldInfo

from orchestrator.manifest.model import Manifest
from runtimes.positions import pointer_to
from runtimes.values import Json, JsonObject

ROOT = "Manifest"

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
    "Function.returns": "5.2.4",
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
    "Runtime.output_template": "11.1.5",
    "RuntimeAuth.type": "11.2.2.1",
    "RuntimeAuth.reference_id": "11.2.2.2",
    "RuntimeAuth.scopes": "11.2.2.3",
    "PluginCapabilities.conversation_starters": "12.1.1",
    "ConversationStarter.title": "12.2.2.1",
    "ConversationStarter.text": "12.2.2.2",
}
"""The clause of the specification for each member, as `object.member`; what only other documents define has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A member that an object may have."""

    name: str
    """The specification's name; a manifest may have another spelling that is read too."""
    inside: str
    """The kind of object in it, or in the array that it is; empty for anything else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An object of a document that the specification describes."""

    kind: str
    pointer: str
    members: JsonObject


def _model_in(annotation: object) -> type[BaseModel] | None:
    """The model in an annotation such as `tuple[Function, ...] | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((model for part in get_args(annotation) if (model := _model_in(part))), None)


def _spellings(name: str, field: FieldInfo) -> list[str]:
    """The names that are read, the specification's own first."""
    if isinstance(field.validation_alias, AliasChoices):
        return [choice for choice in field.validation_alias.choices if isinstance(choice, str)]
    return [field.alias or name]


def _kinds(model: type[BaseModel]) -> Iterator[tuple[str, Mapping[str, Member]]]:
    """The model and all models in it; they form a tree."""
    members: dict[str, Member] = {}
    for name, field in model.model_fields.items():
        inner = _model_in(field.annotation)
        spellings = _spellings(name, field)
        member = Member(name=spellings[0], inside=inner.__name__ if inner is not None else "")
        members.update(dict.fromkeys(spellings, member))
        if inner is not None:
            yield from _kinds(inner)
    yield model.__name__, members


KINDS: Mapping[str, Mapping[str, Member]] = dict(_kinds(Manifest))
"""For each kind of object, the members that are read."""


def _objects_in(value: Json) -> Iterator[tuple[str, JsonObject]]:
    if isinstance(value, dict):
        yield "", value
    elif isinstance(value, list):
        for index, item in enumerate(value):
            if isinstance(item, dict):
                yield pointer_to(index), item


def objects_of(members: JsonObject, kind: str = ROOT, pointer: str = "") -> Iterator[Found]:
    """The object, and every object in it that the specification describes, as deep as the model goes."""
    yield Found(kind=kind, pointer=pointer, members=members)
    for name, value in members.items():
        member = KINDS[kind].get(name)
        if member is not None and member.inside:
            for step, inner in _objects_in(value):
                yield from objects_of(inner, member.inside, pointer + pointer_to(name) + step)


def clause_at(pointer: str) -> str:
    """The clause of the member at the pointer, or of the innermost member around it that has one."""
    kind, clause = ROOT, CLAUSES[ROOT]
    for part in pointer.split("/")[1:]:
        member = KINDS[kind].get(part) if kind else None
        if member is not None:
            clause = CLAUSES.get(f"{kind}.{member.name}", clause)
            kind = member.inside
        elif not part.isdecimal():
            return clause
    return clause
