"""The arguments of an operation: what each is called, and where a given one goes.

Parameters and the top-level members of an object body stand side by side. A name in two places stays plain for the
path and gets its place in front elsewhere; a body that clashes, or is no object with named members, is one argument.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from runtimes.openapi.parameters import InvalidArgument, Parameter
from runtimes.values import Json, JsonObject

if TYPE_CHECKING:
    from runtimes.openapi.body import Body

BODY = "body"
"""The argument that is a whole body."""

MAX_NAMES_LISTED = 12
"""How many argument names a message lists."""

_UNSAFE = re.compile(r"[^A-Za-z0-9_]")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Placed:
    """Arguments where they belong."""

    parameters: Sequence[tuple[Parameter, Json]]
    has_body: bool
    body: Json = None


def _prefixed(parameter: Parameter, taken: frozenset[str]) -> str:
    name = f"{parameter.location}_{parameter.name}"
    while name in taken:
        name += "_"
    return name


def _names(parameters: Sequence[Parameter], reserved: frozenset[str]) -> Mapping[str, Parameter]:
    names_alone = [parameter.name for parameter in parameters]
    if len(set(names_alone)) == len(names_alone) and reserved.isdisjoint(names_alone):
        return dict(zip(names_alone, parameters, strict=True))
    counts = Counter(names_alone)
    taken = reserved | counts.keys()
    names: dict[str, Parameter] = {}
    for parameter in parameters:
        is_plain = parameter.location == "path" or (counts[parameter.name] == 1 and parameter.name not in reserved)
        names[parameter.name if is_plain else _prefixed(parameter, frozenset(taken | names.keys()))] = parameter
    return names


class Arguments:
    """The arguments of one operation."""

    def __init__(self, parameters: Sequence[Parameter], body: Body | None) -> None:
        self.body = body
        self.left_out = {one.name: one.obstacle for one in parameters if one.obstacle}
        """Optional parameters that cannot be sent, each with the reason."""
        parameters = [one for one in parameters if not one.obstacle]
        by_name = _names(parameters, frozenset())
        is_flat = body is not None and body.members is not None and not (body.members.keys() & by_name.keys())
        self.members: Mapping[str, Json] = (body.members or {}) if body is not None and is_flat else {}
        has_whole = body is not None and not is_flat
        self.parameters = _names(parameters, frozenset({BODY})) if has_whole else by_name
        self.whole_body = BODY if BODY not in self.parameters else f"{BODY}_"
        self._is_flat = is_flat

    @property
    def schemas(self) -> JsonObject:
        """The schema of each argument, as the description has it."""
        schemas: JsonObject = {name: parameter.schema for name, parameter in self.parameters.items()}
        if self._is_flat:
            schemas.update(self.members)
        elif self.body is not None:
            schemas[self.whole_body] = self.body.schema
        return schemas

    @property
    def required(self) -> list[str]:
        """The arguments that a call must have; what can be one thing alone is sent unasked."""
        given = self.parameters.items()
        required = [name for name, parameter in given if parameter.is_required and parameter.fallback is None]
        if self.body is None or not self.body.is_required:
            return required
        return required + (list(self.body.required_members) if self._is_flat else [self.whole_body])

    @property
    def more(self) -> Json:
        """The schema of arguments beyond these, which are members of the body; None where there are none."""
        return self.body.more if self.body is not None and self._is_flat else None

    @property
    def dependent(self) -> Mapping[str, Sequence[str]]:
        """The members that each member of an optional body needs beside it."""
        if self.body is None or self.body.is_required or not self.body.required_members:
            return {}
        return dict.fromkeys(self.members, self.body.required_members)

    def completed(self, arguments: JsonObject) -> JsonObject:
        """The arguments with what a call sends unasked; members that were given as a whole body stand by themselves.

        Raises: `OperationUnusable`.
        """
        fallbacks: JsonObject = {
            name: one.fallback for name, one in self.parameters.items() if one.fallback is not None
        }
        complete = fallbacks | arguments
        if self.body is None:
            return complete
        whole = arguments.get(self.whole_body) if self.whole_body not in self.members else None
        if not self._is_flat:
            return complete | {self.whole_body: self.body.completed(whole)} if whole is not None else complete
        apart: JsonObject = {}
        if isinstance(whole, dict):
            apart = whole
            del complete[self.whole_body]
        members = apart | {name: value for name, value in complete.items() if self._is_member(name)}
        is_sent = bool(members) or whole is not None or self.body.is_required
        sent = self.body.completed(members) if is_sent else None
        return complete | sent if isinstance(sent, dict) else complete

    def _is_member(self, name: str) -> bool:
        return name in self.members or (self._parameter(name) is None and self._goes_into_body(name))

    @cached_property
    def _loose(self) -> Mapping[str, Parameter]:
        """Other spellings that a manifest may have declared: each that means one parameter alone."""
        spellings: list[tuple[str, Parameter]] = []
        for parameter in self.parameters.values():
            place = f"{parameter.location}_{parameter.name}"
            spellings += [
                (name, parameter) for name in {place, _UNSAFE.sub("_", parameter.name), _UNSAFE.sub("_", place)}
            ]
            spellings += [(parameter.name, parameter), (_UNSAFE.sub("", parameter.name), parameter)]
        meant: dict[str, set[Parameter]] = {}
        for name, parameter in spellings:
            meant.setdefault(name, set()).add(parameter)
        return {name: next(iter(found)) for name, found in meant.items() if len(found) == 1}

    def _parameter(self, name: str) -> Parameter | None:
        exact = self.parameters.get(name)
        if exact is not None or name in self.members:
            return exact
        return self._loose.get(name) if not (self.body and self.body.members and name in self.body.members) else None

    def place(self, arguments: JsonObject) -> Placed:
        """Where each argument goes. Raises: `InvalidArgument` for one that goes nowhere."""
        found: dict[Parameter, Json] = {}
        members: JsonObject = {}
        whole: list[Json] = []
        for name, value in arguments.items():
            if name == self.whole_body and self.body is not None and name not in self.members:
                whole.append(value)
            elif (parameter := self._parameter(name)) is not None:
                found[parameter] = value
            elif self._goes_into_body(name):
                members[name] = value
            else:
                raise InvalidArgument(self._unknown(name))
        given = [(parameter, found.get(parameter, parameter.fallback)) for parameter in self.parameters.values()]
        sent = [(parameter, value) for parameter, value in given if parameter in found or value is not None]
        return self._with_body(sent, whole, members)

    def _goes_into_body(self, name: str) -> bool:
        if self.body is None:
            return False
        return name in (self.body.members or {}) or (self.body.takes_more and name not in self.left_out)

    def _with_body(self, sent: list[tuple[Parameter, Json]], whole: list[Json], members: JsonObject) -> Placed:
        if whole:
            if members and not isinstance(whole[0], dict):
                raise InvalidArgument(f"the argument {self.whole_body!r} is the whole body; give nothing beside it")
            body = whole[0] | members if isinstance(whole[0], dict) else whole[0]
            return Placed(parameters=sent, has_body=True, body=body)
        has_body = bool(members) or (self.body is not None and self.body.is_required and self._is_flat)
        return Placed(parameters=sent, has_body=has_body, body=members if has_body else None)

    def _unknown(self, name: str) -> str:
        if reason := self.left_out.get(name):
            return f"the argument {name[:60]!r} cannot be sent: {reason}"
        from difflib import get_close_matches

        names = list(self.schemas)
        if near := get_close_matches(name, names, n=1):
            return f"there is no argument {name[:60]!r}; did you mean {near[0]!r}?"
        listed = ", ".join(names[:MAX_NAMES_LISTED]) + (", …" if len(names) > MAX_NAMES_LISTED else "")
        return f"there is no argument {name[:60]!r}; it takes: {listed or 'none'}"
