"""What the body of an answer is, by its media type and by a look at it: JSON, a page, XML, text, or a file.

CSV stays text: a table costs half as much to read as a list of objects that repeats its column names in every row.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from urllib.parse import unquote

from runtimes.base import Attachment
from runtimes.http import HttpResponse
from runtimes.openapi.charsets import Decoded, decode
from runtimes.openapi.html_text import HTML_TYPES, MAX_PAGE_CHARS, html_to_text
from runtimes.openapi.mended_json import mended
from runtimes.values import InvalidJson, Json, parse_json

MAX_NAME_CHARS = 100
"""Characters of a file's name."""

MAX_TYPE_CHARS = 80
"""Characters of a media type in a message."""

_MEDIA_TYPE = re.compile(r"[\w!#$&^.+-]{1,100}/[\w!#$&^.+-]{1,100}", re.ASCII)
"""RFC 6838, 4.2, with twice the length that is recommended."""
_JSON = re.compile(r"application/json|text/json|[\w.+-]+/[\w.+-]+\+json")
_XML = re.compile(r"(application|text)/(xml|[\w.+-]+\+xml)")
_TEXT = re.compile(r"text/.+|application/(xml|javascript|yaml|x-yaml|x-www-form-urlencoded|graphql)|.+\+(xml|yaml)")
_FILE = re.compile(r"(image|audio|video|font)/.+|application/(pdf|zip|gzip)")
_FILE_NAME = re.compile(
    r"""filename\*\s*=\s*utf-8'[\w-]*'(?P<encoded>[^;\s]+)|filename\s*=\s*(?:"(?P<quoted>[^"]*)"|(?P<plain>[^;\s]+))""",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerBody:
    """What a body is worth."""

    payload: Json
    notes: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()


def media_type_of(response: HttpResponse) -> str:
    """The media type without its parameters, in lower case; empty where none is declared, or none that can be."""
    media_type = (response.header("content-type") or "").partition(";")[0].strip().lower()
    return media_type if _MEDIA_TYPE.fullmatch(media_type) else ""


def is_json_type(media_type: str) -> bool:
    """True for `application/json` and what is built on it (RFC 6839)."""
    return _JSON.fullmatch(media_type) is not None


def is_text(media_type: str, body: bytes, *, is_cut: bool) -> bool:
    """True for what people can read: a type of text, or no type of file and UTF-8 without NUL."""
    if _TEXT.fullmatch(media_type):
        return True
    if _FILE.fullmatch(media_type):
        return False
    try:
        codecs.getincrementaldecoder("utf-8")().decode(body, final=not is_cut)
    except UnicodeDecodeError:
        return False
    return b"\0" not in body


def _file_name(response: HttpResponse) -> str:
    """The name that the server suggests, with nothing in it that could lead anywhere."""
    found = _FILE_NAME.search(response.header("content-disposition") or "")
    if found is None:
        return ""
    name = unquote(found["encoded"]) if found["encoded"] else found["quoted"] or found["plain"] or ""
    name = re.split(r"[/\\]", name)[-1]
    return "".join(char for char in name if char.isprintable()).strip(". ")[:MAX_NAME_CHARS]


def _file(response: HttpResponse, media_type: str, body: bytes, *, is_cut: bool) -> AnswerBody:
    """A file is told of and handed over whole, or not at all."""
    shown = media_type[:MAX_TYPE_CHARS] or "unknown"
    text = f"a binary answer of type {shown}, {len(body)} bytes{' and more' if is_cut else ''}"
    if is_cut:
        return AnswerBody(payload=text)
    return AnswerBody(
        payload=text,
        attachments=(Attachment(media_type=media_type[:MAX_TYPE_CHARS], data=body, name=_file_name(response)),),
    )


def _lost(decoded: Decoded) -> tuple[str, ...]:
    if not decoded.lost:
        return ()
    places, are = ("one place", "is") if decoded.lost == 1 else (f"{decoded.lost} places", "are")
    return (f"{places} in the answer could not be read in its charset and {are} marked \ufffd",)


def _mended_json(text: str) -> AnswerBody | None:
    """The value of a text that is JSON but for what can be mended; None for any other."""
    better, places = mended(text)
    if not places:
        return None
    try:
        value = parse_json(better)
    except InvalidJson:
        return None
    are = "one place in the answer is" if places == 1 else f"{places} places in the answer are"
    return AnswerBody(
        payload=value, notes=(f"{are} no JSON: half a character reads \ufffd, too large a number is text",)
    )


def _json(text: str, *, is_declared: bool) -> AnswerBody:
    try:
        return AnswerBody(payload=parse_json(text))
    except InvalidJson as error:
        notes = (f"the answer is declared as JSON and is not: {error}",) if is_declared else ()
        return _mended_json(text) or AnswerBody(payload=text, notes=notes)


def _xml(text: str) -> AnswerBody:
    from runtimes.openapi.xml_value import NotAValue, xml_to_json

    try:
        return AnswerBody(payload=xml_to_json(text))
    except NotAValue as error:
        return AnswerBody(payload=text, notes=(f"the answer is left as the XML that came: {error}",))


def _page(text: str) -> AnswerBody:
    more = len(text) - MAX_PAGE_CHARS
    notes = (f"the last {more} characters of the page were not read",) if more > 0 else ()
    return AnswerBody(payload=html_to_text(text), notes=notes)


def _readable(media_type: str, text: str, *, is_cut: bool) -> AnswerBody:
    if media_type in HTML_TYPES:
        return _page(text)
    if is_cut:
        return AnswerBody(payload=text)
    if is_json_type(media_type):
        return _json(text, is_declared=True)
    if media_type in {"", "text/plain"} and text.lstrip()[:1] in {"{", "["}:
        return _json(text, is_declared=False)
    return _xml(text) if _XML.fullmatch(media_type) else AnswerBody(payload=text)


def read_body(response: HttpResponse, body: bytes, *, is_cut: bool) -> AnswerBody:
    """The value, text or file that a body is; `body` may be the start of the response's."""
    media_type = media_type_of(response)
    is_json = is_json_type(media_type)
    if not is_json and not is_text(media_type, body, is_cut=is_cut):
        return _file(response, media_type, body, is_cut=is_cut)
    is_markup = media_type in HTML_TYPES or _XML.fullmatch(media_type) is not None
    content_type = response.header("content-type") or ""
    decoded = decode(body, content_type, is_json=is_json, is_markup=is_markup, is_cut=is_cut)
    read = _readable(media_type, decoded.text, is_cut=is_cut)
    return AnswerBody(payload=read.payload, notes=(*_lost(decoded), *read.notes), attachments=read.attachments)
