"""The secrets of a conversation are known by where they stand and by what they are called (issue 6)."""

from __future__ import annotations

import base64

import pytest

from orchestrator.testing.format.settings import Settings
from orchestrator.testing.recordings.secrets_in_use import (
    Maskers,
    credentials_of_request,
    masker_of,
    secrets_of_environment,
    secrets_of_request,
    secrets_of_response,
    secrets_of_settings,
)
from runtimes.http import HttpRequest, HttpResponse


@pytest.mark.parametrize(
    ("name", "value", "secrets"),
    [
        ("OPENAI_API_KEY", " any-key-at-all\n", ["any-key-at-all"]),
        (
            "OPENAI_BASE_URL",
            "http://ada:a%2Fb@host/?api-key=k",
            ["ada", "a/b", "k", "http://ada:a%2Fb@host/?api-key=k"],
        ),
        ("OPENAI_BASE_URL", "http://[", []),
        ("STRIPE_SECRET", "one", ["one"]),
        ("DATABASE", "postgres://ada:sesame@host/db", ["postgres://ada:sesame@host/db"]),
        ("PWD", "/home/ada", []),
        ("DESKTOP_SESSION", "ubuntu-xorg", []),
        ("XDG_SESSION_DESKTOP", "plasma-wayland", []),
        ("TERM_SESSION_ID", "w0t0p0:1", []),
        ("DBUS_SESSION_BUS_ADDRESS", "unix:path=/run/user/1000/bus", []),
        ("SSH_AUTH_SOCK", "/run/user/1000/keyring/ssh", []),
        ("LANG", "en", []),
    ],
)
def test_the_environment(name: str, value: str, secrets: list[str]) -> None:
    found = [secret for _, secret in secrets_of_environment({name: value}) if secret]
    assert list(dict.fromkeys(found)) == secrets


def test_the_settings_of_a_conversation() -> None:
    settings = Settings(credentials={"key": "one"}, environment={"MY_TOKEN": "two", "CITY": "Seattle"})
    assert list(secrets_of_settings(settings)) == [("key", "one"), ("MY_TOKEN", "two")]


@pytest.mark.parametrize(
    ("header", "secrets"),
    [
        (("Authorization", "Bearer abc.def"), ["abc.def"]),
        (("authorization", "opaque"), ["opaque"]),
        (
            ("Authorization", f"Basic {base64.b64encode(b'ada:open sesame').decode()}"),
            ["YWRhOm9wZW4gc2VzYW1l", "open sesame"],
        ),
        (("Authorization", "Basic no-base64"), ["no-base64"]),
        (("Cookie", "a=one; b=two"), ["one", "two"]),
        (("X-Api-Key", "key 1"), ["key 1"]),
        (("Accept", "application/json"), []),
    ],
)
def test_the_headers_of_a_request(header: tuple[str, str], secrets: list[str]) -> None:
    request = HttpRequest(method="GET", url="https://homes.example/", headers=(header,))
    assert [value for _, value in secrets_of_request(request)] == secrets
    is_authorization = header[0].casefold() == "authorization"
    assert [value for _, value in credentials_of_request(request)] == (secrets if is_authorization else [])


def test_the_url_of_a_request() -> None:
    url = "https://ada@homes.example/?k=one&token=two&city=three"
    request = HttpRequest(method="GET", url=url, credentials=frozenset({"k"}))
    assert list(secrets_of_request(request)) == [("user", "ada"), ("k", "one"), ("token", "two")]
    assert list(credentials_of_request(request)) == [("user", "ada"), ("k", "one")]


def test_the_cookies_of_an_answer() -> None:
    headers = (("Set-Cookie", "session=one; Path=/"), ("X-Api-Key", "two"))
    response = HttpResponse(status=200, headers=headers, body=b"", url="https://homes.example/")
    assert list(secrets_of_response(response)) == [("Set-Cookie", "one")]


def test_each_secret_has_a_name_of_its_own_the_first_that_it_had() -> None:
    masker = masker_of([("key", "secret-value-1"), ("key", "secret-value-2"), ("other", "secret-value-1"), ("no", "")])
    assert masker.masked("secret-value-1 secret-value-2") == "[secret key] [secret key-2]"


def test_a_secret_is_found_where_a_url_is_encoded_again() -> None:
    masked = masker_of([("key", "secret+value/1")]).masked(base64.b64encode(b"a=secret%2Bvalue%2F1").decode())
    assert masked == "YT1[secret key]E="


def test_the_same_secrets_have_the_same_masker() -> None:
    maskers = Maskers()
    masker = maskers.of([("one", "a-secret-value")])
    assert maskers.of(iter([("one", "a-secret-value")])) is masker
    assert maskers.of([("one", "another-secret")]).masked("another-secret") == "[secret one]"
