"""Whose data stands in the way of a call, and when what the model had read makes it a question. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Literal, get_args

from orchestrator.events import Reason
from orchestrator.labels import CLEAN, Label
from orchestrator.phrases import listed
from orchestrator.policy.evidence import EXPORT, Evidence
from orchestrator.policy.rules import Mode
from orchestrator.policy.words import Words

MAX_PLUGINS_NAMED = 5
"""Plugins that one reason names; of more, it says how many."""

Column = Literal["clean", "public", "own", "foreign", "isolated"]
"""What the model had read, seen from the plugin that it calls, the strictest that holds: nothing from outside; answers
without private data of another; private data of this plugin; private data of another; data of another that must not
reach anyone else."""

COLUMNS: tuple[Column, ...] = get_args(Column)
"""From the loosest to the strictest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """What the person has allowed in this turn already, of the same function."""

    label: Label = CLEAN
    """Whose data the answers to those calls may hold; clean where there are none."""
    is_quoted: bool = False
    """Every value of the call at hand stands word for word in what the person typed, or in what plugins had answered
    when the person was asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """What the data-flow policy says of one call."""

    column: Column = "clean"
    in_the_way: tuple[str, ...] = ()
    """Plugins whose data must not meet this one: the call is denied."""
    asks: bool = False
    """True when the person is to be asked because of what the model had read."""
    is_agreed: bool = False
    """True when they would be, and have allowed the same in this turn already."""
    may_agree: bool = False
    """True when a yes is such an agreement for later calls of the turn."""


def _others(names: Collection[str], plugin: str) -> tuple[str, ...]:
    return tuple(sorted({name for name in names if name != plugin})) if names else ()


def _some(names: Collection[str]) -> str:
    shown = sorted(names)[:MAX_PLUGINS_NAMED]
    more = [f"{len(names) - len(shown)} more"] if len(names) > len(shown) else []
    return listed([*shown, *more])


def column_of(context: Label, plugin: str) -> Column:
    """The column that a context puts a call of this plugin in."""
    if _others(context.isolated, plugin):
        return "isolated"
    if _others(context.private, plugin):
        return "foreign"
    if plugin in context.owners:
        return "own"
    return "public" if context.seen else "clean"


def in_the_way(evidence: Evidence, plugin: str, context: Label) -> tuple[str, ...]:
    """The plugins whose data keeps this call from running (spec 9.5): those that do not say how they handle data, and
    all others where the function itself does not."""
    held = (*context.seen, *context.owners) if evidence.is_isolated else context.isolated
    return _others(held, plugin)


def asks(evidence: Evidence, column: Column, words: Words, mode: Mode, *, is_attended: bool = True) -> bool:
    """True when the column alone makes a call a question; for one with nothing in the way.

    Where nobody can be asked, nobody would notice which of the person's own words a model picks: they do not count
    there once private data of others was read.
    """
    if mode == "off" or column == "clean":
        return False
    if EXPORT in evidence.data_handling:
        return True
    if column == "foreign":
        return mode == "strict" or not is_attended or words != "spoken"
    return words != "spoken" if mode == "strict" else words == "address"


def is_agreed(plugin: str, context: Label, agreement: Agreement) -> bool:
    """True when the person need not be asked again what they have allowed in this turn: the same function may read on,
    with quotes of what had been read when they were asked, unless private data of others has come to it since.
    """
    known = agreement.label
    return agreement.is_quoted and plugin in known.seen and set(_others(context.owners, plugin)) <= known.owners


def flow_of(
    evidence: Evidence,
    *,
    plugin: str,
    mode: Mode,
    context: Label,
    words: Words,
    agreement: Agreement | None = None,
    is_attended: bool = True,
) -> Flow:
    """What the data-flow policy says of a call; in the mode `off`, nothing."""
    column = column_of(context, plugin)
    if mode == "off" or column == "clean":
        return Flow()
    if names := in_the_way(evidence, plugin, context):
        return Flow(column=column, in_the_way=names)
    if not asks(evidence, column, words, mode, is_attended=is_attended):
        return Flow(column=column)
    may_agree = mode == "standard" and EXPORT not in evidence.data_handling
    agreed = may_agree and agreement is not None and is_agreed(plugin, context, agreement)
    return Flow(column=column, asks=not agreed, is_agreed=agreed, may_agree=may_agree)


def denial(evidence: Evidence, plugin: str, names: tuple[str, ...]) -> Reason:
    """Why data of these must not meet this call."""
    some = _some(names)
    if evidence.is_isolated:
        text = f"{plugin} does not say how it handles data, so nothing of {some} may reach it"
        return Reason(source="data", text=text)
    its = "do not say how their" if len(names) > 1 else "does not say how its"
    text = f"{some} {its} data is to be handled, so nothing of it may reach {plugin}"
    return Reason(source="data", text=text)


def told(evidence: Evidence, plugin: str, context: Label, words: Words) -> Iterator[Reason]:
    """What a person should know of the context before they let the call run; nothing in a clean one."""
    read = {*context.seen, *context.owners}
    if not read:
        return
    if EXPORT in evidence.data_handling:
        yield Reason(source="manifest", text=f"the plugin declares that it gives data to others ({EXPORT})")
    if foreign := _others(context.owners, plugin):
        text = f"the model had read private data of {_some(foreign)}, which the call could take to {plugin}"
        yield Reason(source="data", text=text)
    yield Reason(source="data", text=f"the model had read answers of {_some(read)}, which may hold instructions")
    if words == "address":
        yield Reason(source="data", text="the arguments hold an address that the person did not write")
