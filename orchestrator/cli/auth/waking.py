"""Tells the conversations that wait for a credential that it is there."""

from __future__ import annotations

import argparse
import shlex

from orchestrator.cli.conversations.finding import kept_store
from orchestrator.cli.store import store_option
from orchestrator.errors import OrchestratorError
from orchestrator.host import Orchestrator
from orchestrator.model.open import OFFLINE
from orchestrator.phrases import counted
from orchestrator.render.sanitize import clean_line


async def wake(options: argparse.Namespace, person: str, name: str) -> None:
    """Says in each conversation of the store that waits for the credential that the person has signed in, and on the
    standard output how it goes on; a store that cannot be had is only told of."""
    try:
        woken = await _woken(options, person, name)
    except OrchestratorError as error:
        print(clean_line(f"note: conversations that may wait for it were not told: {error}"))
        return
    if not woken:
        return
    store = store_option(options)
    again = " ".join(part for part in ("orchestrator chat", store, "--resume", shlex.quote(woken[0])) if part)
    print(clean_line(f"{counted(len(woken), 'conversation')} waited for it; a worker goes on with it, or `{again}`"))


async def _woken(options: argparse.Namespace, person: str, name: str) -> list[str]:
    """Their ids. Raises: `OrchestratorError`."""
    woken: list[str] = []
    async with kept_store(options) as journal:
        waiting = [one for one in await journal.kept() if one.standing == "waiting" and one.person == person]
        if not waiting:
            return woken
        async with Orchestrator(plugins=[], model=OFFLINE, store=journal) as host:
            for one in waiting:
                chat = host.conversation(person=person, id=one.conversation)
                if await chat.signed_in(name):
                    woken.append(one.conversation)
    return woken
