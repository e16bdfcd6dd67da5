"""Which store a command keeps conversations in, and that store, open."""

from __future__ import annotations

import argparse
import os
import shlex
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from orchestrator.cli.configuration import Configuration
from orchestrator.cli.configured_store import file_url, named_store
from orchestrator.cli.slow_store import TellingJournal, told_when_slow
from orchestrator.errors import StoreError, StoreUnavailable, UsageError
from orchestrator.journal.base import Journal
from orchestrator.journal.memory import MemoryJournal

VARIABLE = "ORCHESTRATOR_STORE"
"""The variable that names a store where no option does."""

FILE_NAME = "conversations.db"

SECONDS_OF_DAY = 24 * 60 * 60.0


def _default_file() -> Path:
    import platformdirs

    return platformdirs.user_data_path("orchestrator") / FILE_NAME


def default_store() -> str:
    """The URL of the file in the person's folder for data."""
    return file_url(_default_file())


def _chosen(options: argparse.Namespace, configuration: Configuration, environ: Mapping[str, str]) -> str | None:
    """What somebody has named. Raises: `UsageError`."""
    given: str | None = vars(options).get("store")
    if given is not None:
        return named_store(given, "--store: ", Path.cwd())
    if variable := environ.get(VARIABLE, ""):
        return named_store(variable, f"{VARIABLE}: ", Path.cwd())
    return configuration.store.url


def store_url(
    options: argparse.Namespace, configuration: Configuration, environ: Mapping[str, str] = os.environ
) -> str | None:
    """The URL of the store: of `--store`, `ORCHESTRATOR_STORE`, the file, or the default one; None keeps nothing.

    It may hold a password, and is not for output. Raises: `UsageError` for what names no store.
    """
    if vars(options).get("no_store", False) and vars(options).get("store") is None:
        return None
    return _chosen(options, configuration, environ) or default_store()


def store_option(options: argparse.Namespace) -> str:
    """How other commands are told of that store; empty where they find it by themselves. Without a password."""
    given: str | None = vars(options).get("store")
    if given is None:
        return ""
    return f"--store {'URL' if '@' in given else shlex.quote(given)}"


@asynccontextmanager
async def opened_store(
    options: argparse.Namespace,
    configuration: Configuration,
    environ: Mapping[str, str] = os.environ,
    *,
    creates: bool = True,
) -> AsyncGenerator[Journal]:
    """The journal of the store that the options and the configuration name; one in memory for `--no-store`.

    Unless it `creates`, a store that somebody names has to be there, and the default one is as good as empty where it
    is not. What is older than the configuration keeps is forgotten first. Raises: `UsageError`; `StoreError`, which
    names the store without a password.
    """
    url = store_url(options, configuration, environ)
    is_default = _chosen(options, configuration, environ) is None
    if url is None or (is_default and not creates and not _default_file().exists()):
        yield MemoryJournal()
        return
    from orchestrator.journal.open import open_journal

    async with AsyncExitStack() as stack:
        try:
            opening = open_journal(url, creates=creates)  # loads modules, which is not the store being slow
            with told_when_slow():
                opened = await stack.enter_async_context(opening)
            journal = TellingJournal(opened)
            if (days := configuration.store.keep_days) is not None:
                await journal.forget_before(time.time() - days * SECONDS_OF_DAY)
        except (StoreError, UsageError) as error:
            if not is_default:
                raise
            others = "--no-store keeps nothing, " if "no_store" in vars(options) else ""
            raise StoreUnavailable(f"{error}; {others}--store FILE keeps conversations elsewhere") from None
        yield journal
