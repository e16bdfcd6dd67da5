"""What `orchestrator test` tells beyond how it went, as people run it (issue 6)."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.orchestrator.testing.playing import DROP, FIND, write_conversation, write_plugin
from tests.servers import warm


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "orchestrator", "test", *map(str, arguments)]
    return warm.run(command)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_plugin(tmp_path)
    write_conversation(tmp_path, FIND, "a")
    write_conversation(tmp_path, f"{DROP}    decide: approve\n    expect: {{text: Gone}}\n", "b")
    return tmp_path


def test_nothing_more_is_told_unless_it_is_wanted_but_the_transcript_of_a_failure(folder: Path) -> None:
    done = run(folder)
    assert (done.returncode, done.stderr) == (1, "")
    told = done.stdout.splitlines()
    assert [told[0][:3], told[1][:5], told[-1][:19]] == ["ok ", "FAIL ", "1 passed, 1 failed "]
    assert told[-12:-1] == [
        "    turn 1",
        "      person    Drop home 1",
        '      call      dropHome {"id":"1"} → returned',
        "      decision  asked: the plugin asks for a confirmation before this function;",
        "                it is a DELETE request, which may change something; you said yes",
        "      question  Drop it? → approve",
        "      sent      DELETE /homes/1 → 204",
        "      result    done; the answer has no content",
        "      phrase    (request 2, phrase)",
        "    > answer    Done.",
        "      ended     answered",
    ]


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_every_step_and_what_was_exercised_are_told_in_any_number_of_processes(folder: Path, jobs: str) -> None:
    done = run(folder, "--explain", "--coverage", "--jobs", jobs)
    assert (done.returncode, done.stderr) == (1, "")
    told = done.stdout.splitlines()
    assert "  turn 1     Find home 1" in told
    assert told[-12:-1] == [
        "coverage of Homes",
        "  functions     2/3     not called: putHome",
        "  states        0/1     not entered: putHome (responding)",
        "  parameters    2/4     not given: getHome (view), putHome (name)",
        "  responses     2/6     not seen: getHome (no answer), putHome (200, no answer),",
        "                        dropHome (no answer)",
        "  confirmations 1/4     not answered: putHome (approved, declined), dropHome",
        "                        (declined)",
        "  cards         1/1",
        "coverage: functions 2/3, states 0/1, parameters 2/4, responses 2/6,",
        "  confirmations 1/4, cards 1/1",
    ]


def test_programs_are_told_all_of_it(folder: Path) -> None:
    done = run(folder, "--explain", "--coverage", "--json")
    report = json.loads(done.stdout)
    assert report["coverage"]["total"]["functions"] == {"exercised": 2, "total": 3, "missing": ["putHome"]}
    assert [one["explanation"][0]["end"] for one in report["conversations"]] == ["answered", "answered"]
    assert [one.get("transcript", [""])[0] for one in report["conversations"]] == ["", "turn 1"]
