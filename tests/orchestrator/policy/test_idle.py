"""Rules and groups that speak of nothing that is there, with what was probably meant."""

from __future__ import annotations

import pytest

from orchestrator.policy.idle import Known, idle_rules, misfit, strange_groups
from orchestrator.policy.rules import Policy, Rule

HASH = "ab" * 32
SHOP = Known(namespace="shop", own="shop", digest=HASH, functions=("order", "find"))
SECOND = Known(namespace="shop_2", own="shop", digest="cd" * 32, functions=None)


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        (Rule(effect="deny"), ""),
        (Rule(effect="deny", plugin="Shop", function="ORD*"), ""),
        (
            Rule(effect="deny", plugin="shp"),
            "is for no plugin that is here: there is none like 'shp'; did you mean 'shop'?",
        ),
        (Rule(effect="ask", plugin="x"), "is for no plugin that is here: there is none like 'x'"),
        (Rule(effect="allow", hash=HASH, plugin="Shop"), "none like 'Shop'; did you mean 'shop'?"),
        (Rule(effect="deny", hash="ef" * 32), "is for another version of shop, shop_2: the hash has changed"),
        (
            Rule(effect="deny", hash=HASH, function="oder"),
            "is for no function of shop: there is none like 'oder'; did you mean 'order'?",
        ),
        (Rule(effect="deny", function="oder"), ""),
    ],
)
def test_why_a_rule_speaks_of_nothing_is_told(rule: Rule, told: str) -> None:
    """A plugin whose functions are not known may have any."""
    assert misfit(rule, (SHOP, SECOND)).endswith(told)
    assert bool(misfit(rule, (SHOP, SECOND))) is bool(told)


def test_a_rule_that_has_ended_or_is_for_somebody_else_is_idle() -> None:
    policy = Policy(rules=(Rule(effect="deny", until=1.0), Rule(effect="deny", person="ada"), Rule(effect="ask")))
    assert list(idle_rules(policy, [SHOP], now=1.0, person="me")) == [
        "rule 1 has ended",
        "rule 2 is for person 'ada': here it is always 'me'",
    ]
    assert list(idle_rules(policy, [SHOP], now=0.0)) == []


def test_a_name_in_a_group_that_no_plugin_has_is_told() -> None:
    policy = Policy(together=(frozenset({"shop", "Shop_2"}), frozenset({"mail", "shop_2"})))
    assert list(strange_groups(policy, [SHOP, SECOND])) == [
        "together 1 names 'Shop_2': no plugin that is here has that namespace; did you mean 'shop_2'?",
        "together 2 names 'mail': no plugin that is here has that namespace",
    ]
