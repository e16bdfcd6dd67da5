"""Registrations and credentials as JSON, as records hold them, and whole records, and back. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, get_args

from auth.credentials import Credential, Given, Tokens
from auth.errors import SealBroken, VaultError
from auth.members import Json, Members, json_text, parsed
from auth.records import Record
from auth.registration import ClientAuth, Grant, OAuthRegistration, Provider, Registration, SecretRegistration
from auth.rows import RecordKey, RecordKind
from auth.secret import Secret

FORMAT = 1
"""The form of the JSON, its member `v`."""

T = TypeVar("T")

_ENDPOINTS = (
    "token_endpoint",
    "issuer",
    "authorization_endpoint",
    "device_authorization_endpoint",
    "revocation_endpoint",
    "userinfo_endpoint",
    "jwks_uri",
)
_OAUTH = (
    "provider",
    "client_id",
    "client_secret",
    "client_auth",
    "grant",
    "scopes",
    "resource",
    "subject",
    "allowed_hosts",
)
_TOKENS = ("access", "refresh", "expires", "scopes", "subject", "is_rejected", "asked", "client", "since", "login")
_GRANTS: dict[str, Grant] = {name: name for name in get_args(Grant)}
_CLIENT_AUTHS: dict[str, ClientAuth] = {name: name for name in get_args(ClientAuth)}
_KINDS: dict[str, RecordKind] = {name: name for name in get_args(RecordKind)}


def _revealed(secret: Secret | None) -> str | None:
    return secret.reveal() if secret is not None else None


def _chosen(choices: dict[str, T], members: Members, name: str) -> T:
    """Raises: `ValueError`."""
    chosen = choices.get(members.text(name))
    if chosen is None:
        raise ValueError(f"{name!r} is none of {', '.join(choices)}")
    return chosen


def _written(type: str, **members: Json) -> Secret:
    """Raises: `VaultError`."""
    try:
        return Secret(json_text({"v": FORMAT, "type": type, **members}))
    except ValueError:
        raise VaultError(f"cannot keep {type!r}: it has a number that JSON has not") from None


def _read(content: Secret, what: str, readers: dict[str, Callable[[Json], T]]) -> T:
    """Raises: `SealBroken`: nothing of this release has written it."""
    try:
        document = parsed(content.reveal())
        if not isinstance(document, dict) or document.get("v") != FORMAT:
            raise ValueError(f"it is not of version {FORMAT}; a later release may have written it")
        type = document.get("type")
        if not isinstance(type, str) or type not in readers:
            raise ValueError(f"its type is none of {', '.join(readers)}")
        return readers[type]({name: value for name, value in document.items() if name not in {"v", "type"}})
    except ValueError as error:
        raise SealBroken(f"cannot read a {what} that is kept: {error}; remove it, and give it anew") from None


def _provider_json(provider: Provider) -> Json:
    return {
        "token_endpoint": provider.token_endpoint,
        "issuer": provider.issuer,
        "authorization_endpoint": provider.authorization_endpoint,
        "device_authorization_endpoint": provider.device_authorization_endpoint,
        "revocation_endpoint": provider.revocation_endpoint,
        "userinfo_endpoint": provider.userinfo_endpoint,
        "jwks_uri": provider.jwks_uri,
        "names_issuer": provider.names_issuer,
    }


def _provider(document: Json) -> Provider:
    """Raises: `ValueError`."""
    members = Members(document, (*_ENDPOINTS, "names_issuer"))
    return Provider(**{name: members.text(name) for name in _ENDPOINTS}, names_issuer=members.flag("names_issuer"))


def _secret_registration(document: Json) -> Registration:
    """Raises: `ValueError`."""
    return SecretRegistration(hint=Members(document, ("hint",)).text("hint"))


def _oauth_registration(document: Json) -> Registration:
    """Raises: `ValueError`."""
    members = Members(document, _OAUTH)
    return OAuthRegistration(
        provider=_provider(members.value("provider")),
        client_id=members.text("client_id"),
        client_secret=members.secret("client_secret"),
        client_auth=_chosen(_CLIENT_AUTHS, members, "client_auth"),
        grant=_chosen(_GRANTS, members, "grant"),
        scopes=members.texts("scopes"),
        resource=members.text("resource"),
        subject=members.text("subject"),
        allowed_hosts=members.texts("allowed_hosts"),
    )


def _given(document: Json) -> Credential:
    """Raises: `ValueError`."""
    members = Members(document, ("value", "is_rejected"))
    return Given(value=members.sure_secret("value"), is_rejected=members.flag("is_rejected"))


def _tokens(document: Json) -> Credential:
    """Raises: `ValueError`."""
    members = Members(document, _TOKENS)
    return Tokens(
        access=members.sure_secret("access"),
        refresh=members.secret("refresh"),
        expires=members.moment("expires"),
        scopes=members.texts("scopes"),
        subject=members.text("subject"),
        is_rejected=members.flag("is_rejected"),
        asked=members.texts("asked"),
        client=members.text("client"),
        since=members.moment("since"),
        login=members.text("login"),
    )


def registration_json(registration: Registration) -> Secret:
    """A registration as JSON; it may have the client's secret in it."""
    if isinstance(registration, SecretRegistration):
        return _written("secret", hint=registration.hint)
    return _written(
        "oauth",
        provider=_provider_json(registration.provider),
        client_id=registration.client_id,
        client_secret=_revealed(registration.client_secret),
        client_auth=registration.client_auth,
        grant=registration.grant,
        scopes=[*registration.scopes],
        resource=registration.resource,
        subject=registration.subject,
        allowed_hosts=[*registration.allowed_hosts],
    )


def registration_of(content: Secret) -> Registration:
    """Raises: `SealBroken` for what `registration_json` has not written."""
    return _read(content, "registration", {"secret": _secret_registration, "oauth": _oauth_registration})


def credential_json(credential: Credential) -> Secret:
    """A credential as JSON. Raises: `VaultError` where it expires at no moment."""
    if isinstance(credential, Given):
        return _written("given", value=credential.value.reveal(), is_rejected=credential.is_rejected)
    return _written(
        "tokens",
        access=credential.access.reveal(),
        refresh=_revealed(credential.refresh),
        expires=credential.expires,
        scopes=[*credential.scopes],
        subject=credential.subject,
        is_rejected=credential.is_rejected,
        asked=[*credential.asked],
        client=credential.client,
        since=credential.since,
        login=credential.login,
    )


def credential_of(content: Secret) -> Credential:
    """Raises: `SealBroken` for what `credential_json` has not written."""
    return _read(content, "credential", {"given": _given, "tokens": _tokens})


def key_json(key: RecordKey) -> Json:
    """What names a record."""
    return {"owner": key.owner, "name": key.name, "kind": key.kind}


def key_of(document: Json) -> RecordKey:
    """Raises: `ValueError`."""
    members = Members(document, ("owner", "name", "kind"))
    return RecordKey(owner=members.text("owner"), name=members.text("name"), kind=_chosen(_KINDS, members, "kind"))


def record_json(record: Record) -> Json:
    """A record without its version; the secret is in it."""
    return {"key": key_json(record.key), "origins": [*record.origins], "content": record.content.reveal()}


def record_of(document: Json, *, version: int = 0) -> Record:
    """Raises: `ValueError`."""
    members = Members(document, ("key", "origins", "content"))
    return Record(
        key=key_of(members.value("key")),
        origins=members.texts("origins"),
        content=members.sure_secret("content"),
        version=version,
    )
