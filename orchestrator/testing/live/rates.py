"""How often something held: rates, their confidence intervals, and whether one is worse than another. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import count

CONFIDENCE = 0.95
"""How often an interval made this way contains the rate that it is about."""

SIGNIFICANCE = 0.05
"""How small the chance must be that a rate so much lower comes about where nothing has changed."""

_Z = 1.959963984540054
"""The quantile of the normal distribution that cuts off half of what `CONFIDENCE` leaves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A lower and an upper bound for a share."""

    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """How often something held, of how many times it was looked at."""

    held: int
    of: int

    @property
    def is_full(self) -> bool:
        """True where it was looked at, and held each time."""
        return 0 < self.of == self.held

    @property
    def share(self) -> float:
        """From 0 to 1; 0 where it was never looked at."""
        return self.held / self.of if self.of else 0.0

    @property
    def interval(self) -> Interval:
        """Wilson's interval at `CONFIDENCE`; everything is possible where it was never looked at."""
        if not self.of:
            return Interval(low=0.0, high=1.0)
        share, square = self.share, _Z * _Z / self.of
        middle = (share + square / 2) / (1 + square)
        spread = math.sqrt(share * (1 - share) * square + square * square / 4) / (1 + square)
        return Interval(low=max(0.0, min(share, middle - spread)), high=min(1.0, max(share, middle + spread)))

    @property
    def text(self) -> str:
        """For people: `8/10 (49-94 %)`."""
        if not self.of:
            return "0/0"
        found = self.interval
        return f"{self.held}/{self.of} ({100 * found.low:.0f}-{100 * found.high:.0f} %)"


def chance_of_as_few(now: Rate, before: Rate) -> float:
    """Fisher's exact test, one-sided: the chance that, were both rates of one thing, as few or fewer of its successes
    were among those of `now`."""
    successes, all_of = now.held + before.held, now.of + before.of
    fewest = max(0, successes - before.of)
    ways = sum(math.comb(now.of, held) * math.comb(before.of, successes - held) for held in range(fewest, now.held + 1))
    return ways / math.comb(all_of, successes)


def is_worse(now: Rate, before: Rate) -> bool:
    """True where the rate is lower, and by more than chance explains at `SIGNIFICANCE`."""
    return now.held * before.of < before.held * now.of and chance_of_as_few(now, before) < SIGNIFICANCE


def least_to_be_worse(of: int) -> int:
    """How often, at least, something must be looked at that held every one of so many times before, so that it is
    worse where it never holds any more."""
    return next(number for number in count(1) if is_worse(Rate(held=0, of=number), Rate(held=of, of=of)))
