"""Sealed rows in a database, on SQLite or PostgreSQL alike: the twin of `auth.rows.RowsInMemory`."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from functools import partial
from uuid import uuid4

from sqlalchemy import BigInteger, Connection, Delete, Update, bindparam, delete, or_, select, update

from auth.errors import RecordChanged, SealBroken, VaultError
from auth.rows import RecordKey, RecordKind, Row
from orchestrator.errors import StoreError
from orchestrator.journal.sql.tables import FIRST_EPOCH, NOW, sealed
from orchestrator.journal.sql.transactions import Transactions
from orchestrator.journal.sql.writing import insert_once
from orchestrator.vault.columns import DIALECTS, Dialect, bytes_of, count_of, read_text, text_of

MAX_NAME_BYTES = 1024
"""How long the owner and the name of a record may be, each: both go into an index."""

MAX_SEALED_BYTES = 1024 * 1024
"""How long what is sealed may be."""

MAX_CLAIM_SECONDS = 120.0
"""What would hold for longer was claimed by a clock that has been put back since, and holds no more.

It is twice what the longest claims are for: who waited for the lock of another's claim compares with the time at which
its own statement began, which is before that claim.
"""

_Values = dict[str, str | int | float | bytes]

_c = sealed.c
_KINDS: dict[str, RecordKind] = {"registration": "registration", "credential": "credential"}
_IS_IT = (_c.owner == bindparam("of_owner"), _c.name == bindparam("of_name"), _c.kind == bindparam("of_kind"))
_IS_THAT_VERSION = _c.version == bindparam("of_version", type_=BigInteger())

_READ = {
    one: select(
        text_of(_c.origins, one).label("origins"),
        text_of(_c.key_id, one).label("key_id"),
        bytes_of(_c.sealed, one, most=MAX_SEALED_BYTES).label("sealed"),
        count_of(_c.version, one).label("version"),
    ).where(*_IS_IT)
    for one in DIALECTS
}
_KEYS = {
    one: select(
        *(text_of(column, one, most=MAX_NAME_BYTES).label(column.name) for column in (_c.owner, _c.name, _c.kind))
    )
    for one in DIALECTS
}
_KEYS_OF_ONE = {one: keys.where(_c.owner == bindparam("of_owner")) for one, keys in _KEYS.items()}
_REMOVE: Delete = delete(sealed).where(*_IS_IT)

_REPLACE: Update = (
    update(sealed)
    .where(*_IS_IT, _IS_THAT_VERSION)
    .values(
        origins=bindparam("to_origins"),
        key_id=bindparam("to_key_id"),
        sealed=bindparam("to_sealed"),
        version=_c.version + 1,
        claim_until=None,
        claimant=None,
        updated=NOW,
    )
    .returning(_c.version)
)
_IS_UNCLAIMED = or_(
    _c.claim_until.is_(None),
    _c.claim_until <= NOW,
    _c.claim_until > NOW + bindparam("longest", type_=_c.claim_until.type),
)
_CLAIM: Update = (
    update(sealed)
    .where(*_IS_IT, _IS_THAT_VERSION, _IS_UNCLAIMED)
    .values(claim_until=NOW + bindparam("seconds", type_=_c.claim_until.type), claimant=bindparam("mark"))
)
_IS_OURS = _c.claimant == bindparam("mark")
_CLAIMED = select(_c.version).where(*_IS_IT, _IS_THAT_VERSION, _IS_OURS)
_RELEASE: Update = update(sealed).where(*_IS_IT, _IS_THAT_VERSION, _IS_OURS).values(claim_until=None, claimant=None)


def _is_storable(name: str) -> bool:
    try:
        return len(name.encode()) <= MAX_NAME_BYTES and "\0" not in name
    except UnicodeEncodeError:
        return False


def _check_name(*names: str) -> None:
    """Raises: `VaultError` for a name that not every database can hold."""
    for name in names:
        if not _is_storable(name):
            raise VaultError(f"the vault takes names of up to {MAX_NAME_BYTES} bytes of text, not {name[:40]!r}")


def _of(key: RecordKey) -> _Values:
    """What finds the row."""
    return {"of_owner": key.owner, "of_name": key.name, "of_kind": key.kind}


@contextmanager
def vault_errors() -> Generator[None]:
    """Raises what goes wrong in the database as a `VaultError`, in the same words: they have no secret in them."""
    try:
        yield
    except StoreError as error:
        raise VaultError(str(error)) from None


def _dialect(connection: Connection) -> Dialect:
    return "sqlite" if connection.dialect.name == "sqlite" else "postgresql"


def _find(connection: Connection, key: RecordKey) -> Row | None:
    """Raises: `SealBroken` where somebody has put something else into the columns: those of SQLite take anything."""
    try:
        found = connection.execute(_READ[_dialect(connection)], _of(key)).one_or_none()
        if found is None:
            return None
        if found.sealed is None or found.version is None:
            raise ValueError("it is not what is written there")
        origins = read_text(found.origins)
        return Row(
            key=key,
            origins=tuple(origins.split("\n")) if origins else (),
            key_id=read_text(found.key_id),
            sealed=bytes(found.sealed),
            version=found.version,
        )
    except ValueError:
        raise SealBroken(
            f"the credential {key.name!r} is not as it was written: restore the vault from a copy, or add it again"
        ) from None
    finally:
        connection.rollback()


def _write(connection: Connection, row: Row) -> int | None:
    """The version it has from then on; None where another one stands in its place."""
    written: _Values = {"to_origins": "\n".join(row.origins), "to_key_id": row.key_id}
    written["to_sealed"] = row.sealed
    with connection.begin():
        if row.version:
            return connection.execute(
                _REPLACE, {**_of(row.key), **written, "of_version": row.version}
            ).scalar_one_or_none()
        made = insert_once(sealed, connection.dialect.name).values(
            owner=row.key.owner,
            name=row.key.name,
            kind=row.key.kind,
            origins=written["to_origins"],
            key_id=row.key_id,
            sealed=row.sealed,
            version=FIRST_EPOCH,
            updated=NOW,
        )
        return connection.execute(made.returning(_c.version)).scalar_one_or_none()


def _write_again(connection: Connection, row: Row) -> int | None:
    """As `_write`, after a connection was lost that may have done it: what is sealed is never the same twice."""
    kept = _find(connection, row.key)
    if kept is not None and kept.sealed == row.sealed and kept.version != row.version:
        return kept.version
    return _write(connection, row)


def _remove(connection: Connection, key: RecordKey) -> bool:
    with connection.begin():
        return connection.execute(_REMOVE, _of(key)).rowcount == 1


def _key_of(columns: Iterable[bytes | str | None]) -> RecordKey | None:
    """None for what `SqlRows.write` has not written: it is nobody's, and breaks nothing."""
    try:
        owner, name, kind = map(read_text, columns)
    except ValueError:
        return None
    is_ours = kind in _KINDS and _is_storable(owner) and _is_storable(name)
    return RecordKey(owner=owner, name=name, kind=_KINDS[kind]) if is_ours else None


