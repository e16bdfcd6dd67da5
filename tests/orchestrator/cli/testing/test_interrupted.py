"""`orchestrator test` that a signal ends: what was counted is told (issue 6)."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import anyio
import pytest

from orchestrator.cli.parser import build_parser
from orchestrator.cli.testing.telling import Telling
from orchestrator.testing.playing.outcome import Outcome
from tests.orchestrator.cli.testing.commands import CALLS, SECONDS, SLOW, command, environment, several
from tests.orchestrator.testing.playing import write_conversation, write_plugin
from tests.servers import warm

SIGNALS = [signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if sys.platform != "win32" else [])]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_plugin(tmp_path)
    write_conversation(tmp_path, several(2, failing=(1,)), "a")
    write_conversation(tmp_path, f"{SLOW}\n{CALLS}\n", "b")
    return tmp_path


def interrupted(sent: signal.Signals, *arguments: str | Path) -> tuple[int, str, str]:
    """The exit code, and what was told after the second conversation."""
    with subprocess.Popen(
        warm.line(command(*arguments)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment()
    ) as process:
        assert process.stdout is not None
        while not (line := process.stdout.readline()).startswith("FAIL "):
            assert line, process.communicate(timeout=SECONDS)[1]
        process.send_signal(sent)
        output, complaints = process.communicate(timeout=SECONDS)
    return process.returncode, output, complaints


@pytest.mark.parametrize("sent", SIGNALS)
def test_what_was_counted_is_told_and_it_leaves_with_130(folder: Path, sent: signal.Signals) -> None:
    code, output, complaints = interrupted(sent, folder, "--junit", folder / "report.xml")
    assert (code, complaints) == (130, "")
    assert output.splitlines()[-1].startswith("interrupted: 1 passed, 1 failed, 1 not played in ")
    root = ElementTree.parse(folder / "report.xml").getroot()
    assert [suite.get("tests") for suite in root] == ["2", "1"]
    assert [error.get("message") for error in root.iter("error")] == [
        "interrupted: 1 of 3 conversations were not played"
    ]


async def test_programs_are_told_it_too(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = build_parser().parse_args(["test", str(folder), "--json"])
    options.github = False
    telling = Telling(options, 3)
    with anyio.CancelScope() as scope:
        async with telling.counted():
            telling.take(Outcome(file="a", name="One", failures=(), seconds=0.1))
            scope.cancel()
            await anyio.sleep_forever()
    report = json.loads(capsys.readouterr().out)
    assert (report["interrupted"], report["passed"], report["not_played"]) == (True, 1, 2)
