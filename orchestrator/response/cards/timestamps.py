"""Reads points in time as people and programs write them: ISO 8601, and what else browsers take. Pure.

`2026-11-21`, `21 Nov 2026 10:00 PST`, `11/21/2026 4:05 pm`, `Sat, 21 Nov 2026 08:00:00 GMT`. Where no zone is named it
is UTC. What is read as what follows the reference, which leaves it to the engine that runs it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from orchestrator.response.cards.instants import within
from orchestrator.response.cards.timestamp_parts import Clock, Day, NoTimestamp, Zone

_TOKEN = re.compile(
    r"""(?P<number>[0-9]+)
    | (?P<symbol>[:\-+.)])
    | (?P<space>[\t-\r\ \xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff])
    | (?P<word>[^\x00-@\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]+)
    | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_SPACE = " "
_OTHER = "?"
_END = ""

_MAX_DIGITS = 9
"""Digits of a number that count; leading zeros do not count among them."""

_MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS = {name: at for at, name in enumerate(_MONTH_NAMES, start=1)}
_HALVES = {"am": 0, "pm": 12}
_ZONES = {
    "ut": 0,
    "utc": 0,
    "z": 0,
    "gmt": 0,
    "cdt": -5,
    "cst": -6,
    "edt": -4,
    "est": -5,
    "mdt": -6,
    "mst": -7,
    "pdt": -7,
    "pst": -8,
}
"""Hours that clocks are ahead of UTC."""


def _without_comments(text: str) -> str:
    """Each bracket that opens, up to the one that closes it or to the end, becomes one character nobody reads."""
    kept: list[str] = []
    depth = 0
    for part in re.split(r"([()])", text):
        if part == "(":
            depth += 1
            kept.append(_OTHER if depth == 1 else "")
        elif part == ")" and depth:
            depth -= 1
        elif not depth:
            kept.append(part)
    return "".join(kept)


def _tokens(text: str) -> list[str]:
    """Numbers, words, single symbols; a character of white space as `" "`, any other as `"?"`; an empty one ends it."""
    plain = _without_comments(text.split("\0", 1)[0])
    replaced = {"space": _SPACE, "other": _OTHER}
    return [*(replaced.get(match.lastgroup or "", match[0]) for match in _TOKEN.finditer(plain)), _END]


def _is_number(word: str) -> bool:
    return word[:1].isdigit() and word[:1].isascii()


def _is_word(word: str) -> bool:
    return word[:1] >= "A"


def _value(word: str) -> int:
    return int(word.lstrip("0")[:_MAX_DIGITS] or 0)


def _milliseconds(word: str) -> int:
    """The fraction of a second that digits behind a point are."""
    scale: int = 10 ** min(len(word), _MAX_DIGITS)
    return _value(word) * 1000 // scale


