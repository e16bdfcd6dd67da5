"""The test values of a conversation file as a vault: those that stand in the file, and no others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from auth import ANYWHERE, MappingVault
from orchestrator.errors import UsageError
from orchestrator.manifest.load import Plugin


def _references(name: str) -> frozenset[str]:
    """What a credential may be for: a reference of its name, or one of which it is a part."""
    steps = name.split("/")
    return frozenset("/".join(steps[:end]) for end in range(1, len(steps) + 1))


def given_references(credentials: Mapping[str, str]) -> frozenset[str]:
    """The references that have a credential, or a part of one."""
    return frozenset(reference for name in credentials for reference in _references(name))


def check_credentials(credentials: Mapping[str, str], plugins: Iterable[Plugin]) -> None:
    """Raises: `UsageError` for a credential that no runtime asks for: nothing would be sent."""
    references = {runtime.auth.reference_id for plugin in plugins for runtime in plugin.manifest.runtimes}
    known = ", ".join(repr(one) for one in sorted(filter(None, references))) or "none"
    for name in credentials:
        if references.isdisjoint(_references(name)):
            raise UsageError(f"no runtime asks for the credential {name!r}; the plugins refer to: {known}")


def vault_of(credentials: Mapping[str, str]) -> MappingVault:
    """A vault that gives them to every server: they are no secrets. Raises: `UsageError` for an empty credential."""
    try:
        return MappingVault(credentials, origins=ANYWHERE)
    except ValueError as error:
        raise UsageError(str(error)) from None
