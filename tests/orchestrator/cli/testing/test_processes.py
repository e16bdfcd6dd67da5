"""`orchestrator test -j`: the same is told as without, whatever becomes of the processes (issue 6)."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import anyio
import pytest

from orchestrator.cli.testing.batches import Manner, chosen_in
from orchestrator.cli.testing.offline import MIN_PLAYED, automatic_jobs, is_worth_it, play_all
from orchestrator.cli.testing.processes import play_in_processes
from orchestrator.testing.playing.collect import Choice, collect
from orchestrator.testing.playing.outcome import Outcome
from tests.orchestrator.cli.testing.commands import (
    CALLS,
    SECONDS,
    SLOW,
    children_of,
    command,
    environment,
    run,
    several,
    told,
)
from tests.orchestrator.testing.playing import write_conversation, write_plugin

ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")


def test_conversations_are_told_in_their_order_whoever_plays_them(tmp_path: Path) -> None:
    write_conversation(tmp_path, several(7, failing=(2, 5)), "a")
    write_conversation(tmp_path, several(3), "b")
    done = run(tmp_path, "-j", "3")
    assert (done.returncode, done.stderr) == (1, "")
    assert told(done.stdout) == ["N0", "N1", "!N2", "N3", "N4", "!N5", "N6", "N0", "N1", "N2"]
    assert done.stdout.splitlines()[-1].startswith("8 passed, 2 failed in ")


def test_the_console_script_plays_in_processes_too(tmp_path: Path) -> None:
    script = shutil.which("orchestrator", path=str(Path(sys.executable).parent))
    if script is None:
        pytest.skip("the console script is not installed")
    write_conversation(tmp_path, several(4))
    done = subprocess.run(
        [script, "test", str(tmp_path), "-j", "2"],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
        cwd=tmp_path,
        env=environment(),
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert told(done.stdout) == ["N0", "N1", "N2", "N3"]


def test_only_what_is_asked_for_is_played(tmp_path: Path) -> None:
    write_conversation(tmp_path, several(12))
    done = run(tmp_path, "-j", "2", "-k", "n1")
    assert told(done.stdout) == ["N1", "N10", "N11"]


def test_x_tells_of_nothing_after_the_first_failure(tmp_path: Path) -> None:
    write_conversation(tmp_path, several(12, failing=(4, 5)))
    done = run(tmp_path, "-j", "3", "-x")
    assert done.returncode == 1
    assert told(done.stdout) == ["N0", "N1", "N2", "N3", "!N4"]
    assert done.stdout.splitlines()[-1].startswith("4 passed, 1 failed, 7 not played in ")


def test_the_reports_have_everything(tmp_path: Path) -> None:
    write_conversation(tmp_path, several(4, failing=(3,)))
    done = run(tmp_path, "-j", "2", "--json", "--junit", tmp_path / "report.xml")
    assert json.loads(done.stdout)["passed"] == 3
    assert 'failures="1"' in (tmp_path / "report.xml").read_text(encoding="utf-8")


def test_snapshots_are_written_by_processes(tmp_path: Path) -> None:
    write_plugin(tmp_path)
    for name in "abc":
        shot = f"expect: {{cards: {{snapshot: {name}.json}}}}"
        write_conversation(
            tmp_path, f"turns: [{{say: Hi, model: [{{call: getHome, with: {{id: '1'}}}}, A], {shot}}}]", name
        )
    assert run(tmp_path, "-j", "2", "--update").returncode == 0
    assert [(tmp_path / f"{name}.json").exists() for name in "abc"] == [True, True, True]
    assert run(tmp_path, "-j", "2").returncode == 0


def test_a_number_below_1_is_refused(tmp_path: Path) -> None:
    write_conversation(tmp_path, several(1))
    assert run(tmp_path, "-j", "0").returncode == 2


async def test_a_long_run_goes_on_in_processes_by_itself(tmp_path: Path) -> None:
    """They are seen by what they do not see: the file is another one when they read it."""
    write_plugin(tmp_path)
    slow = "    api: {stubs: [{path: '/homes/{id}', answer: {delay: 0.7}}]}\n"
    texts = [f"  - name: N{number}\n{slow}    {CALLS}\n" for number in range(12)]
    chosen = chosen_in(collect([write_conversation(tmp_path, f"conversations:\n{''.join(texts)}")], Choice()))
    write_conversation(tmp_path, several(1))
    passed: list[bool] = []

    def tell(outcome: Outcome) -> bool:
        passed.append(outcome.is_passed)
        return True

    with anyio.fail_after(SECONDS):
        await play_all(chosen, Manner(), None, tell, automatic=2)
    assert passed == [True] * MIN_PLAYED + [False] * (len(chosen) - MIN_PLAYED)


async def test_a_file_that_has_changed_since_it_was_collected_is_said_to_have(tmp_path: Path) -> None:
    path = write_conversation(tmp_path, several(2))
    chosen = chosen_in(collect([path], Choice()))
    write_conversation(tmp_path, several(1))
    messages: list[str] = []

    def tell(outcome: Outcome) -> bool:
        messages.extend(failure.message for failure in outcome.failures)
        return True

    with anyio.fail_after(SECONDS):
        await play_in_processes(chosen, Manner(), 2, tell)
    assert messages == ["the file has fewer conversations than when it was read first"]


@ON_LINUX
async def test_a_process_that_is_killed_costs_the_conversation_that_it_had(tmp_path: Path) -> None:
    write_plugin(tmp_path)
    quick = "turns: [{say: Hi, model: Hello}]"
    text = f"conversations:\n  - {{name: A, {quick}}}\n  - {{name: B, {SLOW}, {CALLS}}}\n  - {{name: C, {quick}}}\n"
    chosen = chosen_in(collect([write_conversation(tmp_path, text)], Choice()))
    outcomes: list[Outcome] = []
    others = set(children_of(os.getpid()))  # of other tests that ran here

    def tell(outcome: Outcome) -> bool:
        outcomes.append(outcome)
        if outcome.name == "A":
            [player] = set(children_of(os.getpid())) - others
            os.kill(player, signal.SIGKILL)
        return True

    with anyio.fail_after(SECONDS):
        await play_in_processes(chosen, Manner(), 1, tell)
    assert [(outcome.name, outcome.is_passed) for outcome in outcomes] == [("A", True), ("B", False), ("C", True)]
    assert [failure.text for failure in outcomes[1].failures] == [
        "4:5: process: the process that played the conversation has ended: signal SIGKILL"
    ]
    assert set(children_of(os.getpid())) <= others


@ON_LINUX
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_processes_at_once_and_what_was_counted_is_told(tmp_path: Path, sent: signal.Signals) -> None:
    write_plugin(tmp_path)
    write_conversation(tmp_path, several(1), "a")
    for name in "bcd":
        write_conversation(tmp_path, f"{SLOW}\n{CALLS}\n", name)
    arguments = command(tmp_path, "-j", "2")
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith(b"ok ")
        players = children_of(process.pid)
        process.send_signal(sent)
        output, complaints = process.communicate(timeout=SECONDS)
    assert (process.returncode, complaints) == (130, b"")
    assert output.startswith(b"interrupted: 1 passed, 3 not played in ")
    assert players
    assert not any(Path(f"/proc/{player}").exists() for player in players)


@ON_LINUX
def test_processes_end_with_the_one_that_has_started_them(tmp_path: Path) -> None:
    write_plugin(tmp_path)
    write_conversation(tmp_path, several(1), "a")
    write_conversation(tmp_path, f"{SLOW}\n{CALLS}\n", "b")
    with subprocess.Popen(command(tmp_path, "-j", "2"), stdout=subprocess.PIPE, env=environment()) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith(b"ok ")
        assert children_of(process.pid)
        process.kill()
        assert process.stdout.read() == b""  # whoever could write there has ended


@pytest.mark.parametrize(
    ("taken", "left", "jobs", "is_one"),
    [
        ([], 1000, 2, False),
        ([5.0, 5.0], 1000, 2, False),
        ([0.005] * 10, 1290, 2, True),
        ([0.005] * 10, 990, 2, False),
        ([0.009] * 10, 490, 2, False),
        ([2.0] * 3, 4, 2, True),
        ([2.0] * 3, 1, 2, False),
        ([0.005] * 10, 990, 1, False),
        ([3.0, 0.005, 0.005], 100, 2, False),
    ],
)
def test_processes_are_started_where_they_save_more_than_they_cost(
    taken: list[float], left: int, jobs: int, is_one: bool
) -> None:
    assert is_worth_it(taken, left, jobs) is is_one


@pytest.mark.parametrize(
    ("available", "load", "processors", "jobs"),
    [
        (2, 0.0, 2, 2),
        (2, 0.9, 2, 1),
        (2, 5.0, 2, 1),
        (8, 4.0, 8, 4),
        (2, 8.0, 64, 2),
        (64, 0.0, 64, 8),
        (1, 0.0, 1, 1),
    ],
)
def test_processes_are_started_for_processors_that_nobody_else_uses(
    available: int, load: float, processors: int, jobs: int
) -> None:
    assert automatic_jobs(available, load, processors) == jobs
