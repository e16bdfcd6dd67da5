"""Fixtures of the tests of the runtimes."""

from __future__ import annotations

import pytest

from runtimes.transport import CarrierName

CARRIERS: tuple[CarrierName, ...] = ("aiohttp", "httpcore2")


@pytest.fixture(params=CARRIERS)
def carrier(request: pytest.FixtureRequest) -> CarrierName:
    """The library that carries exchanges: each in turn, for what holds whatever it is."""
    name: CarrierName = request.param
    return name
