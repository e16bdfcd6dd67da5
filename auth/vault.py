"""The seam to whoever keeps credentials: it is asked for one at each call, and knows for whom and where it goes.

A vault hands out a flow and never a header: what is sent when the API says no (a token that has been refreshed) is
the vault's to decide, where it goes in a request is the description's, and writing it there is the client's. So
nothing between the two sees the secret. Above it stand `runtimes`; its implementations are `auth.mapping`,
`auth.environment`, `auth.chain` and `auth.stored`.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection
from dataclasses import dataclass
from typing import Protocol

from auth.errors import CredentialRefused
from auth.origins import origin_of, shown_origin
from auth.schemes import Scheme
from auth.secret import Secret

MAX_ATTEMPTS = 2
"""How often a flow is asked for a secret in one call, the first time included."""

Flow = AsyncGenerator[Secret, int]
"""Gives the secret of a request and is sent the status of the answer; gives another one where that is worth trying,
and else ends. Advancing it raises: `CredentialError`; `SignInNeeded` after a 401 means that the person has to sign in
before the call can be made. Each step may be taken by another task, and is cancelled where the call cannot wait for it:
no task group and no cancel scope may last from one to the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialUse:
    """What a credential is wanted for."""

    reference: str
    """The registration that a manifest names (spec 11.2.2.2)."""
    part: str = ""
    """The security scheme that it is for, where an API wants several credentials at once; else empty."""
    person: str
    """For whom; a credential of somebody else is never given."""
    plugin: str
    """The namespace of the plugin, for messages and logs."""
    origin: str
    """Where it goes: scheme, host and port."""
    scheme: Scheme
    scopes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What the credential is called: the reference, and the part of it."""
        return f"{self.reference}/{self.part}" if self.part else self.reference


def check_origin(use: CredentialUse, allowed: Collection[str], *, otherwise: str = "") -> None:
    """Raises: `CredentialRefused`, which names both origins, where a credential is not for the one that asks for it.

    `allowed` are as `auth.origins.origin_of` writes them; `otherwise` is what lets it go there all the same.
    """
    if origin_of(use.origin) not in allowed:
        places = ", ".join(map(shown_origin, sorted(allowed))) or "no origin at all"
        how = f"; where that is right: {otherwise}" if otherwise else ""
        raise CredentialRefused(f"the credential {use.name!r} is for {places}, and {use.origin} asks for it{how}")


class Vault(Protocol):
    """Keeps credentials."""

    async def has(self, reference: str, /) -> bool:
        """True when the reference, or a part of it, is registered for somebody: else its functions are not offered."""
        ...

    async def ready(self, use: CredentialUse, /) -> None:
        """Sees that the credential can be had, before anything is sent; what has expired is renewed.

        Raises: as the first step of `flow`.
        """
        ...

    def flow(self, use: CredentialUse, /) -> Flow:
        """The secrets of one call; who asks closes it. Its first step raises: `CredentialMissing`,
        `CredentialRefused`, `ProviderError`, `VaultError`."""
        ...
