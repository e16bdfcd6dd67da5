"""A real OpenID provider for each module, and a transport that is closed."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator

import httpx2
import pytest

from tests.servers.openid_provider import OpenIdProvider, need_provider, openid_provider


@pytest.fixture(scope="module")
def provider() -> Generator[OpenIdProvider]:
    need_provider()
    with openid_provider() as running:
        yield running


@pytest.fixture
async def transport() -> AsyncGenerator[httpx2.AsyncHTTPTransport]:
    async with httpx2.AsyncHTTPTransport(trust_env=False) as opened:
        yield opened
