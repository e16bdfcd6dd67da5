"""The benchmarks that are programs of their own, and the figures in what they print."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.performance.page import Line
from benchmarks.performance.rounds import Told

ROOT = Path(__file__).resolve().parents[2]

PROGRAM_SECONDS = 1800.0
"""How long one of them may take."""


def _figure(pattern: str, text: str) -> float:
    found = re.search(pattern, text, re.MULTILINE)
    if found is None:
        raise LookupError(f"there is no figure of the form {pattern!r} in what was printed")
    return float(found[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A row of the table, and where its figure is in the text; each pattern has one group, a number."""

    label: str
    pattern: str
    must: float | None
    aim: float | None
    plain: str = ""
    """The figure without `[fast]`, where there is one."""
    beside: str = ""
    """What the figures are divided by, where they are no ratios yet."""

    def line(self, text: str) -> Line:
        """The row. Raises: `LookupError` where a figure is not in the text."""
        unit = _figure(self.beside, text) if self.beside else 1.0
        plain = _figure(self.plain, text) / unit if self.plain else None
        return Line(
            label=self.label, must=self.must, aim=self.aim, fast=_figure(self.pattern, text) / unit, plain=plain
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """One benchmark, in a process of its own."""

    name: str
    module: str
    arguments: tuple[str, ...]
    quick: tuple[str, ...]
    """The arguments with which it does as little as it can."""
    readings: tuple[Reading, ...]

    def lines(self, tell: Told, *, is_quick: bool) -> Iterator[Line]:
        """Raises: `CalledProcessError` where it failed; `LookupError` where a figure is not in what it says."""
        arguments = self.quick if is_quick else self.arguments
        program = [sys.executable, "-m", self.module, *arguments]
        done = subprocess.run(
            program, cwd=ROOT, stdout=subprocess.PIPE, text=True, encoding="utf-8", timeout=PROGRAM_SECONDS, check=True
        )
        tell(done.stdout.rstrip())
        yield from (reading.line(done.stdout) for reading in self.readings)


def _own_share(label: str, tools: int, conversation: str) -> Reading:
    """Beside the loop by hand with 10 tools, whatever the number of tools is."""
    return Reading(
        label=label,
        pattern=rf"^ +{tools} tools(?:\n? .*)*?\n +{conversation} +own share +([\d.]+) ms",
        beside=r"^ +10 tools +bare +([\d.]+) ms",
        must=0.12,
        aim=0.06,
    )


PROGRAMS: tuple[Program, ...] = (
    Program(
        name="a call",
        module="benchmarks.call",
        arguments=("--repetitions", "9"),
        quick=("--repetitions", "1", "--calls", "5"),
        readings=(
            Reading(
                label="a call alone, beside `httpx2`",
                pattern=r"^call over aiohttp .* ratio +([\d.]+)",
                plain=r"^call over httpcore2 .* ratio +([\d.]+)",
                must=1.3,
                aim=0.6,
            ),
        ),
    ),
    Program(
        name="start",
        module="benchmarks.start",
        arguments=(),
        quick=("--repetitions", "1"),
        readings=(
            Reading(
                label="`import orchestrator`, beside `import openai`",
                pattern=r"^import orchestrator +\d+ +[\d.]+ +([\d.]+)",
                must=0.2,
                aim=0.1,
            ),
            Reading(
                label="ready for the first turn, beside a ready `openai` client",
                pattern=r"^ready for the first turn +\d+ +[\d.]+ +[\d.]+ +([\d.]+)",
                must=1.3,
                aim=1.2,
            ),
            Reading(
                label="memory of that, in MB",
                pattern=r"^ready for the first turn +\d+ +([\d.]+)",
                must=75,
                aim=65,
            ),
        ),
    ),
    Program(
        name="own share",
        module="benchmarks.own_share",
        arguments=(),
        quick=("--repetitions", "1", "--turns", "2"),
        readings=(
            _own_share("the host's own share of a turn", 10, "new"),
            _own_share("the same with 100 tools", 100, "new"),
            _own_share("the same after 1,000 turns", 10, "after 1000"),
        ),
    ),
    Program(
        name="many turns",
        module="benchmarks.memory",
        arguments=(),
        quick=("--turns", "2000", "--every", "2000"),
        readings=(
            Reading(
                label="10,000 turns: growth of memory after warm-up, in percent",
                pattern=r"^ *\d+ turns .* ([+-][\d.]+) %\n(?! *\d+ turns)",
                must=10,
                aim=0,
            ),
        ),
    ),
    Program(
        name="a large description",
        module="benchmarks.description",
        arguments=("--repetitions", "5"),
        quick=("--repetitions", "1"),
        readings=(
            Reading(
                label="a description to all its tools in a host, beside a linear pass",
                pattern=r"^\d+ in a host .* ([\d.]+) x linear pass",
                must=4,
                aim=1.5,
            ),
            Reading(
                label="all tools on the second start, with a cache",
                pattern=r"^\d{2}\d+ reloaded .* ([\d.]+) x linear pass",
                must=2,
                aim=1,
            ),
            Reading(
                label="memory of all tools in a host, beside the parsed description",
                pattern=r"^\d+ in a host .* ([\d.]+) x parsed",
                must=1.5,
                aim=1.1,
            ),
        ),
    ),
)
