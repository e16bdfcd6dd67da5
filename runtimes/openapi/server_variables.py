"""The variables of a server's URL: filled with their defaults, or with what a URL that is wanted says. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from runtimes.openapi.document import OperationUnusable, list_at, object_at, text_at
from runtimes.openapi.styles import scalar_text
from runtimes.values import Json, JsonObject

MAX_PIECES = 33
"""Variables of a URL, and pieces between them, that a wanted URL is compared with."""

MAX_CHOICES = 256
"""Values of one variable that a wanted URL is compared with."""

_VARIABLE = re.compile(r"\{([^{}]*)\}")


def _texts(values: Sequence[Json]) -> list[str]:
    """Values as they stand in a URL: YAML reads `8443` as a number."""
    return [scalar_text(value) for value in values if isinstance(value, str | int | float)]


def filled(server: JsonObject) -> str:
    """The URL with the defaults of its variables. Raises: `OperationUnusable`."""
    variables = object_at(server, "variables")

    def default(match: re.Match[str]) -> str:
        variable, name = object_at(variables, match[1]), match[1][:60]
        value, allowed = _texts([variable.get("default")]), list_at(variable, "enum")
        if not value:
            raise OperationUnusable(f"the server variable {name!r} has no default")
        if allowed and value[0] not in _texts(allowed):
            raise OperationUnusable(f"the server variable {name!r} has a default that is not among its values")
        return value[0]

    return _VARIABLE.sub(default, text_at(server, "url").strip())


def _choices(variable: JsonObject) -> list[str]:
    """What a variable may be: one that lists no values is its default alone."""
    return _texts(list_at(variable, "enum")[:MAX_CHOICES] or [variable.get("default")])


def is_fillable(server: JsonObject, wanted: str) -> bool:
    """True when the URL is the wanted one for some of the values that its variables list."""
    variables = object_at(server, "variables")
    pieces = _VARIABLE.split(text_at(server, "url").strip().rstrip("/"))
    if len(pieces) > MAX_PIECES:
        return False
    wanted = wanted.rstrip("/")
    ends: Mapping[int, Mapping[str, str]] = {0: {}}
    for index, piece in enumerate(pieces):
        reached: dict[int, Mapping[str, str]] = {}
        for end, chosen in ends.items():
            is_variable = index % 2 == 1
            known = [chosen[piece]] if is_variable and piece in chosen else None
            choices = (known or _choices(object_at(variables, piece))) if is_variable else [piece]
            for choice in choices:
                if wanted.startswith(choice, end):
                    said = {**chosen, piece: choice} if is_variable else chosen
                    reached.setdefault(end + len(choice), said)
        ends = reached
    return len(wanted) in ends
