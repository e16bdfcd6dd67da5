"""Where a credential goes, and what its place can carry."""

from __future__ import annotations

import base64

import pytest

from auth import ApiKey, Basic, Bearer, CredentialRefused, Scheme, Secret, attach, place_of

HEADER = ApiKey(place="header", name="X-Api-Key")
QUERY = ApiKey(place="query", name="key")
COOKIE = ApiKey(place="cookie", name="session")


@pytest.mark.parametrize(
    ("scheme", "given", "sent"),
    [
        (HEADER, "a key, of ÿ", ("header", "X-Api-Key", "a key, of ÿ")),
        (QUERY, "a&b=ö\n", ("query", "key", "a&b=ö\n")),
        (COOKIE, "abc", ("cookie", "session", "abc")),
        (Bearer(), "a.b-c", ("header", "Authorization", "Bearer a.b-c")),
        (Basic(), "ada:pä:ss", ("header", "Authorization", f"Basic {base64.b64encode('ada:pä:ss'.encode()).decode()}")),
    ],
)
def test_a_credential_goes_where_its_scheme_says(scheme: Scheme, given: str, sent: tuple[str, str, str]) -> None:
    attached = attach(scheme, Secret(given))
    assert (attached.place, attached.name, attached.value.reveal()) == sent
    assert place_of(scheme) == sent[:2]
    assert Secret(given) in attached.hides


def test_a_password_is_hidden_without_its_name_too() -> None:
    assert Secret("password-1") in attach(Basic(), Secret("ada:password-1")).hides


@pytest.mark.parametrize(
    ("scheme", "given", "reason"),
    [
        (HEADER, "a\r\nX: y", "no line breaks"),
        (HEADER, " key-1", "no blanks at its ends"),
        (HEADER, "ключ", "Latin letters"),
        (COOKIE, "a;b", "semicolons"),
        (COOKIE, "a b", "no blanks"),
        (QUERY, "\ud800", "no text"),
        (Bearer(), "Bearer abc", "without the word"),
        (Bearer(), "abc\n", "no line breaks"),
        (Basic(), "password-1", "NAME:PASSWORD"),
    ],
)
def test_what_a_place_cannot_carry_is_refused_without_telling_it(scheme: Scheme, given: str, reason: str) -> None:
    with pytest.raises(CredentialRefused, match=reason) as raised:
        attach(scheme, Secret(given))
    assert given.strip() not in str(raised.value)
