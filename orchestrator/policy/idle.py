"""Which rules and groups of a policy speak of nothing that is there, and why. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from orchestrator.policy.rules import Policy, Rule, fits_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A plugin as rules name it."""

    namespace: str
    own: str
    """The namespace of its manifest."""
    digest: str
    functions: Collection[str] | None
    """None where they are not known."""


def meant(written: str, known: Iterable[str]) -> str:
    """What was probably meant, as the end of a message; empty where nothing is near."""
    from difflib import get_close_matches

    names = {name.casefold(): name for name in sorted(known)}
    near = get_close_matches(written.casefold(), names, n=1)
    return f"; did you mean {names[near[0]]!r}?" if near else ""


def _named(plugins: Iterable[Known]) -> str:
    return ", ".join(sorted({plugin.namespace for plugin in plugins}))


def misfit(rule: Rule, plugins: Sequence[Known]) -> str:
    """What keeps a rule from speaking of anything that these plugins have; empty where nothing does."""
    named = [one for one in plugins if fits_name(rule, rule.plugin, one.namespace, one.own)]
    if not named:
        names = {name for one in plugins for name in (one.namespace, one.own)}
        return f"is for no plugin that is here: there is none like {rule.plugin!r}{meant(rule.plugin, names)}"
    there = [one for one in named if rule.hash in ("", one.digest)]
    if not there:
        return f"is for another version of {_named(named)}: the hash has changed"
    functions = {name for one in there for name in one.functions or ()}
    if all(one.functions is not None for one in there) and not any(
        fits_name(rule, rule.function, name) for name in functions
    ):
        hint = meant(rule.function, functions)
        return f"is for no function of {_named(there)}: there is none like {rule.function!r}{hint}"
    return ""


def idle_rules(policy: Policy, plugins: Sequence[Known], *, now: float, person: str | None = None) -> Iterator[str]:
    """What keeps rules from speaking of anything; `person` is who alone talks, `now` in seconds since the epoch."""
    for number, rule in enumerate(policy.rules, start=1):
        if rule.ends is not None and rule.ends <= now:
            yield f"rule {number} has ended"
        elif reason := misfit(rule, plugins):
            yield f"rule {number} {reason}"
        elif person is not None and not fnmatchcase(person, rule.person):
            yield f"rule {number} is for person {rule.person!r}: here it is always {person!r}"


def strange_groups(policy: Policy, plugins: Iterable[Known]) -> Iterator[str]:
    """The names in groups that no plugin has."""
    known = {plugin.namespace for plugin in plugins}
    for number, group in enumerate(policy.together, start=1):
        for name in sorted(group - known):
            yield f"together {number} names {name!r}: no plugin that is here has that namespace{meant(name, known)}"
