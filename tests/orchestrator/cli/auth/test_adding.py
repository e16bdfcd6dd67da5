"""`orchestrator auth add`: what is asked for, what is shown first, and what is kept. Issue 9."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.orchestrator.cli.auth.commands import API, CANARY, PROVIDER, Home, description, runtime

KEY = runtime("albums-key", description({"look": [{"app": []}]}))
BOTH = runtime("albums-both", description({"both": [{"app": [], "who": []}]}))
LOGIN = runtime("albums-login", description({"mine": [{"sign": ["read"]}]}), kind="OAuthPluginVault")

A_KEY = ("--kind", "key", "--origin", API, "--yes", "--secret-env", "SECRET")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def states(home: Home) -> dict[str, tuple[str, str]]:
    """The kind and the state of what is listed."""
    listed = home.auth("list", "--json").json["credentials"]
    assert isinstance(listed, list)
    found: dict[str, tuple[str, str]] = {}
    for one in listed:
        assert isinstance(one, dict)
        found[str(one["reference"])] = (str(one["kind"]), str(one["state"]))
    return found


def test_a_key_is_kept_once_the_person_has_seen_where_it_goes(home: Home) -> None:
    plugin = home.plugin(KEY)
    refused = home.auth("add", "albums-key", plugin, "--secret-stdin", stdin=f"{CANARY}\n")
    assert (refused.code, refused.out) == (2, "")
    assert f"goes to     {API}" in refused.err
    assert "--yes" in refused.err
    done = home.auth("add", "albums-key", plugin, "--secret-stdin", "--yes", stdin=f"{CANARY}\n")
    assert (done.code, done.out) == (0, f"kept: albums-key (API key in the header 'X-Key'), for {API}\n")
    assert states(home) == {"albums-key": ("secret", "ok")}
    tested = home.auth("test", "albums-key")
    assert (tested.code, tested.out.startswith("albums-key: there, and opens")) == (0, True)


def test_a_secret_comes_from_a_variable_too(home: Home) -> None:
    options = ("--kind", "bearer", "--origin", API, "--yes")
    assert home.auth("add", "a", *options, "--secret-env", "TOKEN", TOKEN=CANARY).code == 0
    missing = home.auth("add", "b", *options, "--secret-env", "TOKEN")
    assert (missing.code, "no variable 'TOKEN'" in missing.err) == (2, True)
    assert states(home) == {"a": ("secret", "ok")}


def test_parts_are_added_by_their_names(home: Home) -> None:
    plugin = home.plugin(BOTH)
    whole = home.auth("add", "albums-both", plugin, "--yes")
    assert whole.code == 2
    assert "add each by its name: albums-both/app, albums-both/who" in whole.err
    options = ("--user", "anna", "--secret-env", "SECRET", "--yes")
    assert home.auth("add", "albums-both/who", plugin, *options, SECRET=CANARY).code == 0
    assert states(home) == {"albums-both/who": ("secret", "ok")}
    tested = home.auth("test", "albums-both")
    assert (tested.code, "albums-both/who" in tested.err) == (2, True)


def test_a_login_is_registered_with_the_endpoints_of_the_description_and_says_whose_words_they_are(home: Home) -> None:
    options = ("--client-id", "c1", "--secret-env", "SECRET", "--yes")
    done = home.auth("add", "albums-login", home.plugin(LOGIN), *options, SECRET=CANARY)
    assert done.code == 0
    assert done.out.endswith("log in with `orchestrator auth login albums-login`\n")
    lines = done.err.splitlines()
    assert f"  log in at   {PROVIDER}/authorize" in lines
    assert f"  tokens from {PROVIDER}/token (codes, tokens and the client's secret go there)" in lines
    assert "  asks for    read" in lines
    assert lines[-1] == "The addresses of the provider come from the description of the API: see that you know them."
    assert states(home) == {"albums-login": ("authorization_code", "sign in")}


def test_a_shared_registration_has_nobodys_key(home: Home) -> None:
    options = ("--kind", "key", "--origin", API, "--shared", "--yes")
    assert home.auth("add", "a", *options, "--secret-env", "SECRET", SECRET=CANARY).code == 2
    assert home.auth("add", "a", *options).code == 0
    assert states(home) == {"a": ("secret", "give it")}
    assert home.auth("test", "a", "--person", "anna").code == 1
    assert home.auth("login", "a", "--person", "anna", "--secret-env", "SECRET", SECRET=CANARY).code == 0
    assert home.auth("test", "a", "--person", "anna").code == 0
    assert home.auth("test", "a").code == 1
    assert home.auth("revoke", "a", "--person", "anna", "--yes").out == "forgotten: the credential of a\n"
    assert home.auth("revoke", "a", "--shared", "--yes").out == "forgotten: the registration of a\n"
    assert states(home) == {}


def test_what_is_registered_is_given_again_without_saying_all_of_it(home: Home) -> None:
    assert (
        home.auth("add", "a", "--kind", "key", "--origin", API, "--yes", "--secret-env", "SECRET", SECRET="first").code
        == 0
    )
    done = home.auth("add", "a", "--yes", "--secret-env", "SECRET", SECRET=CANARY)
    assert (done.code, done.out) == (0, f"kept: a (API key), for {API}\n")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["a"], "--kind is missing"),
        (["a", "--kind", "key"], "--origin URL is missing"),
        (["a", "--kind", "key", "--origin", f"{API}/v1", "--yes"], "is no origin"),
        (["a", "--kind", "key", "--origin", API, "--yes"], "--secret-stdin or --secret-env"),
        (["a", "--kind", "basic", "--origin", API, "--yes"], "--user NAME is missing"),
        (["a", "--kind", "key", "--origin", API, "--client-id", "c"], "--client-id goes with OAuth"),
        (["a", "--kind", "key", "--origin", API, "--user", "anna"], "--user goes with HTTP basic"),
        (["a", "--kind", "oauth", "--origin", API], "--issuer URL is missing"),
        (["a", "--kind", "oauth", "--issuer", "ftp://x", "--origin", API], "--issuer wants"),
        (["a", "--token-url", "http://x.example/t", "--grant", "client_credentials"], "--token-url: "),
        (["a\n", "--kind", "key"], "printable characters"),
        (["a", "--kind", "kye"], "invalid choice"),
    ],
)
def test_a_missing_answer_is_wrong_use_and_names_the_option(home: Home, arguments: Sequence[str], told: str) -> None:
    done = home.auth("add", *arguments)
    assert (done.code, done.out) == (2, "")
    assert told in done.err
    assert "Traceback" not in done.err


def test_a_mistyped_reference_is_told_with_what_was_meant(home: Home) -> None:
    done = home.auth("add", "albums-kay", home.plugin(KEY, BOTH))
    assert (done.code, "did you mean 'albums-key'" in done.err) == (2, True)
    assert "there is no command 'auth lsit'; did you mean 'auth list'?" in home.auth("lsit").err
    assert home.auth("login", "nothing").code == 1


def test_words_of_strangers_cannot_steer_the_terminal(home: Home) -> None:
    document = description({"look": [{"app": []}]})
    document["components"] = {"securitySchemes": {"app": {"type": "apiKey", "in": "query", "name": "k\x1b[2J\u202e"}}}
    done = home.auth(
        "add",
        "albums-key",
        home.plugin(runtime("albums-key", document)),
        "--yes",
        "--secret-env",
        "SECRET",
        SECRET=CANARY,
    )
    assert done.code == 0
    assert "\x1b" not in done.told
    assert "\u202e" not in done.told


def test_nothing_of_a_secret_lies_in_any_file(home: Home) -> None:
    assert (
        home.auth("add", "a", "--kind", "key", "--origin", API, "--yes", "--secret-env", "SECRET", SECRET=CANARY).code
        == 0
    )
    files = [path for path in home.folder.rglob("*") if path.is_file()]
    assert len(files) > 1
    assert all(CANARY.encode() not in path.read_bytes() for path in files)


@pytest.mark.parametrize(
    ("option", "told"),
    [
        ("api.albums.example", f"did you mean {API!r}?"),
        (f"{API}/v1", f"did you mean {API!r}?"),
        (f"https://ada:{CANARY}@api.albums.example", "'https://…@api.albums.example' is no origin"),
        ("https://a:b", "write SCHEME://HOST or SCHEME://HOST:PORT"),
        ("https://[::1", "write SCHEME://HOST or SCHEME://HOST:PORT"),
        ("https://a.example:0", "write SCHEME://HOST or SCHEME://HOST:PORT"),
    ],
)
def test_what_is_no_origin_is_told_with_what_was_probably_meant(home: Home, option: str, told: str) -> None:
    done = home.auth("add", "a", "--kind", "key", "--origin", option, "--yes")
    assert (done.code, told in done.err) == (2, True)


@pytest.mark.parametrize(
    ("kind", "typed", "told"),
    [
        ("bearer", f"Bearer {CANARY}", "give it without the word 'Bearer'"),
        ("bearer", f"{CANARY}\n{CANARY}", "no blanks and no line breaks"),
        ("bearer", f"\ufeff{CANARY}", "no blanks and no line breaks"),
        ("basic", CANARY, "has no ':' in it"),
    ],
)
def test_a_secret_that_could_never_be_sent_is_not_kept(home: Home, kind: str, typed: str, told: str) -> None:
    user = ("--user", "an:na") if kind == "basic" else ()
    done = home.auth("add", "a", "--kind", kind, "--origin", API, "--yes", "--secret-stdin", *user, stdin=typed)
    assert (done.code, done.out, told in done.err) == (2, "", True)
    assert states(home) == {}


def test_the_place_of_a_key_says_what_it_carries(home: Home) -> None:
    path = home.plugin(KEY)
    refused = home.auth("add", "albums-key", path, "--yes", "--secret-env", "SECRET", SECRET="schlüssel\u2019")
    assert (refused.code, "a header field carries" in refused.err) == (2, True)
    assert home.auth("add", "albums-key", path, "--yes", "--secret-env", "SECRET", SECRET=CANARY).code == 0
    again = home.auth("login", "albums-key", "--secret-env", "SECRET", SECRET="two\nlines")
    assert (again.code, "a header field carries" in again.err) == (2, True)
    assert states(home) == {"albums-key": ("secret", "ok")}


@pytest.mark.parametrize("typed", [f"{CANARY}\r\n", f"  {CANARY} \n\n"])
def test_what_is_piped_is_taken_as_it_would_be_typed(home: Home, typed: str) -> None:
    done = home.auth("add", "a", "--kind", "bearer", "--origin", API, "--yes", "--secret-stdin", stdin=typed)
    assert (done.code, done.out) == (0, f"kept: a (bearer token), for {API}\n")
    assert "is empty" in home.auth("login", "a", "--secret-stdin", stdin=" \n").err


@pytest.mark.parametrize("option", [("--secret-env", "SECRET"), ("--user", "anna")])
def test_one_secret_is_never_given_to_several_parts(home: Home, option: Sequence[str]) -> None:
    done = home.auth("add", "albums-both", home.plugin(BOTH), *option, "--yes", SECRET=CANARY)
    assert (done.code, states(home)) == (2, {})
    assert "`orchestrator auth add albums-both/app`, `orchestrator auth add albums-both/who`" in done.err


def test_a_credential_that_is_wanted_alone_and_with_others_is_added_by_its_name(home: Home) -> None:
    either = runtime("albums", description({"look": [{"app": []}], "both": [{"app": [], "who": []}]}))
    done = home.auth("add", "albums", home.plugin(either), "--secret-env", "SECRET", "--yes", SECRET=CANARY)
    assert done.code == 0
    assert "albums alone is added; its parts are added by `orchestrator auth add albums/app`, " in done.err
    assert states(home) == {"albums": ("secret", "ok")}


@pytest.mark.parametrize(("command", "wanted"), [("add", "REF"), ("export", "FILE")])
def test_what_may_be_left_out_is_not_called_required(home: Home, command: str, wanted: str) -> None:
    done = home.auth(command)
    assert done.code == 2
    assert done.err.splitlines()[-1].endswith(f"required: {wanted}") or f"required: {wanted}\n" in done.err
