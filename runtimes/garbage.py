"""Keeps the garbage collector from running while very many values are made at once."""

from __future__ import annotations

import gc
import threading
from collections.abc import Generator
from contextlib import contextmanager

_SWITCHING = threading.Lock()
"""Held where the one collector of the process is looked at and switched, so that no thread does so in between."""


@contextmanager
def collector_paused() -> Generator[None]:
    """For work that makes much, keeps nearly all of it and never waits: a collection would look at it all for nothing.

    What was made then counts as old, and is looked at when everything is. It holds for the whole process: where
    several threads are in here, the first to come lets the collector run again when it leaves, and none keeps it off.
    """
    with _SWITCHING:
        was_running = gc.isenabled()
        gc.disable()
    try:
        yield
    finally:
        if was_running:
            with _SWITCHING:
                if not gc.get_freeze_count():  # what the process froze itself stays frozen
                    gc.freeze()
                    gc.unfreeze()  # into the oldest generation, without a look at it
                gc.enable()
