"""The credentials that variables give (`auth.environment`), for people: what is there, and where it may go. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from auth.environment import ORIGINS, PART, PREFIX, variable_of
from auth.origins import origins_of

_BETWEEN = re.compile(r"[\s,]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One that gives a credential."""

    name: str
    origins: tuple[str, ...] = ()
    """Where it may go; empty where nothing says so."""
    problem: str = ""
    """Why that cannot be read."""


def _variable(name: str, environ: Mapping[str, str]) -> Variable:
    reference = PREFIX + name.removeprefix(PREFIX).partition(PART)[0]
    listed = next((one + ORIGINS for one in (name, reference) if environ.get(one + ORIGINS)), name + ORIGINS)
    written = [one for one in _BETWEEN.split(environ.get(listed, "")) if one]
    try:
        return Variable(name=name, origins=origins_of(written))
    except ValueError as error:
        return Variable(name=name, problem=f"{listed} has an origin that is none: {error}")


def variables_of(environ: Mapping[str, str]) -> Sequence[Variable]:
    """All of them, by their names."""
    found = (name for name, value in environ.items() if name.startswith(PREFIX) and value)
    return [_variable(name, environ) for name in sorted(found) if not name.endswith(ORIGINS)]


def variables_for(name: str, environ: Mapping[str, str]) -> Sequence[Variable]:
    """Those of a credential and of its parts; `name` may also be that of a part, `REFERENCE/SCHEME`."""
    reference, _, part = name.rpartition("/")
    own = {variable_of(name), *({variable_of(reference, part)} if reference else ())}
    parts = variable_of(name) + PART
    return [one for one in variables_of(environ) if one.name in own or one.name.startswith(parts)]
