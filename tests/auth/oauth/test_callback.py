"""The answer that a browser brings back, which anybody can make up."""

from __future__ import annotations

from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth.errors import ProviderError
from auth.oauth.callback import MAX_CODE_CHARS, MAX_PARAMETERS, MAX_QUERY_CHARS, code_of
from auth.oauth.code_request import CodeRequest
from auth.secret import Secret

ISSUER = "https://login.example"
STATE = "state-of-this-login-0001"
VERIFIER = "verifier-of-this-login-0002"
NONCE = "nonce-of-this-login-0003"
CODE = "code-of-this-login-0004"


def request() -> CodeRequest:
    return CodeRequest(
        url="https://login.example/auth",
        redirect_uri="http://127.0.0.1:1/callback",
        state=Secret(STATE),
        nonce=Secret(NONCE),
        verifier=Secret(VERIFIER),
        scopes=(),
        expires=600.0,
    )


def read(query: str, *, issuer: str = ISSUER, names_issuer: bool = True, now: float = 0.0) -> str:
    return code_of(query, request(), issuer=issuer, names_issuer=names_issuer, now=now).reveal()


GOOD = {"state": STATE, "iss": ISSUER, "code": CODE}


def query_of(**changes: str | None) -> str:
    return urlencode({name: value for name, value in {**GOOD, **changes}.items() if value is not None})


def test_the_code_of_an_answer_is_read() -> None:
    assert read(query_of()) == CODE
    assert read(query_of(session_state="x", scope="a b")) == CODE
    assert read(query_of(code="a/b+c=d e")) == "a/b+c=d e"


def test_a_provider_that_does_not_promise_its_name_may_leave_it_out() -> None:
    assert read(query_of(iss=None), names_issuer=False) == CODE


def test_an_issuer_that_is_not_known_is_not_compared() -> None:
    assert read(query_of(iss="https://another.example"), issuer="", names_issuer=False) == CODE


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("", "another state"),
        (query_of(state=None), "another state"),
        (query_of(state=""), "another state"),
        (query_of(state=STATE + "x"), "another state"),
        (query_of(state=STATE.upper()), "another state"),
        (query_of(state=None, error="access_denied"), "another state"),
        (query_of(iss=None), "does not name its issuer"),
        (query_of(iss=None, code=None, error="access_denied"), "does not name its issuer"),
        (query_of(iss=""), "another issuer"),
        (query_of(iss=ISSUER + "/"), "another issuer"),
        (query_of(iss="https://evil.example", code=None, error="access_denied"), "another issuer"),
        (query_of(error="access_denied"), "an error and a code at once"),
        (query_of(error=""), "an error and a code at once"),
        (query_of(code=None), "no code"),
        (query_of(code=""), "no code"),
        (query_of(code="a\nb"), "no code"),
        (query_of(code="é"), "no code"),
        (query_of(code="x" * (MAX_CODE_CHARS + 1)), "no code"),
        (f"{query_of()}&code=other", "a parameter twice"),
        (f"{query_of()}&state={STATE}", "a parameter twice"),
        (f"{query_of()}&x=1&x=2", "a parameter twice"),
        (f"{query_of()}&x={'x' * MAX_QUERY_CHARS}", "longer than"),
        ("&".join([query_of(), *(f"x{number}=" for number in range(MAX_PARAMETERS))]), "no list of parameters"),
        (f"{query_of()}&x=%ff", "no list of parameters"),
    ],
)
def test_an_answer_that_is_not_certainly_ours_is_refused(query: str, problem: str) -> None:
    with pytest.raises(ProviderError, match=problem) as raised:
        read(query)

    assert raised.value.code == ""
    assert not any(secret in str(raised.value) for secret in (STATE, VERIFIER, NONCE, CODE))


def test_an_error_is_told_with_its_code_and_its_words() -> None:
    with pytest.raises(ProviderError) as raised:
        read(query_of(code=None, error="access_denied", error_description="the person\r\nsaid \x1b[31mno\u202e"))

    assert raised.value.code == "access_denied"
    assert str(raised.value) == "the login answered with access_denied: the person said [31mno"


@pytest.mark.parametrize("word", ["<b>", "access_denied2", "ACCESS_DENIED", "x" * 500, ""])
def test_an_unknown_error_is_not_repeated(word: str) -> None:
    with pytest.raises(ProviderError) as raised:
        read(query_of(code=None, error=word))

    assert (raised.value.code, raised.value.may_pass) == ("", False)
    assert str(raised.value) == "the login answered with an error that no specification knows"


def test_a_busy_provider_may_be_asked_again() -> None:
    with pytest.raises(ProviderError) as raised:
        read(query_of(code=None, error="temporarily_unavailable"))

    assert (raised.value.code, raised.value.may_pass) == ("temporarily_unavailable", True)


def test_a_long_description_is_cut() -> None:
    with pytest.raises(ProviderError) as raised:
        read(query_of(code=None, error="server_error", error_description="ab " * 500))

    assert len(str(raised.value)) < 300


@pytest.mark.parametrize("secret", [STATE, VERIFIER, NONCE, quote(quote(STATE)), "\x00".join(STATE)])
def test_a_description_that_repeats_a_secret_is_told_without_it(secret: str) -> None:
    with pytest.raises(ProviderError) as raised:
        read(query_of(code=None, error="server_error", error_description=f"state was {secret} there"))

    shown = str(raised.value).replace(" ", "")
    assert not any(one in shown for one in (STATE, VERIFIER, NONCE))


def test_only_an_answer_with_the_state_ends_a_login() -> None:
    login = request()
    with pytest.raises(ProviderError, match="another state"):
        code_of(query_of(state="guessed"), login, issuer=ISSUER, names_issuer=True, now=0.0)
    with pytest.raises(ProviderError, match="access_denied"):
        code_of(query_of(code=None, error="access_denied"), login, issuer=ISSUER, names_issuer=True, now=0.0)
    with pytest.raises(ProviderError, match="answered already"):
        code_of(query_of(), login, issuer=ISSUER, names_issuer=True, now=0.0)


def test_an_answer_that_comes_too_late_is_refused() -> None:
    with pytest.raises(ProviderError, match="took too long"):
        read(query_of(), now=600.0)

    assert read(query_of(), now=599.9) == CODE


def test_a_request_shows_none_of_its_secrets() -> None:
    shown = repr(request())

    assert not any(secret in shown for secret in (STATE, VERIFIER, NONCE, "https://login.example/auth"))


def outcome(query: str) -> tuple[str, str]:
    """The code, or what is said instead."""
    try:
        return read(query), ""
    except ProviderError as error:
        return "", str(error)


@given(
    st.one_of(
        st.text(),
        st.dictionaries(
            st.sampled_from(["state", "iss", "code", "error", "error_description", "x"]),
            st.one_of(st.text(), st.sampled_from([STATE, ISSUER, VERIFIER, CODE, "access_denied"])),
        ).map(lambda fields: urlencode(fields, errors="replace")),
    )
)
def test_any_query_gives_a_code_or_an_error_without_secrets(query: str) -> None:
    code, problem = outcome(query)

    assert not any(secret in problem for secret in (STATE, VERIFIER, NONCE))
    assert f"{code}{problem}".isprintable()
    assert len(code) <= MAX_CODE_CHARS
    assert bool(code) is not bool(problem)
