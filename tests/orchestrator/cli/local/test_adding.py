"""`orchestrator local add`: what it writes, and what it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from orchestrator.cli.configuration import parse_configuration
from orchestrator.cli.local.adding import OPTIONS
from orchestrator.cli.parser_local import FRAMINGS as OFFERED
from runtimes.local_endpoint import FRAMINGS, LocalEndpoint
from tests.orchestrator.cli.local.commands import Place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def written(path: Path) -> dict[str, LocalEndpoint]:
    return dict(parse_configuration(path, path.read_bytes()).local)


def test_what_is_typed_is_written_and_nothing_else_changes(place: Place) -> None:
    place.project.write_text('# mine\nmodel = "offline"\n', encoding="utf-8")
    done = place.run(
        *("add", "A.*/B", "--framing", "lines", "--directory", "run", "--per-person", "--inherit", "TOKEN"),
        *("--env", "COLOUR=red=1", "--sandbox", "--network", "--", "npx", "-y", "--", "serve", "--stdio"),
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "A.*/B is in orchestrator.toml\n", "")
    assert place.project.read_text(encoding="utf-8").startswith('# mine\nmodel = "offline"\n\n[local."A.*/B"]\n')
    assert written(place.project) == {
        "A.*/B": LocalEndpoint(
            command=("npx", "-y", "--", "serve", "--stdio"),
            directory=str(place.folder / "run"),
            environment={"COLOUR": "red=1"},
            inherited=("TOKEN",),
            framing="lines",
            is_per_person=True,
            is_sandboxed=True,
            has_network=True,
        )
    }


@pytest.mark.parametrize("where", [(), ("--user",)])
def test_a_sandboxed_program_is_given_none_of_our_folders(place: Place, where: tuple[str, ...]) -> None:
    assert place.run("add", *where, "--sandbox", "S", "--", "run").returncode == 0
    file = place.personal if where else place.project
    assert written(file) == {"S": LocalEndpoint(command=("run",), directory=None, is_sandboxed=True)}
    refused = place.run("add", *where, "--sandbox", "--directory", ".", "T", "--", "run")
    assert (refused.returncode, "more in it than what a sandboxed program may write" in refused.stderr) == (2, True)


def test_an_address_is_written_as_it_is_typed_and_replaced_when_that_is_asked_for(place: Place) -> None:
    added = place.run("add", "S", "unix:s.sock")
    assert (added.returncode, added.stdout) == (0, "S is in orchestrator.toml\ntry it: orchestrator local test S\n")
    assert place.project.read_text(encoding="utf-8") == '[local."S"]\naddress = "unix:s.sock"\n'
    again = place.run("add", "S", "tcp:127.0.0.1:4")
    assert (again.returncode, again.stderr) == (
        2,
        'orchestrator: orchestrator.toml has [local."S"] already; --replace writes over it\n',
    )
    assert place.run("add", "--replace", "S", "tcp:127.0.0.1:4").returncode == 0
    assert written(place.project) == {"S": LocalEndpoint(address="tcp:127.0.0.1:4")}


def test_the_file_of_the_person_has_whole_paths(place: Place) -> None:
    assert place.run("add", "--user", "P", "python3", "p.py", "--port", "1").returncode == 0
    assert place.run("add", "--user", "S", "unix:s.sock").returncode == 0
    assert written(place.personal) == {
        "P": LocalEndpoint(command=("python3", "p.py", "--port", "1"), directory=str(place.folder)),
        "S": LocalEndpoint(address=f"unix:{place.folder}/s.sock"),
    }
    assert not place.project.exists()


def test_it_is_said_which_file_is_read_in_the_place_of_which(place: Place) -> None:
    assert place.run("add", "--user", "P", "p").stderr == ""
    made = place.run("add", "Q", "q").stderr
    assert made.startswith("note: in this folder orchestrator.toml is read from here on in the place of ")
    assert place.run("add", "R", "r").stderr == ""
    assert "is read in the place of" in place.run("add", "--user", "Q", "q").stderr


def test_a_secret_in_the_file_is_warned_of_and_never_said(place: Place) -> None:
    canary = "sk-canary1234567890"
    done = place.run("add", "X", "--env", f"API_KEY={canary}", "--env", "COLOUR=red", "--", "run", f"--token={canary}")
    assert (done.returncode, done.stderr.count("warning: ")) == (0, 2)
    assert "`--inherit API_KEY` takes it from your environment" in done.stderr
    listed = place.run("list")
    assert canary not in done.stdout + done.stderr + listed.stdout + place.run("list", "--json").stdout
    assert "•••" in listed.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["X", "--"], "the following arguments are required"),
        (["X", "--", "--"], "name what is behind it"),
        (["X", "tcp:10.0.0.1:1"], "'10.0.0.1' is not this machine"),
        (["X", "tcp:127.0.0.1:1", "--framing", "lines"], "options go before it"),
        (["--sandbox", "X", "tcp:127.0.0.1:1"], "sandbox is for a command"),
        (["--network", "X", "run"], "network is said of a sandbox"),
        (["--env", "A", "X", "run"], "--env wants NAME=VALUE; --inherit NAME passes on one of yours"),
        (["--directory", "~nobody-here", "X", "run"], "begins with a home folder that is not known here"),
        (["", "run"], "cannot be the name of a local plugin"),
        (["X", "unix:"], "write the path of the socket"),
        (["X", "run", "x.py", "--sandbox"], "'--sandbox' behind the command is a word of it, and no option"),
        (["X", "run", "--framing=lines"], "write it before 'X', or -- before the command"),
        (["X", "run", "--", "--user"], "is a word of it, and no option"),
        (["X", "run", "\udcff"], "has a character that no file can have"),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_written(place: Place, arguments: list[str], told: str) -> None:
    done = place.run("add", *arguments)
    assert (done.returncode, told in done.stderr, place.project.exists()) == (2, True, False), done.stderr


def test_behind_two_dashes_a_command_has_any_words(place: Place) -> None:
    assert place.run("add", "X", "--", "run", "--sandbox").returncode == 0
    assert place.run("add", "Y", "--per-person", "--", "run", "--user", "--", "--env").returncode == 0
    assert place.run("add", "--", "Z", "run", "--network").returncode == 0
    entries = written(place.project)
    assert [entries[name].command for name in "XYZ"] == [
        ("run", "--sandbox"),
        ("run", "--user", "--", "--env"),
        ("run", "--network"),
    ]


def test_what_is_left_out_of_an_entry_that_is_replaced_is_told(place: Place) -> None:
    assert place.run("add", "X", "--sandbox", "--inherit", "A", "--framing", "lines", "--", "run").returncode == 0
    done = place.run("add", "--replace", "--framing", "headers", "X", "tcp:127.0.0.1:4")
    assert (done.returncode, done.stderr) == (
        0,
        "note: what it is written over said inherit, sandbox, too; it does not\n",
    )
    assert place.run("add", "--replace", "--framing", "headers", "X", "tcp:127.0.0.1:4").stderr == ""


def test_a_secret_in_an_address_is_warned_of(place: Place) -> None:
    done = place.run("add", "X", "http://localhost:5/?api_key=sk-canary1234567890")
    assert done.stderr == "warning: the address looks like it has a secret in it, and stands in the file in clear\n"


def test_the_options_that_no_command_is_given_by_mistake_are_all_of_them(place: Place) -> None:
    assert set(re.findall(r"^ +(?:-h, )?(--[a-z-]+)", place.run("add", "--help").stdout, re.MULTILINE)) == set(OPTIONS)


def test_a_file_with_a_mistake_is_not_written_to(place: Place) -> None:
    place.project.write_text('modle = "x"\n', encoding="utf-8")
    done = place.run("add", "X", "run")
    assert (done.returncode, "did you mean 'model'?" in done.stderr) == (2, True)
    assert place.project.read_text(encoding="utf-8") == 'modle = "x"\n'


def test_the_framings_offered_are_those_there_are() -> None:
    assert OFFERED == FRAMINGS
