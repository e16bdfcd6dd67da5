"""Registrations, credentials and records of every shape, for property tests."""

from __future__ import annotations

from hypothesis import strategies as st

from auth.credentials import Credential, Given, Tokens
from auth.record_json import credential_json
from auth.records import Record
from auth.registration import OAuthRegistration, Provider, Registration, SecretRegistration
from auth.rows import RecordKey
from auth.secret import Secret

texts = st.text(st.characters(), max_size=20)
"""Surrogates too, which may be given where nobody expects them."""

many = st.lists(texts, max_size=3).map(tuple)
secrets = texts.map(Secret)
providers = st.builds(
    Provider,
    token_endpoint=texts,
    issuer=texts,
    authorization_endpoint=texts,
    device_authorization_endpoint=texts,
    revocation_endpoint=texts,
    userinfo_endpoint=texts,
    jwks_uri=texts,
    names_issuer=st.booleans(),
)
registrations: st.SearchStrategy[Registration] = st.one_of(
    st.builds(SecretRegistration, hint=texts),
    st.builds(
        OAuthRegistration,
        provider=providers,
        client_id=texts,
        client_secret=st.none() | secrets,
        client_auth=st.sampled_from(["client_secret_basic", "client_secret_post", "none"]),
        grant=st.sampled_from(
            ["authorization_code", "device_code", "client_credentials", "token_exchange", "jwt_bearer"]
        ),
        scopes=many,
        resource=texts,
        subject=texts,
        allowed_hosts=many,
    ),
)
credentials: st.SearchStrategy[Credential] = st.one_of(
    st.builds(Given, value=secrets, is_rejected=st.booleans()),
    st.builds(
        Tokens,
        access=secrets,
        refresh=st.none() | secrets,
        expires=st.none() | st.floats(allow_nan=False, allow_infinity=False),
        scopes=many,
        subject=texts,
        is_rejected=st.booleans(),
        asked=many,
        client=texts,
        since=st.none() | st.floats(allow_nan=False, allow_infinity=False),
    ),
)
keys = st.builds(RecordKey, owner=texts, name=texts, kind=st.sampled_from(["registration", "credential"]))


def record_of(text: str = "canary-1234", *, owner: str = "ada", name: str = "todo", version: int = 0) -> Record:
    """A key of a person."""
    key = RecordKey(owner=owner, name=name, kind="credential")
    content = credential_json(Given(value=Secret(text)))
    return Record(key=key, origins=("https://api.example.com:443",), content=content, version=version)
