"""Who logged in, as the provider says and signs it (OpenID Connect Core 3.1.3.7)."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cryptography.exceptions import UnsupportedAlgorithm
from joserfc import jws
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import JWKRegistry

from auth.errors import ProviderError
from auth.oauth.document import is_array, is_object, json_object
from auth.oauth.jwt import SKEW_SECONDS, audiences_of, claims_of, header_of, number_of
from auth.secret import Secret

ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA", "Ed25519")
"""What a signature may be made with: nothing that the client could have signed itself with a shared secret."""

MAX_KEYS = 20
"""Keys of a provider that are tried for a token that does not name one."""

MAX_KEY_CHARS = 2048
"""Characters of a number in a key: RSA of 8192 bits has 1366."""

MAX_SUBJECT_CHARS = 255
"""Characters of a person's name at the provider."""

_KEY_TYPES = frozenset({"RSA", "EC", "OKP"})
_PUBLIC = frozenset({"kty", "n", "e", "crv", "x", "y"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """What an id_token has to be about."""

    issuer: str
    """Empty where it is not known."""
    client_id: str
    nonce: Secret | None
    """That of the request; None where none was sent."""
    now: float


def _refuse(problem: str) -> ProviderError:
    return ProviderError(f"the id_token of the login cannot be trusted: {problem}")


def _candidates(key_set: Mapping[str, object], key_id: object) -> Iterator[dict[str, str | list[str]]]:
    """The public keys that may have signed a token."""
    keys = key_set.get("keys")
    for key in (keys if is_array(keys) else [])[: 10 * MAX_KEYS]:
        if not is_object(key) or key.get("kty") not in _KEY_TYPES or key.get("use", "sig") != "sig":
            continue
        if key_id is not None and key.get("kid") != key_id:
            continue
        public = {name: value for name, value in key.items() if name in _PUBLIC and isinstance(value, str)}
        if all(len(value) <= MAX_KEY_CHARS for value in public.values()):
            yield {**public}


def _signed(token: str, key: dict[str, str | list[str]]) -> bytes | None:
    """What that key has signed; None where it has not signed this."""
    try:
        with warnings.catch_warnings():
            # providers still write the older name of Ed25519 (RFC 9864), which is no news to the person
            warnings.simplefilter("ignore", SecurityWarning)
            return jws.deserialize_compact(token, JWKRegistry.import_key(key), algorithms=ALGORITHMS).payload
    except (JoseError, UnsupportedAlgorithm, ValueError, TypeError, KeyError, ArithmeticError):
        return None


def _verified(token: str, key_set: Mapping[str, object]) -> Mapping[str, object]:
    """The claims. Raises: `ProviderError`."""
    header = header_of(token)
    if header is None or header.get("alg") not in ALGORITHMS:
        raise _refuse(f"it is not signed with one of {', '.join(ALGORITHMS)}")
    for key, _ in zip(_candidates(key_set, header.get("kid")), range(MAX_KEYS), strict=False):
        payload = _signed(token, key)
        claims = json_object(payload) if payload is not None else None
        if claims is not None:
            return claims
    raise _refuse("no key of the provider has signed it")


def _check_parties(claims: Mapping[str, object], login: Login) -> None:
    """Raises: `ProviderError`."""
    if login.issuer and claims.get("iss") != login.issuer:
        raise _refuse(f"it is not from {login.issuer!r}")
    audiences = audiences_of(claims)
    if login.client_id not in audiences:
        raise _refuse("it is for another client ('aud')")
    if claims.get("azp", login.client_id if len(audiences) == 1 else None) != login.client_id:
        raise _refuse("it was given to another client ('azp')")
    if login.nonce is not None:
        nonce = claims.get("nonce")
        if not isinstance(nonce, str) or Secret(nonce) != login.nonce:
            raise _refuse("it belongs to another login ('nonce')")


def _check_times(claims: Mapping[str, object], now: float) -> None:
    """Raises: `ProviderError`."""
    expires, issued = number_of(claims, "exp"), number_of(claims, "iat")
    if expires is None or expires <= now - SKEW_SECONDS:
        raise _refuse("it has expired, or does not say when")
    if issued is None or issued > now + SKEW_SECONDS:
        raise _refuse("it is from the future, or does not say when it was issued")


def subject_of(token: Secret, key_set: Mapping[str, object] | None, login: Login) -> str:
    """Who logged in, as the provider calls them.

    Without a key set the signature is not looked at: the token came from the token endpoint itself, over TLS.

    Raises: `ProviderError` for a token of another login, provider or client, and for one that nobody has signed.
    """
    claims = _verified(token.reveal(), key_set) if key_set is not None else claims_of(token.reveal())
    if claims is None:
        raise _refuse("it is no signed token")
    _check_parties(claims, login)
    _check_times(claims, login.now)
    subject = claims.get("sub")
    if not isinstance(subject, str) or not subject.isprintable() or not 0 < len(subject) <= MAX_SUBJECT_CHARS:
        raise _refuse("it does not say for whom it is ('sub')")
    return subject
