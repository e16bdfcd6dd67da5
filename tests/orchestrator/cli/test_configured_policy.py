"""The table `[policy]` of `orchestrator.toml`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.cli.configuration import parse_configuration
from orchestrator.errors import UsageError
from orchestrator.policy.rules import Policy, Rule

PATH = Path("/project/orchestrator.toml")
HASH = "ab" * 32
RULE = '[[policy.rules]]\neffect = "deny"\n'


def policy(text: str) -> Policy:
    return parse_configuration(PATH, text.encode()).policy


def test_the_policy_is_read() -> None:
    read = policy(
        f"""
        [policy]
        mode = "strict"
        together = [["mail", "calendar"]]
        [[policy.rules]]
        effect = "deny"
        plugin = "mail"
        function = "send*"
        arguments = {{ to = "*@evil.example", "filter.price" = 1 }}
        person = "a*"
        until = 2027-01-31T12:00:00Z
        reason = "not to them"
        [[policy.rules]]
        effect = "allow"
        hash = "{HASH}"
        """
    )
    until = datetime(2027, 1, 31, 12, tzinfo=UTC).timestamp()
    patterns = {"to": "*@evil.example", "filter.price": "1"}
    assert read == Policy(
        mode="strict",
        rules=(
            Rule(
                effect="deny",
                plugin="mail",
                function="send*",
                arguments=patterns,
                person="a*",
                until=until,
                reason="not to them",
            ),
            Rule(effect="allow", hash=HASH),
        ),
        together=(frozenset({"mail", "calendar"}),),
    )


def test_values_of_arguments_are_taken_as_json_writes_them() -> None:
    [rule] = policy(f'{RULE}arguments = {{ to = "", price = 1.5, count = 2, urgent = true }}').rules
    assert rule.arguments == {"to": "", "price": "1.5", "count": "2", "urgent": "true"}


def test_without_a_table_it_is_standard() -> None:
    assert policy("") == Policy()
    assert policy("[policy]") == Policy()


def test_a_date_holds_until_it_is_over_here() -> None:
    [by_date] = policy('[[policy.rules]]\neffect = "deny"\nuntil = 2027-01-31').rules
    [by_time] = policy('[[policy.rules]]\neffect = "deny"\nuntil = 2027-02-01T00:00:00').rules
    assert by_date.until == by_time.until == datetime(2027, 2, 1).astimezone().timestamp()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("policy = 1", "policy must be a table"),
        ("[policy]\nmod = 1", "[policy] has no member 'mod'; did you mean 'mode'?"),
        ('[policy]\nmode = "strickt"', "[policy] mode cannot be 'strickt'; did you mean 'strict'?"),
        ("[policy]\nmode = true", "[policy] mode must be a string"),
        ("[policy]\nrules = 1", "[policy] rules must be an array of tables, each under [[policy.rules]]"),
        ("[policy]\nrules = [1]", "[policy.rules 1] must be a table"),
        ("[policy]\ntogether = 1", "[policy] together must be an array of arrays of namespaces"),
        ('[policy]\ntogether = ["a", "b"]', "together 1 must be an array of two or more namespaces"),
        ('[policy]\ntogether = [["a", "b"], ["a"]]', "together 2 must be an array of two or more namespaces"),
        ('[policy]\ntogether = [["a", "a"]]', "together 1 must be an array of two or more namespaces"),
        ('[policy]\ntogether = [["a", "b"], ["b", "c"]]', "[policy] plugin 'b' stands in two groups"),
        ("[[policy.rules]]", "[policy.rules 1] needs effect: allow, ask, deny"),
        ('[[policy.rules]]\neffect = "alow"', "[policy.rules 1] effect cannot be 'alow'; did you mean 'allow'?"),
        ('[[policy.rules]]\neffect = "allow"', "[policy.rules 1] a rule that allows needs the hash"),
        (f'{RULE}hash = "ab12"', "[policy.rules 1] the hash of a manifest is 64 digits"),
        (f'{RULE}pluggin = "x"', "[policy.rules 1] has no member 'pluggin'; did you mean 'plugin'?"),
        (f'{RULE}plugin = ""', "[policy.rules 1] plugin is empty"),
        (f'{RULE}person = ""', "[policy.rules 1] person is empty"),
        (f"{RULE}arguments = {{ a = nan }}", "[policy.rules 1] arguments: 'a' must be a text"),
        (f"{RULE}function = 1", "[policy.rules 1] function must be a string"),
        (f"{RULE}arguments = 1", "[policy.rules 1] arguments must be a table"),
        (
            f"{RULE}arguments = {{ a = [] }}",
            "[policy.rules 1] arguments: 'a' must be a text, a number, or true or false",
        ),
        (f'{RULE}until = "2027-01-31"', "[policy.rules 1] until must be a date, such as 2027-01-31, without quotes"),
        (f"{RULE}until = 12:00:00", "[policy.rules 1] until must be a date"),
        (f"{RULE}until = 9999-12-31", "[policy.rules 1] until is out of range"),
        (f'{RULE}[[policy.rules]]\neffect = "x"', "[policy.rules 2] effect cannot be 'x'; known: allow, ask, deny"),
    ],
)
def test_a_mistake_is_named(text: str, told: str) -> None:
    with pytest.raises(UsageError, match=r"/project/orchestrator\.toml") as caught:
        policy(text)
    assert told in str(caught.value)


_VALUES = st.sampled_from(
    ["1", "true", '"x"', '"allow"', '"strict"', "[]", "[1]", '[["a","b"]]', "{}", "1979-05-27", "07:32:00", "nan"]
)
_NAMES = st.sampled_from(["mode", "together", "rules"])
_RULE_NAMES = st.sampled_from(["effect", "plugin", "function", "arguments", "person", "hash", "until", "reason"])


@given(st.dictionaries(_NAMES, _VALUES), st.dictionaries(_RULE_NAMES, _VALUES))
def test_any_table_is_read_or_refused_with_its_file(members: dict[str, str], rule: dict[str, str]) -> None:
    lines = ["[policy]", *(f"{name} = {value}" for name, value in members.items())]
    lines += ["[[policy.rules]]" if "rules" not in members else "", *(f"{name} = {rule[name]}" for name in rule)]
    try:
        read = policy("\n".join(lines))
    except UsageError as error:
        told = str(error)
    else:
        told = f"{PATH}: {read}"
    assert told.startswith(f"{PATH}: ")
