"""What every test has: asyncio as the only event loop."""

from __future__ import annotations

import pytest

collect_ignore_glob = ["*.conversation.yaml"]
"""Those of our own fail on purpose, and those of the examples are played by a test."""


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
