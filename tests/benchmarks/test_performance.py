"""The benchmark of performance still measures what it says, in a short form (issue 11)."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from itertools import product

import orjson
import pytest

from benchmarks import turn
from benchmarks.contenders import Contender
from benchmarks.performance import __main__ as performance
from benchmarks.performance import worker
from benchmarks.performance.dimensions import MEASUREMENTS, Measurement
from benchmarks.performance.page import Line, table, with_table
from benchmarks.performance.programs import PROGRAMS
from benchmarks.performance.rounds import Samples
from benchmarks.performance.task import NAMES, Name, Task
from benchmarks.place import ANSWER, Addresses, running_servers

BEGINNING_OF_TURNS = MEASUREMENTS[0]


@pytest.fixture(scope="module")
def servers() -> Generator[Addresses]:
    with running_servers() as addresses:
        yield addresses


def _runs() -> list[tuple[Name, Measurement]]:
    compared: tuple[Name, ...] = ("by hand", "fast")
    others: tuple[Name, ...] = ("plain", "sqlite")
    return [*product(compared, MEASUREMENTS), *product(others, MEASUREMENTS[:1])]


@pytest.mark.parametrize(
    ("name", "measurement"), [pytest.param(*run, id=f"{run[1].task.name}, {run[0]}") for run in _runs()]
)
def test_a_worker_tells_the_figures_that_the_table_has(
    name: Name, measurement: Measurement, servers: Addresses, capfd: pytest.CaptureFixture[str]
) -> None:
    worker.main(name, measurement.shortened().task, servers)
    figures = orjson.loads(capfd.readouterr().out)
    assert {dimension.figure for dimension in measurement.dimensions} <= set(figures)
    assert figures.get("failed", 0) == 0


def _saying(answer: str) -> Contender:
    """One that asks nobody."""

    async def turn() -> str:
        return answer

    async def stream(question: str) -> AsyncGenerator[str]:
        raise NotImplementedError(question)
        yield ""

    return Contender(turn, stream)


async def test_who_does_nothing_cannot_look_fast(servers: Addresses) -> None:
    task = Task(name="idle", kind="turns", turns=3)
    with pytest.raises(AssertionError, match=r"saw Counts\(model=0, api=0\) instead of Counts\(model=6, api=3\)"):
        await worker.measured(_saying(ANSWER), task, servers)


async def test_a_wrong_answer_fails_the_run_and_in_a_burst_its_conversation(servers: Addresses) -> None:
    wrong = _saying("There are six.")
    with pytest.raises(worker.WrongAnswer, match=r"There are six\."):
        await worker.measured(wrong, Task(name="turns", kind="turns", turns=1), servers)
    burst = await worker.measured(wrong, Task(name="burst", kind="burst", turns=3, warm_up=0), servers)
    assert burst["failed"] == 3


def test_every_contender_is_measured_in_a_process_of_its_own_and_told_as_a_row(
    capfd: pytest.CaptureFixture[str],
) -> None:
    performance.main(["--quick", "--only", BEGINNING_OF_TURNS.task.name])
    out, err = capfd.readouterr()
    assert [line.partition(":")[0] for line in err.splitlines()] == [
        f"{BEGINNING_OF_TURNS.task.name} [1/1] {name}" for name in NAMES
    ]
    _, _, row = out.splitlines()
    label, must, aim, *figures = [cell.strip() for cell in row.strip("|").split("|")]
    assert (label, must, aim) == ("CPU per turn, 10 tools, one at a time", "0.6", "0.45")
    assert len([figure for figure in figures if figure]) == len(NAMES)


def test_figures_of_a_part_are_not_written() -> None:
    with pytest.raises(SystemExit):
        performance.main(["--quick", "--write"])


def test_ratios_are_taken_inside_each_repetition() -> None:
    samples = Samples(
        {"by hand": [{"ms": 10.0}, {"ms": 20.0}, {"ms": 40.0}], "fast": [{"ms": 5.0}, {"ms": 4.0}, {"ms": 30.0}]}
    )
    assert (samples.ratio("fast", "ms"), samples.median("fast", "ms"), samples.most("fast", "ms")) == (0.5, 5.0, 30.0)


def test_what_is_over_its_must_is_bold() -> None:
    lines = [
        Line(label="a turn", must=0.6, aim=0.45, fast=0.4321, plain=0.61, sqlite=0.6, by_hand="16.5 ms"),
        Line(label="failed", must=0, aim=0, fast=0, plain=2, sqlite=0, by_hand="274"),
        Line(label="import", must=0.2, aim=0.1, fast=0.03),
    ]
    assert table(lines).splitlines()[2:] == [
        "| a turn | 0.6 | 0.45 | 0.43 | **0.61** | 0.60 | 16.5 ms |",
        "| failed | 0 | 0 | 0 | **2.00** | 0 | 274 |",
        "| import | 0.2 | 0.1 | 0.03 |  |  |  |",
    ]


OWN_SHARES = """\
  10 tools   bare  10.00 ms   in memory 0.100 ms
    new          own share  1.000 ms   of bare 0.090  (0.080 to 0.100, 3 x 20)
    after 1000   own share  2.000 ms   of bare 0.190  (0.180 to 0.200, 3 x 20)
 100 tools   bare  40.00 ms   in memory 0.100 ms
    new          own share  3.000 ms   of bare 0.070  (0.060 to 0.080, 3 x 20)
    after 1000   own share  4.000 ms   of bare 0.090  (0.080 to 0.100, 3 x 20)
