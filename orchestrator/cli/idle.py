"""What of the owner's policy speaks of nothing in a host: as notes, and as a warning."""

from __future__ import annotations

import sys
import time
from collections.abc import Collection, Iterator

from orchestrator.host import DEFAULT_PERSON, Orchestrator
from orchestrator.manifest.load import Plugin
from orchestrator.policy.idle import Known, idle_rules, misfit, strange_groups
from orchestrator.render.sanitize import clean_line
from orchestrator.tools.toolbox import ALL_FUNCTIONS


def _functions(host: Orchestrator, plugin: Plugin) -> Collection[str] | None:
    """The names of all that it has, also of what cannot be called; None where they could not be had."""
    skipped = {one.function for one in host.toolbox.skipped if one.plugin == plugin.namespace}
    if ALL_FUNCTIONS in skipped:
        return None
    return skipped | {one.name for one in host.toolbox.functions if one.plugin.namespace == plugin.namespace}


def _known(host: Orchestrator) -> tuple[Known, ...]:
    return tuple(
        Known(
            namespace=plugin.namespace,
            own=plugin.own_namespace,
            digest=plugin.digest,
            functions=_functions(host, plugin),
        )
        for plugin in host.plugins
    )


def notes_on(host: Orchestrator) -> Iterator[str]:
    """The rules and the groups of the policy that speak of nothing, and why."""
    policy, plugins = host.consent.policy, _known(host)
    yield from idle_rules(policy, plugins, now=time.time(), person=DEFAULT_PERSON)
    yield from strange_groups(policy, plugins)


def warn_of_idle_rules(host: Orchestrator) -> None:
    """Says on the error stream, in one line, that rules which deny or ask fit nothing: their owner counts on them."""
    plugins, now = _known(host), time.time()
    found = [
        f"rule {number} of the policy {reason}"
        for number, rule in enumerate(host.consent.policy.rules, start=1)
        if rule.tightens and (rule.ends is None or now < rule.ends) and (reason := misfit(rule, plugins))
    ]
    if not found:
        return
    more = f" ({len(found) - 1} more: see `orchestrator policy`)" if len(found) > 1 else ""
    print(f"warning: {clean_line(found[0])}{more}", file=sys.stderr)
