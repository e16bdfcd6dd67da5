"""Several vaults as one: the first that has a credential gives it."""

from __future__ import annotations

from contextlib import aclosing

from auth.errors import CredentialMissing, SignInNeeded
from auth.vault import CredentialUse, Flow, Vault


def _nearer(missing: CredentialMissing | None, error: CredentialMissing) -> CredentialMissing:
    """What is told where no vault has it: the first that a person can mend, else the first of all."""
    if missing is None or (isinstance(error, SignInNeeded) and not isinstance(missing, SignInNeeded)):
        return error
    return missing


class ChainVault:
    """Asks vaults in their order.

    One that does not have the credential, or not before the person signs in, passes it on to the next: an environment
    variable that stands behind a login which nobody has made is used. Where no vault has it, the person is asked to
    sign in to the first that would have it then. Every other error ends the search: a vault that refuses a credential
    is not got around by another one.
    """

    def __init__(self, *vaults: Vault) -> None:
        self._vaults = vaults

    async def has(self, reference: str, /) -> bool:
        """As `Vault.has`."""
        for vault in self._vaults:
            if await vault.has(reference):
                return True
        return False

    async def ready(self, use: CredentialUse, /) -> None:
        """As `Vault.ready`."""
        missing: CredentialMissing | None = None
        for vault in self._vaults:
            try:
                return await vault.ready(use)
            except CredentialMissing as error:
                missing = _nearer(missing, error)
        raise missing or CredentialMissing(f"there is no vault for the credential {use.name!r}")

    async def flow(self, use: CredentialUse, /) -> Flow:
        """As `Vault.flow`: the one that gave the first secret of a call gives the others."""
        missing: CredentialMissing | None = None
        for vault in self._vaults:
            async with aclosing(vault.flow(use)) as flow:
                try:
                    secret = await anext(flow, None)
                except CredentialMissing as error:
                    missing = _nearer(missing, error)
                    continue
                while secret is not None:
                    status = yield secret
                    try:
                        secret = await flow.asend(status)
                    except StopAsyncIteration:
                        return
        raise missing or CredentialMissing(f"there is no vault for the credential {use.name!r}")
