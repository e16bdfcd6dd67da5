"""What a service answers is recorded under an origin without its port, and replayed when it is gone (issue 6)."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.orchestrator.cli.testing.commands import run
from tests.servers.example_service import EXAMPLES

STORY = """
plugins: {source: plugin.json, service: homes}
services: {homes: {command: [python, service.py, --port, "0"]}}
api: recorded
turns:
  - say: Find homes in Seattle
    expect: {calls: getListings, requests: GET /listings?city=Seattle}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(
        EXAMPLES / "contoso_real_estate", tmp_path / "homes", ignore=shutil.ignore_patterns("conversations")
    )
    shutil.copy(EXAMPLES / "serving.py", tmp_path)
    (tmp_path / "homes" / "one.conversation.yaml").write_text(STORY)
    return tmp_path / "homes"


def test_a_recorded_service_need_not_be_there(folder: Path) -> None:
    recorded = run(folder, "--record", "--model", "offline")
    assert recorded.returncode == 0, recorded.stdout + recorded.stderr
    cassette = (folder / "one.cassette.yaml").read_text(encoding="utf-8")
    assert '"GET http://homes.service.invalid/listings?city=Seattle"' in cassette
    (folder / "service.py").unlink()
    replayed = run(folder)
    assert (replayed.returncode, replayed.stderr) == (0, ""), replayed.stdout
