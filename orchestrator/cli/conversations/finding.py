"""The store that a command is about, and which of its conversations are meant."""

from __future__ import annotations

import argparse
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

from orchestrator.cli.beginnings import named_by
from orchestrator.cli.configuration import read_configuration
from orchestrator.cli.store import opened_store
from orchestrator.journal.base import Journal, Kept


@asynccontextmanager
async def kept_store(options: argparse.Namespace, *, creates: bool = False) -> AsyncGenerator[Journal]:
    """The store that the options and the configuration name, as `opened_store`. Raises: `UsageError`, `StoreError`."""
    async with opened_store(options, read_configuration(), creates=creates) as journal:
        yield journal


def conversations_named(written: Sequence[str], kept: Sequence[Kept]) -> list[Kept]:
    """Those that the beginnings of their ids name, each once. Raises: `UsageError`."""
    by_id = {one.conversation: one for one in kept}
    named = [named_by(one, list(by_id), kind="conversation") for one in written]
    return [by_id[one] for one in dict.fromkeys(named)]
