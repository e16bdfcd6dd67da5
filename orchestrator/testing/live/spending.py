"""What live models have cost: tokens as their servers count them, and the prices that a person has configured. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from orchestrator.model.base import Usage

PRICED_TOKENS = 1_000_000
"""How many tokens a price is for."""

DEFAULT_CURRENCY = "USD"
"""The currency of a price that names none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What `PRICED_TOKENS` tokens of a model cost."""

    input: float = 0.0
    output: float = 0.0
    currency: str = DEFAULT_CURRENCY


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What one model was asked for."""

    usage: Usage = field(default_factory=Usage)
    uncounted: int = 0
    """Replies whose tokens the server has not told."""

    def __add__(self, other: Spent) -> Spent:
        return Spent(usage=self.usage + other.usage, uncounted=self.uncounted + other.uncounted)


NOTHING = Spent()
"""What nobody was asked for."""


def spent_on(usages: Iterable[Usage | None]) -> Spent:
    """What replies have come to; None stands for one whose tokens are not known."""
    told = tuple(usages)
    known = (usage for usage in told if usage is not None)
    return Spent(usage=sum(known, start=Usage()), uncounted=told.count(None))


def cost_of(spent: Spent, price: Price) -> float:
    """In the currency of the price."""
    usage = spent.usage
    return (usage.input_tokens * price.input + usage.output_tokens * price.output) / PRICED_TOKENS


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """What one model has been asked for, and at what price."""

    model: str
    spent: Spent
    price: Price | None = None
    """None where none is configured."""

    @property
    def cost(self) -> float | None:
        """None without a price."""
        return None if self.price is None else cost_of(self.spent, self.price)


def bill_of(model: str, spent: Spent, prices: Mapping[str, Price]) -> Bill:
    """The bill of a model by its name."""
    return Bill(model=model, spent=spent, price=prices.get(model))
