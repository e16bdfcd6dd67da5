"""`orchestrator policy`: what would be asked and why, and what is remembered. Issue 7."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import anyio
import pytest

from orchestrator.answers_file import FileAnswers
from orchestrator.host import DEFAULT_PERSON
from orchestrator.policy.answers import Grant
from runtimes.values import Json, JsonObject
from tests.orchestrator.cli.test_commands import CONTOSO, MINIMAL, write
from tests.servers import warm

HASH = "a040b24d50e001bc67da90559b5f29616d2ebe6db76ae7d4241d6aa16ea2185a"
ONE = Grant(plugin=HASH, description="d", function="getListings", namespace="contoso")
TWO = Grant(plugin="cd" * 32, namespace="other")


def orchestrator(
    *arguments: str | Path, said: str = "", folder: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    kept = {
        name: os.environ[name]
        for name in ("PATH", "HOME", "LANG", "XDG_CONFIG_HOME", "XDG_DATA_HOME")
        if name in os.environ
    }
    command = [sys.executable, "-W", "error", "-m", "orchestrator", *map(str, arguments)]
    return warm.run(command, said=said, environ={**kept, **environment}, folder=folder)


def remember(home: Path, *grants: Grant) -> FileAnswers:
    answers = FileAnswers(home / "orchestrator" / "answers.json")
    for grant in grants:
        anyio.run(answers.remember, DEFAULT_PERSON, grant)
    return answers


def test_a_table_and_the_reasons_survive_a_pipe(tmp_path: Path) -> None:
    done = orchestrator("policy", CONTOSO, XDG_DATA_HOME=str(tmp_path), COLUMNS="80")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    [head] = [line for line in lines if "undeclared" in line and "function" in line]
    rows = [line for line in lines if line.startswith("  saveSearch ") and " deny" in line]
    assert [row.split() for row in rows] == [["saveSearch", "ask", "ask", "ask", "ask", "deny"]]
    assert rows[0].index("deny") == head.index("undeclared")
    assert f"  hash  {HASH}" in lines
    assert "counts as GetPublicData: the plugin declares it" in done.stdout
    assert "it is a POST request, which may change something" in done.stdout
    assert max(map(len, lines)) <= 80
    assert "\x1b" not in done.stdout


def test_json_has_every_reason_with_its_source(tmp_path: Path) -> None:
    done = orchestrator("policy", CONTOSO, "--json", "--policy", "strict", XDG_DATA_HOME=str(tmp_path))
    told = json.loads(done.stdout)
    assert (told["mode"], told["plugins"][0]["hash"]) == ("strict", HASH)
    functions = {one["name"]: one for one in told["plugins"][0]["functions"]}
    after = functions["getListings"]["after"]
    assert {column: verdict["decision"] for column, verdict in after.items()} == {
        "clean": "allow",
        "public": "ask",
        "own": "ask",
        "foreign": "ask",
        "isolated": "deny",
    }
    assert {reason["source"] for reason in functions["saveSearch"]["after"]["clean"]["reasons"]} == {
        "manifest",
        "method",
    }
    assert {(one["kind"], one["source"]) for one in functions["getListings"]["counts_as"]} == {
        ("GetPublicData", "manifest"),
        ("reads", "method"),
    }


def test_rules_of_the_file_are_seen_and_those_that_are_idle_named(tmp_path: Path) -> None:
    (tmp_path / "orchestrator.toml").write_text(
        f"""
        [policy]
        together = [["contoso", "contosso"]]
        [[policy.rules]]
        effect = "allow"
        plugin = "contoso"
        function = "saveSearch"
        hash = "{HASH}"
        [[policy.rules]]
        effect = "deny"
        arguments = {{ city = "Os*" }}
        reason = "sold out"
        [[policy.rules]]
        effect = "allow"
        plugin = "contoso"
        hash = "{"ab" * 32}"
        [[policy.rules]]
        effect = "ask"
        plugin = "contoso"
        function = "findListings"
        [[policy.rules]]
        effect = "deny"
        until = 2001-01-01
        [[policy.rules]]
        effect = "deny"
        plugin = "other"
        [[policy.rules]]
        effect = "ask"
        person = "ada"
        """,
        encoding="utf-8",
    )
    done = orchestrator("policy", CONTOSO, "--json", folder=tmp_path, XDG_DATA_HOME=str(tmp_path))
    told = json.loads(done.stdout)
    functions = {one["name"]: one for one in told["plugins"][0]["functions"]}
    assert functions["saveSearch"]["after"]["clean"]["decision"] == "allow"
    assert functions["deleteSavedSearch"]["after"]["clean"]["decision"] == "ask"
    assert functions["getListings"]["rules_for_arguments"] == [
        {"number": 2, "effect": "deny", "arguments": {"city": "Os*"}, "reason": "sold out"}
    ]
    assert told["notes"] == [
        "rule 3 is for another version of contoso: the hash has changed",
        "rule 4 is for no function of contoso: there is none like 'findListings'; did you mean 'getListings'?",
        "rule 5 has ended",
        "rule 6 is for no plugin that is here: there is none like 'other'",
        "rule 7 is for person 'ada': here it is always 'me'",
        "together 1 names 'contosso': no plugin that is here has that namespace; did you mean 'contoso'?",
    ]
    shown = orchestrator("policy", CONTOSO, folder=tmp_path, XDG_DATA_HOME=str(tmp_path)).stdout
    assert 'rule 2: deny where city is like "Os*": sold out' in shown
    assert "note: rule 5 has ended" in shown


def test_every_verdict_stands_below_its_head_and_long_names_above(tmp_path: Path) -> None:
    name = "find" + "Homes" * 11
    functions: list[Json] = [{"name": name, "description": "Finds"}, {"name": "see", "description": "x"}]
    document: JsonObject = {**MINIMAL, "functions": functions}
    answers: JsonObject = {"200": {"description": "done"}}
    paths: JsonObject = {
        f"/{one}": {"get": {"operationId": one, "responses": answers}, "servers": [{"url": "https://a.example.test"}]}
        for one in (name, "see")
    }
    described: JsonObject = {"openapi": "3.0.3", "info": {"title": "x", "version": "1"}, "paths": paths}
    document["runtimes"] = [
        {
            "type": "OpenApi",
            "auth": {"type": "None"},
            "spec": {"api_description": json.dumps(described)},
            "run_for_functions": [name, "see"],
        }
    ]
    done = orchestrator("policy", write(tmp_path, document), XDG_DATA_HOME=str(tmp_path), COLUMNS="70")
    lines = done.stdout.splitlines()
    at = next(index for index, line in enumerate(lines) if "undeclared" in line and "function" in line)
    head, long, verdicts, short = lines[at : at + 4]
    assert long == f"  {name}"
    assert short.split()[0] == "see"
    for row in (verdicts, short):
        for word, column in (("allow", "nothing"), ("deny", "undeclared")):
            assert row[head.index(column) :].split()[0] == word
    assert max(map(len, lines[at : at + 4])) <= 70


def test_the_chat_warns_of_rules_that_fit_nothing(tmp_path: Path) -> None:
    """Whoever denies something counts on it."""
    (tmp_path / "orchestrator.toml").write_text(
        """
        [[policy.rules]]
        effect = "deny"
        plugin = "contosso"
        [[policy.rules]]
        effect = "ask"
        plugin = "contoso"
        function = "getListing"
        [[policy.rules]]
        effect = "deny"
        plugin = "CONTOSO"
        function = "DELETE*"
        """,
        encoding="utf-8",
    )
    done = orchestrator(
        "chat", CONTOSO, "--mock", "-m", "hello", "--model", "offline", folder=tmp_path, XDG_DATA_HOME=str(tmp_path)
    )
    [warning] = [line for line in done.stderr.splitlines() if "rule" in line]
    assert warning == (
        "warning: rule 1 of the policy is for no plugin that is here: there is none like 'contosso'; did you mean "
        "'contoso'? (1 more: see `orchestrator policy`)"
    )


def test_off_is_said_on_the_error_stream(tmp_path: Path) -> None:
    done = orchestrator("policy", CONTOSO, "--policy", "off", XDG_DATA_HOME=str(tmp_path))
    assert done.returncode == 0
    assert done.stderr.count("warning: data flow is not watched (policy off)") == 1


def test_a_plugin_with_nothing_to_call_is_a_problem(tmp_path: Path) -> None:
    document: JsonObject = {
        **MINIMAL,
        "runtimes": [{"type": "OpenApi", "auth": {"type": "None"}, "spec": {"url": "gone.json"}}],
    }
    done = orchestrator("policy", write(tmp_path, document), XDG_DATA_HOME=str(tmp_path))
    assert done.returncode == 1
    assert "not offered" in done.stdout


# --- what is remembered


def test_answers_are_listed_and_taken_back(tmp_path: Path) -> None:
    answers = remember(tmp_path, ONE, TWO)
    listed = orchestrator("policy", "--answers", XDG_DATA_HOME=str(tmp_path))
    assert listed.returncode == 0
    assert f"contoso.getListings  runs unasked    for {HASH[:12]}" in listed.stdout
    assert "other                may be used     for cdcdcdcdcdcd" in listed.stdout
    one = orchestrator("policy", "--forget", "contoso.getListings", XDG_DATA_HOME=str(tmp_path))
    assert (one.returncode, one.stdout) == (0, f"forgotten: contoso.getListings ({HASH[:12]})\n")
    assert anyio.run(answers.of, DEFAULT_PERSON) == {TWO}
    everything = orchestrator("policy", "--forget", "--json", XDG_DATA_HOME=str(tmp_path))
    assert [one["plugin"] for one in json.loads(everything.stdout)["forgotten"]] == ["other"]
    assert anyio.run(answers.of, DEFAULT_PERSON) == frozenset()
    assert orchestrator("policy", "--answers", XDG_DATA_HOME=str(tmp_path)).stdout == "nothing is remembered\n"


def test_a_whole_plugin_is_taken_back(tmp_path: Path) -> None:
    answers = remember(tmp_path, ONE, Grant(plugin=HASH, namespace="contoso"), TWO)
    done = orchestrator("policy", "--forget", "contoso", XDG_DATA_HOME=str(tmp_path))
    assert done.stdout.count("forgotten: contoso") == 2
    assert anyio.run(answers.of, DEFAULT_PERSON) == {TWO}


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        ((), 2, "name a plugin"),
        (("--answers", "plugin.json"), 2, "--answers goes without a PLUGIN"),
        (("plugin.json", "--forget"), 2, "--forget goes without a PLUGIN"),
        (("--answers", "--forget"), 2, "not allowed with"),
        (("--forget", "contosso"), 2, "did you mean 'contoso'"),
        (("--policy", "lax", "plugin.json"), 2, "invalid choice: 'lax'"),
    ],
)
def test_wrong_use_is_told(tmp_path: Path, arguments: tuple[str, ...], code: int, told: str) -> None:
    remember(tmp_path, ONE)
    done = orchestrator("policy", *arguments, XDG_DATA_HOME=str(tmp_path))
    assert (done.returncode, done.stdout) == (code, "")
    assert told in done.stderr


@pytest.mark.parametrize("command", ["policy", "chat"])
def test_a_broken_file_is_told_before_anything_rests_on_it(tmp_path: Path, command: str) -> None:
    path = tmp_path / "orchestrator" / "answers.json"
    path.parent.mkdir()
    path.write_text("{", encoding="utf-8")
    path.chmod(0o600)
    done = orchestrator(command, CONTOSO, said="hello\n", XDG_DATA_HOME=str(tmp_path))
    assert (done.returncode, done.stdout) == (1, "")
    assert "cannot read the remembered answers" in done.stderr
    assert path.read_text(encoding="utf-8") == "{"


# --- other commands


def test_a_rule_that_denies_holds_for_a_call_on_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "orchestrator.toml").write_text(
        '[[policy.rules]]\neffect = "deny"\narguments = { city = "oslo" }\nreason = "not there"\n', encoding="utf-8"
    )
    done = orchestrator("call", CONTOSO, "getListings", '{"city": "Oslo"}', folder=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "a rule of the host forbids this call of 'getListings': not there" in done.stderr


def test_the_chat_warns_once_where_data_flow_is_not_watched(tmp_path: Path) -> None:
    done = orchestrator("demo", "--policy", "off", "-m", "hello", XDG_DATA_HOME=str(tmp_path))
    assert done.returncode == 0
    assert done.stderr.count("data flow is not watched") == 1