"""
GROWTH = """\
   2000 turns     78.4 MB    +0.0 %
  10000 turns     82.3 MB    +5.0 %
cyclic garbage: 0.00 objects a turn
"""
STARTS = """\
                           CPU ms      MB   of import openai   of openai, ready
import orchestrator            31    21.3               0.03               0.02
import the host               820    43.5               0.70               0.60
ready for the first turn     1520    61.5               1.31               1.17
"""
DESCRIPTIONS = """\
linear pass  193.7 ms  2.09 x parse  1.00 x linear pass  1.82 x parse safely  39.3 MB  1.06 x parsed
10 reloaded  36.6 ms  0.39 x parse  0.19 x linear pass  0.34 x parse safely  1.1 MB  0.03 x parsed
1000 reloaded  614.7 ms  6.62 x parse  3.17 x linear pass  5.76 x parse safely  37.5 MB  1.01 x parsed
1000 in a host  1207.0 ms  13.01 x parse  6.23 x linear pass  11.32 x parse safely  7.4 MB  0.20 x parsed
"""


def test_figures_are_found_in_what_other_benchmarks_print() -> None:
    told = {"start": STARTS, "own share": OWN_SHARES, "many turns": GROWTH, "a large description": DESCRIPTIONS}
    found = {
        program.name: [reading.line(told[program.name]).fast for reading in program.readings]
        for program in PROGRAMS
        if program.name in told
    }
    assert found == {
        "start": [0.03, 1.17, 61.5],
        "own share": [0.1, 0.3, 0.2],
        "many turns": [5.0],
        "a large description": [6.23, 3.17, 0.2],
    }


def test_a_figure_that_is_not_printed_is_an_error() -> None:
    with pytest.raises(LookupError, match="there is no figure"):
        PROGRAMS[0].readings[0].line("nothing of that kind\n")


def test_a_call_is_compared_by_a_program_of_its_own() -> None:
    told: list[str] = []
    lines = list(PROGRAMS[0].lines(told.append, is_quick=True))
    assert [line.label for line in lines] == [reading.label for reading in PROGRAMS[0].readings]
    assert all(line.fast for line in lines)
    assert told


def test_the_page_has_a_place_for_the_table() -> None:
    page = with_table(performance.PAGE.read_text(encoding="utf-8"), "THE TABLE")
    assert page.count("THE TABLE") == 1
    assert with_table(page, "ANOTHER") == page.replace("THE TABLE", "ANOTHER")


def test_a_page_without_a_place_for_it_is_an_error() -> None:
    with pytest.raises(ValueError, match="no place"):
        with_table("# Performance\n", "THE TABLE")


def test_turns_and_their_model_requests_are_compared(capfd: pytest.CaptureFixture[str]) -> None:
    turn.main(["--repetitions", "1", "--turns", "2", "--tools", "10"])
    adapter, whole = capfd.readouterr().out.splitlines()
    assert [line.split()[:3] for line in (adapter, whole)] == [["adapter", "10", "tools"], ["turn", "10", "tools"]]
    assert "ratio" in adapter
    assert "ratio" in whole
