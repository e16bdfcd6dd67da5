"""What every test has: asyncio as the only event loop, and no build server around it."""

from __future__ import annotations

import os

import pytest

for _name in ("GITHUB_ACTIONS", "GITHUB_WORKSPACE"):
    os.environ.pop(_name, None)  # commands mark failures for it unasked; tests of that set it themselves

collect_ignore_glob = ["*.conversation.yaml"]
"""Those of our own fail on purpose, and those of the examples are played by a test."""


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
