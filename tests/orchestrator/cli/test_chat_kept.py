"""`orchestrator chat` with a store, as a program runs it: what is kept, what is not, and what goes wrong. Issue 8."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.orchestrator.cli.test_commands import CONTOSO
from tests.servers import warm

OFFLINE = ("--mock", "--model", "offline")
STORED = Path("orchestrator") / "conversations.db"


def orchestrator(
    *arguments: str | Path, home: Path, folder: Path | None = None, said: str = "", **environ: str
) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    command = [sys.executable, "-W", "error", "-m", "orchestrator", *map(str, arguments)]
    return warm.run(command, environ={**kept, "XDG_DATA_HOME": str(home), **environ}, said=said, folder=folder)


def last_line(done: subprocess.CompletedProcess[str]) -> str:
    return done.stderr.splitlines()[-1]


def test_a_chat_is_gone_on_with_from_any_folder(tmp_path: Path) -> None:
    first = orchestrator("chat", os.path.relpath(CONTOSO), *OFFLINE, "-m", "Find homes in Seattle", home=tmp_path)
    assert first.returncode == 0
    assert "go on with" not in first.stderr
    again = orchestrator("chat", "--continue", *OFFLINE, home=tmp_path, folder=tmp_path, said="Find homes in Tacoma\n")
    assert (again.returncode, "Traceback" in again.stderr) == (0, False)
    assert "“Find homes in Seattle”" in again.stdout
    assert again.stdout.count("getListings") == 2
    events = orchestrator("chat", "--continue", *OFFLINE, "-m", "hello", "--json", home=tmp_path, folder=tmp_path)
    [started] = [event for event in map(json.loads, events.stdout.splitlines()) if event["kind"] == "turn_started"]
    assert started["sources"] == [str(CONTOSO.absolute())]
    assert (started["text"], started["attended"]) == ("hello", False)


def test_what_is_kept_elsewhere_is_found_there(tmp_path: Path) -> None:
    (tmp_path / "orchestrator.toml").write_text('[store]\nurl = "kept.db"\n', encoding="utf-8")
    kept = orchestrator("chat", CONTOSO, *OFFLINE, "-m", "one", home=tmp_path, folder=tmp_path)
    assert (kept.returncode, (tmp_path / "kept.db").exists(), (tmp_path / STORED).exists()) == (0, True, False)
    store = str(tmp_path / "kept.db")
    again = ("chat", *OFFLINE, "--continue", "-m", "x")
    assert orchestrator(*again, "--store", store, home=tmp_path).returncode == 0
    assert orchestrator(*again, home=tmp_path, ORCHESTRATOR_STORE=store).returncode == 0
    assert not (tmp_path / STORED).exists()


@pytest.mark.parametrize("command", [("chat", CONTOSO, *OFFLINE, "--no-store"), ("tools", CONTOSO), ("demo",)])
def test_a_command_that_keeps_nothing_leaves_no_file(tmp_path: Path, command: tuple[str | Path, ...]) -> None:
    message = () if command[0] == "tools" else ("-m", "hello")
    assert orchestrator(*command, *message, home=tmp_path).returncode == 0
    assert not (tmp_path / "orchestrator").exists()


def test_the_demo_is_kept_where_that_is_asked_for(tmp_path: Path) -> None:
    store = tmp_path / "demo.db"
    done = orchestrator("demo", "--store", store, "-m", "Find homes in Seattle", home=tmp_path)
    assert (done.returncode, store.exists()) == (0, True)
    again = orchestrator("chat", "--continue", "--store", store, home=tmp_path, folder=tmp_path)
    assert again.returncode == 2
    assert last_line(again).endswith("does not say where its plugins are; name them")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--continue", "--no-store"), "--no-store goes without --continue and --resume"),
        (("--resume", "ab", "--no-store"), "--no-store goes without --continue and --resume"),
        (("--resume", "ab"), "there is no conversation 'ab': none is kept there"),
        (("--store", "me:secret@host/db", CONTOSO), "--store: a store is named by a path or a URL"),
        (("--store", "redis://me:secret@host/db", CONTOSO), "there is no store of the kind 'redis'"),
    ],
)
def test_wrong_use_is_said_in_one_line(tmp_path: Path, arguments: tuple[str | Path, ...], message: str) -> None:
    done = orchestrator("chat", *arguments, home=tmp_path, folder=tmp_path)
    assert done.returncode == 2
    assert message in last_line(done)
    assert "secret" not in done.stderr


def test_where_nothing_is_kept_there_is_nothing_to_go_on_with(tmp_path: Path) -> None:
    done = orchestrator("chat", "--continue", home=tmp_path)
    assert (done.returncode, last_line(done)) == (1, "orchestrator: no conversation is kept there to go on with")


def test_a_default_store_that_cannot_be_opened_says_how_to_do_without(tmp_path: Path) -> None:
    file = tmp_path / STORED
    file.parent.mkdir()
    file.write_bytes(b"no database at all")
    done = orchestrator("chat", CONTOSO, *OFFLINE, "-m", "hello", home=tmp_path)
    assert done.returncode == 1
    assert last_line(done) == (
        f"orchestrator: the store {str(file)!r}: it is not a database; name another file, or move it away; "
        "--no-store keeps nothing, --store FILE keeps conversations elsewhere"
    )
    assert file.read_bytes() == b"no database at all"
    no_folder = orchestrator("chat", CONTOSO, *OFFLINE, "-m", "hello", home=file)
    assert (no_folder.returncode, "--no-store keeps nothing" in last_line(no_folder)) == (1, True)
    assert orchestrator("chat", CONTOSO, *OFFLINE, "-m", "hello", "--no-store", home=tmp_path).returncode == 0


def test_a_conversation_that_was_gone_on_with_makes_no_conversation_file(tmp_path: Path) -> None:
    orchestrator("chat", CONTOSO, *OFFLINE, "-m", "hello", home=tmp_path)
    name = tmp_path / "all.conversation.yaml"
    done = orchestrator("chat", "--continue", *OFFLINE, "--save", name, "-m", "hello", home=tmp_path)
    assert done.returncode == 2
    assert "what was answered before is not kept as it came" in last_line(done)
    markdown = tmp_path / "all.md"
    assert orchestrator("chat", "--continue", *OFFLINE, "--save", markdown, "-m", "Hi", home=tmp_path).returncode == 0
    assert markdown.read_text(encoding="utf-8").count("\n> ") == 2


@pytest.mark.parametrize(
    "command",
    [["--help"], ["tools", str(CONTOSO)], ["validate", str(CONTOSO)], ["chat", str(CONTOSO), *OFFLINE, "--no-store"]],
)
def test_what_keeps_nothing_loads_no_database(tmp_path: Path, command: list[str]) -> None:
    code = (
        "import sys\nfrom orchestrator.cli.main import main\n"
        f"try:\n    main({command!r})\nexcept SystemExit:\n    pass\n"
        "print('loaded', sorted({'sqlalchemy', 'alembic', 'aiosqlite', 'psycopg', 'sqlite3'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "XDG_DATA_HOME": str(tmp_path)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.splitlines()[-1] == "loaded []", done.stderr
