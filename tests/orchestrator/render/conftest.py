"""One browser for all tests of the page."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from tests.servers.browser import Browser, browsing


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Generator[Browser]:
    with browsing(tmp_path_factory.mktemp("profile")) as browser:
        yield browser
