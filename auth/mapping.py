"""A vault of what the embedding program, or a test, already has: the in-memory twin of the seam."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from urllib.parse import urlsplit

from auth.errors import CredentialMissing, CredentialRefused
from auth.secret import Secret
from auth.vault import CredentialUse, Flow

_PORTS = {"http": 80, "https": 443}


def _origin(url: str) -> str:
    """One spelling for each origin. Raises: `ValueError` for what is none."""
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname or parts.path not in {"", "/"} or parts.query:
        raise ValueError(f"{url!r} is no origin; write SCHEME://HOST or SCHEME://HOST:PORT")
    return f"{parts.scheme}://{parts.hostname}:{parts.port or _PORTS[parts.scheme]}"


def _kept(values: Mapping[str, str | Secret]) -> dict[str, Secret]:
    """Raises: `ValueError`."""
    kept = {name: value if isinstance(value, Secret) else Secret(value) for name, value in values.items()}
    for name, secret in kept.items():
        if not secret.reveal():
            raise ValueError(f"the credential {name!r} is empty")
    return kept


class MappingVault:
    """Credentials by their references.

    `values` are everybody's, `persons` has those of single persons, which come first. `origins` says for a reference
    where it may go; without an entry it goes wherever the description of the plugin that names it has its servers. A
    credential of several parts, for an API that wants them at once, has an entry `REFERENCE/SCHEME` for each security
    scheme of the description.

    Raises: `ValueError` for an empty credential, and for an origin that is none.
    """

    def __init__(
        self,
        values: Mapping[str, str | Secret] | None = None,
        *,
        persons: Mapping[str, Mapping[str, str | Secret]] | None = None,
        origins: Mapping[str, Collection[str]] | None = None,
    ) -> None:
        self._values = _kept(values or {})
        self._persons = {person: _kept(own) for person, own in (persons or {}).items()}
        self._origins = {
            reference: frozenset(_origin(one) for one in allowed) for reference, allowed in (origins or {}).items()
        }

    def __repr__(self) -> str:
        """Tells references, and no secret and no person."""
        return f"<MappingVault of {sorted(set(self._names()))}>"

    def _names(self) -> Iterator[str]:
        yield from self._values
        for own in self._persons.values():
            yield from own

    async def has(self, reference: str, /) -> bool:
        """As `Vault.has`."""
        return any(name == reference or name.startswith(f"{reference}/") for name in self._names())

    async def flow(self, use: CredentialUse, /) -> Flow:
        """As `Vault.flow`: there is nothing else to try. Raises: `CredentialMissing`, `CredentialRefused`."""
        secret = self._persons.get(use.person, {}).get(use.name) or self._values.get(use.name)
        if secret is None:
            raise CredentialMissing(f"there is no credential {use.name!r} for {use.person!r}")
        allowed = self._origins.get(use.reference)
        if allowed is not None and _origin(use.origin) not in allowed:
            places = ", ".join(sorted(allowed)) or "no origin at all"
            raise CredentialRefused(f"the credential {use.name!r} is for {places}, and {use.origin} asks for it")
        yield secret
