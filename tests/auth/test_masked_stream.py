"""Secrets are masked also where the pieces of a stream split them (issue 9, point 7)."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Callable, Iterator
from itertools import pairwise
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from auth import Secret, SecretsInUse
from auth.beginnings import MAX_HELD
from tests.pace import soon

LETTERS = 'aAb1\\"%/+&#é -'
SECRETS = st.text(st.sampled_from(LETTERS), min_size=8, max_size=12)


def _json(text: str) -> str:
    return json.dumps(text)[1:-1]


def _base64(text: str) -> str:
    return base64.b64encode(f"me:{text}".encode()).decode()


def _letters(escape: Callable[[str], str], every: int) -> Callable[[str], str]:
    """Each letter or digit of so many is escaped, and all that is neither."""

    def spelled(text: str) -> str:
        plain = [one.isascii() and one.isalnum() and at % every for at, one in enumerate(text)]
        return "".join(one if is_plain else escape(one) for one, is_plain in zip(text, plain, strict=True))

    return spelled


def _byte(letter: str) -> str:
    return "".join(f"%{byte:02x}" for byte in letter.encode())


ESCAPES: list[Callable[[str], str]] = [
    lambda one: f"\\u{ord(one):04x}",
    lambda one: f"\\\\u{ord(one):04X}",
    lambda one: f"&#{ord(one)};",
    lambda one: f"&#x{ord(one):04x};",
    _byte,
    lambda one: quote(_byte(one)),
]

SPELLINGS: list[Callable[[str], str]] = [
    str,
    _json,
    lambda text: _json(_json(text)),
    lambda text: quote(text, safe=""),
    lambda text: quote(quote(text, safe=""), safe=""),
    _base64,
    *(_letters(escape, every) for escape in ESCAPES for every in (1, 3)),
]


def _in_use(*values: str) -> SecretsInUse:
    known = SecretsInUse()
    for number, value in enumerate(values):
        known.learn(f"key-{number}", Secret(value))
    return known


def _fed(known: SecretsInUse, pieces: Iterator[str] | list[str]) -> str:
    stream = known.stream()
    return "".join([*map(stream.feed, pieces), stream.finish()])


def _pieces(text: str, cuts: list[int]) -> list[str]:
    places = sorted({0, len(text), *(cut % (len(text) + 1) for cut in cuts)})
    return [text[start:end] for start, end in pairwise(places)]


@given(
    values=st.lists(SECRETS, min_size=1, max_size=3),
    parts=st.lists(
        st.one_of(
            st.text(st.sampled_from(LETTERS), max_size=6),
            st.tuples(st.integers(0, 2), st.sampled_from(SPELLINGS), st.integers(0, 90)),
        ),
        max_size=6,
    ),
    cuts=st.lists(st.integers(0, 400), max_size=12),
)
@example(values=["a" * 8], parts=["aaaaaa", "aaaaaa", "aaaa"], cuts=[*range(16)])
@example(values=['abcdefg\\"'], parts=["abcdefg\\\\\\", "\\\\\\\\", '"'], cuts=[*range(20)])
@example(values=["abcdefgh", "abcdefgh-ijkl"], parts=["abcdefgh", "-ijk", "abcdefgh"], cuts=[*range(20)])
def test_a_stream_gives_what_the_whole_text_would_give_however_it_is_split(
    values: list[str], parts: list[str | tuple[int, Callable[[str], str], int]], cuts: list[int]
) -> None:
    known = _in_use(*values)
    texts = [one if isinstance(one, str) else one[1](values[one[0] % len(values)])[: one[2]] for one in parts]
    text = "".join(texts)
    assert _fed(known, _pieces(text, cuts)) == known.masked(text)
    assert _fed(known, list(text)) == known.masked(text)


@pytest.mark.parametrize("spell", SPELLINGS)
def test_a_secret_that_comes_letter_by_letter_is_never_told(spell: Callable[[str], str]) -> None:
    secret = 'sk-"é/=' + secrets.token_urlsafe(24)
    written = _fed(_in_use(secret), list(f"the key is {spell(secret)}, use it"))
    assert spell(secret) not in written
    assert "[secret key-0]" in written
    assert written.startswith("the key is ")
    assert written.endswith(", use it")


def test_only_what_may_be_the_beginning_of_a_secret_is_held_back() -> None:
    stream = _in_use("sk-12345678").stream()
    assert stream.feed("as") == "a"
    assert stream.feed("k") == ""
    assert stream.feed("-123 is") == "sk-123 i"
    assert stream.feed(" it") == "s it"
    assert stream.feed("sk-12345678") == "[secret key-0]"
    assert stream.finish() == ""


def test_what_may_be_the_beginning_of_an_escaped_letter_is_held_back_until_it_is_none() -> None:
    stream = _in_use("sk-12345678").stream()
    assert stream.feed("it is \\u007") == "it is "
    assert stream.feed("3k-1234567") == ""
    assert stream.feed("8, 5 %") == "[secret key-0], 5 "
    assert stream.feed(" & \\u0073") == "% & "
    assert stream.feed("o") == "\\u0073o"
    assert stream.finish() == ""


def test_a_secret_that_becomes_known_while_a_text_comes_is_masked_from_then_on() -> None:
    known = SecretsInUse()
    stream = known.stream()
    assert stream.feed("sk-1234") == "sk-1234"
    known.learn("key", Secret("canary-12345678"))
    assert stream.feed("canary-1234") == ""
    assert stream.feed("5678!") == "[secret key]!"


def test_where_no_secret_is_known_nothing_is_held_back() -> None:
    stream = SecretsInUse().stream()
    assert [stream.feed(piece) for piece in ("eyJ", "%", "\\")] == ["eyJ", "%", "\\"]
    assert stream.finish() == ""


def test_what_is_held_back_is_bounded() -> None:
    stream = _in_use("\\" * 4 * MAX_HELD).stream()
    given = stream.feed("\\" * 3 * MAX_HELD)
    assert len(given) == 2 * MAX_HELD
    assert stream.finish() == "\\" * MAX_HELD


def test_a_stream_costs_little_beside_many_secrets() -> None:
    known = _in_use(*(secrets.token_urlsafe(32) for _ in range(256)))
    stream = known.stream()
    with soon(2.0):
        for _ in range(2_000):
            stream.feed("word ")
