"""Kills workers while they talk to a service that counts its effects, and holds what is kept against that count.

    python -m benchmarks.faults [--engine sqlite|postgresql|all] [--kills N] [--workers N] [--seed N] [--table]

With one worker it dies at every commit of a turn, before it and after it, and then at random commits, at random stages
of a request and at random moments; several are also paused for longer than their lease lasts. The run fails with the
facts and the service's log of every conversation in which a promise was broken. What is chosen comes from the seed.
`--table` prints the figures as a table for the documentation.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from random import SystemRandom

import anyio

from tests.faults.check import fallen_at, figures, violations
from tests.faults.evidence import DEATHS, PAUSES, Settings
from tests.faults.points import SEQUENCES
from tests.faults.run import fault_run
from tests.servers.postgres import missing, postgres_server

SEEDS = 1_000_000
"""Where a run has no seed of its own, it is one below this."""

CONVERSATIONS = 20
"""At least, where several workers share them."""

ENGINES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}

SHOWN = (
    "kills",
    "pauses",
    "stops",
    "conversations",
    "facts",
    "calls",
    "effects",
    "repeated",
    "sent late",
    "turns given up",
    "unknown, and it had happened",
    "unknown, and it had not",
    "answers",
    "answers too late",
    "declined",
    "seconds",
    "promises broken",
)
"""The figures of a run, in order."""


@contextmanager
def _store(engine: str, folder: Path) -> Generator[str]:
    if engine == "sqlite":
        yield f"sqlite:///{folder}/store.db"
        return
    if reason := missing():
        raise SystemExit(reason)
    with postgres_server(durable=True) as server, server.database() as url:
        yield url


def _run(engine: str, arguments: argparse.Namespace) -> Counter[str]:
    with tempfile.TemporaryDirectory() as name, _store(engine, Path(name)) as store:
        is_alone = arguments.workers == 1
        settings = Settings(
            store=store,
            folder=Path(name),
            seed=arguments.seed,
            kills=arguments.kills,
            workers=arguments.workers,
            sequences=SEQUENCES if is_alone else (),
            faults=DEATHS if is_alone else PAUSES,
            conversations=0 if is_alone else CONVERSATIONS,
        )
        evidence = anyio.run(fault_run, settings)
        broken = violations(evidence)
        if broken:
            print(*broken, sep="\n", file=sys.stderr)
        figure = figures(evidence)
        figure["seconds"] = round(evidence.seconds)
        figure["promises broken"] = len(broken)
        kinds = sorted({kind for _, kind in fallen_at(evidence)})
        if kinds:
            print(f"{ENGINES[engine]}: died at the commits of {', '.join(kinds)}")
        return figure


def _print(runs: dict[str, Counter[str]], *, as_table: bool) -> None:
    if as_table:
        print("| | " + " | ".join(runs) + " |")
        print("|---|" + "---|" * len(runs))
    for figure in SHOWN:
        values = [f"{run[figure]:,}" for run in runs.values()]
        print(
            f"| {figure} | {' | '.join(values)} |" if as_table else f"{figure:30}" + "".join(f"{v:>16}" for v in values)
        )


def main() -> None:
    """The exit code is 1 when a promise was broken."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--engine", choices=(*ENGINES, "all"), default="all")
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(SEEDS))
    parser.add_argument("--table", action="store_true")
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}")
    chosen = tuple(ENGINES) if arguments.engine == "all" else (arguments.engine,)
    runs = {
        f"{ENGINES[engine]}, {arguments.workers} worker{'' if arguments.workers == 1 else 's'}": _run(engine, arguments)
        for engine in chosen
    }
    _print(runs, as_table=arguments.table)
    sys.exit(any(run["promises broken"] for run in runs.values()))


if __name__ == "__main__":
    main()
