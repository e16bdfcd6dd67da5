"""How often something may happen: so many times at once, and so often a second in the long run. Pure."""

from __future__ import annotations


class Pace:
    """Says when it may happen again, by the clock readings that it is given (seconds)."""

    def __init__(self, at_once: int, per_second: float, now: float) -> None:
        self._at_once = at_once
        self._per_second = per_second
        self._left = float(at_once)
        self._then = now

    def _refill(self, now: float) -> None:
        self._left = min(self._at_once, self._left + max(0.0, now - self._then) * self._per_second)
        self._then = now

    def pause(self, now: float) -> float:
        """How many seconds it has to wait; 0 where it may happen."""
        self._refill(now)
        return max(0.0, 1 - self._left) / self._per_second

    def take(self, now: float) -> bool:
        """It is to happen; False where it must not yet."""
        if self.pause(now) > 0:
            return False
        self._left -= 1
        return True
