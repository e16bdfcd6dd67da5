"""`orchestrator validate` as a process, and when it uses colours."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator.cli.streams import is_coloured
from tests.servers import warm

ROOT = Path(__file__).resolve().parents[3]
CORPUS = ROOT.parent / "shared" / "corpus"
EXAMPLES = sorted((ROOT / "examples").glob("*/plugin.json"))
TYPO = """{
  "schema_version": "v2.2",
  "name_for_human": "Mine",
  "namespace": "mine",
  "description_for_human": "é",
  "functoins": []
}
"""


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def validate(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {
        name: os.environ[name]
        for name in ("PATH", "HOME", "LANG", "XDG_CONFIG_HOME", "XDG_DATA_HOME")
        if name in os.environ
    }
    command = [sys.executable, "-W", "error", "-m", "orchestrator", "validate", *map(str, arguments)]
    return warm.run(command, environ={**kept, **environment})


def test_the_examples_have_no_problem() -> None:
    done = validate(*EXAMPLES)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        *(f"{path}: valid (0 errors, 0 warnings)" for path in EXAMPLES),
        f"{len(EXAMPLES)} checked: {len(EXAMPLES)} valid, 0 not valid (0 errors, 0 warnings)",
    ]


def test_a_warning_is_drawn_and_leaves_the_file_valid(tmp_path: Path) -> None:
    path = tmp_path / "plugin.json"
    path.write_text("\ufeff" + TYPO, encoding="utf-8")
    done = validate(path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        f"{path}:6:3: warning unknown-member: member 'functoins' is not known",
        '    "functoins": []',
        "    ^",
        "    hint: did you mean 'functions'?",
        "    spec: 3.3",
        "",
        f"{path}: valid (0 errors, 1 warning)",
    ]


def test_every_file_is_reported_whatever_is_wrong_with_the_others(tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_text("{,", encoding="utf-8")
    (tmp_path / "typo.json").write_text(TYPO, encoding="utf-8")
    done = validate(tmp_path / "none.json", tmp_path, tmp_path / "broken.json", tmp_path / "typo.json", "--json")
    assert (done.returncode, done.stderr) == (1, "")
    told = [
        (file["valid"], problem["code"], problem["line"], problem["column"])
        for file in json.loads(done.stdout)["files"]
        for problem in file["problems"]
    ]
    assert told == [
        (False, "unreadable", 0, 0),
        (False, "package-empty", 0, 0),
        (False, "not-json", 1, 2),
        (True, "unknown-member", 6, 3),
    ]


def test_github_annotations_are_one_line_for_each_problem(tmp_path: Path) -> None:
    path = tmp_path / "plugin.json"
    path.write_text(TYPO, encoding="utf-8")
    done = validate(path, "--format", "github")
    assert done.returncode == 0
    assert done.stdout == (
        f"::warning file={path},line=6,col=3,title=unknown-member::member 'functoins' is not known"
        "%0Ahint: did you mean 'functions'?%0Aspec: 3.3\n"
    )


@pytest.mark.parametrize("arguments", [[], ["x.json", "--format", "xml"], ["x.json", "--no-such-option"]])
def test_wrong_use_leaves_with_two(arguments: list[str]) -> None:
    done = validate(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr


def test_an_encoding_that_cannot_say_it_is_no_crash(tmp_path: Path) -> None:
    path = tmp_path / "plugin.json"
    path.write_text(TYPO.replace('"Mine",', '"日本語",').replace("\n", " "), encoding="utf-8")
    done = validate(path, PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, "")
    assert "unknown-member" in done.stdout


def test_colours_are_for_terminals_that_nobody_asked_to_be_plain() -> None:
    assert is_coloured(Terminal(), {"TERM": "xterm", "NO_COLOR": ""})
    assert not is_coloured(Terminal(), {"NO_COLOR": "1"})
    assert not is_coloured(Terminal(), {"TERM": "dumb"})
    assert not is_coloured(io.StringIO(), {"TERM": "xterm"})


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real manifests is not beside the checkout")
def test_all_real_manifests_are_validated_in_one_process() -> None:
    rows = [row.split("\t") for row in (CORPUS / "INDEX.tsv").read_text(encoding="utf-8").splitlines()[1:]]
    done = validate(*(CORPUS / row[0].replace("/", "__") / row[2] for row in rows), "--json")
    files = json.loads(done.stdout)["files"]
    assert (done.returncode, done.stderr, len(files)) == (1, "", len(rows))
    assert [file["valid"] for file in files] == [row[10] == "yes" for row in rows]


def test_an_empty_name_is_wrong_use() -> None:
    done = validate("")
    assert (done.returncode, done.stdout) == (2, "")
    assert "the name of a file is empty" in done.stderr


def test_an_openapi_description_is_told_from_a_manifest(tmp_path: Path) -> None:
    path = tmp_path / "openapi.yaml"
    path.write_text("openapi: 3.1.0\npaths: {}\n", encoding="utf-8")
    for reading in ([], ["--strict"]):
        done = validate(*reading, path)
        assert done.returncode == 1
        assert f"{path}:1:1: error openapi-description: this is an OpenAPI description" in done.stdout
        assert "`orchestrator new`" in done.stdout
