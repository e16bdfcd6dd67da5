"""Secrets are found in texts, however they are written (issue 9, point 7)."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from auth.masking import MIN_SECRET_CHARS, Masker
from tests.pace import soon

SECRETS = st.text(st.characters(exclude_categories=["Cs"]), min_size=MIN_SECRET_CHARS, max_size=40)
AROUND = st.text(st.sampled_from("abc %+/\\=&"), max_size=6)


def _json_ascii(text: str) -> str:
    return json.dumps(text)[1:-1]


def _json_unicode(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


def _all_entities(text: str) -> str:
    return "".join(char if char.isalnum() else f"&#{ord(char)};" for char in text)


def _every_unit(text: str) -> str:
    units = text.encode("utf-16-be").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def _every_byte(mark: str) -> Callable[[str], str]:
    return lambda text: "".join(f"{mark}{byte:02x}" for byte in text.encode())


WRITTEN: dict[str, Callable[[str], str]] = {
    "plain": str,
    "json": _json_ascii,
    "json-unicode": _json_unicode,
    "json-in-json": lambda text: _json_ascii(_json_ascii(text)),
    "json-slashes": lambda text: _json_ascii(text).replace("/", "\\/"),
    "percent": lambda text: quote(text, safe=""),
    "percent-path": quote,
    "form": quote_plus,
    "percent-twice": lambda text: quote(quote(text)),
    "html": html.escape,
    "entities": _all_entities,
    "json-every": _every_unit,
    "json-every-in-json": lambda text: _json_ascii(_every_unit(text)),
    "bytes-every": _every_byte("\\x"),
    "percent-every": _every_byte("%"),
    "percent-every-twice": _every_byte("%25"),
    "entities-every": lambda text: "".join(f"&#{ord(char)};" for char in text),
    "entities-every-hex": lambda text: "".join(f"&#x{ord(char):04X};" for char in text),
    "mojibake": lambda text: text.encode().decode("latin-1"),
}


@pytest.mark.parametrize("write", WRITTEN.values(), ids=WRITTEN)
@given(secret=SECRETS, before=AROUND, after=AROUND)
@example(secret='a\\\n"\\é\\\\b/', before="\\", after="\\")
@example(secret='s3cr&t /"é+key\n1', before="", after="")
def test_a_secret_is_masked_however_it_is_written(
    write: Callable[[str], str], secret: str, before: str, after: str
) -> None:
    assume("[secret" not in secret)
    written = write(secret)
    masked = Masker({"key": secret}).masked(f"{before}{written}{after}")
    assert "[secret key]" in masked
    assume(written not in f"{before}[secret key]{after}")
    assert written not in masked


@given(secret=SECRETS, before=st.binary(max_size=7), after=st.binary(max_size=7), is_for_urls=st.booleans())
def test_a_secret_is_masked_inside_base64_wherever_it_stands_there(
    secret: str, before: bytes, after: bytes, is_for_urls: bool
) -> None:
    data = before + secret.encode() + after
    encode = base64.urlsafe_b64encode if is_for_urls else base64.b64encode
    masked = Masker({"key": secret}).masked(f"Basic {encode(data).decode()}.")
    assert "[secret key]" in masked
    assert len(masked) - len("Basic .[secret key]") <= 4 * (len(before) + len(after)) // 3 + 6


@given(secret=SECRETS, before=st.binary(max_size=7), after=st.binary(max_size=7), is_quoted=st.booleans())
def test_a_secret_is_masked_where_the_header_that_it_was_sent_in_is_encoded_again(
    secret: str, before: bytes, after: bytes, is_quoted: bool
) -> None:
    sent = base64.b64encode(secret.encode()).decode()
    data = before + (quote(sent, safe="") if is_quoted else sent).encode() + after
    assert "[secret key]" in Masker({"key": secret}).masked(f"<{base64.b64encode(data).decode()}>")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be", "utf-16", "utf-32"])
def test_bytes_are_masked_in_any_encoding_of_unicode(encoding: str) -> None:
    data = "the key is test-key-1234, öäü".encode(encoding)
    assert Masker({"key": "test-key-1234"}).masked_bytes(data).decode(encoding) == "the key is [secret key], öäü"


@pytest.mark.parametrize(
    ("secret", "text"),
    [
        ("\\" * 10 + "x", "\\" * 60 + "y x"),
        ("%25" * 12 + "zzz!", "%" + "25" * 200 + "zzz"),
        ('a\\"' * 10, "a" + "\\" * 3000 + '"' * 5),
        ("/" * 20 + "x", "\\/" * 5000 + " x"),
        (" " * 20 + "x", "+ " * 5000 + "yx"),
        ("a" * 20, "\\u0061x" * 20_000),
        ("a" * 20, "\\" * 100_000 + "u00"),
        ("a" * 20, "&#0" * 50_000),
    ],
)
def test_a_text_that_nearly_is_a_secret_takes_no_time(secret: str, text: str) -> None:
    with soon(1.0):
        assert Masker({"key": secret}).masked(text) == text


def test_bytes_without_secrets_are_the_same() -> None:
    data = bytes(range(256))
    assert Masker({"key": "test-key-1234"}).masked_bytes(data) is data


def test_what_stands_around_an_escaped_secret_stays() -> None:
    text = f'{{"\\u0041": "{_every_unit("test-key-1234")}\\u0042", "c": "%41\\n"}}'
    assert Masker({"key": "test-key-1234"}).masked(text) == '{"\\u0041": "[secret key]\\u0042", "c": "%41\\n"}'


def test_secrets_that_overlap_leave_nothing_of_either() -> None:
    masker = Masker({"one": "abcdefgh-1", "two": "efgh-12345"})
    assert masker.masked("<abcdefgh-12345>") == "<[secret one]>"


def test_the_longer_of_two_secrets_that_begin_alike_is_masked_whole() -> None:
    masker = Masker({"short": "abcdefgh", "long": "abcdefgh-ijkl"})
    assert masker.masked("abcdefgh-ijkl abcdefgh") in {
        "[secret long] [secret short]",
        "[secret short] [secret short]",
    }


def test_a_short_secret_is_not_looked_for() -> None:
    """It stands in other words by chance."""
    assert Masker({"key": "abc"}).masked("abcdef") == "abcdef"


def test_what_stands_in_its_place_needs_no_escaping_and_never_tells_it() -> None:
    assert Masker({'a"b\\ö/c': "test-key-1234"}).masked('{"k": "test-key-1234"}') == '{"k": "[secret a_b___c]"}'
    assert Masker({"test-key-1234": "test-key-1234"}).masked("test-key-1234") == "[secret]"
    assert "test-key" not in repr(Masker({"key": "test-key-1234"}))
