"""One namespace for each plugin of a host (spec 4.2.9). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from orchestrator.errors import Problem
from orchestrator.manifest.load import Plugin


def _renamed(plugin: Plugin, namespace: str) -> Plugin:
    problem = Problem(
        severity="warning",
        code="namespace-taken",
        pointer="/namespace",
        message=f"another plugin has the namespace {plugin.namespace!r}; this one is called {namespace!r} here",
        clause="4.2.9",
    )
    return replace(plugin, namespace=namespace, problems=(*plugin.problems, problem))


def distinct_namespaces(plugins: Sequence[Plugin]) -> tuple[Plugin, ...]:
    """The plugins, each with a namespace of its own: a later one that repeats a namespace gets a number."""
    taken: set[str] = set()
    distinct: list[Plugin] = []
    for plugin in plugins:
        namespace, number = plugin.namespace, 1
        while namespace in taken:
            number += 1
            namespace = f"{plugin.namespace}_{number}"
        taken.add(namespace)
        distinct.append(plugin if namespace == plugin.namespace else _renamed(plugin, namespace))
    return tuple(distinct)
