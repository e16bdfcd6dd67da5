"""What Authlib writes of a request: the one place where its untyped functions get their types. Pure."""

# pyright: reportUnknownVariableType=false
# the stubs of these two functions name no types

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from auth.secret import Secret


class _WritesUrl(Protocol):
    def __call__(self, uri: str, client_id: str, response_type: str, **parameters: str) -> str: ...


_challenge: Callable[[str], str] = create_s256_code_challenge
_url: _WritesUrl = prepare_grant_uri


def code_challenge(verifier: Secret) -> str:
    """What a login shows of the secret that its code is traded with (RFC 7636 4.2, S256)."""
    return _challenge(verifier.reveal())


def login_url(endpoint: str, client_id: str, parameters: Mapping[str, str]) -> str:
    """Where the browser goes for a code; what the endpoint has in its query stays, what is empty is left out."""
    return _url(endpoint, client_id, "code", **{name: value for name, value in parameters.items() if value})
