"""The secrets in use: what is learned is masked from then on (issue 9, point 7)."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from auth import Secret, SecretsInUse
from auth.in_use import MAX_KNOWN
from tests.pace import soon


def test_each_secret_is_masked_under_a_name_of_its_own() -> None:
    known = SecretsInUse()
    known.learn("key", Secret("first-12345"), Secret("second-12345"))
    known.learn("key", Secret("third-12345"))
    assert known.masked("first-12345 second-12345 third-12345") == "[secret key] [secret key:2] [secret key:3]"
    assert known.masked_bytes(b"third-12345") == b"[secret key:3]"


def test_a_secret_keeps_its_name() -> None:
    known = SecretsInUse()
    known.learn("key", Secret("first-12345"))
    known.learn("other", Secret("first-12345"), Secret("second-12345"))
    assert known.masked("first-12345 second-12345") == "[secret key] [secret other]"


def test_the_secrets_that_were_used_last_are_known() -> None:
    known = SecretsInUse()
    values = [secrets.token_urlsafe(16) for _ in range(MAX_KNOWN + 1)]
    for value in values[:MAX_KNOWN]:
        known.learn("key", Secret(value))
    known.learn("key", Secret(values[0]))
    known.learn("key", Secret(values[MAX_KNOWN]))
    assert known.masked(values[0]) != values[0]
    assert known.masked(values[1]) == values[1]
    assert known.masked(values[MAX_KNOWN]) != values[MAX_KNOWN]


def test_a_short_secret_is_not_learned() -> None:
    known = SecretsInUse()
    known.learn("pin", Secret("1234567"))
    assert not known
    assert known.masked("1234567") == "1234567"


def test_where_nothing_is_known_texts_are_not_looked_at() -> None:
    text, data = "abc", b"abc"
    assert SecretsInUse().masked(text) is text
    assert SecretsInUse().masked_bytes(data) is data


def test_secrets_are_learned_from_several_threads_at_once() -> None:
    known = SecretsInUse()
    values = [secrets.token_urlsafe(16) for _ in range(MAX_KNOWN)]
    with ThreadPoolExecutor(max_workers=8) as threads:
        list(threads.map(partial(known.learn, "key"), map(Secret, values)))
    assert not [value for value in values if value in known.masked(f"<{value}>")]


def test_many_secrets_are_looked_for_in_a_long_text_in_little_time() -> None:
    known = SecretsInUse()
    values = [secrets.token_urlsafe(32) for _ in range(MAX_KNOWN)]
    with soon(2.0):
        for value in values:
            known.learn("key", Secret(value))
    text = secrets.token_urlsafe(75_000)
    with soon(1.0):
        for _ in range(10):
            assert known.masked(text) == text
    assert "[secret key" in known.masked(text[:50_001] + values[7] + text[50_001:])
    assert values[7] not in known.masked("ä" + text[:50_001] + values[7] + text[50_001:])


def test_it_tells_no_secret_of_itself() -> None:
    known = SecretsInUse()
    known.learn("key", Secret("canary-1234"))
    assert repr(known) == "<SecretsInUse of 1>"
