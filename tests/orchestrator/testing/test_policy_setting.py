"""What conversation files say of the policy: mode, rules, groups, remembered answers, and whether anybody is there."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.manifest.load import load_plugin
from orchestrator.policy.rules import EFFECTS, MODES, Policy, Rule
from orchestrator.testing.format.conversation import Conversation
from orchestrator.testing.format.policy_setting import PolicySetting, policy_of, policy_written
from orchestrator.testing.format.reading import read_conversations
from orchestrator.testing.format.writing import write_conversations
from runtimes.values import JsonObject

HASH = "ab" * 32
TURNS = "turns: [{say: Hello, model: Hi}]"


def read(settings: str) -> Conversation:
    file = read_conversations(f"{settings}\n{TURNS}".encode(), "a.conversation.yaml")
    assert file.problems == ()
    return file.conversations[0].conversation


def test_a_word_alone_is_the_mode() -> None:
    assert read("policy: strict").policy == read("policy: {mode: strict}").policy == PolicySetting(mode="strict")


def test_without_a_word_somebody_is_there_and_nothing_is_laid_down() -> None:
    conversation = read("person: ada")
    assert (conversation.attended, conversation.remembered, conversation.discovered) == (True, (), ())
    assert policy_of(conversation.policy, []) == Policy()


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ("policy: stricter", "policy"),
        ("policy: {mod: strict}", "mod"),
        ("policy: {rules: [{effect: alow}]}", "effect"),
        ("policy: {rules: [{plugin: homes}]}", "effect"),
        ("policy: {rules: [{effect: deny, hash: ab12}]}", "64 digits"),
        ("policy: {rules: [{effect: deny, until: 2027-01-31T00:00:00}]}", "until"),
        ("policy: {together: [[homes]]}", "two plugins or more"),
        ("policy: {together: [[a, b], [b, c]]}", "'b' stands in two groups"),
        ("attended: maybe", "attended"),
    ],
)
def test_a_mistake_is_told_at_its_place(settings: str, told: str) -> None:
    file = read_conversations(f"{settings}\n{TURNS}".encode(), "a.conversation.yaml")
    assert any(told in f"{problem.pointer} {problem.message} {problem.hint}" for problem in file.problems)
    assert all(problem.line == 1 for problem in file.problems)


async def test_a_rule_that_allows_is_for_the_plugins_as_they_are() -> None:
    document: JsonObject = {
        "schema_version": "v2.2",
        "name_for_human": "Homes",
        "namespace": "homes",
        "description_for_human": "Homes",
    }
    plugin = await load_plugin(document)
    policy = policy_of(read("policy: {rules: [{effect: allow, plugin: 'h*', function: f}]}").policy, [plugin])
    assert policy.rules == (Rule(effect="allow", plugin="h*", function="f", hash=plugin.digest),)


_names = st.text("abc*?", min_size=1, max_size=4)
_rules = st.builds(
    Rule,
    effect=st.sampled_from(EFFECTS),
    plugin=_names,
    function=_names,
    arguments=st.dictionaries(_names, st.text(max_size=3), max_size=2),
    person=_names,
    hash=st.just(HASH),
    until=st.none() | st.integers(0, 4_000_000_000).map(float),
    reason=st.text("abc :#'\"\n", max_size=8),
)
_policies = st.builds(
    Policy,
    mode=st.sampled_from(MODES),
    rules=st.lists(_rules, max_size=3).map(tuple),
    together=st.sampled_from([(), (frozenset("ab"),), (frozenset("ab"), frozenset("cde"))]),
)


@given(_policies, st.booleans(), st.lists(_names, max_size=2), st.lists(_names, max_size=2))
def test_what_is_written_of_a_policy_reads_back_the_same(
    policy: Policy, attended: bool, remembered: list[str], discovered: list[str]
) -> None:
    members: JsonObject = {
        **policy_written(policy),
        "attended": attended,
        "remembered": [*remembered],
        "discovered": [*discovered],
        "turns": [{"say": "Hello", "model": ["Hi"]}],
    }
    written = write_conversations([Conversation.model_validate(members)])
    file = read_conversations(written, "a.conversation.yaml")
    assert file.problems == ()
    conversation = file.conversations[0].conversation
    assert policy_of(conversation.policy, []) == policy
    assert conversation.attended is attended
    assert (conversation.remembered, conversation.discovered) == (tuple(remembered), tuple(discovered))
