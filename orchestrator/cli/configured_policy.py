"""The table `[policy]` of `orchestrator.toml`: the mode, the rules of the owner, and which plugins belong together."""

from __future__ import annotations

from pathlib import Path

from orchestrator.cli.toml_table import Table
from orchestrator.errors import UsageError
from orchestrator.policy.rules import EFFECTS, MODES, Effect, Mode, Policy, Rule
from runtimes.values import Json, JsonObject

_MEMBERS = ("mode", "rules", "together")
_RULE_MEMBERS = ("arguments", "effect", "function", "hash", "person", "plugin", "reason", "until")


def _rule(path: Path, number: int, members: Json) -> Rule:
    place = f"policy.rules {number}"
    if not isinstance(members, dict):
        raise UsageError(f"{path}: [{place}] must be a table")
    table = Table(path, place, members, _RULE_MEMBERS)
    effect: Effect = table.choice("effect", EFFECTS)
    until = table.end_of_time("until")
    arguments = table.patterns("arguments")
    texts = {name: table.text(name) for name in ("plugin", "function", "person")}
    patterns = {name: text for name, text in texts.items() if text is not None}
    try:
        return Rule(
            effect=effect,
            arguments=arguments,
            hash=table.text("hash") or "",
            until=until,
            reason=table.text("reason") or "",
            **patterns,
        )
    except UsageError as error:
        raise UsageError(f"{path}: [{place}] {error}") from None


def _group(path: Path, number: int, members: Json) -> frozenset[str]:
    names = [name for name in members if isinstance(name, str)] if isinstance(members, list) else []
    if not isinstance(members, list) or len(names) != len(members) or len(set(names)) < 2:
        raise UsageError(f"{path}: [policy] together {number} must be an array of two or more namespaces")
    return frozenset(names)


def read_policy(path: Path, members: JsonObject) -> Policy:
    """What the table says. Raises: `UsageError` that names the file and the member."""
    table = Table(path, "policy", members, _MEMBERS)
    mode: Mode = table.choice("mode", MODES, "standard")
    written = table.array("rules", "tables, each under [[policy.rules]]")
    together = table.array("together", 'arrays of namespaces, such as [["mail", "calendar"]]')
    rules = tuple(_rule(path, number, one) for number, one in enumerate(written, start=1))
    groups = tuple(_group(path, number, one) for number, one in enumerate(together, start=1))
    try:
        return Policy(mode=mode, rules=rules, together=groups)
    except UsageError as error:
        raise UsageError(f"{path}: [policy] {error}") from None
