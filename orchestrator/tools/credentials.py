"""Whether the credential that a runtime asks for can be had (spec 11.2): without it, its functions are not offered."""

from __future__ import annotations

import shlex
from pathlib import Path

from auth import AuthType, CredentialError, MappingVault, Vault
from auth.sign_in import command_of
from orchestrator.manifest.model import Runtime
from orchestrator.response.outcome import LOCAL_PLUGIN
from runtimes.http import is_url, shown_url

_KNOWN = ", ".join(repr(one.value) for one in AuthType)


def _shown(location: str) -> str:
    """As a person would name it who works in this folder."""
    here = Path.cwd()
    is_here = not is_url(location) and Path(location).is_relative_to(here)
    return shlex.quote(str(Path(location).relative_to(here)) if is_here else shown_url(location))


def _giving(reference: str, vault: Vault, location: str) -> str:
    """What gives a credential to this vault."""
    if isinstance(vault, MappingVault):
        return "programs give it with vault=, conversation files under 'credentials'"
    return f"`{command_of(reference, 'secret')} {_shown(location)}` gives it"


async def credential_obstacle(runtime: Runtime, vault: Vault, location: str) -> str:
    """Why a runtime of the plugin at `location` cannot be called for want of a credential; empty where it can, or needs
    none."""
    auth = runtime.auth.reference
    if auth.is_anonymous:
        return ""
    if not isinstance(auth.type, AuthType):
        return f"it needs a credential of type {auth.type!r}, which is none of {_KNOWN}"
    if runtime.type.casefold() == LOCAL_PLUGIN:
        return f"it asks for a credential ({auth.type.value}), and none is sent to a local plugin"
    if not auth.reference_id:
        return f"it needs a credential ({auth.type.value}), and its auth has no reference_id to find it by"
    needed = f"it needs the credential {auth.reference_id!r} ({auth.type.value})"
    try:
        if await vault.has(auth.reference_id):
            return ""
    except CredentialError as error:
        return f"{needed}, and the vault cannot be asked for it: {error}"
    except Exception as error:  # noqa: BLE001  a stranger's; what it says may have a secret in it
        return f"{needed}, and the vault cannot be asked for it: it failed with {type(error).__name__}"
    return f"{needed}, which the vault does not have: {_giving(auth.reference_id, vault, location)}"
