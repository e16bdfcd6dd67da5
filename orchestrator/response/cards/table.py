"""All functions and operators of the card language, by the names they are written with. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

from orchestrator.response.cards import (
    case_functions,
    collection_functions,
    conversion_functions,
    date_functions,
    lambdas,
    math_functions,
    object_functions,
    operators,
    pattern_functions,
    special,
    text_functions,
    tick_functions,
    timex_functions,
    type_functions,
    uri_functions,
    zone_functions,
)
from orchestrator.response.cards.forms import Form
from orchestrator.response.cards.function import Function, Kind
from orchestrator.response.cards.nodes import ACCESSOR, ELEMENT, Constant, Node
from orchestrator.response.cards.values import ABSENT

Entry: TypeAlias = Function | Form

_OTHER_NAMES: Final = {
    "add": "+",
    "sub": "-",
    "mul": "*",
    "div": "/",
    "exp": "^",
    "mod": "%",
    "and": "&&",
    "or": "||",
    "not": "!",
    "equals": "==",
    "greater": ">",
    "greaterOrEquals": ">=",
    "less": "<",
    "lessOrEquals": "<=",
    "&": "concat",
    "??": "coalesce",
}
"""Written name to own name."""

_MODULES: Final = (
    case_functions,
    collection_functions,
    conversion_functions,
    date_functions,
    math_functions,
    object_functions,
    pattern_functions,
    text_functions,
    tick_functions,
    timex_functions,
    type_functions,
    uri_functions,
    zone_functions,
    operators,
)

ENTRIES: Final[Mapping[str, Entry]] = {
    **{entry.name: entry for module in _MODULES for entry in module.FUNCTIONS},
    **{form.name: form for form in (*special.FORMS, *lambdas.FORMS)},
}
"""By their own names."""

NAMES: Final[Mapping[str, Entry]] = {
    **ENTRIES,
    **{written: ENTRIES[name] for written, name in _OTHER_NAMES.items()},
}
"""By every name they can be written with."""

_TITLES: Final[Mapping[str, Sequence[Entry]]] = {
    "operators": operators.FUNCTIONS,
    "conditions": (*special.FORMS,),
    "text": text_functions.FUNCTIONS,
    "lists": (*collection_functions.FUNCTIONS, *lambdas.FORMS),
    "objects": object_functions.FUNCTIONS,
    "numbers": math_functions.FUNCTIONS,
    "conversion": conversion_functions.FUNCTIONS,
    "types": type_functions.FUNCTIONS,
    "dates and times": (*date_functions.FUNCTIONS, *tick_functions.FUNCTIONS, *zone_functions.FUNCTIONS),
    "TIMEX expressions": timex_functions.FUNCTIONS,
    "URIs": uri_functions.FUNCTIONS,
}


def _written(name: str) -> tuple[str, ...]:
    """The name, and the others that the same function has."""
    return (name, *(written for written, own in _OTHER_NAMES.items() if own == name))


GROUPS: Final[Mapping[str, Sequence[str]]] = {
    title: tuple(
        written for entry in entries if entry.name not in (ACCESSOR, ELEMENT) for written in _written(entry.name)
    )
    for title, entries in _TITLES.items()
}
"""All names that authors write, by what their functions are about."""

_KIND_NAMES: Final = {
    Kind.BOOLEAN: "a boolean",
    Kind.NUMBER: "a number",
    Kind.STRING: "text",
    Kind.ARRAY: "an array",
}


def _named(kind: Kind) -> str:
    return " or ".join(name for one, name in _KIND_NAMES.items() if one & kind)


def _count_problem(entry: Entry, count: int) -> str | None:
    least, most = len(entry.takes), len(entry.takes) + len(entry.may_take)
    if count >= least and (entry.rest is not None or count <= most):
        return None
    exact = str(least) if least == most else f"{least} to {most}"
    expected = exact if entry.rest is None else f"at least {least}"
    return f"{entry.name!r} takes {expected} argument{'' if expected == '1' else 's'}, not {count}"


def problem(entry: Entry, arguments: Sequence[Node]) -> str | None:
    """What is wrong with a call before anything is evaluated; None when nothing is."""
    wrong_count = _count_problem(entry, len(arguments))
    if wrong_count:
        return wrong_count
    kinds = [*entry.takes, *entry.may_take]
    for place, node in enumerate(arguments):
        kind = kinds[place] if place < len(kinds) else entry.rest or Kind.ANY
        if not kind & Kind.ANY and not node.gives & Kind.ANY and not kind & node.gives:
            return f"argument {place + 1} of {entry.name!r} must be {_named(kind)}"
    if isinstance(entry, Form):
        return entry.refused(arguments) if entry.refused else None
    if entry.refused is None:
        return None
    return entry.refused([node.value if isinstance(node, Constant) else ABSENT for node in arguments])
