"""Origins are written in one way, and what can match no server is none."""

from __future__ import annotations

import pytest

from auth.origins import MAX_HOST_CHARS, origin_of


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://api.example", "https://api.example:443"),
        ("HTTPS://API.Example/", "https://api.example:443"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://my_service", "http://my_service:80"),
        ("https://api.example.", "https://api.example.:443"),
        ("https://bücher.example", "https://bücher.example:443"),
        ("https://127.0.0.1:65535", "https://127.0.0.1:65535"),
        ("https://[::1]:443/", "https://[::1]:443"),
        ("https://[0:0::1]", "https://[::1]:443"),
    ],
)
def test_an_origin_is_scheme_host_and_port(url: str, origin: str) -> None:
    assert origin_of(url) == origin
    assert origin_of(origin) == origin


@pytest.mark.parametrize(
    "url",
    [
        "",
        "api.example",
        "https://",
        "ftp://api.example",
        "https://api.example/path",
        "https://api.example?",
        "https://api.example#",
        "https://ada@api.example",
        "https://api.example\\@evil.example",
        "https://a b",
        "https://a\tb.example",
        "https://a\nb.example",
        "https://a\u0085b.example",
        "https://a\u2028b.example",
        "https://a\u202eb.example",
        "https://*.example",
        "https://*",
        "https://a..b",
        "https://.example",
        "https://api.example:0",
        "https://api.example:99999",
        "https://api.example:x",
        "https://[::1",
        "https://[::g]",
        "https://%61pi.example",
        f"https://{'a' * MAX_HOST_CHARS}.example",
    ],
)
def test_what_is_no_origin_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"is no origin; write SCHEME://HOST or SCHEME://HOST:PORT$"):
        origin_of(url)
