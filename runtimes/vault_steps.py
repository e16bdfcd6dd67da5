"""Takes the steps of a vault, each for so many seconds and no longer; what takes longer is left to end by itself.

A vault that has asked a provider for new tokens has to keep them before it can be stopped, and whoever is cancelled
there waits for that. A call cannot: its own time is over sooner, and then nobody would know what became of it. So each
step is a task of its own; whoever leaves the runtime waits for those that are left.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

import anyio

from auth import CredentialError, Flow, VaultError

CLOSING_SECONDS = 0.1
"""How long a call waits until its flow is closed: it has its answer by then."""

LEAVING_SECONDS = 55.0
"""How long whoever leaves waits for steps that are left: longer than new tokens take to be given and kept."""

_Answer = TypeVar("_Answer")


class VaultSteps:
    """The steps of the vault of one runtime object."""

    def __init__(self) -> None:
        self._under_way: set[asyncio.Future[None]] = set()
        """One for each, done when it has ended."""

    def _begun(self, step: Awaitable[_Answer]) -> asyncio.Future[_Answer]:
        task = asyncio.ensure_future(step)
        end: asyncio.Future[None] = task.get_loop().create_future()

        def ended(task: asyncio.Future[_Answer]) -> None:
            self._under_way.discard(end)
            if not end.done():
                end.set_result(None)
            if not task.cancelled():
                task.exception()  # nobody else may ask for it any more

        self._under_way.add(end)
        task.add_done_callback(ended)
        return task

    async def taken(self, step: Awaitable[_Answer], seconds: float | None = None) -> _Answer:
        """What the vault answers; None waits for as long as it takes.

        Raises: `CredentialError`, also where it takes longer, and in the place of whatever a stranger's vault raises.
        """
        task = self._begun(step)
        try:
            await asyncio.wait({task}, timeout=seconds)
        finally:
            task.cancel()  # nobody waits for it to take effect; of one that has ended it changes nothing
        if not task.done() or task.cancelled():
            within = "" if seconds is None else f" within {seconds:.3g} s"
            raise VaultError(f"the vault gave no answer{within}; try again later")
        try:
            return task.result()
        except CredentialError:
            raise
        except Exception as error:  # noqa: BLE001  a stranger's; what it says may have a secret in it
            raise VaultError(f"the vault failed: {type(error).__name__}") from None

    async def closed(self, flow: Flow) -> None:
        """Closes a flow, whatever comes of that."""
        closing = self._begun(flow.aclose())
        await asyncio.wait({closing}, timeout=CLOSING_SECONDS)
        closing.cancel()

    async def settled(self) -> None:
        """Returns when nothing is under way any more, or after `LEAVING_SECONDS`; being cancelled changes nothing."""
        if self._under_way:
            with anyio.CancelScope(shield=True):
                await asyncio.wait(self._under_way, timeout=LEAVING_SECONDS)