def _list(connection: Connection, owner: str | None) -> Sequence[RecordKey]:
    dialect = _dialect(connection)
    if owner is None:
        found = connection.execute(_KEYS[dialect])
    else:
        found = connection.execute(_KEYS_OF_ONE[dialect], {"of_owner": owner})
    keys = [key for row in found if (key := _key_of((row.owner, row.name, row.kind))) is not None]
    connection.rollback()
    return sorted(keys)


def _claim(connection: Connection, claim: _Values) -> bool:
    with connection.begin():
        return connection.execute(_CLAIM, claim).rowcount == 1


def _claim_again(connection: Connection, claim: _Values) -> bool:
    """As `_claim`, after a connection was lost that may have done it."""
    is_ours = connection.execute(_CLAIMED, claim).first() is not None
    connection.rollback()
    return is_ours or _claim(connection, claim)


def _release(connection: Connection, claim: _Values) -> None:
    with connection.begin():
        connection.execute(_RELEASE, claim)


class SqlRows:
    """`auth.rows.Rows` in the tables of a store: each method is one transaction, and what it promises holds across
    processes.
    """

    def __init__(self, transactions: Transactions) -> None:
        """The tables are there already; whoever opened them closes them."""
        self._transactions = transactions
        self._marks: dict[tuple[RecordKey, int], str] = {}

    async def read(self, key: RecordKey, /) -> Row | None:
        """As `Rows.read`."""
        _check_name(key.owner, key.name)
        with vault_errors():
            return await self._transactions.read(partial(_find, key=key))

    async def write(self, row: Row, /) -> int:
        """As `Rows.write`. Raises: `RecordChanged`."""
        if len(row.sealed) > MAX_SEALED_BYTES:
            raise VaultError(f"the credential {row.key.name!r} is longer than {MAX_SEALED_BYTES} bytes")
        _check_name(row.key.owner, row.key.name)
        self._marks.pop((row.key, row.version), None)
        with vault_errors():
            version = await self._transactions.write(partial(_write, row=row), partial(_write_again, row=row))
        if version is None:
            raise RecordChanged(f"the credential {row.key.name!r} was written by somebody else meanwhile")
        return version

    async def remove(self, key: RecordKey, /) -> bool:
        """As `Rows.remove`; it is gone from the file too."""
        _check_name(key.owner, key.name)
        with vault_errors():
            is_gone = await self._transactions.write(partial(_remove, key=key))
            if is_gone:
                await self._transactions.give_back()
        return is_gone

    async def keys(self, owner: str | None = None, /) -> Sequence[RecordKey]:
        """As `Rows.keys`."""
        _check_name(owner or "")
        with vault_errors():
            return await self._transactions.read(partial(_list, owner=owner))

    async def claim(self, key: RecordKey, version: int, seconds: float, /) -> bool:
        """As `Rows.claim`."""
        _check_name(key.owner, key.name)
        mark = uuid4().hex
        claim: _Values = {**_of(key), "of_version": version, "mark": mark, "seconds": seconds}
        claim["longest"] = max(seconds, MAX_CLAIM_SECONDS)
        with vault_errors():
            is_ours = await self._transactions.write(partial(_claim, claim=claim), partial(_claim_again, claim=claim))
        if is_ours:
            self._marks[key, version] = mark
        return is_ours

    async def release(self, key: RecordKey, version: int, /) -> None:
        """As `Rows.release`; it ends a claim of this process only."""
        mark = self._marks.pop((key, version), None)
        if mark is None:
            return
        claim: _Values = {**_of(key), "of_version": version, "mark": mark}
        with vault_errors():
            await self._transactions.write(partial(_release, claim=claim))
