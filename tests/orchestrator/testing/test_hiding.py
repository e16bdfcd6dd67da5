"""What is hidden on a cassette is hidden once, and nothing that holds the conversation together is (issue 6)."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from auth.masking import Masker
from orchestrator.testing.recordings.hiding import hidden_url, is_exact, masked_exchange, names_found
from runtimes.values import Json, JsonObject

MASKER = Masker({"one": "a-secret-value"})
PIECES = (
    "token",
    "sig",
    "a",
    "=",
    "&",
    "?",
    "#",
    "%20",
    "+",
    "[secret x]",
    "%5Bsecret%20x%5D",
    "a-secret-value",
    "//",
    "@",
)


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
@example("?token=[secret x]&token=b[secret x]")
@example("https://ada:sesame@homes.example/a?sig=a-secret-value")
def test_what_is_hidden_stays_so_when_it_is_hidden_again(url: str) -> None:
    once = hidden_url(url, MASKER)
    assert hidden_url(once, MASKER) == once
    assert "a-secret-value" not in once
    assert "[secret " not in once


@pytest.mark.parametrize("name", ["sig", "code", "X-Amz-Signature", "hmac", "otp", "assertion", "ticket", "page_token"])
def test_a_parameter_that_is_secret_by_its_name_has_a_digest_of_its_own(name: str) -> None:
    one, other, again = (hidden_url(f"/a?{name}={value}", MASKER) for value in ("a b", "c", "a+b"))
    assert one.startswith(f"/a?{name}=hidden-")
    assert one == again
    assert one != other


def test_the_words_that_hold_a_request_together_are_not_masked() -> None:
    masker = Masker({"word": "reasoning", "tool": "homes-getHome", "said": "a-secret-value"})
    given: JsonObject = {
        "state": "reasoning",
        "system": "homes-getHome",
        "tools": [{"name": "homes-getHome", "parameters": {"a-secret-value": {"title": "a-secret-value"}}}],
        "messages": [{"calls": [{"call": "homes-getHome", "with": {"name": "a-secret-value"}}]}, {"user": "reasoning"}],
    }
    assert masked_exchange(given, masker) == {
        "state": "reasoning",
        "system": "[secret tool]",
        "tools": [{"name": "homes-getHome", "parameters": {"a-secret-value": {"title": "[secret said]"}}}],
        "messages": [
            {"calls": [{"call": "homes-getHome", "with": {"name": "[secret said]"}}]},
            {"user": "[secret word]"},
        ],
    }


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ({"state": "a-secret-value"}, ()),
        ({"a-secret-value": 1}, ()),
        ({"json": {"a-secret-value": 1}}, ("one",)),
        ({"messages": [{"result": ["x a-secret-value"]}]}, ("one",)),
        ({"json": {"number": 1234567890}}, ("two",)),
        ({"json": {"state": "a-secret-value"}}, ("one",)),
        ({"json": [True, None, 1.5]}, ()),
    ],
)
def test_secrets_are_found_in_what_is_said_and_not_in_the_words_of_a_cassette(
    value: Json, names: tuple[str, ...]
) -> None:
    assert names_found([("one", "a-secret-value"), ("two", "1234567890"), ("short", "json")], value) == names


@pytest.mark.parametrize(
    ("value", "exact"),
    [
        ({"a": [2**64 - 1, -(2**63), 1.5, True]}, True),
        ([{"a": 2**64}], False),
        ({"a": -(2**63) - 1}, False),
        ({"k" * 998: 1}, True),
        ({"k" * 1001: 1}, False),
        ({"a": {"\x01" * 400: 1}}, False),
    ],
)
def test_what_a_document_would_not_give_back_is_known(value: Json, exact: bool) -> None:
    assert is_exact(value) is exact


def test_a_value_that_is_too_deep_is_known() -> None:
    value: Json = 1
    for _ in range(101):
        value = [value]
    assert not is_exact(value)
    assert is_exact([value][0][0] if isinstance(value, list) else value)
