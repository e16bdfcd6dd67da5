"""Bodies read back into values: JSON, forms (RFC 7578 and url-encoded), text. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from orchestrator.mock.contract import FieldRule, Media
from orchestrator.mock.shapes import Shape, first_valid, scalar
from orchestrator.mock.styles_read import Place, Unreadable, decoded_form, in_pairs, value_of
from runtimes.values import InvalidJson, Json, JsonObject, parse_json

MAX_FIELDS = 1000
"""Fields that a form may have."""

_JSON = re.compile(r"application/(json|[\w.!#$&^+-]+\+json)|text/json", re.IGNORECASE)
_XML = re.compile(r"(application|text)/([\w.-]+\+)?xml", re.IGNORECASE)
_CHARSET = re.compile(r';\s*charset="?([\w.:-]{1,40})', re.IGNORECASE)
_CHARSETS = frozenset({"utf-8", "us-ascii", "iso-8859-1", "iso-8859-15", "windows-1252", "utf-16"})
_NAME = re.compile(r';\s*name=(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))', re.IGNORECASE)
_BOUNDARY = re.compile(r';\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))', re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of a multipart body."""

    name: str
    media_type: str
    """Lower case, without parameters; empty where the part states none."""
    data: bytes


def plain_type(content_type: str) -> str:
    """A media type in lower case, without its parameters."""
    return content_type.partition(";")[0].strip().lower()


def is_json_type(media_type: str) -> bool:
    """True for JSON, and for what is written as JSON."""
    return _JSON.fullmatch(media_type) is not None


def matching(media: Sequence[Media], content_type: str) -> Media | None:
    """The media type that a content type is of, the most specific one."""
    wanted = plain_type(content_type)
    family, _, rest = wanted.partition("/")
    suffix = "json" if rest == "json" else rest.rpartition("+")[2]
    for names in ({wanted}, {f"{family}/*+{suffix}"}, {f"{family}/*"}, {"*/*", "*"}):
        for one in media:
            if plain_type(one.name) in names:
                return one
    return None


def _text(data: bytes, content_type: str = "") -> str:
    found = _CHARSET.search(content_type)
    charset = found[1].lower() if found is not None else "utf-8"
    try:
        return data.decode(charset if charset in _CHARSETS else "utf-8")
    except UnicodeDecodeError:
        raise Unreadable(f"it is not {charset} text") from None


def _json(data: bytes) -> Json:
    try:
        return parse_json(data)
    except InvalidJson as error:
        raise Unreadable(f"it is not JSON: {error}") from None


def _boundary(content_type: str) -> bytes:
    found = _BOUNDARY.search(content_type)
    if found is None:
        raise Unreadable("its content type names no boundary")
    return (found[1] or found[2]).encode()


def parts_of(data: bytes, content_type: str) -> Iterator[Part]:
    """The parts of a multipart body (RFC 2046 5.1). Raises: `Unreadable`."""
    delimiter = b"\r\n--" + _boundary(content_type)
    pieces = (b"\r\n" + data).split(delimiter, MAX_FIELDS + 2)
    if len(pieces) > MAX_FIELDS + 1:
        raise Unreadable(f"it has more than {MAX_FIELDS} parts")
    if len(pieces) < 2 or not pieces[-1].startswith(b"--"):
        raise Unreadable("it does not end with its boundary")
    for piece in pieces[1:-1]:
        head, joint, content = piece.partition(b"\r\n\r\n")
        if not joint:
            raise Unreadable("a part has no end of its header")
        fields = [line.partition(":") for line in head.decode(errors="replace").split("\r\n")]
        headers = {name.strip().lower(): value.strip() for name, _, value in fields}
        name = _NAME.search(headers.get("content-disposition", ""))
        if name is None:
            raise Unreadable("a part has no name")
        unquoted = re.sub(r"\\(.)", r"\1", name[1]) if name[1] is not None else name[2]
        written = unquoted.replace("%22", '"').replace("%0D", "\r").replace("%0A", "\n")
        yield Part(name=written, media_type=plain_type(headers.get("content-type", "")), data=content)


def _field_value(text: str, media_type: str, shape: Shape) -> Json:
    """One field: JSON where it says so or has to be, else text."""
    is_json = is_json_type(media_type) or (not media_type and not shape.kinds - {"object", "array"})
    if is_json:
        return _json(text.encode())
    plain = scalar(text, shape)
    if shape.kinds & {"object", "array"} and text[:1] in {"{", "["}:
        try:
            return first_valid(shape, [plain, parse_json(text)])
        except InvalidJson:
            return plain
    return plain


