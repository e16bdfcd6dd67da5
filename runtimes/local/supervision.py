"""When a program is given up, and when one that has died may be started again. Pure: who asks reads the clock.

A program may die now and then. One that dies again and again is given ever longer pauses, so that calling it costs
little and says at once what is wrong with it. One that writes without end costs a processor, and one that reads nothing
is of no use: both are given up as well.
"""

from __future__ import annotations

from dataclasses import dataclass

WINDOW = 60.0
"""Seconds within which one death follows another; a program that lives longer is healthy again."""
PAUSING_DEATHS = 3
"""How many deaths together make the next start wait; after fewer it is started at once."""
FIRST_PAUSE = 1.0
"""Seconds until the next start after so many deaths; each further one doubles them."""
MAX_PAUSE = 30.0
"""Seconds until the next start, however often it has died."""

_MAX_DOUBLINGS = 16

STARTING_SECONDS = 60.0
"""How long a program that has not read a byte is taken for one that is starting."""
STALL_SECONDS = 10.0
"""How long a program may read nothing of what waits for it while it works at no call, before it is given up."""
MAX_STRAY_MESSAGES = 100_000
"""How many messages may come, blank lines among them, and no answer that somebody waits for."""
MAX_STRAY_BYTES = 64 * 1024 * 1024
"""How many bytes they may have together."""
STRAY_SECONDS = 60.0
"""Within which time: what comes more slowly costs little, however long it goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """What a program may do before it is given up; tests make it less."""

    starting_seconds: float = STARTING_SECONDS
    stall_seconds: float = STALL_SECONDS
    max_stray_messages: int = MAX_STRAY_MESSAGES


PATIENCE = Patience()


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


class Strays:
    """What a program writes without answering anything."""

    def __init__(self, most: int) -> None:
        """`most` messages are borne."""
        self._most = most
        self._since = float("-inf")
        self._messages = 0
        self._bytes = 0

    def count(self, messages: int, size: int, now: float) -> str:
        """So much more has come, of so many bytes; a text says why that is too much."""
        if now - self._since > STRAY_SECONDS:
            self._since = now
            self.forget()
        self._messages += messages
        self._bytes += size
        if self._messages > self._most:
            return f"it has sent more than {self._most} messages and no answer among them"
        if self._bytes > MAX_STRAY_BYTES:
            return f"it has sent more than {MAX_STRAY_BYTES} bytes and no answer among them"
        return ""

    def forget(self) -> None:
        """An answer has come."""
        self._messages = self._bytes = 0


class Stall:
    """How long a program has read nothing of what waits for it."""

    def __init__(self, seconds: float) -> None:
        """So long it may."""
        self._seconds = seconds
        self._since = 0.0
        self._unread = 0

    def seconds_left(self, unread: int, now: float) -> float:
        """How much longer it may, seeing that so many bytes wait for it."""
        if not 0 < self._unread <= unread:
            self._since = now
        self._unread = unread
        return self._since + self._seconds - now
