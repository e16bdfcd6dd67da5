"""How old tokens may be, and what they are for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from auth import Secret
from auth.credentials import Given, Tokens
from auth.freshness import client_of, has_expired, login_of, noted, unasked, united
from auth.registration import OAuthRegistration, Provider

REGISTRATION = OAuthRegistration(provider=Provider(token_endpoint="https://id.example/token"), client_id="client")


def tokens(expires: float | None, since: float | None = None) -> Tokens:
    return Tokens(access=Secret("access-token"), expires=expires, since=since)


@pytest.mark.parametrize(
    ("expires", "since", "now", "is_expired"),
    [
        (None, 0.0, 1e12, False),
        (3600.0, 0.0, 3539.0, False),
        (3600.0, 0.0, 3540.0, True),
        (120.0, 0.0, 59.0, False),
        (120.0, 0.0, 60.0, True),
        (10.0, 0.0, 4.9, False),
        (10.0, 0.0, 5.0, True),
        (0.0, 0.0, 0.0, True),
        (-5.0, 0.0, -6.0, False),
        (100.0, None, 39.0, False),
        (100.0, None, 40.0, True),
    ],
)
def test_tokens_expire_before_their_time(
    expires: float | None, since: float | None, now: float, is_expired: bool
) -> None:
    assert has_expired(tokens(expires, since), now) is is_expired


def test_scopes_are_united_in_order() -> None:
    assert united(("b", "a"), (), ("a", "c", "b")) == ("b", "a", "c")


def test_scopes_count_as_asked_for_when_they_were_granted_or_refused() -> None:
    held = noted(Tokens(access=Secret("access-token"), scopes=("granted",)), REGISTRATION, ["refused", "refused"], 7.0)
    assert unasked(held, ["granted", "more", "refused"]) == ("more",)
    assert (held.asked, held.since, held.client) == (("refused",), 7.0, client_of(REGISTRATION))


@pytest.mark.parametrize(
    "provider",
    [
        replace(REGISTRATION.provider, token_endpoint="https://evil.example"),
        replace(REGISTRATION.provider, issuer="https://evil.example"),
        replace(REGISTRATION.provider, revocation_endpoint="https://evil.example"),
        replace(REGISTRATION.provider, userinfo_endpoint="https://evil.example"),
    ],
)
def test_tokens_are_bound_to_every_place_that_they_are_sent_to(provider: Provider) -> None:
    assert client_of(replace(REGISTRATION, provider=provider)) != client_of(REGISTRATION)


def test_a_login_is_told_by_its_mark_and_a_key_by_what_it_is() -> None:
    held = noted(Tokens(access=Secret("access-token")), REGISTRATION, (), 7.0, login="mark")
    assert login_of(replace(held, access=Secret("a-newer-token"))) == "mark"
    one, other = Given(value=Secret("the-key-1")), Given(value=Secret("the-key-2"))
    assert login_of(one) == login_of(replace(one, is_rejected=True)) != login_of(other)
    assert "the-key-1" not in login_of(one)
