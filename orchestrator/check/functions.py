"""What a function declares against the operation that it means. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from orchestrator.check.bindings import Bound, guess, listed
from orchestrator.check.codes import problem
from orchestrator.errors import Problem
from orchestrator.manifest.model import Function
from orchestrator.manifest.problems import quoted
from runtimes.openapi.arguments import Arguments
from runtimes.openapi.document import Description, OperationUnusable, object_at, text_at
from runtimes.openapi.operations import REPEATABLE_METHODS
from runtimes.openapi.parameters import InvalidArgument
from runtimes.positions import pointer_to
from runtimes.values import Json, JsonObject

CONSEQUENTIAL = ("x-openai-isConsequential", "x-oai-isConsequential")
"""The members by which a description says whether calling has consequences."""

MAX_PARAMETERS = 500
"""How many parameters of one function are compared with those of its operation."""

MAX_PLACEHOLDERS = 200
"""How many placeholders of one text are looked at."""

_PLACEHOLDER = re.compile(r"(?<!\$)\{\{\s*+[#^/&]?\s*+([A-Za-z_$][^{}|\s]*+)\s*+(?:\|[^{}]*+)?\}\}")
_PREFIX = "function.parameters."
_ALIKE = {"integer": "number"}
"""Types that a manifest may give in place of each other."""


def _declared(function: Function) -> JsonObject | None:
    return None if function.parameters is None else object_at(function.parameters, "properties")


def takes(arguments: Arguments, name: str) -> bool:
    """True when the operation has a place for an argument of that name."""
    try:
        arguments.place({name: {}})
    except InvalidArgument:
        return False
    return True


def _left_out(arguments: Arguments, declared: JsonObject) -> Iterator[str]:
    """The required arguments that no declared parameter fills, and that have no fallback."""
    schemas = arguments.schemas
    given: JsonObject = {name: {} for name in declared if name in schemas or takes(arguments, name)}
    placed = arguments.place(given)
    sent = [parameter for parameter, _ in placed.parameters]
    has_whole = arguments.whole_body in given and arguments.whole_body not in arguments.members
    for name in arguments.required:
        parameter = arguments.parameters.get(name)
        if parameter is not None:
            if not any(one is parameter for one in sent):
                yield name
        elif not has_whole and name not in given:
            yield name


def _type_of(schema: Json, description: Description) -> str:
    try:
        return text_at(description.follow(schema), "type")
    except OperationUnusable:
        return ""


def _given_problems(bound: Bound, declared: JsonObject, arguments: Arguments, pointer: str) -> Iterator[Problem]:
    """Parameters that the operation does not have, or has as something else."""
    schemas, names = arguments.schemas, list(arguments.schemas)
    for name, schema in declared.items():
        if name not in schemas:
            if not takes(arguments, name):
                hint = guess(name, names, f"it takes: {listed(names) or 'none'}")
                message = f"{bound.where} has no parameter {quoted(name)}"
                yield problem("unknown-parameter", pointer + pointer_to(name), message, hint=hint)
            continue
        mine, theirs = text_at(schema, "type"), _type_of(schemas[name], bound.operations.description)
        if mine and theirs and _ALIKE.get(mine, mine) != _ALIKE.get(theirs, theirs):
            message = f"{quoted(name)} is declared as {quoted(mine)}, and the operation takes {quoted(theirs)}"
            yield problem("parameter-type", pointer + pointer_to(name, "type"), message, hint=f"write {quoted(theirs)}")


def parameter_problems(bound: Bound, function: Function, arguments: Arguments) -> Iterator[Problem]:
    """The declared parameters against the arguments of the operation (spec 5.2.3)."""
    declared = _declared(function)
    if declared is None:
        return
    pointer = bound.pointer + "/parameters/properties"
    if len(declared) > MAX_PARAMETERS:
        message = f"there are more than {MAX_PARAMETERS} parameters; they are not compared with the operation"
        yield problem("too-many-references", pointer, message)
        return
    yield from _given_problems(bound, declared, arguments, pointer)
    for name in _left_out(arguments, declared):
        message = f"{bound.where} requires {quoted(name)}, which the function does not declare"
        hint = "declare it, or leave out 'parameters': they are then those of the operation"
        yield problem("undeclared-parameter", pointer + pointer_to(name), message, hint=hint)


def change_problems(bound: Bound, function: Function) -> Iterator[Problem]:
    """A method that changes something, of which the manifest says nothing (spec 9.2)."""
    entry, capabilities = bound.entry, function.capabilities
    if entry.method in REPEATABLE_METHODS or any(entry.operation.get(name) is False for name in CONSEQUENTIAL):
        return
    if capabilities.confirmation is None and capabilities.security_info is None:
        message = f"{entry.method} {quoted(entry.path)} may change something, and the function has neither"
        hint = "add 'confirmation', or 'security_info' with what the function does to data"
        pointer = bound.pointer + "/capabilities"
        yield problem("unconfirmed-change", pointer, f"{message} 'confirmation' nor 'security_info'", hint=hint)


def _names_in(body: str) -> Iterator[str]:
    for number, match in enumerate(_PLACEHOLDER.finditer(body)):
        if number == MAX_PLACEHOLDERS:
            return
        name = match[1].removeprefix(_PREFIX)
        if not name.startswith("function."):
            yield name


def confirmation_problems(function: Function, pointer: str, arguments: Arguments | None) -> Iterator[Problem]:
    """Placeholders of `confirmation.body` that name no parameter; `arguments` are those of the operation, if known."""
    confirmation, declared = function.capabilities.confirmation, _declared(function)
    if confirmation is None or not confirmation.body or (declared is None and arguments is None):
        return
    known = list(declared if declared is not None else arguments.schemas if arguments is not None else ())
    for name in dict.fromkeys(_names_in(confirmation.body)):
        meant = [name, *name.split(".")[:2]]
        if any(one in known for one in meant):
            continue
        if declared is None and arguments is not None and any(takes(arguments, one) for one in meant):
            continue
        message = f"the text names {quoted(name)}, which is no parameter of the function"
        hint = guess(name, known, f"parameters: {listed(known) or 'none'}")
        yield problem("confirmation-parameter", pointer + "/capabilities/confirmation/body", message, hint=hint)
