"""The answer that the browser brings back from a login (RFC 6749 4.1.2), which anybody can make up. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl

from auth.errors import ProviderError
from auth.oauth.answer import error_said
from auth.oauth.code_request import CodeRequest
from auth.secret import Secret

MAX_QUERY_CHARS = 32 * 1024
"""Characters of the query."""

MAX_PARAMETERS = 50
"""Parameters in it: servers may add some of their own."""

MAX_CODE_CHARS = 8 * 1024
"""Characters of a code; some are whole encrypted tokens."""

_CODE = re.compile(r"[ -~]+")
_PLACE = "the login"


def _parameters(query: str) -> Mapping[str, str]:
    """Raises: `ProviderError`."""
    if len(query) > MAX_QUERY_CHARS:
        raise ProviderError(f"the answer of {_PLACE} is longer than {MAX_QUERY_CHARS} characters")
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=MAX_PARAMETERS, errors="strict")
    except ValueError:
        raise ProviderError(f"the answer of {_PLACE} is no list of parameters") from None
    parameters = dict(pairs)
    if len(parameters) != len(pairs):
        raise ProviderError(f"the answer of {_PLACE} has a parameter twice")
    return parameters


def _check_issuer(parameters: Mapping[str, str], issuer: str, *, is_named: bool) -> None:
    """Raises: `ProviderError` for the answer of another server (RFC 9207 2.4)."""
    named = parameters.get("iss")
    if named is None and is_named:
        raise ProviderError(f"the answer of {_PLACE} does not name its issuer, and {issuer!r} always does")
    if named is not None and issuer and named != issuer:
        raise ProviderError(f"the answer of {_PLACE} comes from another issuer than {issuer!r}")


def code_of(query: str, request: CodeRequest, *, issuer: str, names_issuer: bool, now: float) -> Secret:
    """The code of an answer, once for a request.

    `issuer` is empty where it is not known; with `names_issuer` an answer has to name it.

    Raises: `ProviderError`; its message has nothing of the query but a known error and a cleaned description.
    """
    parameters = _parameters(query)
    if Secret(parameters.get("state", "")) != request.state:
        raise ProviderError(f"the answer of {_PLACE} has another state: it does not belong to this login")
    if not request.answer.take():
        raise ProviderError(f"{_PLACE} was answered already; log in again")
    if now >= request.expires:
        raise ProviderError(f"{_PLACE} took too long; log in again")
    _check_issuer(parameters, issuer, is_named=names_issuer)
    sent = (request.state, request.nonce, request.verifier)
    if "error" in parameters and "code" in parameters:
        raise ProviderError(f"the answer of {_PLACE} has an error and a code at once")
    if "error" in parameters:
        raise error_said(_PLACE, parameters["error"], parameters.get("error_description"), sent)
    code = parameters.get("code", "")
    if len(code) > MAX_CODE_CHARS or not _CODE.fullmatch(code):
        raise ProviderError(f"the answer of {_PLACE} has no code that can be used")
    return Secret(code)
