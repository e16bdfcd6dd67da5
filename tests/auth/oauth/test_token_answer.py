"""What a token endpoint says is read with suspicion."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth.credentials import Tokens
from auth.errors import ProviderError
from auth.oauth.answer import Answer
from auth.oauth.token_answer import MAX_LIFETIME_SECONDS, MAX_SCOPES, MAX_TOKEN_CHARS, tokens_of
from auth.secret import Secret
from runtimes.values import JsonObject

PLACE = "https://login.example/token"
SENT = "a-client-secret-0042"
GOOD: JsonObject = {"access_token": "an-access-token", "token_type": "Bearer", "expires_in": 3600}


def read(body: bytes, status: int = 200) -> Tokens:
    answer = Answer(place=PLACE, status=status, body=body, sent=(Secret(SENT),))
    return tokens_of(answer, asked=("a", "b"), now=1000.0).tokens


def read_json(document: JsonObject, status: int = 200) -> Tokens:
    return read(json.dumps(document).encode(), status)


def test_tokens_are_read_with_their_end_and_their_scopes() -> None:
    tokens = read_json(GOOD | {"refresh_token": "a-refresh-token", "scope": "b  c b"})

    assert tokens == Tokens(
        access=Secret("an-access-token"), refresh=Secret("a-refresh-token"), expires=4600.0, scopes=("b", "c")
    )


@pytest.mark.parametrize("scope", [None, "", "  "])
def test_scopes_that_are_not_named_are_those_asked_for(scope: str | None) -> None:
    assert read_json(GOOD | {"scope": scope}).scopes == ("a", "b")


@pytest.mark.parametrize(
    ("said", "expires"),
    [
        (None, None),
        (0, 1000.0),
        (1.5, 1001.5),
        ("3600", 4600.0),
        (1e300, 1000.0 + MAX_LIFETIME_SECONDS),
        (10**400, 1000.0 + MAX_LIFETIME_SECONDS),
        (2**63, 1000.0 + MAX_LIFETIME_SECONDS),
    ],
)
def test_a_lifetime_is_a_number_within_reason(said: str | float | None, expires: float | None) -> None:
    assert read_json(GOOD | {"expires_in": said}).expires == expires


@pytest.mark.parametrize("kind", ["bearer", "BEARER", "Bearer"])
def test_the_type_is_bearer_in_any_case(kind: str) -> None:
    assert read_json(GOOD | {"token_type": kind}).access.reveal() == "an-access-token"


@pytest.mark.parametrize(
    "changes",
    [
        {"access_token": None},
        {"access_token": ""},
        {"access_token": 5},
        {"access_token": ["x"]},
        {"access_token": "two words"},
        {"access_token": "line\r\nbreak"},
        {"access_token": "é"},
        {"access_token": "\ud800"},
        {"access_token": "x" * (MAX_TOKEN_CHARS + 1)},
        {"token_type": None},
        {"token_type": "mac"},
        {"token_type": "N_A"},
        {"token_type": {"a": 1}},
        {"issued_token_type": "urn:ietf:params:oauth:token-type:saml2"},
        {"expires_in": -1},
        {"expires_in": True},
        {"expires_in": "soon"},
        {"expires_in": "1" * 13},
        {"expires_in": "²"},
        {"expires_in": []},
        {"refresh_token": "a b"},
        {"refresh_token": {}},
        {"id_token": 5},
        {"scope": ["a"]},
        {"scope": "a\tb"},
        {"scope": 'a"b'},
        {"scope": " ".join(map(str, range(MAX_SCOPES + 1)))},
    ],
)
def test_an_answer_that_is_not_as_specified_is_refused(changes: JsonObject) -> None:
    with pytest.raises(ProviderError, match=r"the answer of https://login\.example/token cannot be used") as raised:
        read_json(GOOD | changes)

    assert (raised.value.code, raised.value.may_pass) == ("", False)
    assert "an-access-token" not in str(raised.value)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"text"',
        b"<html>access_token</html>",
        b"access_token=x&token_type=bearer",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"access_token": "x", "token_type": "bearer", "expires_in": Infinity}',
        b'{"access_token": "x", "token_type": "bearer", "expires_in": NaN}',
        b'{"access_token": "x", "token_type": "bearer", "access_token": "y"}',
        b'{"access_token": "x", "token_type": "bearer", "expires_in": ' + b"9" * 10_000 + b"}",
    ],
)
def test_what_is_no_json_object_is_refused(body: bytes) -> None:
    with pytest.raises(ProviderError, match="is no JSON object"):
        read(body)


@pytest.mark.parametrize("status", [200, 400, 401])
def test_an_error_is_told_whatever_its_status(status: int) -> None:
    with pytest.raises(ProviderError) as raised:
        read_json({"error": "invalid_grant", "error_description": "the code is old"}, status)

    assert (raised.value.code, raised.value.may_pass) == ("invalid_grant", False)
    assert str(raised.value) == f"{PLACE} answered with invalid_grant: the code is old"


@pytest.mark.parametrize("error", ["no_such_error", 5, None, {"code": "invalid_grant"}, ["invalid_grant"], SENT])
def test_an_error_of_its_own_is_not_repeated(error: str | int | JsonObject | list[str] | None) -> None:
    with pytest.raises(ProviderError, match="an error that no specification knows") as raised:
        read(json.dumps({"error": error}).encode(), 400)

    assert raised.value.code == ""


@pytest.mark.parametrize(
    "echo",
    [SENT, quote(SENT, safe=""), SENT.replace("-", "%2D"), "YS1jbGllbnQtc2VjcmV0LTAwNDI=", "\u200b".join(SENT)],
)
def test_an_error_that_echoes_what_was_sent_is_told_without_it(echo: str) -> None:
    with pytest.raises(ProviderError) as raised:
        read_json({"error": "invalid_client", "error_description": f"bad secret {echo}!"}, 401)

    assert raised.value.code == "invalid_client"
    assert echo not in str(raised.value)
    assert SENT not in str(raised.value).replace(" ", "")


def test_a_secret_too_short_to_be_found_elsewhere_silences_the_description() -> None:
    answer = Answer(
        place=PLACE,
        status=400,
        body=b'{"error": "invalid_client", "error_description": "hunter2 is wrong"}',
        sent=(Secret("hunter2"),),
    )

    with pytest.raises(ProviderError) as raised:
        tokens_of(answer, asked=(), now=0.0)

    assert str(raised.value) == f"{PLACE} answered with invalid_client"


@pytest.mark.parametrize(
    ("status", "body", "may_pass"),
    [
        (500, b"", True),
        (502, b"<html>", True),
        (503, b'{"error": "invalid_grant"}', True),
        (429, b"", True),
        (429, b'{"error": "slow_down"}', True),
        (400, b'{"error": "temporarily_unavailable"}', True),
        (400, b"<html>", False),
        (404, b"", False),
        (302, b"", False),
        (307, b'{"access_token": "x", "token_type": "bearer"}', False),
        (400, b'{"access_token": "x", "token_type": "bearer"}', False),
    ],
)
def test_it_is_known_what_may_pass(status: int, body: bytes, *, may_pass: bool) -> None:
    with pytest.raises(ProviderError) as raised:
        read(body, status)

    assert raised.value.may_pass is may_pass
    assert raised.value.code != "invalid_grant"


def test_an_answer_shows_nothing_of_its_body() -> None:
    shown = repr(Answer(place=PLACE, status=200, body=b"an-access-token", sent=(Secret(SENT),)))

    assert "an-access-token" not in shown
    assert SENT not in shown


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(SENT),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
_MEMBERS = st.sampled_from(
    ["access_token", "token_type", "expires_in", "refresh_token", "scope", "id_token", "error", "error_description"]
)


_DOCUMENTS = st.one_of(
    st.dictionaries(_MEMBERS, _JSON).map(lambda document: {**GOOD, **document}),
    st.dictionaries(_MEMBERS, st.text() | st.just(f"x {SENT} y")),
)


def outcome(body: bytes, status: int) -> tuple[Tokens | None, str]:
    """The tokens, or what is said instead."""
    try:
        return read(body, status), ""
    except ProviderError as error:
        return None, str(error)


@given(
    body=st.binary() | _DOCUMENTS.map(lambda document: json.dumps(document).encode()),
    status=st.sampled_from([200, 201, 301, 400, 401, 429, 500, 503]),
)
def test_any_answer_gives_tokens_or_an_error_without_secrets(body: bytes, status: int) -> None:
    tokens, problem = outcome(body, status)

    assert SENT not in problem
    assert problem.isprintable()
    assert (tokens is None) is bool(problem)
    if tokens is not None:
        assert tokens.access.reveal().isascii()
        assert tokens.access.reveal().isprintable()
        assert " " not in tokens.access.reveal()
        assert tokens.expires is None or 1000.0 <= tokens.expires <= 1000.0 + MAX_LIFETIME_SECONDS
