"""A vault of what the embedding program, or a test, already has: the in-memory twin of the seam."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from enum import Enum
from typing import Final

from auth.credentials import Given, secrets_of
from auth.errors import CredentialMissing
from auth.in_use import SecretsInUse
from auth.origins import origins_of
from auth.secret import Secret
from auth.vault import CredentialUse, Flow, check_origin


class Anywhere(Enum):
    """That a credential may go to every server of every plugin that names its reference."""

    ANYWHERE = "anywhere"


ANYWHERE: Final = Anywhere.ANYWHERE
"""Stands in the place of origins."""

Origins = Collection[str] | Anywhere
"""Where a credential may go."""


def _kept(values: Mapping[str, str | Secret]) -> dict[str, Secret]:
    """Raises: `ValueError`."""
    kept = {name: value if isinstance(value, Secret) else Secret(value) for name, value in values.items()}
    for name, secret in kept.items():
        if not secret.reveal():
            raise ValueError(f"the credential {name!r} is empty")
    return kept


def _checked(origins: Origins) -> Origins:
    """Raises: `ValueError` for an origin that is none."""
    return origins if isinstance(origins, Anywhere) else origins_of(origins)


def _is_placed(name: str, origins: Mapping[str, Origins]) -> bool:
    """True where the credential, or one of which it is a part, has origins."""
    steps = name.split("/")
    return any("/".join(steps[:end]) in origins for end in range(1, len(steps) + 1))


class MappingVault:
    """Credentials by their references.

    `values` are everybody's, `persons` has those of single persons, which come first. `origins` says for each reference
    where it may go, since any plugin can name it and have its servers where it likes; `ANYWHERE`, for one reference or
    for all, leaves that to the plugins. A credential of several parts, for an API that wants them at once, has an entry
    `REFERENCE/SCHEME` for each security scheme of the description. `secrets` are those of the host, which then looks
    for them from the start; without, for what goes out.

    Raises: `ValueError` for an empty credential, one without origins, and an origin that is none.
    """

    def __init__(
        self,
        values: Mapping[str, str | Secret] | None = None,
        *,
        persons: Mapping[str, Mapping[str, str | Secret]] | None = None,
        origins: Mapping[str, Origins] | Anywhere | None = None,
        secrets: SecretsInUse | None = None,
    ) -> None:
        self._values = _kept(values or {})
        self._persons = {person: _kept(own) for person, own in (persons or {}).items()}
        self._origins: Mapping[str, Origins] | Anywhere = ANYWHERE
        if not isinstance(origins, Anywhere):
            self._origins = {reference: _checked(allowed) for reference, allowed in (origins or {}).items()}
            self._refuse_unplaced(self._origins)
        if secrets is not None:
            for kept in (self._values, *self._persons.values()):
                for name, secret in kept.items():
                    secrets.learn(name, *secrets_of(Given(value=secret)))

    def __repr__(self) -> str:
        """Tells references, and no secret and no person."""
        return f"<MappingVault of {sorted(set(self._names()))}>"

    def _refuse_unplaced(self, origins: Mapping[str, Origins]) -> None:
        """Raises: `ValueError` for a credential of which nobody has said where it may go."""
        for name in self._names():
            if not _is_placed(name, origins):
                raise ValueError(
                    f"the credential {name!r} has no origins; "
                    f"give origins={{{name.partition('/')[0]!r}: ['https://HOST']}}, or ANYWHERE instead of a list"
                )

    def _origins_of(self, reference: str) -> Origins:
        return self._origins if isinstance(self._origins, Anywhere) else self._origins.get(reference, ())

    def _names(self) -> Iterator[str]:
        yield from self._values
        for own in self._persons.values():
            yield from own

    async def has(self, reference: str, /) -> bool:
        """As `Vault.has`."""
        return any(name == reference or name.startswith(f"{reference}/") for name in self._names())

    def _found(self, use: CredentialUse) -> Secret:
        """Raises: `CredentialMissing`, `CredentialRefused`."""
        secret = self._persons.get(use.person, {}).get(use.name) or self._values.get(use.name)
        if secret is None:
            raise CredentialMissing(f"there is no credential {use.name!r} for {use.person!r}")
        allowed = self._origins_of(use.reference)
        if not isinstance(allowed, Anywhere):
            check_origin(use, allowed)
        return secret

    async def ready(self, use: CredentialUse, /) -> None:
        """As `Vault.ready`. Raises: `CredentialMissing`, `CredentialRefused`."""
        self._found(use)

    async def flow(self, use: CredentialUse, /) -> Flow:
        """As `Vault.flow`: there is nothing else to try. Raises: `CredentialMissing`, `CredentialRefused`."""
        yield self._found(use)
