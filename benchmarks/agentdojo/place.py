"""AgentDojo's own environment: it brings many packages that the project has no use for."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

import platformdirs

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
"""What is installed, pinned."""

INSTALL_TIMEOUT = 1800.0
"""Seconds that pip has."""


def _python_of(folder: Path) -> Path:
    return folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def _is_there(python: Path) -> bool:
    if not python.exists():
        return False
    found = subprocess.run([str(python), "-c", "import agentdojo"], check=False, capture_output=True)
    return found.returncode == 0


def kept_folder() -> Path:
    """Where the environment is kept, outside the checkout."""
    return platformdirs.user_cache_path("orchestrator") / "agentdojo"


def python_there(python: Path | None = None) -> Path | None:
    """The Python that has AgentDojo, if it is there."""
    chosen = python or _python_of(kept_folder())
    return chosen if _is_there(chosen) else None


def made_python() -> Path:
    """The Python that has AgentDojo; makes its environment where it is not there."""
    if (python := python_there()) is not None:
        return python
    folder = kept_folder()
    print(f"installing AgentDojo into {folder}", file=sys.stderr, flush=True)
    venv.create(folder, with_pip=True)
    python = _python_of(folder)
    command = [str(python), "-m", "pip", "install", "--quiet", "--requirement", str(REQUIREMENTS)]
    subprocess.run(command, check=True, timeout=INSTALL_TIMEOUT)
    return python
