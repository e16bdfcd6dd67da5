"""When a program that has died may be started again. Pure: the clock is read by whoever asks.

A program may die now and then. One that dies again and again is given ever longer pauses, so that calling it costs
little and says at once what is wrong with it.
"""

from __future__ import annotations

WINDOW = 60.0
"""Seconds within which one death follows another; a program that lives longer is healthy again."""
PAUSING_DEATHS = 3
"""How many deaths together make the next start wait; after fewer it is started at once."""
FIRST_PAUSE = 1.0
"""Seconds until the next start after so many deaths; each further one doubles them."""
MAX_PAUSE = 30.0
"""Seconds until the next start, however often it has died."""

_MAX_DOUBLINGS = 16


class Restarts:
    """The deaths of one program, and what follows from them. Clock readings are seconds of any one clock."""

    def __init__(self) -> None:
        self.deaths = 0
        """How many there were, none more than `WINDOW` after the one before."""
        self._last_death = float("-inf")

    def died(self, now: float) -> None:
        """It has ended without having been asked to."""
        self.deaths = 1 if now - self._last_death > WINDOW else self.deaths + 1
        self._last_death = now

    def pause(self, now: float) -> float:
        """Seconds until it may be started; 0 where it may be now."""
        if self.deaths < PAUSING_DEATHS:
            return 0.0
        doubled = FIRST_PAUSE * 2.0 ** min(self.deaths - PAUSING_DEATHS, _MAX_DOUBLINGS)
        return max(0.0, self._last_death + min(doubled, MAX_PAUSE) - now)