@dataclass(slots=True)
class _Reading:
    """Reads one text: as far as it goes as ISO 8601, the rest as what browsers took before."""

    tokens: list[str]
    at: int = 0
    day: Day = field(default_factory=Day)
    clock: Clock = field(default_factory=Clock)
    zone: Zone = field(default_factory=Zone)
    has_number: bool = False

    def peek(self) -> str:
        return self.tokens[self.at]

    def next(self) -> str:
        word = self.tokens[self.at]
        self.at += word != _END
        return word

    def skip(self, word: str) -> bool:
        found = self.peek() == word
        self.at += found
        return found

    def digits(self, count: int, most: int, least: int = 0) -> int:
        """A number of so many digits. Raises: `NoTimestamp`, also when it is out of range."""
        word = self.peek()
        if not _is_number(word) or len(word) != count or not least <= _value(word) <= most:
            raise NoTimestamp
        return _value(self.next())

    def iso(self) -> str:
        """The first word that is no part of an ISO date; empty at the end of the text."""
        if not self._iso_date():
            return self.next()
        if self.peek().lower() == "t":
            self.next()
            self._iso_time()
        elif self.peek() != _END:
            return self.next()
        else:
            self.zone.set(0)
        self.day.is_iso = True
        return _END

    def _iso_date(self) -> bool:
        """False where it has found the first word that is no part of it."""
        word = self.peek()
        if word in {"+", "-"}:
            year = self.tokens[self.at + 1]
            if not _is_number(year) or len(year) != 6:
                return False
            if word == "-" and not _value(year):
                del self.tokens[self.at + 1]  # there is no year -0; nor is it read as anything else
                return False
            self.at += 2
            self.day.add(_value(year) if word == "+" else -_value(year))
        elif _is_number(word) and len(word) == 4:
            self.day.add(_value(self.next()))
        else:
            return False
        for most in (12, 31):
            if not self.skip("-"):
                return True
            try:
                self.day.add(self.digits(2, most, 1))
            except NoTimestamp:
                return False
        return True

    def _iso_time(self) -> None:
        hour = self.digits(2, 24)
        is_last = hour == 24
        self.clock.add(hour)
        if not self.skip(":"):
            raise NoTimestamp
        self.clock.add(self.digits(2, 0 if is_last else 59))
        if self.skip(":"):
            self.clock.add(self.digits(2, 0 if is_last else 59))
            if self.skip("."):
                fraction = self.next()
                if not _is_number(fraction) or (is_last and _value(fraction)):
                    raise NoTimestamp
                self.clock.add(_milliseconds(fraction))
        self._iso_zone()
        if self.peek() != _END:
            raise NoTimestamp

    def _iso_zone(self) -> None:
        word = self.peek()
        if word.lower() == "z":
            self.next()
            self.zone.set(0)
        elif word in {"+", "-"}:
            self.next()
            self.zone.sign = 1 if word == "+" else -1
            is_short = len(self.peek()) == 4
            both = self.digits(4, 2359) if is_short else self.digits(2, 23) * 100
            if not is_short:
                if not self.skip(":"):
                    raise NoTimestamp
                both += self.digits(2, 59)
            if both % 100 > 59:
                raise NoTimestamp
            self.zone.hour, self.zone.minute = divmod(both, 100)

    def legacy(self, word: str) -> None:
        """Everything from a word on. Raises: `NoTimestamp`."""
        self.has_number = bool(self.day.parts)
        while word != _END:
            is_utc = self.zone.hour == 0 and self.zone.minute == 0
            if _is_number(word):
                self.has_number = True
                self._number(word)
            elif _is_word(word):
                self._word(word)
            elif word in {"+", "-"} and (is_utc or self.clock.parts):
                self._offset(word)
            elif word in {"+", "-", ")"} and self.has_number:
                raise NoTimestamp
            word = self.next()

    def _number(self, word: str) -> None:
        number = _value(word)
        if self.skip(":"):
            self._clock_part(number)
        elif self.skip(".") and self.clock.expects(number):
            self.clock.add(number)
            fraction = self.next()
            if not _is_number(fraction):
                raise NoTimestamp
            self.clock.finish(_milliseconds(fraction))
        elif self.zone.hour is not None and self.zone.minute is None and number < 60:
            self.zone.minute = number
        elif self.clock.expects(number):
            self.clock.finish(number)
            after = self.peek()
            if after not in {_END, _SPACE, "+", "-"} and after.lower() != "z":
                raise NoTimestamp
        else:
            self.day.add(number)
            self.skip("-")

    def _clock_part(self, number: int) -> None:
        if self.skip(":"):
            if self.clock.parts:
                raise NoTimestamp
            self.clock.add(number)
            self.clock.add(0)
            return
        self.clock.add(number)
        self.skip(".")

    def _word(self, word: str) -> None:
        word = word.lower()
        if word in _HALVES and self.clock.parts:
            self.clock.half = _HALVES[word]
        elif word[:3] in _MONTHS:
            self.day.month = _MONTHS[word[:3]]
            self.skip("-")
        elif word in _ZONES and self.has_number:
            self.zone.set(_ZONES[word])
        elif self.has_number or _is_number(self.peek()):
            raise NoTimestamp

    def _offset(self, word: str) -> None:
        self.has_number = True
        self.zone.sign = 1 if word == "+" else -1
        digits = self.next() if _is_number(self.peek()) else ""
        number = _value(digits)
        if self.peek() == ":":
            self.zone.hour, self.zone.minute = number, None
        elif len(digits) in {1, 2}:
            self.zone.hour, self.zone.minute = number, 0
        elif len(digits) in {3, 4}:
            self.zone.hour, self.zone.minute = divmod(number, 100)
        else:
            raise NoTimestamp


def parse_timestamp(text: str) -> int | None:
    """Milliseconds since 1970; None for a text that is no point in time."""
    reading = _Reading(_tokens(text))
    try:
        reading.legacy(reading.iso())
        moment = reading.day.milliseconds() + reading.clock.milliseconds() - reading.zone.milliseconds()
    except NoTimestamp:
        return None
    return within(moment)
