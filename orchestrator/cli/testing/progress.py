"""A line at the bottom of a terminal that says how far a run has come, once that takes a while."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import IO

import anyio

from orchestrator.cli.streams import is_repainted

PATIENCE = 1.0
"""Seconds after which the line is shown."""

INTERVAL = 0.2
"""Seconds after which it is written anew."""

_CLEAR = "\r\x1b[2K"


class Progress:
    """The line; what else is printed meanwhile goes through `print`, which makes room for it."""

    def __init__(
        self, text: Callable[[], str], file: IO[str], environ: Mapping[str, str], *, patience: float = PATIENCE
    ) -> None:
        """`text` is what the line says; where the file is no terminal there is no line."""
        self._patience = patience
        self._text = text
        self._file = file
        self._is_live = is_repainted(file, environ)
        self._is_shown = False

    def print(self, line: str) -> None:
        """Prints a line on the standard output."""
        is_shown = self._is_shown
        self._clear()
        print(line, flush=True)
        if is_shown:
            self._show()

    @asynccontextmanager
    async def shown(self) -> AsyncGenerator[None]:
        """Keeps the line up to date where the block takes longer than `patience`."""
        if not self._is_live:
            yield
            return
        task = asyncio.create_task(self._keep_up_to_date())  # a task group would wrap what the block raises
        try:
            yield
        finally:
            task.cancel()
            self._clear()

    async def _keep_up_to_date(self) -> None:
        await anyio.sleep(self._patience)
        while True:
            self._show()
            await anyio.sleep(INTERVAL)

    def _show(self) -> None:
        width = shutil.get_terminal_size().columns - 1
        self._file.write(f"{_CLEAR}{self._text()[:width]}")
        self._file.flush()
        self._is_shown = True

    def _clear(self) -> None:
        if self._is_shown:
            self._file.write(_CLEAR)
            self._file.flush()
            self._is_shown = False
