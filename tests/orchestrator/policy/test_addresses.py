"""What could lead somewhere is found, however it is written (issue 7; findings on exfiltration by address)."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.policy.addresses import MAX_ADDRESS_CHARS, MAX_DECODINGS, has_address

ADDRESSES = [
    "evil.com",
    "evil.co.uk/path?q=secret",
    "//evil.com",
    "http://evil.com",
    "https:evil.com",
    "ftp://evil",
    "HTTPS://3405803783/x",
    "\\\\evil\\share",
    "mailto:someone",
    "someone@evil",
    "203.0.113.7",
    "0xcb.0x0.0x71.0x7",
    "0xcb007107",
    "[2001:db8::7]",
    "::1",
    "localhost",
    "intranet:8080/x",
    "xn--bcher-kva.xn--p1ai",
    "bücher.example",
    "пример.рф",
]

HARMLESS = [
    "",
    "Redmond, WA",
    "report.pdf",
    "team-building-activities.docx",
    "3.14",
    "v1.2.3",
    "12:30:45",
    "2026-11-21T10:00:00Z",
    "std::vector",
    "from:alice is:unread",
    "Hello. World",
    "e.g. this",
    "wait...what",
    "#general",
    "50% off & more",
    "Alice's, Bob's",
    "@alice",
    "note: later",
    "00:1a:2b:3c:4d:5e",
]


@pytest.mark.parametrize("text", ADDRESSES)
def test_an_address_is_found(text: str) -> None:
    assert has_address(text)


@pytest.mark.parametrize("text", HARMLESS)
def test_other_text_has_none(text: str) -> None:
    assert not has_address(text)


def wide(text: str) -> str:
    return "".join(chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter for letter in text)


def hidden(text: str) -> str:
    return "\u200b".join(text)


def entities(text: str) -> str:
    return "".join(f"&#{ord(letter)};" for letter in text)


def encoded(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode())


DISGUISES = [str, str.upper, str.title, wide, hidden, entities, encoded, quote]


@given(
    address=st.sampled_from(ADDRESSES),
    disguises=st.lists(st.sampled_from(DISGUISES), max_size=MAX_DECODINGS),
    before=st.sampled_from(["", "(", "see ", "url=", "<", '"', "a b, ", "\n", "請看 "]),
    after=st.sampled_from(["", ")", ".", ", now", "/", "?", ">", "\n", "…"]),
)
def test_an_address_is_found_in_any_disguise(address: str, disguises: list[object], before: str, after: str) -> None:
    for disguise in disguises:
        assert callable(disguise)
        address = str(disguise(address))
    assert has_address(before + address + after)


@given(st.sampled_from(ADDRESSES), st.integers(min_value=0, max_value=40), st.sampled_from("\t\r\n"))
def test_a_break_inside_does_not_hide_it(address: str, place: int, blank: str) -> None:
    assert has_address(address[:place] + blank + address[place:])


@given(st.text(max_size=200))
def test_any_text_is_answered(text: str) -> None:
    assert has_address(text + " evil.com")
    assert has_address("evil.com " + text)


@pytest.mark.parametrize("piece", ["a", "a-", "a.", "a:", "%25", "&amp;", "\ufdfa", "1.", "::", "é"])
def test_long_text_takes_linear_time(piece: str) -> None:
    """Quadratic work on this much would take minutes, and the suite's own time limit would end it."""
    long = (piece * MAX_ADDRESS_CHARS)[:MAX_ADDRESS_CHARS]
    assert has_address(long + " evil.com")


def test_too_long_a_text_counts_as_having_one() -> None:
    assert has_address("é" * (MAX_ADDRESS_CHARS + 1))
    assert not has_address("é" * MAX_ADDRESS_CHARS)
