"""What is exported is sealed, and what is imported replaces nothing by itself (issue 9, point 6)."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auth.bundle import MAX_BUNDLE_BYTES, MAX_RECORDS, bundle_of, is_nobodys, put, records_of, replaced_by
from auth.credentials import Given
from auth.errors import KeyMissing, VaultError
from auth.keys import GivenKeys, new_key
from auth.passphrase import COST, MAX_COST
from auth.record_json import credential_json, registration_json
from auth.records import Record
from auth.registration import SecretRegistration
from auth.rows import SHARED, RecordKey, RowsInMemory
from auth.sealed import SealedRecords
from auth.secret import Secret
from tests.auth.any_record import credentials, keys, record_of, registrations

PASSPHRASE = Secret("correct horse battery")
RECORDS = (
    record_of("canary-1234"),
    Record(
        key=RecordKey(owner=SHARED, name="mail", kind="registration"),
        origins=("http://[::1]:8080", "https://mail.example.com:443"),
        content=registration_json(SecretRegistration(hint="API key")),
    ),
)


@st.composite
def any_records(draw: st.DrawFn) -> list[Record]:
    chosen = draw(st.lists(keys.filter(lambda key: key.name and not is_nobodys(key)), max_size=4, unique=True))
    contents = {
        "registration": registrations.map(registration_json),
        "credential": credentials.map(credential_json),
    }
    return [Record(key=key, origins=(), content=draw(contents[key.kind])) for key in chosen]


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(any_records())
def test_records_are_read_as_they_were_written(records: list[Record]) -> None:
    assert records_of(bundle_of(records, PASSPHRASE), PASSPHRASE) == tuple(records)


def test_versions_stay_behind_and_origins_do_not() -> None:
    data = bundle_of([replace(record, version=7) for record in RECORDS], PASSPHRASE)
    assert records_of(data, PASSPHRASE) == RECORDS


def test_the_file_says_what_it_is_and_nothing_of_what_is_in_it() -> None:
    data = bundle_of(RECORDS, PASSPHRASE)
    document = json.loads(data)
    assert document["format"] == "plugin-orchestrator credentials"
    assert (document["version"], document["cost"]) == (1, COST)
    for part in (data, base64.b64decode(document["sealed"])):
        assert not [word for word in (b"canary", b"ada", b"todo", b"example.com") if word in part]


def test_a_credential_that_is_nobodys_is_refused() -> None:
    """The vault keeps none, and would give it to everybody."""
    key = RecordKey(owner=SHARED, name="todo", kind="credential")
    with pytest.raises(VaultError, match="a record is a credential that belongs to nobody"):
        records_of(bundle_of([replace(RECORDS[0], key=key)], PASSPHRASE), PASSPHRASE)


def test_another_passphrase_opens_nothing() -> None:
    with pytest.raises(
        VaultError, match="the passphrase is not the one of the file, or the file was changed"
    ) as raised:
        records_of(bundle_of(RECORDS, PASSPHRASE), Secret("another passphrase"))
    assert raised.value.__suppress_context__
    with pytest.raises(KeyMissing, match="needs 8 characters"):
        records_of(bundle_of(RECORDS, PASSPHRASE), Secret("short"))
    with pytest.raises(KeyMissing, match="needs 8 characters"):
        bundle_of(RECORDS, Secret("short"))


def changed(**changes: object) -> bytes:
    return json.dumps({**json.loads(bundle_of(RECORDS, PASSPHRASE)), **changes}).encode()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"format": "zip"}, "it is no 'plugin-orchestrator credentials' of version 1"),
        ({"version": 2}, "it is no 'plugin-orchestrator credentials' of version 1"),
        ({"version": None}, "it is no 'plugin-orchestrator credentials' of version 1"),
        ({"cost": COST - 1}, f"the cost is {COST - 1}"),
        ({"cost": MAX_COST + 1}, f"'cost' is no whole number up to {MAX_COST}"),
        ({"cost": 10**30}, "'cost' is no whole number"),
        ({"cost": True}, "'cost' is no whole number"),
        ({"cost": COST + 1}, "or the file was changed"),
        ({"salt": ""}, "it was cut"),
        ({"salt": "!!"}, "'salt' is not base64"),
        ({"salt": base64.b64encode(bytes(16)).decode()}, "or the file was changed"),
        ({"sealed": ""}, "it was cut"),
        ({"sealed": "é"}, "'sealed' is not base64"),
        ({"sealed": base64.b64encode(bytes(100)).decode()}, "or the file was changed"),
        ({"sealed": 1}, "'sealed' is no text"),
        ({"more": 1}, "its members are not format, version, cost, salt, sealed"),
    ],
)
def test_a_file_that_was_changed_is_refused(changes: dict[str, object], reason: str) -> None:
    with pytest.raises(VaultError, match=reason):
        records_of(changed(**changes), PASSPHRASE)


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"\xff\xfe", b"[" * 100_000, b" " * (MAX_BUNDLE_BYTES + 1)])
def test_what_is_no_such_file_is_refused(data: bytes) -> None:
    with pytest.raises(VaultError, match="cannot read the exported credentials"):
        records_of(data, PASSPHRASE)


def test_a_file_that_was_cut_anywhere_is_refused() -> None:
    data = bundle_of(RECORDS, PASSPHRASE)
    for length in range(len(data) - 1):
        with pytest.raises(VaultError):
            records_of(data[:length], PASSPHRASE)


@pytest.mark.parametrize(
    ("records", "reason"),
    [
        ([replace(RECORDS[0], origins=("https://Evil.example/path",))], "is no origin"),
        ([replace(RECORDS[0], origins=("https://evil.example",))], "an origin that is not in the usual spelling"),
        ([replace(RECORDS[0], key=replace(RECORDS[0].key, name=""))], "a record has no name"),
        ([replace(RECORDS[0], content=RECORDS[1].content)], "its type is none of given, tokens"),
        ([replace(RECORDS[0], content=Secret("canary"))], "cannot read a credential that is kept"),
        ([RECORDS[0], RECORDS[0]], "it has a record twice"),
    ],
)
def test_a_file_with_records_that_are_none_is_refused(records: Sequence[Record], reason: str) -> None:
    data = bundle_of(records, PASSPHRASE)
    with pytest.raises(VaultError, match=reason) as raised:
        records_of(data, PASSPHRASE)
    assert "canary" not in str(raised.value)


def test_too_many_records_are_refused() -> None:
    with pytest.raises(VaultError, match=f"too much for one file: {MAX_RECORDS} records"):
        bundle_of([RECORDS[0]] * (MAX_RECORDS + 1), PASSPHRASE)


async def test_an_import_replaces_only_what_it_is_told_to() -> None:
    kept = SealedRecords(RowsInMemory(), GivenKeys(new_key()))
    mine = replace(RECORDS[0], content=credential_json(Given(value=Secret("my own secret"))))
    await kept.write(mine)
    assert await replaced_by(RECORDS, kept) == (mine.key,)
    assert await put(RECORDS, kept) == 1
    assert await kept.read(mine.key) == replace(mine, version=1)
    assert await put(RECORDS, kept, replacing=True) == 1
    assert await kept.read(mine.key) == replace(RECORDS[0], version=2)
    assert await replaced_by(RECORDS, kept) == ()
    assert await put(RECORDS, kept, replacing=True) == 0
