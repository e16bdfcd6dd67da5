"""The rules of the host: which calls they speak of, and what is refused at construction."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.cli.testing.options import POLICIES
from orchestrator.errors import UsageError
from orchestrator.policy.rule_values import patterns_by_name
from orchestrator.policy.rules import MODES, Effect, Policy, Rule, applies
from runtimes.values import Json, JsonObject

HASH = "ab" * 32

CALL: JsonObject = {
    "to": "Eve@Evil.example",
    "cc": ["ada@home.example", "bob@home.example"],
    "filter.city": "Oslo",
    "filter": {"price": 100, "tags": [{"name": "a"}, {"name": "b"}]},
    "urgent": True,
    "none": None,
}


def speaks(
    rule: Rule, arguments: JsonObject = CALL, person: str = "ada", now: float = 0.0, plugin: str = "mail"
) -> bool:
    return applies(
        rule,
        plugin=plugin,
        own="mail",
        digest=HASH,
        function="sendMail",
        arguments=arguments,
        person=person,
        now=now,
    )


@pytest.mark.parametrize(
    ("rule", "is_meant"),
    [
        (Rule(effect="deny"), True),
        (Rule(effect="deny", plugin="mail", function="send*", person="a?a"), True),
        (Rule(effect="deny", plugin="Mail", function="SENDmail"), True),
        (Rule(effect="allow", hash=HASH, plugin="mail", function="sendMail"), True),
        (Rule(effect="allow", hash=HASH, plugin="Mail"), False),
        (Rule(effect="allow", hash=HASH, function="sendmail"), False),
        (Rule(effect="deny", function="send"), False),
        (Rule(effect="deny", person="bob"), False),
        (Rule(effect="deny", hash=HASH), True),
        (Rule(effect="deny", hash="cd" * 32), False),
        (Rule(effect="deny", until=1.0), True),
        (Rule(effect="deny", until=0.0), False),
    ],
)
def test_a_rule_speaks_of_what_all_its_conditions_fit(rule: Rule, is_meant: bool) -> None:
    assert speaks(rule) is is_meant


@pytest.mark.parametrize(
    ("path", "pattern", "tightens", "loosens"),
    [
        ("to", "eve@evil.example", True, False),
        ("to", "Eve@*", True, True),
        ("cc", "ada@*", True, False),
        ("cc", "*@home.example", True, True),
        ("cc", "*@away.example", False, False),
        ("filter.city", "Oslo", True, True),
        ("filter.price", "100", True, True),
        ("filter.tags.name", "b", True, False),
        ("filter.tags.name", "[ab]", True, True),
        ("filter", "*price*", True, True),
        ("urgent", "true", True, True),
        ("none", "", True, True),
        ("missing", "", True, True),
        ("missing", "?*", False, False),
        ("to.name", "", True, True),
    ],
)
def test_an_argument_is_found_by_its_name(path: str, pattern: str, tightens: bool, loosens: bool) -> None:
    """What tightens fits any element, in any case of the letters; what loosens must fit all, as they are written."""
    assert speaks(Rule(effect="deny", arguments={path: pattern})) is tightens
    assert speaks(Rule(effect="ask", arguments={path: pattern})) is tightens
    assert speaks(Rule(effect="allow", hash=HASH, arguments={path: pattern})) is loosens


@pytest.mark.parametrize(
    "to",
    [
        "x@rival.example ",
        "x@rival.example\n",
        "x@rival\uff0eexample",
        "x@rival\u3002example",
        "\uff38@rival.exam\u200bple",
        "x@rival.example\ufe0f",
        "x@rival.exam\x00ple",
    ],
)
def test_another_spelling_gets_round_no_rule_that_tightens_and_into_none_that_allows(to: str) -> None:
    arguments: JsonObject = {"to": [to]}
    assert speaks(Rule(effect="deny", arguments={"to": "*@rival.example"}), arguments)
    assert speaks(Rule(effect="ask", arguments={"to": "*@rival.example"}), arguments)
    assert not speaks(Rule(effect="allow", hash=HASH, arguments={"to": "x@rival.example"}), arguments)


@pytest.mark.parametrize("to", ["<x@rival.example>", "x@rival.example.", "X <x@rival.example>, y@home.example"])
def test_a_pattern_with_stars_around_an_address_finds_it_anywhere(to: str) -> None:
    assert speaks(Rule(effect="deny", arguments={"to": "*@rival.example*"}), {"to": to})


_VALUES: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers(-99, 99) | st.text("aAb.*[", max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab.", max_size=2), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.text("ab.", max_size=2), _VALUES, max_size=3), st.text("ab.", max_size=4), st.text("aAb*?["))
def test_a_rule_that_allows_speaks_of_no_call_that_one_which_denies_passes_over(
    arguments: JsonObject, path: str, pattern: str
) -> None:
    if speaks(Rule(effect="allow", hash=HASH, arguments={path: pattern}), arguments):
        assert speaks(Rule(effect="deny", arguments={path: pattern}), arguments)


@pytest.mark.parametrize(
    ("effect", "hash", "told"),
    [
        ("allow", "", "needs the hash"),
        ("deny", "ab12", "64 digits"),
        ("allow", HASH.upper(), "64 digits"),
        ("deny", f"{HASH}\n", "64 digits"),
    ],
)
def test_a_rule_that_could_mean_another_version_is_refused(effect: Effect, hash: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        Rule(effect=effect, hash=hash)


@pytest.mark.parametrize(
    ("pattern", "tightens", "loosens"),
    [("mail", True, False), ("mail_2", True, True), ("Mail_2", True, False), ("mail_3", False, False)],
)
def test_a_second_plugin_of_one_name_gets_round_no_rule_that_tightens(
    pattern: str, tightens: bool, loosens: bool
) -> None:
    """Issue 7: a rule that denies `mail` denies the other plugin that calls itself so, whatever the host calls it."""
    for effect in ("deny", "ask"):
        assert speaks(Rule(effect=effect, plugin=pattern), plugin="mail_2") is tightens
    assert speaks(Rule(effect="allow", hash=HASH, plugin=pattern), plugin="mail_2") is loosens


def from_json(make: Callable[..., object], members: str) -> object:
    """Made of values whose types nobody has checked."""
    return make(**json.loads(members))


@pytest.mark.parametrize(
    ("members", "told"),
    [
        ('{"plugin": ""}', "plugin is empty"),
        ('{"function": ""}', "function is empty"),
        ('{"person": ""}', "person is empty"),
        ('{"plugin": 1}', "plugin must be a text, not 1"),
        ('{"hash": null}', "hash must be a text"),
        ('{"reason": []}', "reason must be a text"),
        ('{"arguments": null}', "arguments must be patterns by the names of arguments, not None"),
        ('{"arguments": "x"}', "arguments must be patterns"),
        ('{"arguments": {"to": 1}}', "arguments: the pattern for 'to' must be a text, not 1"),
        ('{"until": "2027-01-01"}', "until must be a datetime, or seconds since the epoch, not '2027-01-01'"),
        ('{"until": true}', "until must be a datetime"),
        ('{"until": NaN}', "until must be a datetime"),
    ],
)
def test_a_value_of_another_type_is_refused_with_its_member(members: str, told: str) -> None:
    with pytest.raises(UsageError, match=re.escape(told)):
        from_json(partial(Rule, effect="deny"), members)


@pytest.mark.parametrize(
    ("members", "told"),
    [
        ('{"rules": [{"effect": "deny"}]}', "rules of a policy are Rule objects, not [{'effect': 'deny'}]"),
        ('{"rules": 1}', "rules of a policy are Rule objects, not 1"),
        ('{"together": "ab"}', "together must be groups of namespaces, not 'ab'"),
        ('{"together": ["ab"]}', "together must be groups of namespaces, such as {'mail', 'calendar'}, not 'ab'"),
        ('{"together": [["a", ""]]}', "together must be groups"),
        ('{"together": [["a", ["b"]]]}', "together must be groups"),
        ('{"together": [[]]}', "together must be groups"),
    ],
)
def test_a_policy_of_other_values_is_refused_with_its_member(members: str, told: str) -> None:
    with pytest.raises(UsageError, match=re.escape(told)):
        from_json(Policy, members)


def test_a_name_of_an_argument_is_a_text() -> None:
    names: object = {1: "x"}
    with pytest.raises(UsageError, match="arguments must have names that are texts, not 1"):
        patterns_by_name(names)


def test_a_rule_ends_at_a_time_with_or_without_an_offset() -> None:
    aware, local = datetime(2027, 1, 1, tzinfo=UTC), datetime(2027, 1, 1)
    assert Rule(effect="deny", until=aware).until == Rule(effect="deny", until=aware).ends == aware.timestamp()
    assert Rule(effect="deny", until=local).ends == local.astimezone().timestamp()


def test_a_rule_stays_as_it_was_made() -> None:
    patterns = {"to": "eve@*"}
    rule = Rule(effect="deny", arguments=patterns)
    patterns["to"] = "nobody"
    assert speaks(rule)


def test_a_group_stands_by_one_name() -> None:
    policy = Policy(together=(frozenset({"mail", "calendar"}), frozenset({"a", "b"})))
    owners = [policy.owner(name) for name in ("mail", "calendar", "a", "b", "c")]
    assert owners == ["calendar", "calendar", "a", "a", "c"]


def test_a_plugin_is_in_one_group_alone() -> None:
    with pytest.raises(UsageError, match="'b' stands in two groups"):
        Policy(together=(frozenset({"a", "b"}), frozenset({"b", "c"})))


def test_the_command_line_knows_the_modes() -> None:
    assert POLICIES == MODES
