"""Who logged in, as a provider signs it."""

from __future__ import annotations

import base64
import json
import warnings
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, Key, KeySet, OctKey, OKPKey, RSAKey

from auth.errors import ProviderError
from auth.oauth.document import json_object
from auth.oauth.id_token import Login, subject_of
from auth.secret import Secret
from runtimes.values import Json, JsonObject

NOW = 1_800_000_000.0
ISSUER = "https://login.example"
NONCE = "nonce-of-this-login-0001"
LOGIN = Login(issuer=ISSUER, client_id="app", nonce=Secret(NONCE), now=NOW)
GOOD: JsonObject = {"iss": ISSUER, "aud": "app", "sub": "ada", "exp": NOW + 60, "iat": NOW, "nonce": NONCE}

RSA = RSAKey.generate_key(2048, auto_kid=True)
EC = ECKey.generate_key("P-256", auto_kid=True)
OKP = OKPKey.generate_key("Ed25519", auto_kid=True)
OCT = OctKey.generate_key(256, auto_kid=True)
KEYS: dict[str, Key] = {"RS256": RSA, "PS256": RSA, "ES256": EC, "EdDSA": OKP, "Ed25519": OKP}


def key_set(*keys: Key) -> dict[str, object]:
    members = json_object(json.dumps(KeySet([*keys]).as_dict(private=False)).encode())
    assert members is not None
    return {**members}


ALL = key_set(RSA, EC, OKP)


def encoded(header: dict[str, str | None], claims: JsonObject, key: Key) -> Secret:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)
        return Secret(jwt.encode(header, claims, key, algorithms=[str(header["alg"])]))


def signed(claims: JsonObject, algorithm: str = "RS256", key: Key | None = None) -> Secret:
    by = key or KEYS[algorithm]
    return encoded({"alg": algorithm, "kid": by.kid}, claims, by)


def raw(header: Json, claims: Json, signature: str = "") -> Secret:
    parts = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in (header, claims))
    return Secret(".".join([*parts, signature]))


def refusal(token: Secret, keys: Mapping[str, object] | None = None, login: Login = LOGIN) -> str:
    with pytest.raises(ProviderError, match="the id_token of the login cannot be trusted") as raised:
        subject_of(token, ALL if keys is None else keys, login)
    assert not raised.value.may_pass
    return str(raised.value)


@pytest.mark.parametrize("algorithm", KEYS)
def test_a_signed_token_says_who_logged_in(algorithm: str) -> None:
    assert subject_of(signed(GOOD, algorithm), ALL, LOGIN) == "ada"


def test_a_token_that_names_no_key_is_tried_with_each() -> None:
    token = encoded({"alg": "ES256"}, GOOD, EC)

    assert subject_of(token, ALL, LOGIN) == "ada"


def test_a_token_of_another_key_is_refused() -> None:
    other = RSAKey.generate_key(2048, {"kid": str(RSA.kid)})

    assert "no key of the provider" in refusal(signed(GOOD, key=other))
    assert "no key of the provider" in refusal(signed(GOOD, key=RSAKey.generate_key(2048, auto_kid=True)))


def test_only_the_key_that_a_token_names_may_have_signed_it() -> None:
    assert "no key of the provider" in refusal(encoded({"alg": "ES256", "kid": RSA.kid}, GOOD, EC))


def test_a_token_that_was_changed_is_refused() -> None:
    head, _, signature = signed(GOOD).reveal().split(".")
    body = raw({}, GOOD | {"sub": "eve"}).reveal().split(".")[1]

    assert "no key of the provider" in refusal(Secret(f"{head}.{body}.{signature}"))


@pytest.mark.parametrize("algorithm", ["none", "HS256", "HS512", "RS1", "", None, 5])
def test_other_algorithms_are_refused(algorithm: str | int | None) -> None:
    assert "not signed with one of RS256" in refusal(raw({"alg": algorithm}, GOOD))


def test_a_token_signed_with_a_shared_secret_is_refused() -> None:
    token = encoded({"alg": "HS256"}, GOOD, OCT)

    assert "not signed with one of" in refusal(token, key_set(RSA, OCT))


def test_a_key_for_encryption_signs_nothing() -> None:
    encryption = key_set(RSA)
    keys = encryption["keys"]
    assert isinstance(keys, list)
    keys[0]["use"] = "enc"

    assert "no key of the provider" in refusal(signed(GOOD), encryption)


