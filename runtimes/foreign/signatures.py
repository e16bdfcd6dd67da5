"""The functions that somebody else's runtime offers, checked one by one: one that is no good is left out. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from runtimes.base import FunctionSignature
from runtimes.foreign.copies import own, own_json, plain
from runtimes.foreign.kinds import (
    FLAG,
    FLAG_OR_NONE,
    OBJECT,
    TEXT,
    TEXT_MAPPING,
    TEXT_OR_NONE,
    TEXTS,
    Kind,
    is_mapping,
    misfits,
)
from runtimes.foreign.words import RAISED, Unfit, in_lines, in_one_line, kind_of, words_of
from runtimes.json_schema import JsonSchema
from runtimes.values import JsonObject, canonical_json

MAX_FUNCTIONS = 1000
"""How many functions one runtime object may offer."""

MAX_SCHEMA_BYTES = 256 * 1024
"""How long the schema of a function's parameters may be."""

MAX_DESCRIPTION_CHARS = 4096
"""How much of a function's description is kept (spec 3.2)."""

MAX_LEFT_OUT = 100
"""How many arguments of a function may be named that cannot be sent."""

NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./-]{0,127}")
"""How a function may be called that the manifest does not name."""

_METHOD = re.compile(r"[A-Z]{1,20}")
_FIELDS: Mapping[str, Kind] = {
    "name": TEXT,
    "description": TEXT,
    "parameters": OBJECT,
    "method": TEXT_OR_NONE,
    "destination": TEXT,
    "repeatable": FLAG,
    "is_consequential": FLAG_OR_NONE,
    "is_read_only": FLAG_OR_NONE,
    "is_destructive": FLAG_OR_NONE,
    "left_out": TEXT_MAPPING,
    "responses": TEXTS,
    "fingerprint": TEXT,
}


def _schema_mistakes(parameters: JsonObject) -> Iterator[str]:
    if parameters.get("type", "object") != "object":
        yield "its parameters have a 'type' that is not 'object'"
    if not isinstance(parameters.get("properties", {}), dict):
        yield "the 'properties' of its parameters are no JSON object"
    if JsonSchema(parameters).compiled(parameters) is None:
        yield "its parameters are no JSON Schema"


def _copied(schema: JsonObject) -> JsonObject:
    """Raises: `Unfit`."""
    try:
        copy = own_json(schema, MAX_SCHEMA_BYTES)
    except Unfit as error:
        raise Unfit(f"its parameters are no good: {error}") from error
    except (TypeError, ValueError, RecursionError) as error:
        raise Unfit(f"its parameters are no JSON: {words_of(error)}") from error
    return copy if isinstance(copy, dict) else {}


def _signature(name: str, value: object, is_asked_for: bool) -> FunctionSignature:
    """What is offered under a name, a copy of our own within bounds. Raises: `Unfit`, with everything that is wrong."""
    mistakes: list[str] = []
    if not is_asked_for and NAME.fullmatch(name) is None:
        mistakes.append("its name has other characters than letters, digits and '_./-', or is too long")
    if not isinstance(value, FunctionSignature):
        raise Unfit("; ".join([*mistakes, f"it is {kind_of(value)}, and no FunctionSignature"]))
    signature = own(value, FunctionSignature)
    if misfitting := [*misfits(signature, _FIELDS)]:
        raise Unfit("; ".join([*mistakes, *misfitting]))
    mistakes.extend(_mistakes(name, signature))
    try:
        signature = replace(signature, parameters=_copied(signature.parameters))
        mistakes.extend(_schema_mistakes(signature.parameters))
    except Unfit as error:
        mistakes.append(str(error))
    if mistakes:
        raise Unfit("; ".join(mistakes))
    return _bounded(name, signature)


def _mistakes(name: str, signature: FunctionSignature) -> Iterator[str]:
    if plain(signature.name) != name:
        yield f"its signature has the name {in_one_line(signature.name, 80)!r}"
    if not in_one_line(signature.destination):
        yield "its destination is empty: where the arguments go, for people"
    if signature.method is not None and _METHOD.fullmatch(signature.method) is None:
        yield "its method is no HTTP method"


def _fingerprint(signature: FunctionSignature) -> str:
    content: JsonObject = {
        "name": signature.name,
        "description": signature.description,
        "parameters": signature.parameters,
        "method": signature.method,
        "destination": signature.destination,
    }
    return hashlib.sha256(canonical_json(content).encode()).hexdigest()


def _bounded(name: str, signature: FunctionSignature) -> FunctionSignature:
    """Without the `rules`, which would be code: the parameters say what there is to say."""
    left_out = [*signature.left_out.items()][:MAX_LEFT_OUT]
    bounded = replace(
        signature,
        name=name,
        description=in_lines(signature.description, MAX_DESCRIPTION_CHARS),
        method=None if signature.method is None else plain(signature.method),
        destination=in_one_line(signature.destination),
        left_out={in_one_line(name): in_one_line(reason) for name, reason in left_out},
        responses=tuple(in_one_line(status, 3) for status in signature.responses[:MAX_LEFT_OUT]),
        rules=None,
    )
    return replace(bounded, fingerprint=in_one_line(signature.fingerprint) or _fingerprint(bounded))


def _entries(mapping: object, what: str) -> list[tuple[str, object]]:
    """Raises: `Unfit`."""
    try:
        if not is_mapping(mapping):
            raise Unfit(f"its {what!r} is {kind_of(mapping)}, and no mapping")
        if len(mapping) > MAX_FUNCTIONS:
            raise Unfit(f"its {what!r} has {len(mapping)} entries, and {MAX_FUNCTIONS} is the limit")
        entries = [*mapping.items()]
    except Unfit:
        raise
    except RAISED as error:
        raise Unfit(f"reading its {what!r} raises {words_of(error)}") from error
    if strange := [name for name, _ in entries if not isinstance(name, str)]:
        raise Unfit(f"its {what!r} has a name that is {kind_of(strange[0])}")
    return [(plain(name), value) for name, value in entries if isinstance(name, str)]


def checked_functions(
    functions: object, unusable: object, wanted: Iterable[str] | None
) -> tuple[Mapping[str, FunctionSignature], Mapping[str, str]]:
    """Those that can be called, and the reasons of those that cannot; `wanted` has those that were asked for, if any.

    What was not asked for is passed over: it may be another runtime's. Raises: `Unfit` where nothing can be read.
    """
    offered = _entries(functions, "functions")
    asked = None if wanted is None else set(wanted)
    usable: dict[str, FunctionSignature] = {}
    reasons = {
        in_one_line(name): in_one_line(reason) if isinstance(reason, str) else "its runtime does not say why"
        for name, reason in _entries(unusable, "unusable")
        if asked is None or name in asked
    }
    for name, value in offered:
        if asked is not None and name not in asked:
            continue
        try:
            usable[name] = _signature(name, value, asked is not None)
        except Unfit as error:
            reasons[in_one_line(name)] = f"its runtime describes it wrongly: {error}"
        except RAISED as error:
            reasons[in_one_line(name)] = f"its runtime describes it wrongly: reading it raises {words_of(error)}"
    for name in (asked or set()) - usable.keys() - reasons.keys():
        known = in_one_line(", ".join(sorted(name for name, _ in offered))) or "none"
        reasons[name] = f"its runtime does not offer it; it offers: {known}"
    return usable, reasons
