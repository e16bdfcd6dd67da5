"""`orchestrator local list`: what is behind local plugins, and what plugins miss."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.orchestrator.cli.local.commands import Place

TABLE = f"""
[local."A.*/B"]
command = ["{sys.executable}", "a.py"]
per_person = true
sandbox = true
framing = "headers"
[local.S]
address = "tcp:127.0.0.1:4"
"""


@pytest.fixture
def place(tmp_path: Path) -> Place:
    (tmp_path / "orchestrator.toml").write_text(TABLE, encoding="utf-8")
    return Place(tmp_path)


def test_entries_are_told_with_where_they_are_written(place: Place) -> None:
    done = place.run("list", "--local", "O=unix:/o.sock", COLUMNS="120")
    assert (done.returncode, done.stderr) == (0, "")
    heads, *rows = (line.split() for line in done.stdout.splitlines())
    assert heads == ["id", "framing", "process", "written", "in", "behind", "it"]
    assert rows == [
        ["A.*/B", "headers", "each", "person's,", "sandboxed", "orchestrator.toml", sys.executable, "a.py"],
        ["S", "auto", "shared", "orchestrator.toml", "tcp:127.0.0.1:4"],
        ["O", "auto", "shared", "--local", "unix:/o.sock"],
    ]


def test_machines_are_told_everything_but_values_of_variables(place: Place) -> None:
    place.project.write_text(
        '[local.P]\ncommand = ["no-such-program"]\nenvironment = { A = "hidden" }\n', encoding="utf-8"
    )
    assert place.told("list") == {
        "local": [
            {
                "id": "P",
                "command": ["no-such-program"],
                "directory": str(place.folder),
                "environment": ["A"],
                "inherit": [],
                "framing": "auto",
                "per_person": False,
                "idle": 600.0,
                "limits": {"cpu_seconds": None, "memory_bytes": None, "open_files": 1024},
                "sandbox": False,
                "network": False,
                "source": "orchestrator.toml",
                "problem": "there is no program 'no-such-program'",
                "unset": [],
            }
        ]
    }


def test_a_runtime_is_told_with_the_entry_that_it_names(place: Place) -> None:
    plugin = place.plugin("home", "A.1.2/B", "S")
    done = place.run("list", plugin)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-3:] == [
        "plugin  names    entry",
        "home    A.1.2/B  A.*/B",
        "home    S        S",
    ]
    assert place.told("list", plugin)["named"] == [
        {"plugin": "home", "local_endpoint": "A.1.2/B", "entry": "A.*/B"},
        {"plugin": "home", "local_endpoint": "S", "entry": "S"},
    ]


def test_a_runtime_whose_entry_is_missing_is_a_problem(place: Place) -> None:
    done = place.run("list", place.plugin("home", "S", "SS"))
    assert (done.returncode, done.stdout.splitlines()[-1]) == (1, "home    SS     missing")
    assert done.stderr == (
        "orchestrator: home names the local plugin 'SS', which nothing is behind; is 'S' meant?;"
        " `orchestrator local add SS -- COMMAND`\n"
    )


def test_a_program_that_is_not_there_is_a_problem_of_those_who_name_it(place: Place) -> None:
    text = '[local.P]\ncommand = ["no-such-program"]\n[local.D]\ncommand = ["sh"]\ndirectory = "nowhere"\n'
    place.project.write_text(TABLE + text, encoding="utf-8")
    alone = place.run("list")
    assert (alone.returncode, alone.stderr.count("orchestrator: ")) == (1, 2)
    assert f"D: its working directory {str(place.folder / 'nowhere')!r} is not there" in alone.stderr
    assert place.run("list", place.plugin("home", "S")).returncode == 0
    named = place.run("list", place.plugin("away", "P"))
    assert (named.returncode, named.stderr) == (1, "orchestrator: P: there is no program 'no-such-program'\n")


def test_a_variable_that_is_not_set_is_told_and_no_problem(place: Place) -> None:
    place.project.write_text('[local.P]\ncommand = ["sh"]\ninherit = ["THIS", "HOME", "THAT"]\n', encoding="utf-8")
    done = place.run("list")
    assert (done.returncode, done.stderr) == (0, "note: P is to inherit THIS, THAT: not set here\n")
    assert '"unset": [\n        "THIS"' in place.run("list", "--json").stdout


def test_nothing_is_said_to_be_nothing(tmp_path: Path) -> None:
    done = Place(tmp_path).run("list")
    assert (done.returncode, done.stdout, done.stderr) == (0, "no local plugin is registered\n", "")


def test_every_command_has_help_with_an_example(place: Place) -> None:
    assert place.run("--help").returncode == 0
    for command in ("list", "add", "test"):
        done = place.run(command, "--help")
        assert f"example: orchestrator local {command} " in " ".join(done.stdout.split())
    assert place.run().stderr == "orchestrator: name a command: orchestrator local list|add|test\n"
    assert "did you mean 'local list'?" in place.run("lsit").stderr
