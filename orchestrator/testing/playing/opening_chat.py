"""Opens the conversation of a file on a host, with what its person has allowed before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from orchestrator.conversation import Conversation
from orchestrator.errors import UnknownName, UsageError
from orchestrator.host import Orchestrator
from orchestrator.manifest.load import Plugin
from orchestrator.policy.answers import Grant
from orchestrator.policy.decide import may_stand
from orchestrator.testing.format.settings import Settings
from orchestrator.tools.namespaces import distinct_namespaces
from orchestrator.tools.toolbox import Toolbox
from orchestrator.turn.standing import evidence_of, grant_for


def _grant(name: str, toolbox: Toolbox) -> Grant:
    function = toolbox.find(name)
    if not may_stand(evidence_of(function), "clean"):
        raise UsageError(f"{name!r} cannot be allowed for always; only functions that just read can")
    return grant_for(function)


def grants_of(names: Iterable[str], toolbox: Toolbox) -> tuple[Grant, ...]:
    """The standing permissions for functions, by name.

    Raises: `UsageError` for one that is not there and one that is asked about each time, `FunctionUnavailable` for one
    that cannot be called.
    """
    return tuple(_grant(name, toolbox) for name in names)


def check_discovered(settings: Settings, plugins: Sequence[Plugin]) -> None:
    """Raises: `UnknownName` for a plugin that is not there."""
    namespaces = [plugin.namespace for plugin in distinct_namespaces(plugins)]
    for namespace in settings.discovered:
        if namespace not in namespaces:
            raise UnknownName("plugin", namespace, namespaces)


async def open_chat(host: Orchestrator, settings: Settings) -> Conversation:
    """A new conversation, in which the person has allowed nothing but what the settings say.

    Raises: `UsageError`, `FunctionUnavailable` as `grants_of`.
    """
    answers = host.consent.answers
    await answers.forget(settings.person)
    for grant in grants_of(settings.remembered, host.toolbox):
        await answers.remember(settings.person, grant)
    return host.conversation(person=settings.person, attended=settings.attended)
