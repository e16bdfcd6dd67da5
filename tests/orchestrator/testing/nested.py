"""Tests in Python that a pytest within the test runs, over a small plugin."""

from __future__ import annotations

import pytest

from orchestrator.testing import Backend, BlockingStories, call
from orchestrator.testing.python.threaded import Stories
from tests.orchestrator.testing.playing import write_plugin

PLAIN = tuple(part for name in ("randomly", "cacheprovider", "hypothesispytest") for part in ("-p", f"no:{name}"))
STRICT = ("-W", "error", "-W", "ignore::pytest.PytestAssertRewriteWarning")
"""Every warning is an error, but for the one that the package was imported before such a run: of course it was."""
START = """
import anyio
import pytest
from orchestrator.testing import call

FIND = [call("getHome", id="1"), "It is in Oak Street."]

@pytest.fixture
def anyio_backend():
    return "asyncio"
"""


@pytest.fixture(scope="module", autouse=True)
def imported(tmp_path_factory: pytest.TempPathFactory) -> None:
    """pytester forgets what a run in this process is the first to import, and few modules can be imported twice."""
    folder = tmp_path_factory.mktemp("imported")
    write_plugin(folder)

    with Stories(folder=folder, backend=Backend(), update=False) as stories:
        chat = BlockingStories(stories)(plugins="plugin.json")
        turn = chat.say("Find home 1", model=[call("getHome", id="1"), "It is in Oak Street."])
        turn.expect(cards={"paths": {"$.type": "AdaptiveCard"}})


@pytest.fixture(autouse=True)
def homes(pytester: pytest.Pytester) -> None:
    write_plugin(pytester.path)


def run(pytester: pytest.Pytester, source: str) -> pytest.RunResult:
    pytester.makepyfile(START + source)
    return pytester.runpytest_inprocess(*PLAIN, *STRICT)


def outcomes(result: pytest.RunResult) -> dict[str, int]:
    """How many passed, failed and so on, without the words for one of them."""
    return {name.removesuffix("s"): count for name, count in result.parseoutcomes().items()}
