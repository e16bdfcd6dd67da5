"""Times as the clock on the wall shows them."""

from __future__ import annotations

from datetime import datetime

TO_THE_MINUTE, TO_THE_SECOND = "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"


def local_time(seconds: float, form: str = TO_THE_MINUTE) -> str:
    """A time in seconds since the epoch, where this machine is; anybody may have written it."""
    try:
        return datetime.fromtimestamp(seconds).strftime(form)
    except (OverflowError, OSError, ValueError):
        return "at no known time"
