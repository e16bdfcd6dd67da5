"""Content codings, cut where the room ends."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtimes.codings import BadContent, decoder_for


def raw_deflate(data: bytes) -> bytes:
    packing = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packing.compress(data) + packing.flush()


def two_members(data: bytes) -> bytes:
    return gzip.compress(data[: len(data) // 2]) + gzip.compress(data[len(data) // 2 :])


def plain(data: bytes) -> bytes:
    return data


PACKED: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "none": ("", plain),
    "identity": (" Identity", plain),
    "gzip": ("gzip", gzip.compress),
    "x-gzip": ("X-GZIP ", gzip.compress),
    "gzip of two members": ("gzip", two_members),
    "deflate": ("deflate", zlib.compress),
    "deflate without header": ("deflate", raw_deflate),
}


def decoded(coding: str, packed: bytes, step: int, room: int = 10**9) -> bytes:
    decoder = decoder_for(coding)
    body = b""
    for at in range(0, len(packed), step):
        body += decoder.decode(packed[at : at + step], room - len(body))
        if len(body) >= room:
            return body
    decoder.finish()
    return body


@pytest.mark.parametrize(("coding", "pack"), PACKED.values(), ids=PACKED)
@given(data=st.binary(max_size=300), step=st.integers(2, 50))
def test_what_was_packed_is_had_back_however_it_is_cut(
    coding: str, pack: Callable[[bytes], bytes], data: bytes, step: int
) -> None:
    assert decoded(coding, pack(data), step) == data


@pytest.mark.parametrize(("coding", "pack"), PACKED.values(), ids=PACKED)
@pytest.mark.parametrize("step", [10, 10_000_000])
def test_no_more_is_decoded_than_there_is_room_for(coding: str, pack: Callable[[bytes], bytes], step: int) -> None:
    assert decoded(coding, pack(b"y" * 5_000_000), step, room=1000) == b"y" * 1000


def test_what_follows_the_content_is_passed_over_and_not_kept() -> None:
    decoder = decoder_for("gzip")
    assert decoder.decode(gzip.compress(b"abc") + b"junk", 100) == b"abc"
    for _ in range(100):
        assert decoder.decode(b"x" * 1000, 100) == b""
    decoder.finish()


@pytest.mark.parametrize(("coding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_content_that_ends_too_early_is_told(coding: str, pack: Callable[[bytes], bytes]) -> None:
    with pytest.raises(BadContent, match="ends too early"):
        decoded(coding, pack(b"abc" * 100)[:-5], 1000)


def test_no_content_needs_no_end() -> None:
    assert decoded("gzip", b"", 1) == b""


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_broken_content_is_told(coding: str) -> None:
    with pytest.raises(BadContent):
        decoded(coding, b"\x1f\x8b\x08nonsense that is no gzip", 1000)


@pytest.mark.parametrize("coding", ["br", "zstd", "compress", "gzip, gzip", "gzip,br", "x" * 1000])
def test_a_coding_that_was_not_asked_for_is_refused(coding: str) -> None:
    with pytest.raises(BadContent, match="not asked for") as caught:
        decoder_for(coding)
    assert len(str(caught.value)) < 120
