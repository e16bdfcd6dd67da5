"""Has the tests of the adapter run over each of the ways that its requests may go out by."""

from __future__ import annotations

from collections.abc import Generator
from importlib.util import find_spec

import pytest

from orchestrator.model.completion_http import Carrier
from tests.orchestrator.model.asking import carried


@pytest.fixture(params=["aiohttp", "httpx2"])
def carrier(request: pytest.FixtureRequest) -> Generator[Carrier]:
    """What the models of a test's `asking` go out by."""
    name: Carrier = "httpx2" if request.param == "httpx2" else "aiohttp"
    if find_spec(name) is None:
        pytest.skip(f"{name} is not installed")
    with carried(name):
        yield name
