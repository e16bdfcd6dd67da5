"""The plugin for pytest: conversation files are tests, and there are fixtures for conversations in Python.

It is loaded into every run of pytest where the distribution is installed. What it needs is imported on first use.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from orchestrator.testing.format.finding import SUFFIX

if TYPE_CHECKING:
    from orchestrator.testing.python.backend import Backend
    from orchestrator.testing.python.fixtures import HostFactory, ModelFactory
    from orchestrator.testing.python.threaded import AwaitedStories, BlockingStories

COLLECT = "orchestrator_conversations"
"""The setting that says whether conversation files are collected."""

UPDATE = "orchestrator_update"
"""The option that writes snapshots anew."""

_SETTLING = pytest.StashKey[list[Callable[[], str]]]()
"""What says why a test that has passed is to fail; nothing where it is not."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """What may be set."""
    parser.addini(COLLECT, f"collect files *{SUFFIX}; one that is named is collected anyway", "bool", default=True)
    group = parser.getgroup("orchestrator", "conversations with plugins")
    group.addoption(
        "--orchestrator-update", dest=UPDATE, action="store_true", help="write the snapshots of their cards anew"
    )


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """A conversation file."""
    if not file_path.name.endswith(SUFFIX):
        return None
    if not parent.config.getini(COLLECT) and not parent.session.isinitpath(file_path):
        return None
    from orchestrator.testing.python.pytest_items import ConversationFile

    file = ConversationFile.from_parent(parent, path=file_path)  # pyright: ignore[reportUnknownMemberType]  # pytest leaves it untyped
    file.update = bool(parent.config.getoption(UPDATE))
    return file


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """Fails a test that has passed where its conversations are not as they must be."""
    done = yield
    for settle in pyfuncitem.stash.get(_SETTLING, ()):
        if reason := settle():
            pytest.fail(reason, pytrace=False)
    return done


def _is_coroutine(function: Callable[..., object]) -> bool:
    """True for a test that is a coroutine, also where hypothesis calls it with examples."""
    given = getattr(function, "hypothesis", None)
    inner = getattr(given, "inner_test", function)
    return inspect.iscoroutinefunction(getattr(inner, "_anyio_original_func", inner))


def _settle(request: pytest.FixtureRequest, settle: Callable[[], str]) -> None:
    request.node.stash.setdefault(_SETTLING, []).append(settle)


@pytest.fixture
def mock_api(request: pytest.FixtureRequest) -> Backend:
    """The APIs behind the conversations and hosts of the test: takes stubs, and has the requests."""
    from orchestrator.testing.python.backend import Backend

    backend = Backend()
    _settle(request, backend.settle)
    return backend


@pytest.fixture
def conversation(request: pytest.FixtureRequest, mock_api: Backend) -> Iterator[AwaitedStories | BlockingStories]:
    """Opens conversations, with the settings of a conversation file; a test that is a coroutine awaits their turns."""
    from orchestrator.testing.python.threaded import AwaitedStories, BlockingStories, Stories

    update = bool(request.config.getoption(UPDATE))
    with Stories(folder=request.path.parent, backend=mock_api, update=update) as stories:
        _settle(request, stories.settle)
        yield AwaitedStories(stories) if _is_coroutine(request.function) else BlockingStories(stories)


@pytest.fixture
def orchestrator_host(request: pytest.FixtureRequest, mock_api: Backend) -> HostFactory:
    """Makes hosts for `async with`, with the settings of a conversation file."""
    from orchestrator.testing.python.fixtures import HostFactory

    return HostFactory(request.path.parent, mock_api)


@pytest.fixture
def scripted_model(request: pytest.FixtureRequest) -> ModelFactory:
    """Makes models that reply from a list."""
    from orchestrator.testing.python.fixtures import ModelFactory

    models = ModelFactory()
    _settle(request, models.settle)
    return models
