"""What an API is asked and answers is kept without what is secret or changes by itself (issue 6)."""

from __future__ import annotations

import pytest

from auth.masking import Masker
from orchestrator.testing.recordings.cassette import RecordedCallOut
from orchestrator.testing.recordings.http_records import answered, recorded_answer, recorded_body, recorded_request
from runtimes.http import Headers, HttpRequest, HttpResponse
from runtimes.values import Json

NOBODY = Masker({})
JSON: Headers = (("Content-Type", "application/json; charset=utf-8"),)


def _recorded(headers: Headers = JSON, body: bytes = b"{}", masker: Masker = NOBODY) -> RecordedCallOut:
    request = HttpRequest(method="GET", url="https://homes.example/a")
    return recorded_answer(request, HttpResponse(status=201, headers=headers, body=body, url=request.url), masker)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://ada:open-sesame@homes.example/a", "https://homes.example/a"),
        ("https://homes.example/a?KEY=x&city=b#part", "https://homes.example/a?city=b"),
        ("https://homes.example/a?key=x", "https://homes.example/a"),
        ("https://homes.example/a?access_token=abc&b=1", "https://homes.example/a?access_token=hidden-87cdc676&b=1"),
        ("https://homes.example/a?note=a-secret-value", "https://homes.example/a?note=[secret:one]"),
        ("https://homes.example/a?note=%5Bsecret+one%5D", "https://homes.example/a?note=[secret:one]"),
        ("https://homes.example/a?code=hidden-87cdc676", "https://homes.example/a?code=hidden-87cdc676"),
        ("https://homes.example/a?X-Amz-Signature=", "https://homes.example/a?X-Amz-Signature="),
        ("https://homes.example/a?b=1&b=&c", "https://homes.example/a?b=1&b=&c"),
    ],
)
def test_a_url_is_kept_without_credentials(url: str, shown: str) -> None:
    request = HttpRequest(method="GET", url=url, credentials=frozenset({"key"}))
    assert recorded_request(request, Masker({"one": "a-secret-value"})) == {"request": f"GET {shown}"}


@pytest.mark.parametrize(
    ("data", "media_type", "form", "value"),
    [
        (b'{"a": [1, 2.50]}', "application/json", "json", {"a": [1, 2.5]}),
        (b'{"a": 1}', "application/problem+json", "json", {"a": 1}),
        (b'{"a": 18446744073709551615}', "application/json", "json", {"a": 2**64 - 1}),
        (b'{"a": 18446744073709551616}', "application/json", "text", '{"a": 18446744073709551616}'),
        (b"a=1&b=a-secret-value", "application/x-www-form-urlencoded", "text", "a=1&b=[secret:one]"),
        (b"b=%5bsecret+one%5D", "application/x-www-form-urlencoded", "text", "b=[secret:one]"),
        (b'"text"', "application/json", "text", '"text"'),
        (b'{"a": 1', "application/json", "text", '{"a": 1'),
        (b'{"a": 1}', "text/plain", "text", '{"a": 1}'),
        ("é".encode(), "text/plain", "text", "é"),
        (b"\xff\xfe", "image/png", "base64", ["//4="]),
        (b"a\0b", "text/plain", "base64", ["YQBi"]),
        (b"a-secret-value\0", "text/plain", "base64", ["W3NlY3JldCBvbmVdAA=="]),
    ],
)
def test_a_body_is_kept_in_the_form_that_reads_best(data: bytes, media_type: str, form: str, value: Json) -> None:
    body = recorded_body(data, media_type, Masker({"one": "a-secret-value"}))
    assert body is not None
    dumped = body.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    assert dumped == {"media_type": media_type, form: value}


def test_no_body_is_none() -> None:
    assert recorded_body(b"", "text/plain", NOBODY) is None
    assert recorded_body(None, "", NOBODY) is None


def test_long_base64_is_written_in_lines() -> None:
    data = bytes(range(256))
    body = recorded_body(data, "image/png", NOBODY)
    assert body is not None
    assert body.base64 is not None
    assert {len(line) for line in body.base64[:-1]} == {76}
    assert body.data == data


def test_headers_are_left_out_but_for_those_that_say_where_to_go_on() -> None:
    headers: Headers = (
        *JSON,
        ("Date", "Sat, 21 Nov 2026 11:00:00 GMT"),
        ("Set-Cookie", "session=abc"),
        ("location", "/b"),
        ("Retry-After", "3"),
        ("ETag", "1"),
    )
    answer = _recorded(headers).answer
    assert answer is not None
    assert answer.headers == {"Location": "/b", "Retry-After": "3"}


def test_secrets_are_masked_in_texts_and_numbers_and_names_stay() -> None:
    masker = Masker({"one": "a-secret-value", "two": "1234567890"})
    answer = _recorded(
        body=b'{"a-secret-value": ["x a-secret-value", 1234567890, true, null, 1]}', masker=masker
    ).answer
    assert answer is not None
    assert answer.body is not None
    assert answer.body.json_ == {"a-secret-value": ["x [secret one]", "[secret two]", True, None, 1]}


def test_no_more_is_answered_than_the_request_takes() -> None:
    request = HttpRequest(method="GET", url="https://homes.example/a", max_bytes=3)
    assert answered(_recorded(body=b"abcdef"), request).body == b"abc"
