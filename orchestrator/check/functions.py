"""What a function declares against the operation that it means. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from orchestrator.check.bindings import Bound, Described, listed
from orchestrator.check.codes import problem
from orchestrator.errors import Problem
from orchestrator.manifest.guesses import guess
from orchestrator.manifest.model import Function
from orchestrator.manifest.problems import quoted
from runtimes.openapi.arguments import Arguments
from runtimes.openapi.document import Description, Entry, OperationUnusable, list_at, object_at, text_at
from runtimes.openapi.operations import REPEATABLE_METHODS
from runtimes.openapi.parameters import InvalidArgument
from runtimes.positions import pointer_to
from runtimes.values import Json, JsonObject

CONSEQUENTIAL = ("x-openai-isConsequential", "x-oai-isConsequential")
"""The members by which a description says whether calling has consequences."""

MAX_PARAMETERS = 500
"""How many parameters of one function are compared with those of its operation."""

MAX_CHANGES = 20
"""How many operations of one runtime that change something are named, where the manifest declares no functions."""

_ALIKE = {"integer": "number"}
"""Types that a manifest may give in place of each other."""

_COMPOSED = frozenset({"oneOf", "anyOf", "allOf"})


def declared_parameters(function: Function) -> JsonObject | None:
    """The parameters that the manifest declares; None where it leaves them to the operation."""
    return None if function.parameters is None else object_at(function.parameters, "properties")


def takes(arguments: Arguments, name: str) -> bool:
    """True when the operation has a place for an argument of that name."""
    try:
        arguments.place({name: {}})
    except InvalidArgument:
        return False
    return True


def _takes_nothing(arguments: Arguments, description: Description) -> bool:
    """True for a body that is one argument and plainly needs no member, such as one whose members are read-only."""
    body = arguments.body
    if body is None or not body.takes_more:
        return False
    try:
        schema = description.follow(body.schema)
    except OperationUnusable:
        return False
    properties = object_at(schema, "properties")  # there are none but read-only ones, or they were arguments
    required = [name for name in list_at(schema, "required") if isinstance(name, str)]
    return _COMPOSED.isdisjoint(schema) and properties.keys() >= set(required)


def _left_out(arguments: Arguments, declared: JsonObject, description: Description) -> Iterator[str]:
    """The required arguments that no declared parameter fills, and that have no fallback."""
    schemas = arguments.schemas
    given: JsonObject = {name: {} for name in declared if name in schemas or takes(arguments, name)}
    placed = arguments.place(given)
    sent = [parameter for parameter, _ in placed.parameters]
    has_whole = arguments.whole_body in given and arguments.whole_body not in arguments.members
    is_filled = bool(placed.body) or _takes_nothing(arguments, description)
    for name in arguments.required:
        parameter = arguments.parameters.get(name)
        if parameter is not None:
            if not any(one is parameter for one in sent):
                yield name
        elif not has_whole and name not in given and (name in arguments.members or not is_filled):
            yield name


def _followed(schema: Json, description: Description) -> JsonObject:
    try:
        return description.follow(schema)
    except OperationUnusable:
        return {}


def _types(schema: JsonObject) -> list[str]:
    """The types that a schema plainly gives, but for null; none where it does not say."""
    stated = schema.get("type")
    named = stated if isinstance(stated, list) else [stated]
    return [one for one in named if isinstance(one, str) and one != "null"]


def _is_other(mine: str, theirs: Sequence[str]) -> bool:
    return bool(mine) and bool(theirs) and _ALIKE.get(mine, mine) not in {_ALIKE.get(one, one) for one in theirs}


def _type_problems(name: str, mine: Json, theirs: Json, description: Description, pointer: str) -> Iterator[Problem]:
    """Another type than the operation's, of a parameter or of the items of one."""
    schema = _followed(theirs, description)
    levels = [("declared", mine, schema, "/type")]
    if text_at(mine, "type") == "array" and _types(schema) == ["array"]:
        items = _followed(schema.get("items"), description)
        levels.append(("declared with items", object_at(mine, "items"), items, "/items/type"))
    for told, declared, taken, place in levels:
        stated, types = text_at(declared, "type"), _types(taken)
        if _is_other(stated, types):
            shown = " or ".join(map(quoted, types))
            message = f"{quoted(name)} is {told} as {quoted(stated)}, and the operation takes {shown}"
            yield problem("parameter-type", pointer + place, message, hint=f"write {shown}")


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
        description = bound.operations.description
        yield from _type_problems(name, schema, schemas[name], description, pointer + pointer_to(name))


def parameter_problems(bound: Bound, function: Function, arguments: Arguments) -> Iterator[Problem]:
    """The declared parameters against the arguments of the operation (spec 5.2.3)."""
    declared = declared_parameters(function)
    if declared is None:
        return
    pointer = bound.pointer + "/parameters/properties"
    if len(declared) > MAX_PARAMETERS:
        message = f"there are more than {MAX_PARAMETERS} parameters; they are not compared with the operation"
        yield problem("too-many-references", pointer, message)
        return
    yield from _given_problems(bound, declared, arguments, pointer)
    for name in _left_out(arguments, declared, bound.operations.description):
        message = f"{bound.where} requires {quoted(name)}, which the function does not declare"
        hint = "declare it, or leave out 'parameters': they are then those of the operation"
        yield problem("undeclared-parameter", pointer + pointer_to(name), message, hint=hint)


def _may_change(entry: Entry) -> bool:
    return entry.method not in REPEATABLE_METHODS and not any(
        entry.operation.get(name) is False for name in CONSEQUENTIAL
    )


def inferred_change_problems(described: Described, bound: Sequence[Bound]) -> Iterator[Problem]:
    """Operations that change something, where the manifest declares no functions and so says nothing of any."""
    changing = [one for one in bound if one.function is None and _may_change(one.entry)]
    pointer, hint = pointer_to("runtimes", described.index), "declare it as a function, with 'confirmation'"
    for one in changing[:MAX_CHANGES]:
        message = f"{one.where} may change something, and the manifest declares no function that says so"
        yield problem("unconfirmed-change", pointer, message, hint=hint)
    if (more := len(changing) - MAX_CHANGES) > 0:
        yield problem("unconfirmed-change", pointer, f"so may {more} more operations of this runtime", hint=hint)


def change_problems(bound: Bound, function: Function) -> Iterator[Problem]:
    """A method that changes something, of which the manifest says nothing (spec 9.2)."""
    entry, capabilities = bound.entry, function.capabilities
    if _may_change(entry) and capabilities.confirmation is None and capabilities.security_info is None:
        message = f"{entry.method} {quoted(entry.path)} may change something, and the function has neither"
        hint = "add 'confirmation', or 'security_info' with what the function does to data"
        pointer = bound.pointer + "/capabilities"
        yield problem("unconfirmed-change", pointer, f"{message} 'confirmation' nor 'security_info'", hint=hint)
