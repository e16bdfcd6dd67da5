"""`orchestrator call --output`: answers as files, and what never reaches a terminal or a file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import anyio
import pytest

from orchestrator.call_outcome import CallOutcome
from orchestrator.cli.output import refuse_output, write_answer
from orchestrator.cli.sources import write_text
from orchestrator.errors import OrchestratorError, UsageError
from runtimes.base import Attachment
from runtimes.http import MAX_RESPONSE_BYTES
from runtimes.values import Json, JsonObject, dump_json
from tests.servers import warm
from tests.servers.loopback import Answer, LoopbackServer, Request, Response, serve, text_response

PNG = b"\x89PNG\r\n\x1a\n\x00\x1b[2J\xff"
ANSWERS = {
    "/photo": Response(
        headers=(("Content-Type", "image/png"), ("Content-Disposition", 'attachment; filename="../../cat.png"')),
        body=PNG,
    ),
    "/text": text_response("good\tday \x1b[2J"),
    "/json": text_response('{"b": [1, 2]}', content_type="application/json"),
    "/wrong": text_response("out of order", status=500),
    "/long": text_response("x" * (MAX_RESPONSE_BYTES + 1)),
}


async def answer(request: Request) -> Answer:
    return ANSWERS[request.path]


def write_plugin(folder: Path, server: LoopbackServer) -> None:
    paths: JsonObject = {path: {"get": {"operationId": path[1:]}} for path in ANSWERS}
    description: JsonObject = {
        "openapi": "3.0.4",
        "info": {"title": "t", "version": "1"},
        "servers": [{"url": server.url}],
        "paths": paths,
    }
    manifest: JsonObject = {
        "schema_version": "v2.2",
        "name_for_human": "Mine",
        "namespace": "mine",
        "description_for_human": "A plugin.",
        "runtimes": [
            {"type": "OpenApi", "auth": {"type": "None"}, "spec": {"api_description": dump_json(description)}}
        ],
    }
    (folder / "plugin.json").write_text(dump_json(manifest), encoding="utf-8")


async def call(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "orchestrator", "call", "plugin.json", *arguments, "--allow-host", "127.0.0.1"]
    return await warm.run_process(command, folder=folder)


async def test_a_binary_answer_is_described_or_written_and_never_overwrites(tmp_path: Path) -> None:
    async with serve(answer) as server:
        write_plugin(tmp_path, server)
        told = await call(tmp_path, "photo")
        assert b"a binary answer of type image/png, 14 bytes" in told.stdout
        assert b"\x89" not in told.stdout
        written = await call(tmp_path, "photo", "--output", "a.png")
        assert (written.returncode, written.stdout) == (0, b"written: a.png\n")
        assert (tmp_path / "a.png").read_bytes() == PNG
        assert sorted(os.listdir(tmp_path)) == ["a.png", "plugin.json"]
        again = await call(tmp_path, "text", "--output", "a.png")
        assert again.returncode == 2
        assert b"'a.png' exists and is not overwritten without --force" in again.stderr
        assert len(server.requests) == 2
        forced = await call(tmp_path, "text", "-o", "a.png", "--force", "--json")
        assert json.loads(forced.stdout)["written"] == ["a.png"]
        assert (tmp_path / "a.png").read_bytes() == b"good\tday \x1b[2J"


async def test_the_standard_output_gets_the_bytes_and_nothing_else(tmp_path: Path) -> None:
    async with serve(answer) as server:
        write_plugin(tmp_path, server)
        assert (await call(tmp_path, "photo", "--output", "-")).stdout == PNG
        assert (await call(tmp_path, "json", "--output", "-")).stdout == b'{\n  "b": [\n    1,\n    2\n  ]\n}\n'


async def test_an_answer_that_is_wrong_or_not_whole_is_not_written(tmp_path: Path) -> None:
    async with serve(answer) as server:
        write_plugin(tmp_path, server)
        wrong = await call(tmp_path, "wrong", "--output", "a.txt")
        assert (wrong.returncode, b"out of order" in wrong.stdout) == (1, True)
        long = await call(tmp_path, "long", "--output", "a.txt")
        assert long.returncode == 1
        assert b"the call was made (HTTP 200); the answer is longer than the host reads" in long.stderr
        assert long.stdout.count(b"x") == MAX_RESPONSE_BYTES
        assert not (tmp_path / "a.txt").exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is always full")
async def test_an_answer_that_cannot_be_written_is_printed_and_the_call_is_said_to_be_made(tmp_path: Path) -> None:
    async with serve(answer) as server:
        write_plugin(tmp_path, server)
        text = await call(tmp_path, "text", "--output", "/dev/full", "--force")
        assert (text.returncode, text.stdout) == (1, b"good\tday \n")
        assert b"the call was made (HTTP 200); the answer cannot be written to '/dev/full': No space" in text.stderr
        photo = await call(tmp_path, "photo", "--output", "/dev/full", "--force", "--json")
        told = json.loads(photo.stdout)
        assert (photo.returncode, told["status"], "written" in told) == (1, 200, False)
        assert b"the call was made" in photo.stderr


@pytest.mark.parametrize("options", [["--dry-run"], ["--curl"], ["--json"]])
async def test_options_that_contradict_it_are_wrong_use(tmp_path: Path, options: list[str]) -> None:
    done = await call(tmp_path, "photo", "--output", "-", *options)
    assert done.returncode == 2
    assert f"goes without {options[0]}".encode() in done.stderr or b"goes without --dry-run and" in done.stderr


def outcome(payload: Json = "", files: Sequence[bytes] = ()) -> CallOutcome:
    attachments = tuple(Attachment(media_type="image/png", data=data, name="../x") for data in files)
    return CallOutcome(status=200, payload=payload, is_error=False, citations=(), cards=(), attachments=attachments)


def test_several_files_get_numbers_that_are_free(tmp_path: Path) -> None:
    target = str(tmp_path / "a.b.png")
    (tmp_path / "a.b-2.png").write_bytes(b"mine")
    names = write_answer(outcome(files=[b"1", b"2"]), target, force=False)
    assert names == [str(tmp_path / "a.b-1.png"), str(tmp_path / "a.b-3.png")]
    assert [Path(name).read_bytes() for name in names] == [b"1", b"2"]
    assert (tmp_path / "a.b-2.png").read_bytes() == b"mine"
    assert write_answer(outcome(files=[b"3", b"4"]), target, force=True)[1] == str(tmp_path / "a.b-2.png")


def test_several_files_do_not_go_to_one_output() -> None:
    with pytest.raises(OrchestratorError, match="2 files"):
        write_answer(outcome(files=[b"1", b"2"]), "-", force=False)


def test_a_name_that_cannot_be_written_to_is_refused_beforehand(tmp_path: Path) -> None:
    for name, words in (("", "is a folder"), ("none/a.png", "there is no folder")):
        with pytest.raises(UsageError, match=words):
            refuse_output(str(tmp_path / name), force=True)
    with pytest.raises(OrchestratorError, match="cannot be written"):
        write_answer(outcome("x"), str(tmp_path), force=True)
    for target, words in (("~nobody-of-that-name/x", "home folder"), ("x" * 5000, "too long")):
        with pytest.raises(UsageError, match=words):
            refuse_output(target, force=True)


def test_a_link_that_leads_nowhere_is_something_that_exists(tmp_path: Path) -> None:
    (tmp_path / "there").symlink_to(tmp_path / "none" / "a.png")
    (tmp_path / "here").symlink_to(tmp_path / "a.png")
    for name, force, words in (("there", False, "exists"), ("here", False, "exists"), ("there", True, "no folder")):
        with pytest.raises(UsageError, match=words):
            refuse_output(str(tmp_path / name), force=force)
    refuse_output(str(tmp_path / "here"), force=True)
    write_answer(outcome("x"), str(tmp_path / "here"), force=True)
    assert (tmp_path / "a.png").read_bytes() == b"x"


@pytest.mark.skipif(sys.platform == "win32", reason="pipes of POSIX")
def test_a_pipe_is_never_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for force in (False, True):
        with pytest.raises(UsageError, match="no regular file"):
            refuse_output(str(tmp_path / "pipe"), force=force)
    with pytest.raises(OrchestratorError, match="no regular file"):
        write_answer(outcome("x"), str(tmp_path / "pipe"), force=True)
    with pytest.raises(UsageError, match="no regular file"):
        write_text(str(tmp_path / "pipe"), "x", option="--html", force=True)


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may write anywhere")
def test_what_may_not_be_written_is_refused_beforehand(tmp_path: Path) -> None:
    (tmp_path / "locked").mkdir(mode=0o500)
    (tmp_path / "a.png").touch(mode=0o400)
    for name, words in (("locked/a.png", "cannot be written into"), ("a.png", "cannot be written")):
        with pytest.raises(UsageError, match=words):
            refuse_output(str(tmp_path / name), force=True)


@pytest.mark.skipif(sys.platform == "win32", reason="a terminal of POSIX")
async def test_a_terminal_is_never_steered_by_an_answer(tmp_path: Path) -> None:
    ours, theirs = os.openpty()
    command = [sys.executable, "-m", "orchestrator", "call", "plugin.json"]
    options = ["--output", "-", "--allow-host", "127.0.0.1"]
    try:
        async with serve(answer) as server:
            write_plugin(tmp_path, server)
            with anyio.fail_after(60):
                photo = await anyio.run_process(
                    warm.line([*command, "photo", *options]), cwd=tmp_path, stdout=theirs, check=False
                )
                await anyio.run_process(warm.line([*command, "text", *options]), cwd=tmp_path, stdout=theirs)
        assert (photo.returncode, b"not written to a terminal" in photo.stderr) == (1, True)
        assert os.read(ours, 1000) == b"good\tday \r\n"
    finally:
        os.close(ours)
        os.close(theirs)
