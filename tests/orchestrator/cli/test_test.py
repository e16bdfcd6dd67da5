"""`orchestrator test` as people run it: what it prints, and how it leaves (issue 6)."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.orchestrator.cli.testing.commands import run
from tests.orchestrator.testing.playing import write_conversation, write_plugin

PASSES = "plugins: []\nname: It passes\ntags: [smoke]\nturns: [{say: Hi, model: Hello}]\n"
FAILS = "plugins: []\nname: It fails\nturns: [{say: Hi, model: Hello, expect: {text: Bye}}]\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_conversation(tmp_path, FAILS, "a")
    write_conversation(tmp_path, PASSES, "b")
    return tmp_path


def test_all_passed_leaves_with_0(folder: Path) -> None:
    done = run(folder / "b.conversation.yaml")
    assert (done.returncode, done.stderr) == (0, "")
    line, summary = done.stdout.splitlines()
    assert line.startswith(f"ok {folder}/b.conversation.yaml: It passes (")
    assert summary.startswith("1 passed in ")


def test_a_failure_is_told_at_its_place_and_leaves_with_1(folder: Path) -> None:
    done = run(folder)
    assert (done.returncode, done.stderr) == (1, "")
    told = done.stdout.splitlines()
    assert told[0].startswith(f"FAIL {folder}/a.conversation.yaml: It fails (")
    assert told[1:4] == [
        f"  {folder}/a.conversation.yaml:3:48: text: the answer does not contain what it should",
        "      expected: Bye",
        "      came:     Hello",
    ]
    assert told[4:8] == [
        "    turn 1",
        "      person    Hi",
        "    > answer    Hello",
        "      ended     answered",
    ]
    assert told[8].startswith("ok ")
    assert told[9].startswith("1 passed, 1 failed in ")


def test_x_stops_at_the_first_failure(folder: Path) -> None:
    done = run(folder, "-x")
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1].startswith("1 failed, 1 not played in ")


@pytest.mark.parametrize("options", [("-k", "PASSES"), ("--tag", "smoke")])
def test_only_those_that_are_asked_for_are_played(folder: Path, options: tuple[str, str]) -> None:
    done = run(folder, *options)
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1].startswith("1 passed in ")


def test_json_has_all_that_is_known(folder: Path) -> None:
    done = run(folder, "--json")
    told = json.loads(done.stdout)
    assert done.returncode == 1
    assert (told["passed"], told["failed"], told["not_played"], told["problems"]) == (1, 1, 0, [])
    failed, passed = told["conversations"]
    assert (passed["passed"], passed["failures"]) == (True, [])
    assert failed["failures"] == [
        {
            "kind": "text",
            "pointer": "/turns/0/expect/text/contains/0",
            "line": 3,
            "column": 48,
            "message": "the answer does not contain what it should",
            "details": {"expected": "Bye", "came": "Hello"},
        }
    ]


def test_junit_has_a_suite_for_each_file_and_no_character_that_xml_cannot_hold(tmp_path: Path) -> None:
    path = write_conversation(tmp_path, 'plugins: []\nturns: [{say: Hi, model: "a\\e[1mb", expect: {text: Bye}}]\n')
    write_conversation(tmp_path, PASSES, "two")
    report = tmp_path / "report.xml"
    assert run(tmp_path, "--junit", report).returncode == 1
    root = ElementTree.fromstring(report.read_text(encoding="utf-8"))
    assert [(suite.get("name"), suite.get("tests"), suite.get("failures")) for suite in root] == [
        (str(path), "1", "1"),
        (str(tmp_path / "two.conversation.yaml"), "1", "0"),
    ]
    [failure] = root.iter("failure")
    assert failure.get("message") == "the answer does not contain what it should"
    assert failure.text is not None
    assert failure.text.startswith(f"{path}:2:")


def test_update_writes_snapshots(tmp_path: Path) -> None:
    write_plugin(tmp_path)
    path = write_conversation(
        tmp_path,
        'turns: [{say: Hi, model: [{call: getHome, with: {id: "1"}}, Well], expect: {cards: {snapshot: home.json}}}]\n',
    )
    assert run(path).returncode == 1
    assert run(path, "--update").returncode == 0
    assert (tmp_path / "home.json").exists()
    assert run(path).returncode == 0


def test_mistakes_in_a_file_leave_with_2_and_the_others_are_played(folder: Path) -> None:
    path = write_conversation(folder, "plugins: []\nturns: [{say: Hi, modell: Hello}]\nclok: 1\n", "c")
    done = run(folder)
    assert done.returncode == 2
    assert done.stdout.splitlines()[-1].endswith(" s; 2 mistakes in 1 file, of which nothing was played")
    assert done.stdout.splitlines()[-1].startswith("1 passed, 1 failed in ")
    assert done.stderr.splitlines() == [
        f"{path}:2:19: there is no member 'modell' here; did you mean 'model'?",
        f"{path}:3:1: there is no member 'clok' here; did you mean 'clock'?",
    ]
    told = run(folder, "--json")
    assert told.returncode == 2
    report = json.loads(told.stdout)
    assert [problem["line"] for problem in report["problems"]] == [2, 3]
    assert (report["passed"], report["failed"], report["interrupted"]) == (1, 1, False)
    chosen = run(folder, "-k", "passes")
    assert (chosen.returncode, chosen.stdout.splitlines()[-1][:12]) == (2, "1 passed in ")


def test_where_there_are_mistakes_alone_they_are_all_that_is_told(tmp_path: Path) -> None:
    write_conversation(tmp_path, "plugins: []\nturns: [{say: Hi, modell: Hello}]\n")
    done = run(tmp_path, "--junit", tmp_path / "report.xml")
    assert (done.returncode, done.stdout) == (2, "")
    [error] = ElementTree.parse(tmp_path / "report.xml").getroot().iter("error")
    assert str(error.get("message")).startswith("there is no member 'modell' here")


def test_a_broken_recording_stops_only_those_that_are_played_from_it(folder: Path) -> None:
    (folder / "x.cassette.yaml").write_text("cassette: 2\n", encoding="utf-8")
    write_conversation(folder, "name: It is recorded\nplugins: []\nturns: [{say: Hi}]\n", "x")
    done = run(folder, "-k", "passes", "-j", "2")
    assert (done.returncode, done.stderr) == (0, "")
    done = run(folder, "-j", "2")
    assert done.returncode == 2
    assert "x.cassette.yaml" in done.stderr
    assert "1 passed, 1 failed in " in done.stdout


def test_the_report_for_build_servers_has_mistakes_as_errors_beside_what_was_played(folder: Path) -> None:
    path = write_conversation(folder, "plugins: []\nturns: [{say: Hi, modell: Hello}]\n", "c")
    assert run(folder, "--junit", folder / "report.xml").returncode == 2
    root = ElementTree.parse(folder / "report.xml").getroot()
    counts = [(suite.get("failures"), suite.get("errors")) for suite in root]
    assert counts == [("1", "0"), ("0", "0"), ("0", "1")]
    [error] = root.iter("error")
    assert str(error.text).startswith(f"{path}:2:19: ")


@pytest.mark.parametrize("option", ["--live", "--junit", "--model", "--judge", "--baseline", "--save-baseline"])
def test_an_empty_value_is_not_taken_for_none(folder: Path, option: str) -> None:
    done = run(folder, option, "")
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{option} has an empty value" in done.stderr


def test_a_report_that_cannot_be_written_is_refused_before_anything_is_played(folder: Path) -> None:
    for target in (folder, folder / "nowhere" / "report.xml", folder / "a.conversation.yaml" / "report.xml"):
        done = run(folder, "--junit", target)
        assert (done.returncode, done.stdout) == (2, "")
        assert "--junit: cannot write " in done.stderr


def test_too_many_processes_are_refused(folder: Path) -> None:
    done = run(folder, "-j", "65")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--jobs takes a number up to 64" in done.stderr


def test_nothing_collected_leaves_with_2(folder: Path) -> None:
    assert run(folder, "-k", "nothing").returncode == 2
    (folder / "empty").mkdir()
    done = run(folder / "empty")
    assert done.returncode == 2
    assert "there is no conversation file in" in done.stderr
    assert run(folder / "nowhere").returncode == 2
    assert run().returncode == 2
