"""One exchange while it lasts, as it is noted for a log. Pure."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from runtimes.http import HttpRequest


@dataclass(slots=True)
class Watched:
    """What a log is told of one exchange, once it has ended."""

    request: HttpRequest
    started: float = field(default_factory=time.monotonic)
    """By the monotonic clock."""
    status: int | None = None
    error: str | None = "cancelled"
    bytes: int = 0
    """Of the body, as far as it was read."""
