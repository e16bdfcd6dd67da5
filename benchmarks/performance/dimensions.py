"""What is measured beside the loop by hand, and what it is to be. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from benchmarks.performance.task import WARM_UP, Latency, Task

Beside = Literal["the loop by hand", "nothing"]
"""What a figure is told as a ratio to."""

SLOW = Latency(model=200, api=50)
"""What conversations at once wait for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dimension:
    """One row of the table."""

    label: str
    figure: str
    """Its name among what the worker measures."""
    must: float | None
    """What it is to be at most; where there is none, the row is there to be compared with."""
    aim: float | None
    unit: str = ""
    """Of the figure of the loop by hand."""
    beside: Beside = "the loop by hand"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """A task, and what is read from it."""

    task: Task
    dimensions: tuple[Dimension, ...]
    repetitions: int | None = None
    """Where it takes long: so many, however many the others have."""

    def shortened(self) -> Measurement:
        """The same with as little as shows that it runs."""
        task = self.task
        few = 4 if task.kind == "burst" else 2
        return replace(
            self, task=replace(task, turns=few, at_once=min(task.at_once, few), warm_up=1, words=5), repetitions=1
        )


def _burst(conversations: int, must: float, aim: float, *more: Dimension, repetitions: int | None) -> Measurement:
    name = f"{conversations:,} conversations at once"
    dimensions = (
        Dimension(label=f"{name}: wall beside ideal", figure="times ideal", must=must, aim=aim, beside="nothing"),
        Dimension(label=f"{name}: failed", figure="failed", must=0, aim=0, beside="nothing"),
        Dimension(label=f"{name}: CPU per turn", figure="cpu ms", must=None, aim=None, unit="ms"),
        *more,
    )
    task = Task(name=name, kind="burst", turns=conversations, at_once=1, warm_up=3, latency=SLOW)
    return Measurement(task=task, dimensions=dimensions, repetitions=repetitions)


def _turns(name: str, must: float, aim: float, *, turns: int, at_once: int = 1, tools: int = 10) -> Measurement:
    task = Task(name=name, kind="turns", turns=turns, at_once=at_once, warm_up=max(WARM_UP, at_once), tools=tools)
    dimension = Dimension(label=f"CPU per turn, {name}", figure="cpu ms", must=must, aim=aim, unit="ms")
    return Measurement(task=task, dimensions=(dimension,))


MEASUREMENTS = (
    _turns("10 tools, one at a time", 0.60, 0.45, turns=150),
    _turns("10 tools, 64 at a time", 0.40, 0.27, turns=320, at_once=64),
    _turns("100 tools, one at a time", 0.25, 0.17, turns=100, tools=100),
    _burst(200, 2.5, 2.0, repetitions=3),
    _burst(
        1000,
        9,
        6.5,
        Dimension(label="memory per conversation, 1,000 at once", figure="KB", must=1.3, aim=1.0, unit="KB"),
        repetitions=2,
    ),
    Measurement(
        task=Task(name="a streamed text", kind="words", turns=25, warm_up=5),
        dimensions=(
            Dimension(label="first token", figure="first ms", must=1.1, aim=0.5, unit="ms"),
            Dimension(label="CPU per streamed chunk", figure="us a word", must=1.1, aim=0.25, unit="µs"),
        ),
    ),
    Measurement(
        task=Task(name="a streamed text, slowly", kind="words", turns=10, warm_up=2, latency=Latency(event=2)),
        dimensions=(
            Dimension(
                label="CPU per streamed chunk, one every 2 ms", figure="us a word", must=None, aim=None, unit="µs"
            ),
        ),
    ),
    Measurement(
        task=Task(name="a streamed turn", kind="answer", turns=25, warm_up=5),
        dimensions=(Dimension(label="first token after a call", figure="first ms", must=1.1, aim=0.5, unit="ms"),),
    ),
)
