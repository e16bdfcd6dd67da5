"""Registrations, credentials and records are read as they were written (issue 9, point 4)."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth.credentials import Credential, Given, Tokens
from auth.errors import VaultError
from auth.members import json_text, parsed
from auth.record_json import (
    credential_json,
    credential_of,
    record_json,
    record_of,
    registration_json,
    registration_of,
)
from auth.records import Record
from auth.registration import Registration
from auth.rows import RecordKey
from auth.secret import Secret
from tests.auth.any_record import credentials, keys, many, registrations, secrets

CANARY = "canary-1234"


@given(registrations)
def test_every_registration_is_read_as_it_was_written(registration: Registration) -> None:
    assert registration_of(registration_json(registration)) == registration


@given(credentials)
def test_every_credential_is_read_as_it_was_written(credential: Credential) -> None:
    assert credential_of(credential_json(credential)) == credential


@given(keys, many, secrets, st.integers(0, 9))
def test_every_record_is_read_as_it_was_written(
    key: RecordKey, origins: tuple[str, ...], content: Secret, version: int
) -> None:
    record = Record(key=key, origins=origins, content=content, version=version)
    assert record_of(parsed(json_text(record_json(record))), version=version) == record


def test_what_is_written_has_a_version_and_a_type() -> None:
    assert json.loads(credential_json(Given(value=Secret(CANARY))).reveal()) == {
        "v": 1,
        "type": "given",
        "value": CANARY,
        "is_rejected": False,
    }


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not JSON"),
        (f"{CANARY}{{", "not JSON"),
        ("[" * 200_000, "not JSON"),
        ("9" * 10_000, "not JSON"),
        (f'["{CANARY}"]', "not of version 1"),
        (f'{{"v":2,"type":"given","value":"{CANARY}","is_rejected":false}}', "not of version 1"),
        (f'{{"v":1,"type":"{CANARY}"}}', "its type is none of given, tokens"),
        ('{"v":1,"type":["given"]}', "its type is none of"),
        (f'{{"v":1,"type":"given","value":"{CANARY}"}}', "members are not value, is_rejected"),
        (f'{{"v":1,"type":"given","value":"{CANARY}","is_rejected":false,"{CANARY}":1}}', "members are not"),
        (f'{{"v":1,"type":"given","value":["{CANARY}"],"is_rejected":false}}', "'value' is no text"),
        (f'{{"v":1,"type":"given","value":"{CANARY}","is_rejected":"{CANARY}"}}', "'is_rejected' is neither"),
    ],
)
def test_what_cannot_be_read_is_refused_without_telling_what_it_is(text: str, reason: str) -> None:
    with pytest.raises(VaultError, match=reason) as raised:
        credential_of(Secret(text))
    assert CANARY not in str(raised.value)
    assert raised.value.__suppress_context__


@pytest.mark.parametrize("expires", ["1e999", "NaN", "true", '"soon"', "1" + "0" * 400])
def test_a_token_expires_at_a_moment_or_never(expires: str) -> None:
    text = credential_json(Tokens(access=Secret("a"))).reveal().replace('"expires":null', f'"expires":{expires}')
    with pytest.raises(VaultError, match="'expires' is no moment"):
        credential_of(Secret(text))


@pytest.mark.parametrize("expires", [math.inf, math.nan])
def test_a_moment_that_never_comes_is_not_written(expires: float) -> None:
    with pytest.raises(VaultError, match="a number that JSON has not"):
        credential_json(Tokens(access=Secret(CANARY), expires=expires))


def test_a_grant_that_is_not_known_is_refused() -> None:
    text = '{"v":1,"type":"oauth","provider":{},"client_id":"","client_secret":null}'
    with pytest.raises(VaultError, match="members are not provider, client_id"):
        registration_of(Secret(text))
    assert "none of" in str(_refused('"grant":"authorization_code"', '"grant":"implicit"'))
    assert "'scopes' is no list of texts" in str(_refused('"scopes":[]', '"scopes":[1]'))
    assert "'scopes' is no list" in str(_refused('"scopes":[]', '"scopes":{}'))
    assert "it is no JSON object" in str(_refused('"provider":{', '"provider":[{', '},"client_id"', '}],"client_id"'))


def _refused(*changes: str) -> VaultError:
    from auth.registration import OAuthRegistration, Provider

    text = registration_json(OAuthRegistration(provider=Provider(token_endpoint=""), client_id="")).reveal()
    for old, new in zip(changes[::2], changes[1::2], strict=True):
        assert old in text
        text = text.replace(old, new)
    with pytest.raises(VaultError) as raised:
        registration_of(Secret(text))
    return raised.value
