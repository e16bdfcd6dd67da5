"""What cannot be read any more is told of, replaced and removed, and keeps nobody from the rest. Issue 9."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.orchestrator.cli.auth.commands import API, CANARY, PROVIDER, SECONDS, Home

A_KEY = ("--kind", "key", "--origin", API, "--yes", "--secret-env", "SECRET")
AN_APP = (
    *("--kind", "oauth", "--grant", "client_credentials", "--client-id", "c1", "--client-auth", "basic"),
    *("--token-url", f"{PROVIDER}/token", "--origin", API, "--yes", "--secret-env", "SECRET"),
)
DAMAGES = ("key_id = '0000000000000000'", "sealed = 12", "sealed = x'01020304'", "version = 9e999")


def damage(home: Home, change: str, where: str) -> None:
    """As by a key that is gone, or somebody who edits the file."""
    with closing(sqlite3.connect(home.folder / "data" / "orchestrator" / "vault.db")) as file:
        file.execute(f"UPDATE orchestrator_sealed SET {change} WHERE {where}")
        file.commit()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    assert home.auth("add", "a", *A_KEY, SECRET=CANARY).code == 0
    assert home.auth("add", "b", *A_KEY, SECRET=CANARY).code == 0
    return home


@pytest.mark.parametrize("change", DAMAGES)
@pytest.mark.parametrize("kind", ["registration", "credential"])
def test_what_cannot_be_read_can_be_revoked(home: Home, change: str, kind: str) -> None:
    damage(home, change, f"name = 'a' AND kind = '{kind}'")
    assert "unreadable" in home.auth("list").out
    done = home.auth("revoke", "a", "--yes")
    told = "forgotten: the credential and registration of a; as it could not be read, no provider was told\n"
    assert (done.code, done.out, done.err) == (0, told, "")
    listed = home.auth("list")
    assert (listed.code, "unreadable" in listed.out) == (0, False)


@pytest.mark.parametrize("change", DAMAGES)
def test_what_cannot_be_read_is_given_anew_and_the_person_is_told(home: Home, change: str) -> None:
    damage(home, change, "name = 'a'")
    bare = home.auth("add", "a")
    assert (bare.code, ": this takes its place\n" in bare.err, "--kind is missing" in bare.err) == (2, True, True)
    done = home.auth("add", "a", *A_KEY, SECRET=CANARY)
    assert (done.code, done.out) == (0, f"kept: a (API key), for {API}\n")
    assert "'a'" in done.err.partition(": this takes its place\n")[0]
    assert home.auth("test", "a").code == 0
    assert "takes its place" not in home.auth("add", "a", *A_KEY, SECRET=CANARY).err


def test_a_credential_that_cannot_be_read_is_not_in_the_way_of_a_client(home: Home) -> None:
    damage(home, DAMAGES[0], "name = 'a' AND kind = 'credential'")
    assert home.auth("add", "a", *AN_APP, SECRET=CANARY).code == 0
    assert "not used yet" in home.auth("list").out


@pytest.mark.parametrize("change", DAMAGES)
def test_what_cannot_be_read_keeps_nobody_from_revoking_or_adding_another(home: Home, change: str) -> None:
    damage(home, change, "name = 'a'")
    assert home.auth("add", "c", *A_KEY, SECRET=CANARY).code == 0
    assert home.auth("revoke", "c", "--yes").code == 0
    assert home.auth("test", "b").code == 0


def test_a_shared_registration_that_cannot_be_read_is_everybodys_to_forget(home: Home) -> None:
    assert home.auth("add", "s", "--kind", "key", "--origin", API, "--shared", "--yes").code == 0
    damage(home, DAMAGES[0], "name = 's'")
    mine = home.auth("revoke", "s", "--yes")
    assert (mine.code, "what cannot be read is everybody's (--shared forgets it)" in mine.out) == (1, True)
    assert home.auth("revoke", "s", "--shared", "--yes").code == 0
    assert "s " not in home.auth("list").out.partition("\n")[2]


def test_a_key_that_opens_nothing_replaces_nothing(home: Home) -> None:
    """A passphrase that was mistyped."""
    wrong = {"ORCHESTRATOR_VAULT_KEY": "A" * 43 + "="}
    (keys,) = home.folder.rglob("keys/*.key")
    away = keys.rename(keys.with_suffix(".away"))
    refused = home.auth("add", "a", *A_KEY, SECRET=CANARY, **wrong)
    assert (refused.code, "opens nothing of this vault" in refused.err) == (1, True)
    away.rename(keys)
    assert home.auth("test", "a").code == 0


def test_what_is_left_of_a_registration_that_is_gone_says_how_to_go_on(home: Home) -> None:
    with closing(sqlite3.connect(home.folder / "data" / "orchestrator" / "vault.db")) as file:
        file.execute("DELETE FROM orchestrator_sealed WHERE name = 'a' AND kind = 'registration'")
        file.commit()
    done = home.auth("login", "a", "--secret-env", "SECRET", SECRET=CANARY)
    assert (done.code, "not registered any more; `orchestrator auth add 'a'` does it" in done.err) == (2, True)


def test_who_waits_for_a_locked_vault_is_told_what_for(home: Home) -> None:
    file = home.folder / "new.db"
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        waiting = home.start("auth", "add", "c", *A_KEY, SECRET=CANARY, ORCHESTRATOR_VAULT=str(file))
        assert waiting.stderr is not None
        lines = [waiting.stderr.readline()]
        while lines[-1] and not lines[-1].startswith("waiting"):
            lines.append(waiting.stderr.readline())
        other.execute("ROLLBACK")
    assert lines[-1] == "waiting for the vault, which is slow or locked by another program\n"
    assert waiting.communicate(timeout=SECONDS)[0] == f"kept: c (API key), for {API}\n"
