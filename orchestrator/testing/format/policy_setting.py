"""What a conversation file says of the policy: its mode, its rules, and which plugins belong together. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, Field, model_validator

from orchestrator.errors import UsageError
from orchestrator.manifest.load import Plugin
from orchestrator.policy.idle import Known, misfit
from orchestrator.policy.rules import Effect, Mode, Policy, Rule
from orchestrator.testing.format.parts import Part
from orchestrator.tools.namespaces import distinct_namespaces
from runtimes.values import Json, JsonObject

_ANY_HASH = "0" * 64
"""Stands for the hash that a rule which allows has once the plugins are known."""


class RuleSetting(Part):
    """A rule of the host; every condition must hold. Patterns are those of file names: `*`, `?` and `[…]`."""

    effect: Effect
    plugin: str = "*"
    """A pattern for the namespace."""
    function: str = "*"
    """A pattern for the name of the function."""
    arguments: dict[str, str] = Field(default_factory=dict[str, str])
    """Patterns for the values of arguments, by name; dots lead into objects."""
    person: str = "*"
    """A pattern for who talks."""
    hash: str = ""
    """The digest of the manifest that it holds for. Without it any, also for a rule that allows."""
    until: AwareDatetime | None = None
    """When it ends, with its offset: `2027-01-31T00:00:00Z`."""
    reason: str = ""
    """What the person is told."""

    @model_validator(mode="after")
    def _is_a_rule(self) -> RuleSetting:
        try:
            _rule(self, self.hash or _ANY_HASH)
        except UsageError as error:
            raise ValueError(str(error)) from None
        return self


def _rule(setting: RuleSetting, hash: str) -> Rule:
    """Raises: `UsageError`."""
    return Rule(
        effect=setting.effect,
        plugin=setting.plugin,
        function=setting.function,
        arguments=setting.arguments,
        person=setting.person,
        hash=hash,
        until=setting.until.timestamp() if setting.until is not None else None,
        reason=setting.reason,
    )


def _groups(together: tuple[tuple[str, ...], ...]) -> tuple[tuple[str, ...], ...]:
    """Raises: `ValueError`."""
    if any(len(set(group)) < 2 for group in together):
        raise ValueError("a group has two plugins or more")
    try:
        Policy(together=tuple(map(frozenset, together)))
    except UsageError as error:
        raise ValueError(str(error)) from None
    return together


class PolicySetting(Part):
    """What the owner of the host lays down."""

    mode: Mode = "standard"
    """Alone in the place of the object it means the same."""
    rules: tuple[RuleSetting, ...] = ()
    """In any order: a denial wins over a question, and a question over a permission."""
    together: Annotated[tuple[tuple[str, ...], ...], AfterValidator(_groups)] = ()
    """Groups of plugins, by namespace, that may see each other's data as if they were one."""


def _rules(setting: RuleSetting, plugins: Iterable[Plugin]) -> Iterator[Rule]:
    """The rule; one that allows without a hash is for these plugins as they are."""
    if setting.effect != "allow" or setting.hash:
        yield _rule(setting, setting.hash)
        return
    for plugin in plugins:
        yield _rule(setting, plugin.digest)


def policy_of(setting: PolicySetting, plugins: Iterable[Plugin]) -> Policy:
    """The policy of a host with these plugins."""
    known = tuple(plugins)
    return Policy(
        mode=setting.mode,
        rules=tuple(rule for one in setting.rules for rule in _rules(one, known)),
        together=tuple(map(frozenset, setting.together)),
    )


def _misfit(rule: Rule, plugins: Iterable[Plugin]) -> str:
    """What keeps a rule from speaking of anything, whatever the version; empty where nothing does."""
    known = [
        Known(
            namespace=plugin.namespace,
            own=plugin.own_namespace,
            digest=rule.hash,
            functions=[one.name for one in declared] if (declared := plugin.manifest.functions) is not None else None,
        )
        for plugin in distinct_namespaces(tuple(plugins))
    ]
    return misfit(rule, known)


def misfits(setting: PolicySetting, plugins: Iterable[Plugin]) -> Iterator[tuple[int, str]]:
    """The rules, by their index, that speak of no plugin or no function that is there, and why."""
    known = tuple(plugins)
    for index, one in enumerate(setting.rules):
        if reason := _misfit(_rule(one, one.hash or _ANY_HASH), known):
            yield index, f"the rule {reason}"


def fitting(policy: Policy, plugins: Iterable[Plugin]) -> Policy:
    """The policy without the rules that speak of other plugins."""
    known = tuple(plugins)
    return replace(policy, rules=tuple(rule for rule in policy.rules if not _misfit(rule, known)))


def _rule_written(rule: Rule) -> JsonObject:
    until = datetime.fromtimestamp(rule.ends, UTC).isoformat() if rule.ends is not None else None
    arguments: JsonObject = {**rule.arguments}
    members: JsonObject = {
        "effect": rule.effect,
        "plugin": rule.plugin,
        "function": rule.function,
        "arguments": arguments,
        "person": rule.person,
        "hash": rule.hash,
        "until": until,
        "reason": rule.reason,
    }
    return {name: value for name, value in members.items() if value not in ("", "*", None, {})}


def policy_written(policy: Policy) -> JsonObject:
    """The same as a member of a conversation file; no member where nothing was laid down."""
    rules: list[Json] = [_rule_written(rule) for rule in policy.rules]
    together: list[Json] = [[*sorted(group)] for group in policy.together]
    members: JsonObject = {"mode": policy.mode} if policy.mode != "standard" else {}
    members |= {"rules": rules} if rules else {}
    members |= {"together": together} if together else {}
    return {"policy": members} if members else {}
