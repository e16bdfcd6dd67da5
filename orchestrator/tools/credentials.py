"""Whether the credential that a runtime asks for can be had (spec 11.2): without it, its functions are not offered."""

from __future__ import annotations

import shlex

from auth import AuthType, Vault, VaultError
from orchestrator.manifest.model import Runtime
from orchestrator.response.outcome import LOCAL_PLUGIN

_KNOWN = ", ".join(repr(one.value) for one in AuthType)


async def credential_obstacle(runtime: Runtime, vault: Vault) -> str:
    """Why a runtime cannot be called for want of a credential; empty where it can, or needs none."""
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
    except VaultError as error:
        return f"{needed}, and the vault cannot be asked for it: {error}"
    return (
        f"{needed}, which the vault does not have: `orchestrator auth add {shlex.quote(auth.reference_id)}` gives it; "
        "programs do with vault=, conversation files under 'credentials'"
    )
