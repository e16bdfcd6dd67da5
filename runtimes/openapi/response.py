"""What an HTTP answer is worth: parsed JSON, text, or a word on what cannot be read."""

from __future__ import annotations

import codecs
import re

from runtimes.base import CallResult
from runtimes.errors import InvocationError
from runtimes.http import MAX_RESPONSE_BYTES, HttpResponse
from runtimes.values import InvalidJson, Json, parse_json

TOO_MANY_REQUESTS = 429
"""The status of a call that was turned away before it was carried out."""

_JSON = re.compile(r"application/json|text/json|[\w.+-]+/[\w.+-]+\+json")
_TEXT = re.compile(r"text/.+|application/(xml|javascript|yaml|x-yaml|x-www-form-urlencoded|graphql)|.+\+(xml|yaml)")
_CHARSET = re.compile(r"charset\s*=\s*\"?([A-Za-z0-9._-]{1,40})", re.IGNORECASE)
_RETRY_AFTER = re.compile(r"[0-9]{1,6}")


def _decoded(body: bytes, content_type: str) -> str:
    """The text of a body; where its charset is unknown or lies, UTF-8 with marks for what is no character."""
    found = _CHARSET.search(content_type)
    try:
        # a charset such as `unicode_escape` can yield lone surrogates, which no text has
        return body.decode(found[1]).encode(errors="replace").decode() if found else body.decode("utf-8-sig")
    except (LookupError, ValueError):
        return body.decode("utf-8-sig", errors="replace")


def _media_type(response: HttpResponse) -> str:
    return (response.header("content-type") or "").partition(";")[0].strip().lower()


def _parsed(text: str) -> Json:
    """The JSON value of a text, or the text."""
    try:
        return parse_json(text)
    except InvalidJson:
        return text


def _payload(response: HttpResponse, body: bytes, *, is_cut: bool) -> Json:
    media_type = _media_type(response)
    is_json = _JSON.fullmatch(media_type) is not None
    if not is_json and not _is_text(media_type, body, is_cut=is_cut):
        return (
            f"a binary answer of type {media_type[:80] or 'unknown'}, {len(body)} bytes{' and more' if is_cut else ''}"
        )
    text = _decoded(body, "" if is_json else response.header("content-type") or "")
    may_be_json = is_json or (media_type in {"", "text/plain"} and text.lstrip()[:1] in {"{", "["})
    return _parsed(text) if may_be_json and not is_cut else text


def _is_text(media_type: str, body: bytes, *, is_cut: bool) -> bool:
    if media_type:
        return _TEXT.fullmatch(media_type) is not None
    try:
        codecs.getincrementaldecoder("utf-8")().decode(body, final=not is_cut)
    except UnicodeDecodeError:
        return False
    return b"\0" not in body


def read_response(response: HttpResponse) -> CallResult:
    """The result that an answer is. Raises: `InvocationError` when the server turned the call away for now."""
    if response.status == TOO_MANY_REQUESTS:
        wait = response.header("retry-after") or ""
        hint = f"; it asks to wait {wait} s" if _RETRY_AFTER.fullmatch(wait) else ""
        raise InvocationError(f"the server turned the call away: too many requests{hint}", not_executed="rate")
    is_cut = len(response.body) > MAX_RESPONSE_BYTES
    body = response.body[:MAX_RESPONSE_BYTES]
    if 300 <= response.status < 400:
        text = f"the server redirects to another place (HTTP {response.status}), which is not followed"
        return CallResult(payload=text, is_error=True, status=response.status)
    return CallResult(
        payload=_payload(response, body, is_cut=is_cut) if body else "",
        is_error=response.status >= 400,
        status=response.status,
        is_truncated=is_cut,
    )
