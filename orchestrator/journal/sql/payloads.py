"""What of a fact is kept apart, and compressed: pure, over its JSON form.

A long answer of a service is in several facts of a conversation. It is kept once for each conversation, rather than
once for all of them, so that deleting a conversation deletes every byte of it.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Literal

from runtimes.values import InvalidJson, Json, dump_json, parse_json

SPLIT_OVER = 8192
"""Bytes of a fact's JSON form up to which it is kept whole."""

MEMBER_OVER = 2048
"""Bytes of a member's JSON form up to which it stays in the fact."""

COMPRESSION = 1
"""The level of zlib: four fifths of what the highest one saves, for a tenth of its time."""

MAX_PAYLOAD = 1 << 30
"""Bytes of one payload before it was compressed; no more are made of what is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """Bytes under their hash."""

    hash: str
    encoding: Literal["raw", "zlib"]
    size: int
    """Bytes before they were compressed."""
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """A fact's JSON form, and what was taken out of it."""

    body: str
    members: dict[str, str] = field(default_factory=dict[str, str])
    """Member name to the hash of its payload."""
    payloads: tuple[Payload, ...] = ()


def payload_of(data: bytes, digest: str | None = None) -> Payload:
    """Compressed where that makes it smaller; `digest` is its SHA-256 in hexadecimal where that is known."""
    packed = zlib.compress(data, COMPRESSION)
    digest = digest or sha256(data).hexdigest()
    if len(packed) >= len(data):
        return Payload(hash=digest, encoding="raw", size=len(data), body=data)
    return Payload(hash=digest, encoding="zlib", size=len(data), body=packed)


def unpacked(encoding: str, size: int, body: bytes) -> bytes:
    """The bytes of a payload. Raises: `ValueError` when they are not as many as its row says."""
    if encoding not in ("raw", "zlib") or not 0 <= size <= MAX_PAYLOAD:
        raise ValueError("a payload is of no known form")
    try:
        data = body if encoding == "raw" else zlib.decompressobj().decompress(body, size + 1)
    except zlib.error as error:
        raise ValueError("a payload cannot be unpacked") from error
    if len(data) != size:
        raise ValueError("a payload is not as long as it was")
    return data


def split(encoded: bytes) -> Split:
    """Takes the large members out of a fact's JSON form, where that is large."""
    if len(encoded) <= SPLIT_OVER:
        return Split(body=encoded.decode())
    try:
        value = parse_json(encoded)
    except InvalidJson:  # beyond a limit of what strangers write, and ours all the same
        return Split(body=encoded.decode())
    assert isinstance(value, dict)
    members: dict[str, str] = {}
    kept: dict[str, Payload] = {}
    left: dict[str, Json] = {}
    for name, member in value.items():
        data = dump_json(member).encode()
        if len(data) <= MEMBER_OVER:
            left[name] = member
            continue
        payload = payload_of(data)
        left[name] = None  # its place: the members stay in their order
        members[name] = payload.hash
        kept[payload.hash] = payload
    return Split(body=dump_json(left), members=members, payloads=tuple(kept.values()))


def members_of(named: str) -> dict[str, str]:
    """The payloads that a fact's row names. Raises: `ValueError`."""
    value = parse_json(named)
    if not isinstance(value, dict):
        raise ValueError("a fact's row does not name its payloads")
    return {name: digest for name, digest in value.items() if isinstance(digest, str)}


def join(body: str, members: Mapping[str, str], found: Mapping[str, bytes]) -> str:
    """What `split` was given. Raises: `ValueError`, `KeyError` for a missing payload."""
    value = parse_json(body)
    if not isinstance(value, dict):
        raise ValueError("a fact is no object")
    return dump_json(value | {name: parse_json(found[digest]) for name, digest in members.items()})
