"""What docs/pytest.md shows of pytest is run by pytest, over the example that it is about."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "pytest.md").read_text(encoding="utf-8")
FILES = re.findall(r'```python title="(\w+\.py)"\n(.*?)```', PAGE, re.DOTALL)
COMMANDS = re.findall(r"^\$ pytest (.*)$", PAGE, re.MULTILINE)
PATIENCE = 120.0
"""Seconds for a run in another process."""


def test_the_tests_in_the_document_pass(pytester: pytest.Pytester) -> None:
    shutil.copytree(ROOT / "examples" / "contoso_real_estate", pytester.path, dirs_exist_ok=True)
    for name, source in FILES:
        (pytester.path / name).write_text(source, encoding="utf-8")
    only = [name for name, _ in FILES]
    result = pytester.runpytest_subprocess("-W", "error", "-k", "not trio", *only, timeout=PATIENCE)
    result.assert_outcomes(passed=3)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_commands_in_the_document_choose_conversations(pytester: pytest.Pytester, command: str) -> None:
    shutil.copytree(ROOT / "examples", pytester.path / "examples")
    result = pytester.runpytest_subprocess("--co", "--strict-markers", *shlex.split(command), timeout=PATIENCE)
    assert result.ret == pytest.ExitCode.OK


def test_the_setting_in_the_document_is_one(pytester: pytest.Pytester) -> None:
    [setting] = re.findall(r"```ini\n(.*?)```", PAGE, re.DOTALL)
    pytester.makeini(setting)
    shutil.copytree(ROOT / "examples" / "suno", pytester.path, dirs_exist_ok=True)
    result = pytester.runpytest_subprocess("--strict-config", timeout=PATIENCE)
    assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED
