"""What a token endpoint gave (RFC 6749 5.1), read with suspicion. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from auth.credentials import Tokens
from auth.oauth.answer import Answer, document_of
from auth.oauth.document import Document
from auth.secret import Secret

MAX_TOKEN_CHARS = 32 * 1024
"""Characters of a token; those with many groups in them reach some 10,000."""

MAX_LIFETIME_SECONDS = 10 * 365 * 24 * 3600.0
"""Seconds for which a token is taken to be good, whatever its server says."""

MAX_SCOPES = 200
"""Scopes of a token."""

_TOKEN = re.compile(r"[!-~]+")
_SCOPES = re.compile(r"[ !#-\[\]-~]*")
_TRADED_TYPES = frozenset({"urn:ietf:params:oauth:token-type:access_token", "urn:ietf:params:oauth:token-type:jwt", ""})


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenAnswer:
    """Tokens, and who they are for in the words of the server, which is still to be verified."""

    tokens: Tokens
    id_token: Secret | None = None


def _token(document: Document, name: str) -> Secret | None:
    value = document.text(name, MAX_TOKEN_CHARS)
    if value and not _TOKEN.fullmatch(value):
        raise document.refuse(f"{name!r} has characters that a token does not have")
    return Secret(value) if value else None


def scopes_of(document: Document, asked: Sequence[str]) -> tuple[str, ...]:
    """The scopes that were granted: those asked for where the answer does not say (RFC 6749 3.3)."""
    granted = document.text("scope", MAX_TOKEN_CHARS)
    if not _SCOPES.fullmatch(granted) or len(granted.split()) > MAX_SCOPES:
        raise document.refuse("'scope' is no list of scopes")
    return tuple(dict.fromkeys(granted.split())) or tuple(asked)


def tokens_of(answer: Answer, *, asked: Sequence[str], now: float) -> TokenAnswer:
    """The tokens of an answer; `asked` are the scopes, `now` is in seconds since the epoch.

    Raises: `ProviderError`; it has no word of the answer but a known error and a cleaned description.
    """
    document = document_of(answer)
    if document.text("token_type").casefold() != "bearer":
        raise document.refuse("'token_type' is not Bearer")
    if document.text("issued_token_type") not in _TRADED_TYPES:
        raise document.refuse("'issued_token_type' is no access token")
    access = _token(document, "access_token")
    if access is None:
        raise document.refuse("there is no 'access_token'")
    lifetime = document.seconds("expires_in", MAX_LIFETIME_SECONDS)
    tokens = Tokens(
        access=access,
        refresh=_token(document, "refresh_token"),
        expires=None if lifetime is None else now + lifetime,
        scopes=scopes_of(document, asked),
    )
    return TokenAnswer(tokens=tokens, id_token=_token(document, "id_token"))
