"""The AgentDojo benchmark in a short, seeded form, where AgentDojo is (issue 7)."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.agentdojo.__main__ import main, measured
from benchmarks.agentdojo.place import python_there
from benchmarks.agentdojo.plan import ROWS, VERSIONS
from benchmarks.agentdojo.records import figures, probed

PAIRS = 2
SEED = 7
POLICIES = [row for row in ROWS if row.name != "none"]


@pytest.fixture(scope="module")
def python() -> Path:
    found = python_there()
    if found is None:
        pytest.skip("AgentDojo's environment is not there; `python -m benchmarks.agentdojo` makes it")
    return found


def test_a_sample_attacks_for_real_without_a_policy_and_has_no_effect_with_one(python: Path) -> None:
    records = measured(python, pairs=PAIRS, seed=SEED, jobs=1)
    for version in VERSIONS:
        control = figures(records, "none", version)
        assert (control.attacks, control.pairs, control.done[-1]) == (PAIRS, PAIRS, PAIRS)
        assert all(figures(records, row.name, version).effects == 0 for row in POLICIES)
    for row in POLICIES:
        if not row.is_probed:
            continue
        closing, carrying = (probed(records, row.name, VERSIONS[-1], kind) for kind in ("closing", "carrying"))
        assert (closing.effects, carrying.came_through) == (0, 0)
        assert closing.attempts > 0
    assert probed(records, "none", VERSIONS[-1], "carrying").came_through > 0


def test_figures_of_a_sample_are_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--pairs", "2", "--write"])
    assert "figures of a sample are not written" in capsys.readouterr().err
