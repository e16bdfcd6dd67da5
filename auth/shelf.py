"""Registrations and credentials as types, over records; every secret that comes or goes is known from then on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from auth.credentials import Credential, secrets_of
from auth.errors import RecordChanged, SealBroken
from auth.in_use import SecretsInUse
from auth.record_json import credential_json, credential_of, registration_json, registration_of
from auth.records import Record, Records
from auth.registration import OAuthRegistration, Registration
from auth.rows import SHARED, RecordKey, RecordKind
from auth.secret import Secret

MAX_WRITES = 8
"""Times that something is written which others write as well, before that is given up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """A registration that holds for a person."""

    owner: str
    """The person, or `SHARED`."""
    name: str
    origins: tuple[str, ...]
    """Where its credentials may go, as `auth.origins.origin_of` writes them."""
    registration: Registration


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A credential as it was read."""

    key: RecordKey
    origins: tuple[str, ...]
    """Those of the registration that it was got by."""
    credential: Credential
    version: int


def credential_key(person: str, name: str) -> RecordKey:
    """Of the credential of a person: it is nobody else's, whoever registered what it was got by."""
    return RecordKey(owner=person, name=name, kind="credential")


def registration_key(owner: str, name: str) -> RecordKey:
    """Of the registration of a person, or of the shared one."""
    return RecordKey(owner=owner, name=name, kind="registration")


def rejected(kept: Kept) -> Kept:
    """The same, marked as what is not taken any more."""
    return replace(kept, credential=replace(kept.credential, is_rejected=True))


class Shelf:
    """Reads and writes them. Every method raises: `VaultError`."""

    def __init__(self, records: Records, secrets: SecretsInUse | None = None) -> None:
        self._records = records
        self._secrets = secrets if secrets is not None else SecretsInUse()

    def learn(self, name: str, *secrets: Secret) -> None:
        """Takes note of what must not be seen anywhere."""
        self._secrets.learn(name, *secrets)

    async def registered(self, person: str, name: str) -> Registered | None:
        """What holds for a person: their own registration, else the shared one."""
        for owner in dict.fromkeys((person, SHARED)):
            record = await self._records.read(registration_key(owner, name))
            if record is not None:
                registration = registration_of(record.content)
                self._learn_client(name, registration)
                return Registered(owner=owner, name=name, origins=record.origins, registration=registration)
        return None

    def _learn_client(self, name: str, registration: Registration) -> None:
        if isinstance(registration, OAuthRegistration) and registration.client_secret is not None:
            self.learn(name, registration.client_secret)

    async def register(self, registered: Registered) -> None:
        """Keeps a registration in the place of the one of that owner and name."""
        self._learn_client(registered.name, registered.registration)
        content = registration_json(registered.registration)
        await self._replace(registration_key(registered.owner, registered.name), registered.origins, content)

    async def kept(self, key: RecordKey) -> Kept | None:
        """The credential of that key."""
        record = await self._records.read(key)
        if record is None:
            return None
        credential = credential_of(record.content)
        self.learn(key.name, *secrets_of(credential))
        return Kept(key=key, origins=record.origins, credential=credential, version=record.version)

    async def write(self, kept: Kept) -> Kept:
        """Keeps a credential in the place of its version. Raises: `RecordChanged`."""
        self.learn(kept.key.name, *secrets_of(kept.credential))
        content = credential_json(kept.credential)
        record = Record(key=kept.key, origins=kept.origins, content=content, version=kept.version)
        version = await self._records.write(record)
        return replace(kept, version=version)

    async def put(self, key: RecordKey, origins: tuple[str, ...], credential: Credential) -> None:
        """Keeps a credential whatever is there."""
        self.learn(key.name, *secrets_of(credential))
        await self._replace(key, origins, credential_json(credential))

    async def _replace(self, key: RecordKey, origins: tuple[str, ...], content: Secret) -> None:
        """Raises: `RecordChanged` where others write it all the time."""
        for attempt in range(1, MAX_WRITES + 1):
            version = await self._version(key)
            try:
                await self._records.write(Record(key=key, origins=origins, content=content, version=version))
            except RecordChanged:
                if attempt == MAX_WRITES:
                    raise
            else:
                return

    async def _version(self, key: RecordKey) -> int:
        """Of what is there, which need not be readable: whoever gives something anew replaces it."""
        try:
            return await self._records.version(key)
        except SealBroken:
            await self._records.remove(key)
            return 0

    async def remove(self, key: RecordKey) -> bool:
        """True when there was one."""
        return await self._records.remove(key)

    async def names(self, owner: str, kind: RecordKind) -> Sequence[str]:
        """What somebody has, in order."""
        return [key.name for key in await self._records.keys(owner) if key.kind == kind]

    async def has(self, name: str) -> bool:
        """True when it, or a part of it, is there for anybody."""
        return any(key.name == name or key.name.startswith(f"{name}/") for key in await self._records.keys())

    async def claim(self, kept: Kept, seconds: float) -> bool:
        """As `Records.claim`."""
        return await self._records.claim(kept.key, kept.version, seconds)

    async def release(self, kept: Kept) -> None:
        """As `Records.release`."""
        await self._records.release(kept.key, kept.version)
