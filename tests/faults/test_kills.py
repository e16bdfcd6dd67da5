"""Workers that are killed at every commit and at random moments: nothing is lost, nothing is done twice, all ends.

`python -m benchmarks.faults` is the long form of this.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.check import fallen_at, figures, violations
from tests.faults.evidence import PAUSES, Evidence, Settings
from tests.faults.points import SEQUENCES
from tests.faults.run import fault_run
from tests.orchestrator.journal.stores import store_url

KILLS = 38
"""Of one run: those at certain commits, and some at random."""

SEED = 8
"""What the run chooses comes from it; `python -m benchmarks.faults --seed` takes others."""


def hold(evidence: Evidence) -> None:
    """Shows what was broken, with the facts and the service's log."""
    broken = violations(evidence)
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_a_worker_may_die_at_any_commit_and_at_any_moment(kind: str, tmp_path: Path) -> None:
    with store_url(kind, tmp_path) as store:
        evidence = await fault_run(
            Settings(store=store, folder=tmp_path, seed=SEED, kills=KILLS, sequences=SEQUENCES, lease_seconds=0.3)
        )
    hold(evidence)
    assert fallen_at(evidence) >= {(point.side, point.kind) for sequence in SEQUENCES for point in sequence}
    counted = figures(evidence)
    assert counted["kills"] >= KILLS
    assert counted["effects"] > 0


@pytest.mark.parametrize(("kind", "workers"), [("sqlite", 2), ("postgresql", 2), ("postgresql", 4)])
async def test_several_workers_may_die_and_sleep(kind: str, workers: int, tmp_path: Path) -> None:
    with store_url(kind, tmp_path) as store:
        evidence = await fault_run(
            Settings(
                store=store,
                folder=tmp_path,
                seed=SEED,
                kills=6,
                workers=workers,
                faults=PAUSES,
                conversations=8,
                lease_seconds=0.3,
            )
        )
    hold(evidence)
    assert evidence.pauses > 0
