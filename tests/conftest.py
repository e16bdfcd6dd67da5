"""What every test has: asyncio as the only event loop, no build server around it, and folders of its own."""

from __future__ import annotations

import atexit
import os
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings

from tests.rounds import USUAL

settings.load_profile(USUAL)  # `--hypothesis-profile=long` takes its place

for _name in ("GITHUB_ACTIONS", "GITHUB_WORKSPACE"):
    os.environ.pop(_name, None)  # commands mark failures for it unasked; tests of that set it themselves

_DATA = TemporaryDirectory(prefix="orchestrator-tests-")
atexit.register(_DATA.cleanup)
os.environ["XDG_DATA_HOME"] = _DATA.name  # commands keep conversations in the person's folder for data

_CONFIG = TemporaryDirectory(prefix="orchestrator-tests-")
atexit.register(_CONFIG.cleanup)
os.environ["XDG_CONFIG_HOME"] = _CONFIG.name  # and read their configuration and the key of their vault elsewhere

for _name in [*os.environ]:
    if _name.startswith(("ORCHESTRATOR_STORE", "ORCHESTRATOR_VAULT", "ORCHESTRATOR_AUTH_")):
        del os.environ[_name]


collect_ignore_glob = ["*.conversation.yaml"]
"""Those of our own fail on purpose, and those of the examples are played by a test."""


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def pytest_xdist_auto_num_workers() -> int:
    """One more than processors: many tests wait for a program to end, a lease or a server."""
    return (os.cpu_count() or 1) + 1
