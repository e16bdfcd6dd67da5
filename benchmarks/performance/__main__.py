"""What Orchestrator costs beside a loop written by hand: every figure in one run, as ratios.

    python -m benchmarks.performance [--repetitions N] [--only TEXT] [--quick] [--write]

The loop by hand is the typed `openai` client, not streaming unless that is what is measured, with `httpx2` for the
calls. Each contender runs in a process of its own and the servers in another, so that only the client's CPU time
counts; ratios are taken inside each repetition, and what is printed is the median. `--write` puts the table into
`docs/performance.md`, `--quick` only shows that everything runs. It takes some twenty minutes on two processors.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.performance.dimensions import MEASUREMENTS, Dimension, Measurement
from benchmarks.performance.page import Line, table, with_table
from benchmarks.performance.programs import PROGRAMS
from benchmarks.performance.rounds import Samples, Told, measured
from benchmarks.performance.task import Name
from benchmarks.place import Addresses, running_servers

PAGE = Path(__file__).resolve().parents[2] / "docs" / "performance.md"


def _value(samples: Samples, name: Name, dimension: Dimension) -> float:
    if dimension.figure == "failed":
        return samples.most(name, dimension.figure)
    if dimension.beside == "nothing":
        return samples.median(name, dimension.figure)
    return samples.ratio(name, dimension.figure)


def _line(samples: Samples, dimension: Dimension) -> Line:
    by_hand = samples.median("by hand", dimension.figure)
    return Line(
        label=dimension.label,
        must=dimension.must,
        aim=dimension.aim,
        fast=_value(samples, "fast", dimension),
        plain=_value(samples, "plain", dimension),
        sqlite=_value(samples, "sqlite", dimension),
        by_hand=f"{by_hand:.3g} {dimension.unit}".strip(),
    )


def _lines(measurement: Measurement, repetitions: int, servers: Addresses, tell: Told) -> Iterator[Line]:
    most = repetitions if measurement.repetitions is None else min(repetitions, measurement.repetitions)
    samples = measured(measurement.task, most, servers, tell)
    yield from (_line(samples, dimension) for dimension in measurement.dimensions)


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--only", default="", help="measure only what has this in its name")
    parser.add_argument("--quick", action="store_true", help="as little as shows that everything runs")
    parser.add_argument("--write", action="store_true", help="write the table into docs/performance.md")
    options = parser.parse_args(arguments)
    if options.write and (options.quick or options.only):
        parser.error("figures of a part are not written")
    return options


def main(arguments: Sequence[str] | None = None) -> None:
    """The benchmark."""
    options = _options(arguments)
    lines: list[Line] = []
    with running_servers() as servers:
        for measurement in MEASUREMENTS:
            if options.only in measurement.task.name:
                chosen = measurement.shortened() if options.quick else measurement
                lines += _lines(chosen, options.repetitions, servers, _tell)
    for program in PROGRAMS:
        if options.only in program.name:
            lines += program.lines(_tell, is_quick=options.quick)
    text = table(lines)
    print(text)
    if options.write:
        PAGE.write_text(with_table(PAGE.read_text("utf-8"), text), "utf-8")
        _tell(f"written to docs/{PAGE.name}")


if __name__ == "__main__":
    main()
