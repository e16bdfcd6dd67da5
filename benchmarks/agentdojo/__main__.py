"""AgentDojo through a real host, with no model: what attackers come to, and what a person still gets done.

    python -m benchmarks.agentdojo [--pairs N] [--seed S] [-j N] [--python PATH] [--write]

AgentDojo's 74 tools are plugins over loopback HTTP; a scripted model plays each task's reference calls and does
whatever injected text wants; the suites' own checks judge. AgentDojo has an environment of its own, which is made in
the person's cache folder where it is not there. All of it takes some minutes; `--pairs` plays so many attacks of each
version. `--write` puts the figures into `docs/security.md`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from benchmarks.agentdojo.dojo import ROOT
from benchmarks.agentdojo.page import section, with_section
from benchmarks.agentdojo.place import made_python
from benchmarks.agentdojo.plan import VERSIONS, Piece, pairs_of, pieces_of, sampled, shares, tasks_of
from benchmarks.agentdojo.records import Record, held_calls
from benchmarks.agentdojo.work import listed, play_share

PAGE = ROOT / "docs" / "security.md"


def _pieces(python: Path, pairs: int | None, seed: int) -> tuple[Piece, ...]:
    pieces: list[Piece] = []
    suites = listed(python)
    for version in VERSIONS:
        tasks = sampled(tasks_of(version, suites[version]), pairs, seed)
        attacks = sampled(pairs_of(version, suites[version]), pairs, seed)
        pieces += pieces_of(tasks, attacks, probes=version == VERSIONS[-1])
    return tuple(pieces)


def measured(python: Path, *, pairs: int | None, seed: int, jobs: int) -> tuple[Record, ...]:
    """Plays everything, or a sample of it."""
    shared = shares(_pieces(python, pairs, seed), jobs)
    if jobs == 1:
        return play_share(python, shared[0])
    with ProcessPoolExecutor(max_workers=jobs) as pool:
        return tuple(record for records in pool.map(partial(play_share, python), shared) for record in records)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pairs", type=int, help="play so many attacks and tasks of each version")
    parser.add_argument("--seed", type=int, default=1, help="which ones")
    parser.add_argument("-j", "--jobs", type=int, default=1, help="processes")
    parser.add_argument("--python", type=Path, help="a Python that has AgentDojo")
    parser.add_argument(
        "--held", action="store_true", help="also list the calls of tasks that do not run by themselves"
    )
    parser.add_argument("--write", action="store_true", help="write the figures into docs/security.md")
    options = parser.parse_args(arguments)
    if options.write and options.pairs is not None:
        parser.error("figures of a sample are not written")
    return options


def main(arguments: Sequence[str] | None = None) -> None:
    """The benchmark."""
    options = _options(arguments)
    python = options.python or made_python()
    records = measured(python, pairs=options.pairs, seed=options.seed, jobs=options.jobs)
    text = section(records)
    print(text)
    if options.held:
        print("\n".join(held_calls(records, "standard", VERSIONS[0])))
    if options.write:
        PAGE.write_text(with_section(PAGE.read_text("utf-8"), text), "utf-8")
        print(f"written to {PAGE.relative_to(ROOT)}", file=sys.stderr)


if __name__ == "__main__":
    main()