def _gathered(texts: Sequence[tuple[str, str]], rule: FieldRule, shape: Shape) -> Json:
    """All fields of one name: their texts, each with its media type. An array is a field for each of its items."""

    def one(text: str, stated: str, of: Shape) -> Json:
        declared = rule.media_type if "," not in rule.media_type and "*" not in rule.media_type else ""
        return _field_value(text, stated or declared, of)

    if "array" in shape.kinds:
        is_whole = len(texts) == 1 and texts[0][0].startswith("[") and not shape.items.kinds & {"array"}
        items: list[Json] = [] if is_whole else [one(text, stated, shape.items) for text, stated in texts]
        whole = (
            [parsed for parsed in [_field_value(texts[0][0], "", shape)] if isinstance(parsed, list)]
            if is_whole
            else []
        )
        candidates: list[Json] = [*whole, *([] if is_whole and whole else [items])]
        if len(texts) == 1 and shape.kinds - {"array"}:
            candidates.append(one(*texts[0], shape))
        return first_valid(shape, candidates)
    if len(texts) > 1:
        raise Unreadable(f"it stands there {len(texts)} times, and is one value")
    return one(*texts[0], shape)


def _styled(pairs: Sequence[tuple[str, str]], media: Media, *, is_encoded: bool) -> tuple[JsonObject, set[str]]:
    """The properties that are written in a style, and the names of the pairs that belong to them."""
    found: JsonObject = {}
    claimed: set[str] = set()
    shape = media.schema.shape
    place = Place(
        pairs=tuple(pairs), decode=decoded_form if is_encoded else str, others=shape.properties | {*media.fields}
    )
    for name, rule in media.fields.items():
        if not rule.style:
            continue
        member = shape.member(name)
        reading = in_pairs(place, name, rule.style, explode=rule.explode, shape=member)
        claimed |= {name} | {key for key, _ in pairs if key.startswith(f"{name}[")}
        if reading is not None:
            claimed |= set(member.properties) if rule.explode and rule.style == "form" else set()
            found[name] = value_of(reading, member, rule.within)
    return found, claimed


def _form(data: bytes, media: Media) -> Json:
    raw = [pair.partition("=") for pair in _text(data).split("&", MAX_FIELDS + 1) if pair]
    if len(raw) > MAX_FIELDS:
        raise Unreadable(f"it has more than {MAX_FIELDS} fields")
    pairs = [(decoded_form(name), value) for name, _, value in raw]
    found, claimed = _styled(pairs, media, is_encoded=True)
    texts: dict[str, list[tuple[str, str]]] = {}
    for name, value in pairs:
        if name not in claimed:
            texts.setdefault(name, []).append((decoded_form(value), ""))
    return found | _members(texts, media)


def _members(texts: Mapping[str, Sequence[tuple[str, str]]], media: Media) -> JsonObject:
    shape = media.schema.shape
    return {
        name: _gathered(those, media.fields.get(name, FieldRule()), shape.member(name)) for name, those in texts.items()
    }


def _multipart(data: bytes, content_type: str, media: Media) -> Json:
    parts = list(parts_of(data, content_type))
    pairs = [(part.name, part.data.decode(errors="replace")) for part in parts]
    found, claimed = _styled(pairs, media, is_encoded=False)
    texts: dict[str, list[tuple[str, str]]] = {}
    for part in parts:
        if part.name in claimed:
            continue
        shape = media.schema.shape.member(part.name)
        is_bytes = shape.is_bytes or shape.items.is_bytes
        text = part.data.decode("latin-1") if is_bytes else part.data.decode(errors="replace")
        texts.setdefault(part.name, []).append((text, "text/plain" if is_bytes else part.media_type))
    return found | _members(texts, media)


def _has_xml(media: Media) -> bool:
    """True when a field is written as XML, which is not looked into."""
    return any(_XML.match(rule.media_type.strip()) for rule in media.fields.values())


def body_value(data: bytes, content_type: str, media: Media) -> tuple[Json] | None:
    """What a body stands for; None for one that is not looked into. Raises: `Unreadable`."""
    kind = plain_type(content_type)
    shape = media.schema.shape
    if shape.is_bytes or _has_xml(media):
        return None
    if is_json_type(kind):
        return (_json(data),)
    if kind == "application/x-www-form-urlencoded":
        return (_form(data, media),)
    if kind == "multipart/form-data":
        return (_multipart(data, content_type, media),)
    if kind == "text/plain":
        return (_field_value(_text(data, content_type), "", shape),)
    return None
