"""`orchestrator new` as a process: what it writes, when it refuses, and that what it wrote works."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pexpect  # type: ignore[import-untyped]  # its stubs are not among the development tools
import pytest

from orchestrator.cli.new import reference_to, write_whole
from orchestrator.errors import UsageError
from runtimes.values import Json
from tests.servers import warm
from tests.servers.example_service import EXAMPLES, start_service

ROOT = Path(__file__).resolve().parents[3]
CONTOSO = EXAMPLES / "contoso_real_estate" / "openapi.yaml"
TIMEOUT = 20
"""Seconds a program may take to ask."""
API = """
openapi: 3.0.4
info: {title: Things, version: '1'}
servers: [{url: 'https://api.example.com'}]
paths:
  /things:
    get: {operationId: listThings, summary: List things, responses: {}}
    post:
      operationId: uploadThings
      parameters: [{name: q, in: querystring, required: true, content: {text/plain: {}}}]
      responses: {}
"""


def orchestrator(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    kept = {
        name: os.environ[name]
        for name in ("PATH", "HOME", "LANG", "XDG_CONFIG_HOME", "XDG_DATA_HOME")
        if name in os.environ
    }
    command = [sys.executable, "-W", "error", "-m", "orchestrator", *map(str, arguments)]
    return warm.run(command, environ={**kept, "PYTHONPATH": str(ROOT)}, folder=cwd)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "api.yaml").write_text(API, encoding="utf-8")
    return tmp_path


def manifest_in(folder: Path) -> dict[str, Json]:
    document: Json = json.loads((folder / "plugin.json").read_text(encoding="utf-8"))
    assert isinstance(document, dict)
    return document


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_it_writes_a_manifest_and_says_what_to_do_next(folder: Path) -> None:
    done = orchestrator("new", "api.yaml", "--name", "My things", cwd=folder)
    assert (done.returncode, done.stdout.splitlines()) == (
        0,
        [
            "wrote plugin.json: 1 function",
            "wrote plugin.conversation.yaml: a first test, 1 turn",
            "check it: orchestrator validate --strict plugin.json",
            "test it: orchestrator test plugin.conversation.yaml",
            "talk with it: orchestrator chat plugin.json",
        ],
    )
    assert done.stderr == "left out: uploadThings: it requires the parameter 'q': nothing is sent in 'querystring'\n"
    assert manifest_in(folder)["name_for_human"] == "My things"
    assert names(folder) == ["api.yaml", "plugin.conversation.yaml", "plugin.json"]
    assert orchestrator("validate", "plugin.json", cwd=folder).returncode == 0
    assert orchestrator("test", ".", cwd=folder).stdout.startswith("ok plugin.conversation.yaml: ")


@pytest.mark.parametrize(
    ("forced", "doubt"), [((), ""), (("--force",), ", though it may not fit the manifest any more")]
)
def test_a_test_that_is_there_stays_as_it_is(folder: Path, forced: tuple[str, ...], doubt: str) -> None:
    (folder / "plugin.conversation.yaml").write_text("mine", encoding="utf-8")
    done = orchestrator("new", "api.yaml", *forced, cwd=folder)
    assert done.stdout.splitlines()[1] == f"plugin.conversation.yaml is there already, and stays as it is{doubt}"
    assert (folder / "plugin.conversation.yaml").read_text(encoding="utf-8") == "mine"


def test_what_is_no_file_is_not_taken_for_a_test(folder: Path) -> None:
    (folder / "a.conversation.yaml").mkdir()
    (folder / "b.conversation.yaml").symlink_to("nowhere")
    reasons = {"a": "there is a folder of that name", "b": "there is a link to nothing of that name"}
    for name, reason in reasons.items():
        done = orchestrator("new", "api.yaml", "-o", f"{name}.json", cwd=folder)
        assert done.stdout.splitlines()[1] == f"no test is written to {name}.conversation.yaml: {reason}"
        assert "test it" not in done.stdout
    assert names(folder) == ["a.conversation.yaml", "a.json", "api.yaml", "b.conversation.yaml", "b.json"]


def test_no_test_is_written_where_none_is_wanted(folder: Path) -> None:
    assert "test" not in orchestrator("new", "api.yaml", "--no-test", cwd=folder).stdout
    assert orchestrator("new", "api.yaml", "--no-test", "--force", "--json", cwd=folder).returncode == 0
    assert names(folder) == ["api.yaml", "plugin.json"]


@pytest.mark.parametrize(
    "source", [CONTOSO, EXAMPLES / "donations" / "openapi.yaml", EXAMPLES / "suno" / "openapi.yaml"]
)
def test_what_it_wrote_is_valid_in_the_strict_reading(folder: Path, source: Path) -> None:
    """Issue 3, item 8."""
    shutil.copy(source, folder / "openapi.yaml")
    assert orchestrator("new", "openapi.yaml", cwd=folder).returncode == 0
    done = orchestrator("validate", "--strict", "plugin.json", cwd=folder)
    assert (done.returncode, done.stdout) == (0, "plugin.json: valid (0 errors, 0 warnings)\n")


def test_a_credential_is_named_and_once_its_id_is_given_the_manifest_is_valid(folder: Path) -> None:
    secured = (
        API + "components: {securitySchemes: {key: {type: apiKey, in: header, name: X-Key}}}\nsecurity: [{key: []}]\n"
    )
    (folder / "api.yaml").write_text(secured, encoding="utf-8")
    made = orchestrator("new", "api.yaml", cwd=folder)
    assert "put its id where the manifest has ${{KEY_REGISTRATION_ID}}, or give it with --env" in made.stdout
    unfilled = orchestrator("validate", "--strict", "plugin.json", cwd=folder)
    assert (unfilled.returncode, unfilled.stdout.splitlines()[-1]) == (0, "plugin.json: valid (0 errors, 1 warning)")
    (folder / ".env").write_text("KEY_REGISTRATION_ID=abc\n", encoding="utf-8")
    done = orchestrator("validate", "--strict", "plugin.json", "--env", ".env", cwd=folder)
    assert (done.returncode, done.stdout) == (0, "plugin.json: valid (0 errors, 0 warnings)\n")


def test_a_file_that_is_there_is_not_written_over_where_nobody_can_be_asked(folder: Path) -> None:
    (folder / "plugin.json").write_text("mine", encoding="utf-8")
    (folder / "plugin.json").chmod(0o640)
    done = orchestrator("new", "api.yaml", cwd=folder)
    assert done.returncode == 2
    assert "--force writes over it" in done.stderr
    assert (folder / "plugin.json").read_text(encoding="utf-8") == "mine"
    assert orchestrator("new", "api.yaml", "--force", cwd=folder).returncode == 0
    assert manifest_in(folder)["schema_version"] == "v2.2"
    assert (folder / "plugin.json").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("arguments", [["-o", "-"], ["-o", "-", "--force"]])
def test_a_dash_prints_the_manifest_and_writes_nothing(folder: Path, arguments: list[str]) -> None:
    (folder / "plugin.json").write_text("mine", encoding="utf-8")
    done = orchestrator("new", "api.yaml", *arguments, cwd=folder)
    assert done.returncode == 0
    assert json.loads(done.stdout)["name_for_human"] == "Things"
    assert (folder / "plugin.json").read_text(encoding="utf-8") == "mine"


def test_json_says_what_was_written_and_what_was_left_out(folder: Path) -> None:
    done = orchestrator("new", "api.yaml", "--json", cwd=folder)
    assert json.loads(done.stdout) == {
        "path": "plugin.json",
        "functions": ["listThings"],
        "left_out": [
            {"operation": "uploadThings", "reason": "it requires the parameter 'q': nothing is sent in 'querystring'"}
        ],
        "references": [],
        "conversation": "plugin.conversation.yaml",
    }


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["none.yaml"], 1, "there is no file 'none.yaml'"),
        (["."], 1, "is a directory, not a file"),
        (["broken.yaml"], 1, "broken.yaml:1:"),
        (["list.yaml"], 1, "list.yaml: an OpenAPI description is an object"),
        (["swagger.json"], 1, "swagger.json: it is Swagger 1.2"),
        (["empty.yaml"], 1, "no operation of 'empty.yaml' can become a function"),
        (["api.yaml", "--operations", "uploadThings"], 1, "no operation of 'api.yaml' can become a function"),
        (["api.yaml", "--operations", "listThing"], 2, "there is no operation 'listThing'; did you mean 'listThings'"),
        (["api.yaml", "-o", "api.yaml", "--force"], 2, "'api.yaml' is the description itself"),
        (["api.yaml", "-o", "sub"], 2, "'sub' is a folder; name a file in it: -o sub/plugin.json"),
        (["api.yaml", "-o", "sub/plugin.json"], 2, "a manifest refers to files in its own folder only"),
        (["api.yaml", "-o", "lost/plugin.json"], 2, "there is no folder"),
        (["api.yaml", "-o", "x.conversation.yaml"], 2, "and a manifest is wanted; name it NAME.json"),
        (["api.yaml", "--name", " "], 2, "--name wants a name"),
        (["http://127.0.0.1:9/openapi.yaml"], 1, "is not a public address"),
        (["http://user:pw@api.example/openapi.yaml"], 1, "credentials do not belong into URLs"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(folder: Path, arguments: list[str], code: int, said: str) -> None:
    (folder / "sub").mkdir()
    (folder / "broken.yaml").write_text("a: [", encoding="utf-8")
    (folder / "list.yaml").write_text("- a", encoding="utf-8")
    (folder / "swagger.json").write_text('{"swagger": "1.2"}', encoding="utf-8")
    (folder / "empty.yaml").write_text("openapi: 3.1.0", encoding="utf-8")
    before = names(folder)
    done = orchestrator("new", *arguments, cwd=folder)
    *left_out, complaint = done.stderr.splitlines()
    assert (done.returncode, done.stdout, names(folder)) == (code, "", before)
    assert said in complaint
    assert "pw@" not in done.stderr
    assert all(line.startswith("left out: ") for line in left_out)


def test_the_hint_for_a_description_elsewhere_works(folder: Path) -> None:
    (folder / "sub").mkdir()
    refused = orchestrator("new", "../api.yaml", cwd=folder / "sub")
    assert f"(-o {folder / 'plugin.json'})" in refused.stderr
    assert orchestrator("new", "../api.yaml", "-o", folder / "plugin.json", cwd=folder / "sub").returncode == 0
    assert "api.yaml" in str(manifest_in(folder)["runtimes"])


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("api.yaml", "api.yaml"),
        ("sub/my api#1.yaml", "sub/my%20api%231.yaml"),
        ("sub/../a:b.yaml", "a%3Ab.yaml"),
        ("https://a.example/b?c=d#e", "https://a.example/b?c=d"),
    ],
)
def test_a_manifest_refers_to_its_description_by_a_relative_path(folder: Path, source: str, expected: str) -> None:
    """Spec 3.1."""
    given = source if source.startswith("https:") else str(folder / source)
    assert reference_to(given, folder / "plugin.json") == expected


def test_a_link_out_of_the_folder_is_refused(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside") / "api.yaml"
    outside.write_text(API, encoding="utf-8")
    (folder / "link.yaml").symlink_to(outside)
    with pytest.raises(UsageError, match="outside of it"):
        reference_to(str(folder / "link.yaml"), folder / "plugin.json")


def test_a_file_is_written_whole_or_not_at_all(folder: Path) -> None:
    target = folder / "plugin.json"
    with pytest.raises(UnicodeEncodeError):
        write_whole(target, "half\ud800", may_replace=True)
    assert names(folder) == ["api.yaml"]
    target.write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match="has come into being meanwhile"):
        write_whole(target, "theirs", may_replace=False)
    assert (target.read_text(encoding="utf-8"), names(folder)) == ("mine", ["api.yaml", "plugin.json"])


def test_a_manifest_behind_a_link_is_replaced_and_the_link_stays(folder: Path) -> None:
    (folder / "plugin.json").symlink_to(folder / "real.json")
    write_whole(folder / "plugin.json", "new\n", may_replace=False)
    assert (folder / "plugin.json").is_symlink()
    assert (folder / "real.json").read_bytes() == b"new\n"


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such files")
@pytest.mark.parametrize("name", ["pipe", "device"])
def test_what_is_no_regular_file_is_never_replaced(folder: Path, name: str) -> None:
    os.mkfifo(folder / "pipe")
    (folder / "device").symlink_to(os.devnull)
    done = orchestrator("new", "api.yaml", "-o", name, "--force", cwd=folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{name}' is there and is no regular file" in done.stderr
    assert not (folder / name).is_file()
    with pytest.raises(UsageError, match="no regular file"):
        write_whole(folder / name, "text", may_replace=True)
    assert names(folder) == ["api.yaml", "device", "pipe"]


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege")
@pytest.mark.parametrize("source", ["api.yaml", "https://api.example.com/openapi.json"])
def test_a_loop_of_links_as_the_output_is_one_line_about_the_output(folder: Path, source: str) -> None:
    (folder / "loop.json").symlink_to("loop.json")
    done = orchestrator("new", source, "-o", "loop.json", "--force", cwd=folder)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert f"cannot write '{folder / 'loop.json'}'" in done.stderr


@pytest.mark.parametrize(
    ("file", "is_found"),
    [
        ("cards/home.json", True),
        ("beside.json", True),
        ("lost.json", False),
        ("%2e%2e/%2e%2e/home.json", False),
        ("../../home.json", False),
        ("https://api.example.com/home.json", False),
        ("cards/list.json", False),
    ],
)
def test_a_card_in_a_file_is_written_out_where_it_is_there(folder: Path, file: str, is_found: bool) -> None:
    """By its path from the manifest, or from the description; nothing is left to warn about."""
    (folder / "cards").mkdir()
    (folder / "api").mkdir()
    card = json.dumps({"type": "AdaptiveCard", "version": "1.5", "body": [], "fallbackText": "Mine"})
    (folder / "cards" / "home.json").write_text("\ufeff" + card, encoding="utf-8")
    (folder / "cards" / "list.json").write_text("[]", encoding="utf-8")
    (folder / "api" / "beside.json").write_text(card, encoding="utf-8")
    (folder / "home.json").write_text(card, encoding="utf-8")
    text = API.replace("responses: {}}", f"responses: {{}}, x-ai-adaptive-card: {json.dumps(file)}}}")
    (folder / "api" / "api.yaml").write_text(text, encoding="utf-8")
    assert orchestrator("new", "api/api.yaml", cwd=folder).returncode == 0
    assert ("Mine" in str(manifest_in(folder))) is is_found
    done = orchestrator("validate", "--strict", "plugin.json", cwd=folder)
    assert (done.returncode, done.stdout) == (0, "plugin.json: valid (0 errors, 0 warnings)\n")


def test_from_a_url_to_a_conversation(tmp_path: Path) -> None:
    """A round trip: the manifest of a served description makes real calls."""
    with start_service("contoso_real_estate") as service:
        host = f"127.0.0.1:{service.port}"
        source = f"{service.url}/openapi.yaml"
        made = orchestrator("new", source, "--allow-host", host, cwd=tmp_path)
        assert (made.returncode, made.stderr) == (0, "")
        assert f"orchestrator chat plugin.json --allow-host {host}" in made.stdout
        assert source in str(manifest_in(tmp_path)["runtimes"])
        found = orchestrator(
            "call", "plugin.json", "getListings", '{"city": "Seattle"}', "--json", "--allow-host", host, cwd=tmp_path
        )
        outcome = json.loads(found.stdout)
        assert (found.returncode, outcome["status"]) == (0, 200)
        assert {"title", "subtitle", "url"} <= {name for name, value in outcome["citations"][0].items() if value}
        talked = orchestrator("chat", "plugin.json", "-m", "Find homes in Seattle", "--allow-host", host, cwd=tmp_path)
        assert talked.returncode == 0
        assert "Brick bungalow" in talked.stdout
        asked = orchestrator(
            "chat", "plugin.json", "-m", "Save a search for Tacoma", "--allow-host", host, cwd=tmp_path
        )
        assert "not sent: saveSearch of " in asked.stdout  # in a pipe nobody is asked, issue 7, line 4
        assert '"city":"Tacoma"' in asked.stdout


@contextmanager
def asked(folder: Path) -> Generator[pexpect.spawn[str]]:
    """The command in a terminal, at its question."""
    child: pexpect.spawn[str] = pexpect.spawn(
        sys.executable,
        ["-m", "orchestrator", "new", "api.yaml"],
        cwd=str(folder),
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder), "PYTHONPATH": str(ROOT), "TERM": "xterm"},
        encoding="utf-8",
        timeout=TIMEOUT,
        dimensions=(40, 200),
    )
    try:
        child.expect(r"plugin\.json is there already\. Write over it\? \[y/N\]")
        yield child
    finally:
        child.close(force=True)


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
@pytest.mark.parametrize(
    ("answer", "said", "code", "is_written"),
    [
        ("y\r", "wrote plugin.json", 0, True),
        ("n\r", "nothing is written", 1, False),
        ("\r", "nothing is written", 1, False),
    ],
)
def test_in_a_terminal_it_asks_before_it_writes_over(
    folder: Path, answer: str, said: str, code: int, is_written: bool
) -> None:
    """Issue 3, item 8."""
    (folder / "plugin.json").write_text("mine", encoding="utf-8")
    with asked(folder) as child:
        child.send(answer)
        child.expect(said)
        child.expect(pexpect.EOF)
        child.wait()
        assert child.exitstatus == code
    assert ((folder / "plugin.json").read_text(encoding="utf-8") != "mine") is is_written


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
def test_ctrl_c_at_the_question_leaves_the_file_alone(folder: Path) -> None:
    (folder / "plugin.json").write_text("mine", encoding="utf-8")
    with asked(folder) as child:
        child.sendintr()
        child.expect(pexpect.EOF)
        child.wait()
        assert child.exitstatus == 130
    assert (folder / "plugin.json").read_text(encoding="utf-8") == "mine"


def test_a_description_in_several_documents_is_read_as_one(folder: Path) -> None:
    """Issue 4, point 2."""
    (folder / "several.yaml").write_text(
        "openapi: 3.0.4\nservers: [{url: 'https://api.example.com'}]\npaths: {/things: {$ref: 'paths.yaml#/things'}}",
        encoding="utf-8",
    )
    (folder / "paths.yaml").write_text("things: {get: {operationId: listThings}}", encoding="utf-8")
    done = orchestrator("new", "several.yaml", cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert [one["name"] for one in json.loads((folder / "plugin.json").read_text(encoding="utf-8"))["functions"]] == [
        "listThings"
    ]
