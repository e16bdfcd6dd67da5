"""The start-up check for strangers under our import names, in a process that really has one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def run_beside(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("name", ["auth", "runtimes"])
def test_a_stranger_under_our_name_is_noticed_and_named(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / name / "__init__.py").write_text("", encoding="utf-8")
    done = run_beside(tmp_path, "-m", "orchestrator", "tools", "plugin.json")
    assert done.returncode == 2
    assert f"the package {name!r} at {tmp_path}" in done.stderr
    assert "virtual environment of its own" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_library_notices_it_too(tmp_path: Path) -> None:
    (tmp_path / "auth.py").write_text("", encoding="utf-8")
    done = run_beside(tmp_path, "-c", "from orchestrator import Orchestrator")
    assert done.returncode == 1
    assert "UsageError: the package 'auth'" in done.stderr
