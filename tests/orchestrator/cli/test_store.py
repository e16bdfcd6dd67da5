"""Which store a command keeps conversations in. Issue 8."""

from __future__ import annotations

import os
import sqlite3
import stat
import sys
import time
from argparse import Namespace
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest

from orchestrator.cli.configuration import Configuration, parse_configuration
from orchestrator.cli.configured_store import StoreSetting, named_store
from orchestrator.cli.parser import build_parser
from orchestrator.cli.store import VARIABLE, default_store, opened_store, store_option, store_url
from orchestrator.errors import UsageError
from orchestrator.events import TurnEnded, TurnStarted
from orchestrator.journal.memory import MemoryJournal

STARTED = TurnStarted(text="hello", person="me", documents={})
ENDED = TurnEnded(reason="answered")
CONFIGURED = Configuration(store=StoreSetting(url="sqlite:////of/the/file.db"))


def options(*arguments: str) -> Namespace:
    return build_parser().parse_args(["chat", *arguments])


@pytest.mark.parametrize(
    ("arguments", "environ", "url"),
    [
        (["--store", "postgresql://a/b"], {VARIABLE: "sqlite:///c.db"}, "postgresql://a/b"),
        (["--store", "/a/b.db"], {}, "sqlite:////a/b.db"),
        ([], {VARIABLE: "sqlite:///c.db"}, "sqlite:///c.db"),
        ([], {VARIABLE: ""}, "sqlite:////of/the/file.db"),
        ([], {}, "sqlite:////of/the/file.db"),
        (["--no-store"], {VARIABLE: "sqlite:///c.db"}, None),
    ],
)
def test_the_nearest_word_on_the_store_counts(
    arguments: list[str], environ: Mapping[str, str], url: str | None
) -> None:
    assert store_url(options(*arguments), CONFIGURED, environ) == url


def test_without_a_word_it_is_a_file_in_the_folder_for_data() -> None:
    assert store_url(options(), Configuration(), {}) == default_store()
    assert default_store().startswith("sqlite:///")
    assert default_store().endswith("orchestrator/conversations.db")
    assert Path(os.environ["XDG_DATA_HOME"]) in Path(default_store().removeprefix("sqlite:///")).parents


def test_a_relative_path_is_one_from_where_it_is_written(tmp_path: Path) -> None:
    file = tmp_path / "orchestrator.toml"
    configuration = parse_configuration(file, b'[store]\nurl = "kept/here.db"\nkeep_days = 30\n')
    assert configuration.store == StoreSetting(url=f"sqlite:///{tmp_path / 'kept' / 'here.db'}", keep_days=30.0)
    assert store_url(options("--store", "x.db"), configuration, {}) == f"sqlite:///{Path.cwd() / 'x.db'}"
    home = Path("~").expanduser()
    assert named_store("~/x.db", "", tmp_path) == f"sqlite:///{home / 'x.db'}"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[store]\npath = 'x'\n", r"\[store\] has no member 'path'"),
        ("[store]\nurl = 7\n", r"\[store\] url must be a string"),
        ("[store]\nkeep_days = 0\n", r"\[store\] keep_days must be more than 0"),
        ("[store]\nkeep_days = -1\n", r"\[store\] keep_days must be a number that is not negative"),
        ("store = 'x'\n", "store must be a table"),
    ],
)
def test_a_mistake_in_the_table_is_named(text: str, reason: str) -> None:
    with pytest.raises(UsageError, match=rf"^orchestrator\.toml: ?{reason}"):
        parse_configuration(Path("orchestrator.toml"), text.encode())


def test_the_demo_keeps_nothing_unless_it_is_told_to() -> None:
    assert store_url(build_parser().parse_args(["demo"]), CONFIGURED, {VARIABLE: "sqlite:///c.db"}) is None
    assert store_url(build_parser().parse_args(["demo", "--store", "/x.db"]), CONFIGURED, {}) == "sqlite:////x.db"
    assert store_url(options(), Configuration(), {}) is not None


def test_to_keep_and_not_to_keep_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        options("--store", "x", "--no-store")
    assert "not allowed with argument" in capsys.readouterr().err


WITH_PASSWORD = [
    "me:secret@host/db",
    "postgresq://me:secret@host/db",
    "postgresql:/me:secret@host/db",
    "postgresql:me:secret@host/db",
    "//me:secret@host/db",
    "me:pa/secret@host/db",
    "postgres//me:secret@host/db",
]


@pytest.mark.parametrize("path", ["./me:x@host/db", "/tmp/me:x@host.db", "plain@host.db", "C:\\me@host\\a.db"])
def test_a_file_may_look_like_a_login_where_it_is_one(path: str, tmp_path: Path) -> None:
    assert named_store(path, "", tmp_path) == f"sqlite:///{tmp_path / path}"


@pytest.mark.parametrize("written", WITH_PASSWORD)
async def test_a_password_is_never_repeated(written: str) -> None:
    with pytest.raises(UsageError) as raised:
        async with opened_store(options(), Configuration(), {VARIABLE: written}):
            pass
    assert "secret" not in str(raised.value)
    configuration = parse_configuration(Path("a.toml"), b'[store]\nurl = "postgresql://me:secret@host/db"\n')
    assert "secret" not in repr(configuration)
    assert store_option(options("--store", "postgresql://me:secret@host/db")) == "--store URL"
    assert store_option(options("--store", "a b.db")) == "--store 'a b.db'"
    assert store_option(options()) == ""


async def test_nothing_is_kept_without_a_store() -> None:
    async with opened_store(options("--no-store"), CONFIGURED, {}) as journal:
        assert isinstance(journal, MemoryJournal)


@pytest.mark.skipif(sys.platform == "win32", reason="access lists are not modes")
async def test_only_the_person_may_read_what_is_kept(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        file = tmp_path / "of" / "mine" / "conversations.db"
        async with opened_store(options("--store", str(file)), Configuration(), {}) as journal:
            await journal.append("c1", 0, [STARTED])
            modes = {stat.S_IMODE(one.stat().st_mode) for one in file.parent.iterdir()}
    finally:
        os.umask(old)
    assert modes == {0o600}
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


async def test_what_nobody_has_touched_for_long_is_forgotten(tmp_path: Path) -> None:
    chosen = options("--store", str(tmp_path / "c.db"))
    async with opened_store(chosen, Configuration(), {}) as journal:
        await journal.append("old", 0, [STARTED, ENDED])
        await journal.append("left", 0, [STARTED], wake=0.0)
    days_ago = time.time() - 3 * 24 * 3600
    with closing(sqlite3.connect(tmp_path / "c.db", isolation_level=None)) as connection:
        connection.execute("UPDATE orchestrator_conversation SET updated = ?", (days_ago,))
    configured = Configuration(store=StoreSetting(keep_days=4.0))
    async with opened_store(chosen, configured, {}) as journal:
        assert len(await journal.kept()) == 2
    configured = Configuration(store=StoreSetting(keep_days=2.0))
    async with opened_store(chosen, configured, {}) as journal:
        assert [one.conversation for one in await journal.kept()] == ["left"]
