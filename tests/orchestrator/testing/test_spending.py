"""Tokens and what they cost (issue 6, live evaluation)."""

from __future__ import annotations

from orchestrator.model.base import Usage
from orchestrator.testing.live.spending import NOTHING, Price, Spent, bill_of, spent_on

USED = Usage(input_tokens=2_000_000, output_tokens=500_000)


def test_tokens_add_up_and_replies_without_them_are_counted() -> None:
    spent = spent_on([USED, None, Usage(input_tokens=1), None])
    assert spent == Spent(usage=Usage(input_tokens=2_000_001, output_tokens=500_000), uncounted=2)
    assert sum([spent, spent], start=NOTHING).uncounted == 4


def test_a_price_is_for_a_million_tokens() -> None:
    price = Price(input=0.25, output=2.0, currency="EUR")
    assert bill_of("openai:x", Spent(usage=USED), {"openai:x": price}).cost == 1.5


def test_a_model_without_a_price_costs_nobody_knows_what() -> None:
    assert bill_of("openai:x", Spent(usage=USED), {"openai:y": Price()}).cost is None
