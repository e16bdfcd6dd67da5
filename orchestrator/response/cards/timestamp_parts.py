"""What a text has said so far about a date, a time of day and a zone, and what that comes to in milliseconds. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from orchestrator.response.cards.instants import MINUTE, instant

_MAX_OFFSET = (2**31 - 1) // 60
"""Minutes from UTC; the reference's engine counts the seconds in 31 bits."""


class NoTimestamp(ValueError):
    """The text is no point in time; the reader of texts turns it into None."""


@dataclass(slots=True)
class Clock:
    """What has been read of a time of day."""

    parts: list[int] = field(default_factory=list[int])
    half: int | None = None

    def add(self, number: int) -> None:
        if len(self.parts) == 4:
            raise NoTimestamp
        self.parts.append(number)

    def finish(self, number: int) -> None:
        self.parts = [*self.parts, number, 0, 0, 0][:4]

    def expects(self, number: int) -> bool:
        return 1 <= len(self.parts) <= 3 and number < (60, 60, 1000)[len(self.parts) - 1]

    def milliseconds(self) -> int:
        hour, minute, second, millisecond = (*self.parts, 0, 0, 0, 0)[:4]
        if self.half is not None:
            if hour > 12:
                raise NoTimestamp
            hour = hour % 12 + self.half
        is_day = hour < 24 and minute < 60 and second < 60 and millisecond < 1000
        if not is_day and (hour, minute, second, millisecond) != (24, 0, 0, 0):
            raise NoTimestamp
        return ((hour * 60 + minute) * 60 + second) * 1000 + millisecond


@dataclass(slots=True)
class Day:
    """What has been read of a date."""

    parts: list[int] = field(default_factory=list[int])
    month: int | None = None
    is_iso: bool = False

    def add(self, number: int) -> None:
        if len(self.parts) == 3:
            raise NoTimestamp
        self.parts.append(number)

    def _ordered(self) -> tuple[int, int, int]:
        """Year, month, day, whichever order they were written in."""
        first, second, third = (*self.parts, 1, 1)[:3]
        if self.month is None:
            return (first, second, third) if self.is_iso or not 1 <= first <= 31 else (third, first, second)
        return (second, self.month, first) if 1 <= first <= 31 else (first, self.month, second)

    def milliseconds(self) -> int:
        if not self.parts:
            raise NoTimestamp
        year, month, day = self._ordered()
        if not self.is_iso and 0 <= year <= 99:
            year += 2000 if year < 50 else 1900
        if not 1 <= month <= 12 or not 1 <= day <= 31:
            raise NoTimestamp
        return instant(year, month, day)


@dataclass(slots=True)
class Zone:
    """What has been read of the distance to UTC."""

    sign: int | None = None
    hour: int | None = None
    minute: int | None = None

    def set(self, hours: int) -> None:
        self.sign, self.hour, self.minute = (-1 if hours < 0 else 1), abs(hours), 0

    def milliseconds(self) -> int:
        """Raises: `NoTimestamp` when it is too far from UTC."""
        minutes = (self.hour or 0) * 60 + (self.minute or 0)
        if minutes > _MAX_OFFSET:
            raise NoTimestamp
        return (self.sign or 0) * minutes * MINUTE
