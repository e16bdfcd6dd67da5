"""The vault of what is kept: registrations, keys and tokens in records, each person's for that person only.

Who registered what is found by `auth.shelf`, what a record is still good for is said by `auth.due`, and tokens are got
and renewed by `auth.obtaining`. Where the records lie, and how they are sealed, it does not know.
"""

from __future__ import annotations

import secrets as chance
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from auth.credentials import Credential, Given, Tokens, secrets_of
from auth.due import Want, bound_tokens, is_alike, is_bound
from auth.errors import CredentialRefused, KeyMissing, SealBroken, VaultError
from auth.freshness import noted, united
from auth.in_use import SecretsInUse
from auth.obtaining import Obtaining, SubjectToken, secret_of
from auth.origins import origins_of, shown_origin
from auth.records import Records
from auth.registration import Grant, OAuthRegistration, Registration
from auth.renewing import PATIENCE_SECONDS
from auth.rows import SHARED
from auth.shelf import Kept, Registered, Shelf, credential_key, registration_key
from auth.sign_in import command_of
from auth.vault import CredentialUse, Flow, check_origin

if TYPE_CHECKING:
    import httpx2

    from auth.oauth.grants import Grants

LOGIN_BYTES = 16
"""Bytes of chance in the mark of a login."""

UNAUTHORIZED = 401
"""The status of a request whose credential is not taken."""

TransportFor = Callable[[OAuthRegistration], "httpx2.AsyncBaseTransport"]
"""How the endpoints of a registration are reached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """What somebody may see of a registration and of their credential."""

    owner: str
    """Of the registration: the person, or `SHARED`."""
    name: str
    kind: Literal["secret", "unregistered", "unreadable"] | Grant
    """How the credential is got; `unregistered` for one whose registration is gone."""
    origins: tuple[str, ...]
    has_credential: bool = False
    """True where the person has one that was got by this registration."""
    expires: float | None = None
    """When it does, in seconds since the epoch; None where nobody said."""
    scopes: tuple[str, ...] = ()
    """Those that were granted, or of a registration alone those that will be asked for."""
    is_rejected: bool = False
    """True since it is not taken any more."""
    problem: str = ""
    """Why it cannot be read; then nothing else of it is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """What became of something that is not wanted any more."""

    had_credential: bool
    had_registration: bool
    is_revoked: bool
    """True where the provider was told, and agreed."""


def _kind(registration: Registration) -> Literal["secret"] | Grant:
    return registration.grant if isinstance(registration, OAuthRegistration) else "secret"


def _is_traded(registration: Registration, subject: str) -> bool:
    return isinstance(registration, OAuthRegistration) and registration.subject == subject


def _listed(registered: Registered, kept: Kept | None) -> Listed:
    registration = registered.registration
    alone = Listed(
        owner=registered.owner,
        name=registered.name,
        kind=_kind(registration),
        origins=registered.origins,
        scopes=registration.scopes if isinstance(registration, OAuthRegistration) else (),
    )
    return _with(alone, kept.credential) if kept is not None and is_bound(kept, registered) else alone


def _with(listed: Listed, credential: Credential) -> Listed:
    listed = replace(listed, has_credential=True, is_rejected=credential.is_rejected)
    if isinstance(credential, Given):
        return listed
    return replace(listed, expires=credential.expires, scopes=credential.scopes or credential.asked)


