"""The example of somebody else's runtime is installed into an environment of its own, and works there (issue 10)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from orchestrator.demo import example_names
from tests.servers.example_service import EXAMPLES

NAME = "third_party_runtime"
SECONDS = 120
"""How long one command may take on a slow machine."""


def run(*command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("ORCHESTRATOR_", "PYTEST"))
    }
    return subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, check=False, text=True, timeout=SECONDS
    )


def done(*command: str, cwd: Path) -> str:
    result = run(*command, cwd=cwd)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def installed(place: Path) -> tuple[Path, Path]:
    """The interpreter of an environment that has all of ours, and the example, which ours has not; and its source."""
    source = shutil.copytree(EXAMPLES / NAME, place / "source", ignore=shutil.ignore_patterns("__pycache__", "*.db"))
    done(sys.executable, "-m", "venv", "--without-pip", str(place / "venv"), cwd=place)
    interpreter = place / "venv" / "bin" / "python"
    packages = done(str(interpreter), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=place).strip()
    ours = sysconfig.get_path("purelib")
    Path(packages, "ours.pth").write_text(f"import site; site.addsitedir({ours!r})\n", encoding="utf-8")
    pip = (sys.executable, "-m", "pip", "--python", str(interpreter), "--disable-pip-version-check")
    done(*pip, "install", "--no-deps", "--no-build-isolation", "--no-index", str(source), cwd=place)
    return interpreter, source


def test_installed_it_passes_its_own_tests_and_is_found_by_the_type_of_its_runtime(tmp_path: Path) -> None:
    interpreter, source = installed(tmp_path)
    python = str(interpreter)
    told = done(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=source)
    assert " passed" in told
    assert "skipped" not in told

    manifest = str(source / "library" / "plugin.json")
    done(python, "-m", "orchestrator", "validate", manifest, cwd=source)
    done(python, str(source / "library" / "make.py"), cwd=source)
    call = ("-m", "orchestrator", "call", manifest, "find_books", '{"author": "Wells"}', "--json")
    answer = json.loads(done(python, *call, cwd=source))
    assert answer["is_error"] is False
    assert [book["title"] for book in answer["payload"]] == ["The Time Machine", "The War of the Worlds"]


def test_where_it_is_not_installed_the_known_types_are_named() -> None:
    manifest = str(EXAMPLES / NAME / "library" / "plugin.json")
    result = run(sys.executable, "-m", "orchestrator", "call", manifest, "find_books", "{}", cwd=EXAMPLES)
    assert result.returncode == 1
    assert "there is no runtime for the type 'x-Sqlite'" in result.stderr
    assert "known types: LocalPlugin, OpenApi" in result.stderr


def test_it_is_no_example_for_the_demo() -> None:
    assert NAME not in example_names(EXAMPLES)
