"""What an HTTP answer is worth: parsed JSON, text, or a word on what cannot be read."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from runtimes.base import CallResult
from runtimes.errors import InvocationError
from runtimes.http import MAX_RESPONSE_BYTES, HttpResponse
from runtimes.values import Json, json_or_text

TOO_MANY_REQUESTS = 429
"""The status of a call that was turned away before it was carried out."""

NOT_MODIFIED = 304
"""The status among those of redirects that leads nowhere."""

MAX_QUOTED_CHARS = 300
"""How much is quoted of what a server says when it turns a call away."""

_JSON = re.compile(r"application/json|text/json|[\w.+-]+/[\w.+-]+\+json")
_TEXT = re.compile(r"text/.+|application/(xml|javascript|yaml|x-yaml|x-www-form-urlencoded|graphql)|.+\+(xml|yaml)")
_CHARSET = re.compile(r"charset\s*=\s*\"?([A-Za-z0-9._-]{1,40})", re.IGNORECASE)
_KNOWN_CHARSET = re.compile(
    r"utf-?(8|16|32)|utf-(16|32)(le|be)|(us-)?ascii|latin-?1|iso-?8859-\d{1,2}|(cp|windows-)125\d"
    r"|shift[_-]jis|gb18030|gbk|gb2312|big5|euc-(jp|kr)|koi8-r",
    re.IGNORECASE,
)
"""Charsets that are decoded in time proportional to the body; some others of Python's take the square of it."""
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""Byte order marks; that of UTF-32 begins with that of UTF-16."""
_RETRY_AFTER = re.compile(r"[0-9]{1,6}")


def _charsets(body: bytes, content_type: str, *, is_json: bool) -> Iterator[str]:
    """The charsets a body may have, the likeliest first: JSON is UTF-8 whatever is declared (RFC 8259, 8.1)."""
    marked = next((charset for mark, charset in _MARKS if body.startswith(mark)), None)
    if marked is not None:
        yield marked
    if is_json and b"\0" not in body:
        yield "utf-8-sig"
    found = _CHARSET.search(content_type)
    if found and _KNOWN_CHARSET.fullmatch(found[1]):
        yield found[1]


def _decoded(body: bytes, content_type: str, *, is_json: bool, is_cut: bool) -> str:
    """The text of a body; where its charset is unknown or lies, UTF-8 with marks for what is no character."""
    for charset in _charsets(body, content_type, is_json=is_json):
        try:
            return codecs.getincrementaldecoder(charset)().decode(body, final=not is_cut).removeprefix("\ufeff")
        except (LookupError, ValueError):
            continue
    return body.decode("utf-8-sig", errors="replace")


def _media_type(response: HttpResponse) -> str:
    return (response.header("content-type") or "").partition(";")[0].strip().lower()


def _is_text(media_type: str, body: bytes, *, is_cut: bool) -> bool:
    if _TEXT.fullmatch(media_type):
        return True
    if media_type and not media_type.startswith("application/"):
        return False
    try:
        codecs.getincrementaldecoder("utf-8")().decode(body, final=not is_cut)
    except UnicodeDecodeError:
        return False
    return b"\0" not in body


def _payload(response: HttpResponse, body: bytes, *, is_cut: bool) -> Json:
    media_type = _media_type(response)
    is_json = _JSON.fullmatch(media_type) is not None
    if not is_json and not _is_text(media_type, body, is_cut=is_cut):
        return (
            f"a binary answer of type {media_type[:80] or 'unknown'}, {len(body)} bytes{' and more' if is_cut else ''}"
        )
    text = _decoded(body, response.header("content-type") or "", is_json=is_json, is_cut=is_cut)
    may_be_json = is_json or (media_type in {"", "text/plain"} and text.lstrip()[:1] in {"{", "["})
    return json_or_text(text) if may_be_json and not is_cut else text


def _turned_away(response: HttpResponse) -> InvocationError:
    wait = response.header("retry-after") or ""
    hint = f"; it asks to wait {wait} s" if _RETRY_AFTER.fullmatch(wait) else ""
    start = response.body[: 4 * MAX_QUOTED_CHARS]
    media_type = _media_type(response)
    said = ""
    if _JSON.fullmatch(media_type) or _is_text(media_type, start, is_cut=True):
        text = _decoded(start, response.header("content-type") or "", is_json=False, is_cut=True)
        said = " ".join("".join(char if char.isprintable() else " " for char in text).split())[:MAX_QUOTED_CHARS]
    quoted = f"; it says: {said}" if said else ""
    return InvocationError(f"the server turned the call away: too many requests{hint}{quoted}", not_executed="rate")


def read_response(response: HttpResponse) -> CallResult:
    """The result that an answer is. Raises: `InvocationError` when the server turned the call away for now."""
    if response.status == TOO_MANY_REQUESTS:
        raise _turned_away(response)
    is_cut = len(response.body) > MAX_RESPONSE_BYTES
    body = response.body[:MAX_RESPONSE_BYTES]
    if 300 <= response.status < 400 and response.status != NOT_MODIFIED:
        text = f"the server redirects to another place (HTTP {response.status}), which is not followed"
        return CallResult(payload=text, is_error=True, status=response.status)
    return CallResult(
        payload=_payload(response, body, is_cut=is_cut) if body else "",
        is_error=response.status >= 400,
        status=response.status,
        is_truncated=is_cut,
    )
