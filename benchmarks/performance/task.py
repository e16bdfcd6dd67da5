"""What a worker is told to measure. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Name = Literal["by hand", "fast", "plain", "sqlite"]
"""Who is measured: the loop by hand, and Orchestrator in three forms."""

NAMES: tuple[Name, ...] = ("by hand", "fast", "plain", "sqlite")

WARM_UP = 20
"""Turns before those that are measured."""

Kind = Literal["turns", "burst", "words", "answer"]
"""Turns, some at a time; conversations that all begin at once; a streamed text; a streamed turn with a call."""


Figures = dict[str, float]
"""What was measured, by its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """How many milliseconds the servers take."""

    model: int = 0
    """Over the beginning of an answer of the model."""
    api: int = 0
    """Over an answer of the API."""
    event: int = 0
    """Between two events of a streamed answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What is measured of each contender, in a process of its own."""

    name: str
    kind: Kind
    turns: int
    """How many are measured; in a burst, how many conversations there are, each with one."""
    at_once: int = 1
    """How many are under way at any time; a burst begins all of them at once."""
    warm_up: int = WARM_UP
    """How many come before those that are measured."""
    tools: int = 10
    words: int = 200
    """The length of a streamed text, in words: each is an event of its own."""
    latency: Latency = Latency()
