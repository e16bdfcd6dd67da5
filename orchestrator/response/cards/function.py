"""What a prebuilt function of the card language is: what may be written between its brackets, and what it gives.

Functions that decide which of their arguments are evaluated, or how often (`if`, `foreach`), are no such functions:
the evaluator knows them itself. Above this stands the table of all functions; below it the values.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Flag, auto

from orchestrator.response.cards.limits import Budget
from orchestrator.response.cards.values import Value


class Kind(Flag):
    """What is known of a value before anything is evaluated."""

    BOOLEAN = auto()
    NUMBER = auto()
    STRING = auto()
    ARRAY = auto()
    ANY = auto()
    """Known only when it runs."""


class NoValue(Exception):  # it is no error of ours: the author's expression has no value
    """An expression cannot be evaluated with this data; the message says why, naming the value, not the expression."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What an evaluation is given besides its data."""

    budget: Budget
    now: datetime
    """The current moment, with a zone."""
    locale: str = "en-US"
    """The language of numbers and dates where a function names none."""
    random: random.Random = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A prebuilt function. Wrong kinds and counts of arguments are found when the expression is parsed."""

    name: str
    gives: Kind = Kind.ANY
    takes: tuple[Kind, ...] = ()
    """What must be given, in order."""
    may_take: tuple[Kind, ...] = ()
    """What may follow, in order."""
    rest: Kind | None = None
    """What any number of further arguments are; None allows no more."""
    call: Callable[[Sequence[Value], Setting], Value]
    """Raises: `NoValue`, and `CardLimit` through the budget."""
    rescue: Callable[[Sequence[Value]], Value] | None = None
    """What it is worth when an argument has no value, from the arguments before that one. Raises: `NoValue`."""
    compares: bool = False
    """Missing data is missing in its arguments, also where a template shows its path as text (null substitution)."""
    refused: Callable[[Sequence[Value]], str | None] | None = None
    """Found when parsed: what is wrong with constant arguments; those known only when it runs are `ABSENT`."""
