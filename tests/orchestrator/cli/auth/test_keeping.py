"""`orchestrator auth list`, `revoke`, `rotate`, `export` and `import`. Issue 9."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from auth.bundle import bundle_of
from auth.record_json import registration_json
from auth.records import Record
from auth.registration import OAuthRegistration, Provider
from auth.rows import SHARED, RecordKey
from auth.secret import Secret
from auth.stored import Listed
from orchestrator.cli.auth.listing import Seen, as_json, as_table
from tests.orchestrator.cli.auth.commands import API, CANARY, Home

NOW = 2_000_000_000.0
PASSPHRASE = "correct horse battery"
PLACES = (f"{API}:443",)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    options = ("--kind", "key", "--origin", API, "--yes", "--secret-env", "SECRET")
    assert home.auth("add", "a", *options, SECRET=CANARY).code == 0
    return home


@pytest.mark.parametrize(
    ("seen", "state"),
    [
        (Seen(listed=Listed(owner="me", name="x", kind="secret", origins=PLACES, has_credential=True)), "ok"),
        (Seen(listed=Listed(owner="", name="x", kind="secret", origins=PLACES)), "give it"),
        (Seen(listed=Listed(owner="", name="x", kind="authorization_code", origins=PLACES)), "sign in"),
        (Seen(listed=Listed(owner="", name="x", kind="client_credentials", origins=PLACES)), "not used yet"),
        (
            Seen(
                listed=Listed(
                    owner="me", name="x", kind="device_code", origins=PLACES, has_credential=True, expires=NOW - 1
                ),
                is_renewable=True,
            ),
            "expired, renewable",
        ),
        (
            Seen(
                listed=Listed(
                    owner="me", name="x", kind="device_code", origins=PLACES, has_credential=True, expires=NOW - 1
                )
            ),
            "sign in",
        ),
        (
            Seen(
                listed=Listed(
                    owner="me", name="x", kind="secret", origins=PLACES, has_credential=True, is_rejected=True
                )
            ),
            "rejected",
        ),
        (Seen(listed=Listed(owner="me", name="x", kind="unregistered", origins=PLACES)), "not registered"),
    ],
)
def test_the_list_says_what_can_be_done_with_each(seen: Seen, state: str) -> None:
    assert as_json(seen, NOW)["state"] == state
    head, line = as_table([seen], now=NOW, width=100)
    assert head.split() == ["reference", "kind", "whose", "expires", "state", "for"]
    assert f"  {state}  " in line
    assert line.endswith(API)


def test_a_table_is_as_wide_as_it_may_be_and_words_of_strangers_are_cut() -> None:
    hostile = Listed(owner="me", name="x\x1b[2J" * 40, kind="secret", origins=PLACES * 9, has_credential=True)
    lines = as_table([Seen(listed=hostile)], now=NOW, width=100)
    assert max(map(len, lines)) <= 100
    assert "\x1b" not in "".join(lines)


def test_a_list_survives_a_pipe(home: Home) -> None:
    assert home.auth("list").out == (
        f"reference  kind    whose  expires  state  for\na          secret  own    -        ok     {API}\n"
    )


def test_what_is_revoked_is_gone(home: Home) -> None:
    refused = home.auth("revoke", "a")
    assert (refused.code, "--yes" in refused.err) == (2, True)
    done = home.auth("revoke", "a", "--yes")
    assert (done.code, done.out) == (0, "forgotten: the credential and registration of a\n")
    assert home.auth("list").out == "no credential is registered\n"
    again = home.auth("revoke", "a", "--yes")
    assert (again.code, "no credential is registered" in again.err) == (1, True)


def test_a_new_key_seals_everything_and_the_old_one_seals_nothing_more(home: Home) -> None:
    [key] = home.folder.rglob("keys/*.key")
    before = key.read_bytes()
    done = home.auth("rotate")
    assert (done.code, done.out.partition(";")[0]) == (0, "sealed anew with a new key: 2 records")
    assert f"; the old key is kept in '{key}.old', only to read a vault with that was moved away" in done.out
    assert key.read_bytes() != before
    assert Path(f"{key}.old").read_bytes() == before
    assert [path.stat().st_mode & 0o777 for path in (key, Path(f"{key}.old"))] == [0o600, 0o600]
    assert home.auth("test", "a").code == 0
    key.write_bytes(before)
    broken = home.auth("test", "a")
    assert (broken.code, "not at hand" in broken.told) == (1, True)
    listed = home.auth("list")
    assert (listed.code, "unreadable" in listed.out, "not at hand" in listed.err) == (1, True, True)


def test_replaced_keys_are_deleted_for_good_where_that_is_said(home: Home) -> None:
    [key] = home.folder.rglob("keys/*.key")
    assert home.auth("rotate").code == 0
    done = home.auth("rotate", "--forget-old-keys")
    assert (done.code, done.out) == (0, "sealed anew with a new key: 2 records; deleted for good: 2 old keys\n")
    assert not Path(f"{key}.old").exists()
    assert home.auth("test", "a").code == 0
    refused = home.auth("rotate", "--forget-old-keys", ORCHESTRATOR_VAULT_PASSPHRASE=PASSPHRASE)
    assert (refused.code, "ORCHESTRATOR_VAULT_PASSPHRASE is set" in refused.err) == (2, True)


def test_a_new_key_of_the_vault_at_its_old_place_locks_up_no_vault_that_was_moved(home: Home) -> None:
    here, there = (str(home.folder / name) for name in ("here.db", "there.db"))
    options = ("--kind", "key", "--origin", API, "--yes", "--secret-env", "SECRET")
    assert home.auth("add", "one", *options, SECRET=CANARY, ORCHESTRATOR_VAULT=here).code == 0
    Path(here).rename(there)
    assert home.auth("add", "two", *options, SECRET=CANARY, ORCHESTRATOR_VAULT=here).code == 0
    for _ in range(2):
        assert home.auth("rotate", ORCHESTRATOR_VAULT=here).code == 0
    assert home.auth("test", "one", ORCHESTRATOR_VAULT=there).code == 0
    assert "2 records" in home.auth("rotate", ORCHESTRATOR_VAULT=there).out
    assert home.auth("rotate", "--forget-old-keys", ORCHESTRATOR_VAULT=here).code == 0
    assert home.auth("test", "one", ORCHESTRATOR_VAULT=there).code == 0
    assert home.auth("test", "two", ORCHESTRATOR_VAULT=here).code == 0


def test_a_passphrase_takes_the_place_of_the_key_file_and_of_another_passphrase(home: Home) -> None:
    first = {"ORCHESTRATOR_VAULT_PASSPHRASE": PASSPHRASE}
    assert "2 records" in home.auth("rotate", **first).out
    assert home.auth("test", "a").code == 1
    second = {"ORCHESTRATOR_VAULT_PASSPHRASE": f"{PASSPHRASE} staple"}
    assert home.auth("test", "a", **second).code == 1
    assert "2 records" in home.auth("rotate", "--old-passphrase-env", "OLD", **second, OLD=PASSPHRASE).out
    assert home.auth("test", "a", **second).code == 0
    assert "--old-passphrase-env NAME" in home.auth("rotate", **second).err


def test_a_given_key_comes_first_and_then_the_old_one_can_go(home: Home) -> None:
    old, new = "A" * 43 + "=", "B" * 42 + "A="
    assert "2 records" in home.auth("rotate", ORCHESTRATOR_VAULT_KEY=old).out
    assert "set ORCHESTRATOR_VAULT_KEY=NEW,OLD" in home.auth("rotate", ORCHESTRATOR_VAULT_KEY=old).err
    assert "2 records" in home.auth("rotate", ORCHESTRATOR_VAULT_KEY=f"{new},{old}").out
    assert home.auth("test", "a", ORCHESTRATOR_VAULT_KEY=new).code == 0
    assert home.auth("test", "a", ORCHESTRATOR_VAULT_KEY=old).code == 1


def test_an_exported_file_opens_with_its_passphrase_elsewhere(home: Home, tmp_path: Path) -> None:
    file = tmp_path / "out.sealed"
    assert home.auth("export", str(file)).code == 2
    done = home.auth("export", str(file), "--passphrase-env", "WORDS", WORDS=PASSPHRASE)
    assert (done.code, done.out.startswith("exported: 1 credential, to ")) == (0, True)
    assert file.stat().st_mode & 0o777 == 0o600
    assert CANARY.encode() not in file.read_bytes()
    assert home.auth("export", str(file), "--passphrase-env", "WORDS", WORDS=PASSPHRASE).code == 2
    (tmp_path / "other").mkdir()
    other = Home(tmp_path / "other")
    wrong = other.auth("import", str(file), "--passphrase-env", "WORDS", "--yes", WORDS="another passphrase")
    assert (wrong.code, "not the one of the file" in wrong.err) == (1, True)
    unsure = other.auth("import", str(file), "--passphrase-env", "WORDS", WORDS=PASSPHRASE)
    assert (unsure.code, f"  adds      a, the credential yours, for {API}" in unsure.err.splitlines()) == (2, True)
    taken = other.auth("import", str(file), "--passphrase-env", "WORDS", "--yes", WORDS=PASSPHRASE)
    assert (taken.code, taken.out) == (0, "taken in: 2 records\n")
    assert other.auth("test", "a").code == 0
    again = other.auth("import", str(file), "--passphrase-env", "WORDS", WORDS=PASSPHRASE)
    assert (again.code, again.out) == (0, "all of it is there already\n")


def test_an_import_shows_every_place_that_tokens_and_secrets_would_go_to(home: Home, tmp_path: Path) -> None:
    provider = Provider(
        token_endpoint="https://login.example/token",
        issuer="https://login.example",
        authorization_endpoint="https://login.example/authorize",
        revocation_endpoint="https://evil.example/\x1b[2Jrevoke",
    )
    login = OAuthRegistration(
        provider=provider, client_id="c" * 5000, client_secret=Secret(CANARY), allowed_hosts=("10.0.0.1",)
    )
    record = Record(
        key=RecordKey(owner=SHARED, name="n" * 1000, kind="registration"),
        origins=tuple(f"https://{number}.example:443" for number in range(60)),
        content=registration_json(login),
    )
    file = tmp_path / "in.sealed"
    file.write_bytes(bundle_of([record], Secret(PASSPHRASE)))
    done = home.auth("import", str(file), "--passphrase-env", "WORDS", WORDS=PASSPHRASE)
    assert done.code == 2
    lines = done.err.splitlines()
    assert lines[0].startswith(f"  adds      {'n' * 99}…, the registration for every person, for https://0.example ")
    assert lines[0].endswith(" https://49.example and 10 more")
    heads = [" ".join(line.split()[:3]) for line in lines[1:] if line.startswith(" " * 12)]
    assert "issuer https://login.example" in " ".join(heads)
    assert "log in at" in heads
    assert any("https://login.example/token (codes, tokens and the client's secret go there)" in line for line in lines)
    assert any("https://evil.example/" in line and "tokens and the client's secret go there" in line for line in lines)
    assert any(line.strip() == "may be in your own network: 10.0.0.1" for line in lines)
    assert "\x1b" not in done.err
    assert max(map(len, lines[1:])) < 350


def test_only_what_is_named_is_exported(home: Home, tmp_path: Path) -> None:
    unknown = home.auth("export", str(tmp_path / "x"), "b", "--passphrase-env", "W", W=PASSPHRASE)
    assert (unknown.code, "there is no credential 'b'" in unknown.err) == (2, True)
    assert not (tmp_path / "x").exists()


def test_a_variable_that_stands_before_the_vault_is_told(home: Home) -> None:
    tested = home.auth("test", "a", ORCHESTRATOR_AUTH_A="another")
    assert tested.code == 0
    assert "ORCHESTRATOR_AUTH_A is set" in tested.err


def test_the_list_for_programs_has_no_secret(home: Home) -> None:
    assert json.loads(home.auth("list", "--json").out) == {
        "credentials": [
            {
                "reference": "a",
                "kind": "secret",
                "shared": False,
                "variable": False,
                "origins": [API],
                "expires": None,
                "scopes": [],
                "has_credential": True,
                "rejected": False,
                "problem": "",
                "state": "ok",
            }
        ]
    }
