"""What an HTTP answer is worth: parsed JSON, text or a file, and what there is to know of it."""

from __future__ import annotations

import re
from functools import partial
from urllib.parse import urljoin

from runtimes.base import CallResult
from runtimes.errors import InvocationError
from runtimes.http import MAX_RESPONSE_BYTES, HttpResponse
from runtimes.network import ContactRefused, origin_of
from runtimes.openapi.answer_body import AnswerBody, is_json_type, is_text, media_type_of, read_body
from runtimes.openapi.charsets import decode
from runtimes.openapi.error_answers import DeclaredErrors, said
from runtimes.openapi.next_page import next_page
from runtimes.redirects import READING, SAME_AGAIN, SEE_OTHER
from runtimes.values import Json

TOO_MANY_REQUESTS = 429
"""The status of a call that was turned away before it was carried out."""

NOT_MODIFIED = 304
"""The status among those of redirects that leads nowhere."""

NO_CONTENT = frozenset({204, 205, NOT_MODIFIED})
"""Statuses of answers that are empty whatever came with them (RFC 9110, 15.3.5)."""

MAX_QUOTED_CHARS = 300
"""How much is quoted of what a server says when it turns a call away."""

_RETRY_AFTER = re.compile(r"[0-9]{1,6}")


def _turned_away(response: HttpResponse, *, is_final: bool) -> InvocationError:
    wait = response.header("retry-after") or ""
    hint = f"; it asks to wait {wait} s" if _RETRY_AFTER.fullmatch(wait) else ""
    start = response.body[: 4 * MAX_QUOTED_CHARS]
    media_type = media_type_of(response)
    words = ""
    if is_json_type(media_type) or is_text(media_type, start, is_cut=True):
        text = decode(start, response.header("content-type") or "", is_cut=True).text
        words = " ".join("".join(char if char.isprintable() else " " for char in text).split())[:MAX_QUOTED_CHARS]
    message = f"the server turned the call away: too many requests{hint}"
    return InvocationError(message, not_executed="rate", is_final=is_final, quoted=words)


def _redirected(response: HttpResponse, method: str) -> CallResult:
    """A redirect that was not followed."""
    status, location = response.status, response.header("location") or ""
    if not location:
        text = f"the server answered with a redirect (HTTP {status}) that names no place"
        return CallResult(payload=text, is_error=True, status=status, notes=response.notes, is_own_words=True)
    try:
        place = str(origin_of(urljoin(response.url, location)))
    except (ValueError, ContactRefused):
        place = "another place"
    reason = f": {response.unfollowed}" if response.unfollowed else ""
    if status == SEE_OTHER and method not in READING:
        text = f"done; what came of it is at {place} and was not read{reason}"
        return CallResult(payload=text, status=status, notes=response.notes, is_own_words=True)
    text = f"the server redirects to {place} (HTTP {status}), which is not followed{reason}"
    doubt = "" if method in READING or status in SAME_AGAIN else "; whether the call was carried out is not certain"
    return CallResult(payload=text + doubt, is_error=True, status=status, notes=response.notes, is_own_words=True)


def _explanation(status: int, payload: Json, declared: DeclaredErrors | None) -> str:
    own = said(payload)
    meaning = declared.description(status) if declared is not None else ""
    if own and meaning and meaning.casefold() != own.casefold():
        return f"{own} (declared as: {meaning})"
    return own or meaning


def _result(response: HttpResponse, body: AnswerBody, declared: DeclaredErrors | None, payload: Json) -> CallResult:
    """The result with a payload, the body's or what is left of it; all that is told of it is told of this one."""
    status = response.status
    is_error = status >= 400
    about = declared.members(status, payload) if is_error and declared is not None else ()
    return CallResult(
        payload=payload,
        is_error=is_error,
        status=status,
        is_truncated=len(response.body) > MAX_RESPONSE_BYTES and status not in NO_CONTENT,
        explanation=_explanation(status, payload, declared) if is_error else "",
        notes=(*response.notes, *body.notes, *about, *(() if is_error else next_page(response, payload))),
        attachments=body.attachments,
        retell=partial(_result, response, body, declared),
    )


def read_response(
    response: HttpResponse, declared: DeclaredErrors | None = None, *, method: str = "GET", is_final: bool = False
) -> CallResult:
    """The result that an answer to that method is.

    `is_final` tells that the call has been repeated as often as makes sense.

    Raises: `InvocationError` when the server turned the call away for now.
    """
    status = response.status
    if status == TOO_MANY_REQUESTS:
        raise _turned_away(response, is_final=is_final)
    if 300 <= status < 400 and status != NOT_MODIFIED:
        return _redirected(response, method)
    is_cut = len(response.body) > MAX_RESPONSE_BYTES
    data = b"" if status in NO_CONTENT else response.body[:MAX_RESPONSE_BYTES]
    body = read_body(response, data, is_cut=is_cut) if data else AnswerBody(payload="")
    return _result(response, body, declared, body.payload)
