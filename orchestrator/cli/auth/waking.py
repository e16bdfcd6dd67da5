"""Tells the conversations that wait for a credential that it is there."""

from __future__ import annotations

import argparse
import shlex

from orchestrator.cli.conversations.finding import kept_store
from orchestrator.cli.store import store_option
from orchestrator.errors import OrchestratorError, StoreUnavailable
from orchestrator.host import Orchestrator
from orchestrator.model.open import OFFLINE
from orchestrator.phrases import counted
from orchestrator.render.sanitize import clean_line


async def _woken(options: argparse.Namespace, person: str, name: str) -> tuple[list[str], list[str]]:
    """The ids of those that were told, and why others were not. Raises: `OrchestratorError`."""
    woken: list[str] = []
    left: list[str] = []
    async with kept_store(options) as journal:
        waiting = [one for one in await journal.kept() if one.standing == "waiting" and one.person == person]
        if not waiting:
            return woken, left
        async with Orchestrator(plugins=[], model=OFFLINE, store=journal) as host:
            for one in waiting:
                chat = host.conversation(person=person, id=one.conversation)
                try:
                    if await chat.signed_in(name):
                        woken.append(one.conversation)
                except StoreUnavailable as error:  # for the others too
                    left.append(str(error))
                    break
                except OrchestratorError as error:
                    left.append(str(error))
    return woken, left


async def wake(options: argparse.Namespace, person: str, name: str) -> None:
    """Says in each conversation of the store that waits for the credential that the person has signed in, and on the
    standard output how it goes on; a store that cannot be had is only told of, and so is one of them."""
    try:
        woken, left = await _woken(options, person, name)
    except OrchestratorError as error:
        woken, left = [], [str(error)]
    if woken:
        store = store_option(options)
        again = " ".join(part for part in ("orchestrator chat", store, "--resume", shlex.quote(woken[0])) if part)
        them = "it" if len(woken) == 1 else "them"
        said = f"{counted(len(woken), 'conversation')} waited for it; a worker goes on with {them}, or `{again}`"
        print(clean_line(said))
    for why in dict.fromkeys(left):
        print(clean_line(f"note: conversations that may wait for it were not told: {why}"))
