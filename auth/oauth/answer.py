"""The answer of an authorization server: a document, or an error that says nothing of what was sent. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from auth.errors import ProviderError
from auth.masking import Masker
from auth.oauth.document import Document, json_object
from auth.secret import Secret

MAX_DESCRIPTION_CHARS = 200
"""Characters that are shown of what a server says about an error."""

PASSING = frozenset({"server_error", "temporarily_unavailable"})
"""Errors after which the same may succeed later."""

KNOWN_ERRORS = PASSING | {
    "access_denied",
    "account_selection_required",
    "authorization_pending",
    "consent_required",
    "expired_token",
    "insufficient_scope",
    "interaction_required",
    "invalid_client",
    "invalid_client_metadata",
    "invalid_dpop_proof",
    "invalid_grant",
    "invalid_redirect_uri",
    "invalid_request",
    "invalid_scope",
    "invalid_software_statement",
    "invalid_target",
    "invalid_token",
    "login_required",
    "slow_down",
    "unapproved_software_statement",
    "unauthorized_client",
    "unsupported_grant_type",
    "unsupported_response_type",
    "unsupported_token_type",
}
"""The codes of RFC 6749 4.1.2.1 and 5.2, 6750, 7009, 7591, 8628, 8693 and OpenID Connect; no other word is repeated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One HTTP answer, within its limits."""

    place: str
    """The URL that was asked without its query, for messages."""
    status: int
    body: bytes = field(repr=False)
    challenge: str = ""
    """Its `WWW-Authenticate`."""
    sent: tuple[Secret, ...] = ()
    """The secrets of the request, which no message repeats."""


def shown_description(said: object, sent: Collection[Secret]) -> str:
    """What a server says about an error: short, harmless, and without what it was sent."""
    if not isinstance(said, str):
        return ""
    visible = " ".join("".join(one if one.isprintable() else " " for one in said).split())
    masked = Masker({f"sent {number}": secret.reveal() for number, secret in enumerate(sent, 1)}).masked(visible)
    # too short for the masker, or taken apart by blanks and what does not show
    squeezed = masked.replace(" ", "")
    if any(bare in squeezed for bare in (secret.reveal().replace(" ", "") for secret in sent) if bare):
        return ""
    return masked if len(masked) <= MAX_DESCRIPTION_CHARS else f"{masked[: MAX_DESCRIPTION_CHARS - 1]}…"


def error_said(place: str, error: object, description: object, sent: Collection[Secret]) -> ProviderError:
    """An error that a server gave in the form of RFC 6749."""
    code = error if isinstance(error, str) and error in KNOWN_ERRORS else ""
    words = shown_description(description, sent)
    reason = code or "an error that no specification knows"
    return ProviderError(
        f"{place} answered with {reason}{f': {words}' if words else ''}", code=code, may_pass=code in PASSING
    )


def _failure(answer: Answer) -> ProviderError:
    """The error of an answer that is none of 2xx, or has an `error`."""
    members = json_object(answer.body) or {}
    if answer.status >= 500:
        return ProviderError(f"{answer.place} answered with status {answer.status}; try again later", may_pass=True)
    if 300 <= answer.status < 400:
        return ProviderError(f"{answer.place} answered with status {answer.status}, and redirects are not followed")
    if "error" not in members:
        return ProviderError(
            f"{answer.place} answered with status {answer.status} and no error of OAuth",
            may_pass=answer.status == 429,
        )
    said = error_said(answer.place, members["error"], members.get("error_description"), answer.sent)
    return ProviderError(str(said), code=said.code, may_pass=said.may_pass or answer.status == 429)


def document_of(answer: Answer) -> Document:
    """The JSON object of an answer. Raises: `ProviderError` for any other, and for one that is an error."""
    if not 200 <= answer.status < 300:
        raise _failure(answer)
    members = json_object(answer.body)
    if members is None:
        raise ProviderError(f"the answer of {answer.place} is no JSON object")
    # GitHub, for one, says its errors with status 200
    if "error" in members:
        raise _failure(answer)
    return Document(place=answer.place, members=members)