class StoredVault:
    """Credentials in records.

    `transport` reaches the endpoints of a registration, `secrets` learns all that must not be seen, and `subject` has
    the tokens of persons who signed in to the embedding program, for registrations that trade those. What was renewed
    is tried to be kept for `patience` seconds, and others who renew what is to be forgotten are waited for as long.
    """

    def __init__(
        self,
        records: Records,
        transport: TransportFor,
        *,
        secrets: SecretsInUse | None = None,
        clock: Callable[[], float] = time.time,
        subject: SubjectToken | None = None,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._shelf = Shelf(records, secrets)
        self._transport = transport
        self._clock = clock
        self._obtaining = Obtaining(self._shelf, self.grants, clock=clock, subject=subject, patience=patience)

    def grants(self, registration: OAuthRegistration) -> Grants:
        """What its authorization server can be asked for."""
        from auth.oauth.grants import Grants

        return Grants(registration, self._transport(registration), clock=self._clock)

    async def has(self, reference: str, /) -> bool:
        """As `Vault.has`. Raises: `VaultError`."""
        return await self._shelf.has(reference)

    async def _want(self, use: CredentialUse) -> Want:
        """Raises: `CredentialMissing`, `CredentialRefused`, `VaultError`."""
        want = await self._obtaining.want(use.person, use.name, scopes=use.scopes)
        adding = command_of(use.name, "secret", "--origin", shown_origin(use.origin))
        check_origin(use, want.registered.origins, otherwise=f"`{adding}`")
        return want

    async def ready(self, use: CredentialUse, /) -> None:
        """As `Vault.ready`. Raises: `CredentialMissing`, `CredentialRefused`, `ProviderError`, `VaultError`."""
        await self._obtaining.obtained(await self._want(use))

    async def flow(self, use: CredentialUse, /) -> Flow:
        """As `Vault.flow`: tokens that are not taken are renewed once.

        Raises: `CredentialMissing`, `CredentialRefused`, `ProviderError`, `VaultError`; after a 401 `SignInNeeded`.
        """
        want = await self._want(use)
        kept = await self._obtaining.obtained(want)
        if (yield secret_of(kept)) != UNAUTHORIZED:
            return
        another = await self._obtaining.another(want, kept)
        if another is not None and (yield secret_of(another)) != UNAUTHORIZED:
            return
        if needed := await self._obtaining.unwanted(want, another or kept):
            raise needed

    async def registered(self, person: str, name: str) -> Registered | None:
        """What holds for a person: their own registration, else the shared one. Raises: `VaultError`."""
        return await self._shelf.registered(person, name)

    async def register(self, owner: str, name: str, registration: Registration, origins: Collection[str]) -> None:
        """Keeps a registration, of a person or `SHARED`, in the place of the one that was there.

        A credential that was got for other origins, or by another client, is not used any more.

        Raises: `ValueError` for no origins, and for one that is none; `VaultError`.
        """
        allowed = origins_of(origins)
        if not name or not allowed:
            raise ValueError(f"the credential {name!r} needs a name, and the origins it is for: https://HOST")
        await self._shelf.register(Registered(owner=owner, name=name, origins=allowed, registration=registration))

    async def keep(
        self,
        person: str,
        name: str,
        credential: Credential,
        *,
        asked: Sequence[str] = (),
        registered: Registered | None = None,
    ) -> None:
        """Keeps what a person has given, or logged in for; `asked` are the scopes of that login.

        `registered` is what the person was shown, or the login began with: it is kept for that alone. Without it, for
        what is registered now.

        Raises: `CredentialMissing` where nothing of that name is registered, `CredentialRefused` where that is not what
        it was given for, `ValueError` where it is for something else, `VaultError`.
        """
        self._shelf.learn(name, *secrets_of(credential))
        if person == SHARED:
            raise ValueError(f"{name!r} is kept for a person, and nobody is named")
        now = (await self._obtaining.want(person, name)).registered
        registered = registered or now
        if not is_alike(registered, now):
            raise CredentialRefused(f"{name!r} was registered anew meanwhile, for something else; sign in again")
        registration = registered.registration
        if isinstance(credential, Tokens) != isinstance(registration, OAuthRegistration):
            raise ValueError(f"{name!r} is registered as {_kind(registration)!r}, and this is none of it")
        if isinstance(credential, Tokens) and isinstance(registration, OAuthRegistration):
            scopes = united(registration.scopes, credential.asked, asked)
            credential = noted(credential, registration, scopes, self._clock(), login=chance.token_hex(LOGIN_BYTES))
        await self._shelf.put(credential_key(person, name), registered.origins, credential)
        await self._drop_traded(person, name)

    async def _drop_traded(self, person: str, subject: str) -> None:
        """Whoever was logged in before, what that was traded for is not theirs any more."""
        for name in await self._shelf.names(person, "credential"):
            with suppress(KeyMissing, SealBroken):  # of what nobody can read, nothing is sent either
                registered = await self._shelf.registered(person, name)
                if registered is not None and _is_traded(registered.registration, subject):
                    await self._shelf.remove(credential_key(person, name))

    async def credential(self, person: str, name: str) -> Credential | None:
        """What the person has, as it is kept: whoever sends it asks `flow`. Raises: `VaultError`."""
        kept = await self._shelf.kept(credential_key(person, name))
        return None if kept is None else kept.credential

    async def noticed(self, person: str, reference: str) -> None:
        """Has all that holds for the person under a reference known, before anything of it is used."""
        for name in (reference, *await self._shelf.names(person, "credential")):
            if name == reference or name.startswith(f"{reference}/"):
                with suppress(VaultError):  # what cannot be read is not used either
                    await self._shelf.registered(person, name)
                    await self._shelf.kept(credential_key(person, name))

    async def listed(self, person: str) -> tuple[Listed, ...]:
        """What holds for the person, and what they have, by names. Raises: `VaultError`."""
        owners = dict.fromkeys((person, SHARED))
        names = {name for owner in owners for name in await self._shelf.names(owner, "registration")}
        names.update(await self._shelf.names(person, "credential"))
        return tuple([await self._seen(person, name) for name in sorted(names)])

    async def _seen(self, person: str, name: str) -> Listed:
        """One that cannot be read keeps none of the others from being listed."""
        try:
            return await self._read(person, name)
        except (KeyMissing, SealBroken) as error:
            is_own = name in await self._shelf.names(person, "registration")
            is_shared = not is_own and name in await self._shelf.names(SHARED, "registration")
            owner = SHARED if is_shared else person
            return Listed(owner=owner, name=name, kind="unreadable", origins=(), problem=str(error))

    async def _read(self, person: str, name: str) -> Listed:
        registered = await self._shelf.registered(person, name)
        kept = await self._shelf.kept(credential_key(person, name))
        if registered is not None:
            return _listed(registered, kept)
        origins = () if kept is None else kept.origins
        return Listed(owner=person, name=name, kind="unregistered", origins=origins)

    async def forget(self, person: str, name: str) -> Forgotten:
        """Removes the person's credential and their own registration, or for `SHARED` the shared one, and then revokes
        the tokens where that can be done (RFC 7009); what cannot be read is removed too. Raises: `VaultError`.

        Whoever renews them meanwhile finds nothing to renew, and gives back what it got.
        """
        registered = None
        with suppress(KeyMissing, SealBroken):
            registered = await self._shelf.registered(person, name)
        had_registration = await self._shelf.remove(registration_key(person, name))
        kept = await self._obtaining.taken(person, name)
        had_credential = await self._shelf.remove(credential_key(person, name))
        await self._drop_traded(person, name)
        is_revoked = registered is not None and await self._revoked(registered, kept)
        return Forgotten(had_credential=had_credential, had_registration=had_registration, is_revoked=is_revoked)

    async def _revoked(self, registered: Registered, kept: Kept | None) -> bool:
        """True when the provider has agreed."""
        tokens, registration = bound_tokens(kept, registered), registered.registration
        if tokens is None or not isinstance(registration, OAuthRegistration):
            return False
        return await self._obtaining.revoked(registration, tokens)