def test_an_extension_that_must_be_understood_is_not() -> None:
    header: JsonObject = {"alg": "RS256", "kid": RSA.kid, "crit": ["exp"], "exp": 1}
    head, body, _ = raw(header, GOOD, "x").reveal().split(".")

    assert "no key of the provider" in refusal(Secret(f"{head}.{body}.AAAA"))


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"iss": "https://evil.example"}, "not from 'https://login.example'"),
        ({"iss": ISSUER + "/"}, "not from"),
        ({"iss": None}, "not from"),
        ({"aud": "another"}, "'aud'"),
        ({"aud": []}, "'aud'"),
        ({"aud": None}, "'aud'"),
        ({"aud": {"app": 1}}, "'aud'"),
        ({"aud": ["app", "another"]}, "'azp'"),
        ({"aud": ["app", "another"], "azp": "another"}, "'azp'"),
        ({"azp": "another"}, "'azp'"),
        ({"azp": None}, "'azp'"),
        ({"nonce": "another"}, "'nonce'"),
        ({"nonce": None}, "'nonce'"),
        ({"nonce": [NONCE]}, "'nonce'"),
        ({"exp": NOW - 300}, "expired"),
        ({"exp": None}, "expired"),
        ({"exp": "never"}, "expired"),
        ({"exp": True}, "expired"),
        ({"iat": NOW + 301}, "from the future"),
        ({"iat": None}, "from the future"),
        ({"sub": None}, "'sub'"),
        ({"sub": ""}, "'sub'"),
        ({"sub": 5}, "'sub'"),
        ({"sub": "a\nb"}, "'sub'"),
        ({"sub": "x" * 256}, "'sub'"),
    ],
)
def test_a_token_that_is_not_about_this_login_is_refused(changes: JsonObject, problem: str) -> None:
    said = refusal(signed({**GOOD, **changes}))

    assert problem in said
    assert NONCE not in said


@pytest.mark.parametrize(
    "changes",
    [{"exp": NOW - 299}, {"iat": NOW + 299}, {"aud": ["app"]}, {"aud": ["x", "app"], "azp": "app"}, {"azp": "app"}],
)
def test_clocks_may_differ_a_little_and_audiences_be_several(changes: JsonObject) -> None:
    assert subject_of(signed({**GOOD, **changes}), ALL, LOGIN) == "ada"


def test_without_a_nonce_of_ours_none_is_wanted() -> None:
    login = Login(issuer=ISSUER, client_id="app", nonce=None, now=NOW)

    assert subject_of(signed(GOOD), ALL, login) == "ada"


def test_without_keys_the_claims_are_checked_all_the_same() -> None:
    assert subject_of(signed(GOOD), None, LOGIN) == "ada"
    with pytest.raises(ProviderError, match="'aud'"):
        subject_of(signed({**GOOD, "aud": "another"}), None, LOGIN)


@pytest.mark.parametrize("token", ["", "a", "a.b", "a.b.c", "..", "a.b.c.d.e", "é.é.é", "=.=.=", "x" * 40_000])
def test_what_is_no_signed_token_is_refused(token: str) -> None:
    assert "not signed" in refusal(Secret(token))
    with pytest.raises(ProviderError, match="no signed token"):
        subject_of(Secret(token), None, LOGIN)


_NO_KEYS: list[JsonObject] = [
    {},
    {"keys": None},
    {"keys": "RSA"},
    {"keys": [None, 1, "x", [], {}]},
    {"keys": [{"kty": "RSA"}]},
    {"keys": [{"kty": "RSA", "n": "AA", "e": "AQAB"}]},
    {"keys": [{"kty": "RSA", "n": "!!", "e": "AQAB"}]},
    {"keys": [{"kty": "RSA", "n": "x" * 100_000, "e": "AQAB"}]},
    {"keys": [{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}]},
    {"keys": [{"kty": "EC", "crv": "P-0", "x": "AA", "y": "AA"}]},
    {"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "AA"}]},
    {"keys": [{"kty": "OKP", "crv": "X25519", "x": "A" * 43}]},
]


@pytest.mark.parametrize("keys", _NO_KEYS)
def test_keys_that_are_none_sign_nothing(keys: JsonObject) -> None:
    for algorithm in ("RS256", "ES256", "EdDSA"):
        token = encoded({"alg": algorithm}, GOOD, KEYS[algorithm])
        assert "no key of the provider" in refusal(token, keys)


_KEY = st.fixed_dictionaries(
    {"kty": st.sampled_from(["RSA", "EC", "OKP", "oct"])},
    optional={
        "n": st.text(max_size=20),
        "e": st.text(max_size=5) | st.just("AQAB"),
        "crv": st.sampled_from(["P-256", "P-521", "secp256k1", "Ed25519", "Ed448", "X25519"]) | st.text(max_size=5),
        "x": st.binary(max_size=40).map(lambda data: base64.urlsafe_b64encode(data).decode()),
        "y": st.binary(max_size=40).map(lambda data: base64.urlsafe_b64encode(data).decode()),
        "use": st.sampled_from(["sig", "enc"]),
    },
)


@given(st.lists(_KEY, max_size=4), st.sampled_from(["RS256", "PS256", "ES256", "EdDSA"]))
def test_no_keys_of_a_stranger_break_the_reading(keys: list[dict[str, str]], algorithm: str) -> None:
    token = raw({"alg": algorithm}, GOOD, "AAAA")

    assert "no key of the provider" in refusal(token, {"keys": keys})
