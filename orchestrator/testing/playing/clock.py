"""What time it is in a conversation that is played."""

from __future__ import annotations

import time
from datetime import datetime


class Clock:
    """Tells the real time until it is set; then it stands still, so that what is shown is the same in every run."""

    def __init__(self) -> None:
        self._at: float | None = None

    def set(self, at: datetime | None) -> None:
        """Stands still at that time; with None it goes on."""
        self._at = None if at is None else at.timestamp()

    def __call__(self) -> float:
        """Seconds since the epoch."""
        return time.time() if self._at is None else self._at
