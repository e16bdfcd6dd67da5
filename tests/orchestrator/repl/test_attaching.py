"""Files that a person sends with a message: `/attach` in a chat, `--attach` with `chat -m`."""

from __future__ import annotations

import json
import os
import sys
from io import StringIO
from pathlib import Path

import anyio
import pytest

from orchestrator.errors import UsageError
from orchestrator.model.scripted import Call, Say
from orchestrator.render.console import console_for
from orchestrator.render.terminal import TerminalView
from orchestrator.repl.attaching import read_attachment
from orchestrator.repl.dialogue import Dialogue, labels_of
from orchestrator.repl.interrupts import Interrupts
from orchestrator.repl.session import converse
from orchestrator.turn.files import MAX_FILE_BYTES
from runtimes.base import Attachment
from tests.servers import warm
from tests.servers.albums import PNG, album_host, answer, manifest
from tests.servers.loopback import serve
from tests.servers.person import WrittenPerson

UPLOAD = Call("upload", {"photo": "attachment:1"})


def test_a_file_is_read_with_its_name_and_type(tmp_path: Path) -> None:
    (tmp_path / "a b.png").write_bytes(PNG)
    (tmp_path / "notes.tar.gz").write_bytes(b"x")
    assert read_attachment(str(tmp_path / "a b.png")) == Attachment(media_type="image/png", data=PNG, name="a b.png")
    assert read_attachment(str(tmp_path / "notes.tar.gz")).media_type == ""


def test_what_cannot_be_attached_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(bytes(MAX_FILE_BYTES + 1))
    os.mkfifo(tmp_path / "pipe")
    for name, words in (("none", "No such file"), ("", "directory"), ("large", "longer than"), ("pipe", "no regular")):
        with pytest.raises(UsageError, match=words):
            read_attachment(str(tmp_path / name))
    for name, words in (("~nobody-of-that-name/x", "home folder"), ("a\0b", "no path"), ("x" * 5000, "too long")):
        with pytest.raises(UsageError, match=words):
            read_attachment(name)


async def test_an_attached_file_goes_with_the_next_message_and_its_name_is_in_the_question(tmp_path: Path) -> None:
    (tmp_path / "photo.png").write_bytes(PNG)
    attach = f"/attach {tmp_path / 'photo.png'}"
    person = WrittenPerson(["/attach", "/attach none.png", attach, "send it", "look"], answers=["y"])
    file = StringIO()
    async with album_host(("send it", [UPLOAD, Say("sent")]), ("look", [Say("nice")])) as (host, server):
        view = TerminalView(console_for(file, is_live=False), labels_of(host), is_live=False)
        interrupts = Interrupts()
        dialogue = Dialogue(host, view, person, interrupts)
        assert await converse(dialogue, person, interrupts) == 0
        assert PNG in server.requests[0].body
        assert await dialogue.chat.last_attachments() == ()
    shown = file.getvalue()
    assert "no file waits" in shown
    assert "'none.png' cannot be read" in shown
    assert "photo.png, 10 bytes, goes with your next message" in shown
    assert 'with: {"photo":"attachment:1"}' in shown
    assert "files: attachment:1 is 'photo.png', image/png, 10 bytes" in shown
    assert "It sends photo.png away." in shown
    assert "iVBOR" not in shown


async def test_files_that_wait_are_listed_and_taken_back(tmp_path: Path) -> None:
    (tmp_path / "photo.png").write_bytes(PNG)
    (tmp_path / "a.txt").write_bytes(b"hello")
    photo, text = f"/attach {tmp_path / 'photo.png'}", f"/attach {tmp_path / 'a.txt'}"
    save = ["/attach ~nobody-of-that-name/x", "/save ~nobody-of-that-name/x", f"/save {'x' * 5000}"]
    person = WrittenPerson([photo, photo, text, "/attach", "/attach -", "/attach -", *save, text, "look"])
    file = StringIO()
    async with album_host(("look", [Say("nice")])) as (host, _):
        view = TerminalView(console_for(file, is_live=False, width=200), labels_of(host), is_live=False)
        interrupts = Interrupts()
        dialogue = Dialogue(host, view, person, interrupts)
        assert await converse(dialogue, person, interrupts) == 0
        assert [one.name for one in await dialogue.chat.last_attachments()] == ["a.txt"]
    shown = file.getvalue()
    assert "photo.png goes with your next message already" in shown
    assert "  photo.png, 10 bytes\n  a.txt, 5 bytes\n" in shown
    assert "taken back: photo.png, a.txt" in shown
    assert "no file waits" in shown
    assert shown.count("a home folder that is not known here") == 2
    assert "File name too long" in shown


async def test_a_message_that_is_sent_again_has_its_files_again(tmp_path: Path) -> None:
    (tmp_path / "photo.png").write_bytes(PNG)
    person = WrittenPerson([f"/attach {tmp_path / 'photo.png'}", "look", "/retry"])
    async with album_host(("look", [Say("nice"), Say("still nice")])) as (host, _):
        view = TerminalView(console_for(StringIO(), is_live=False), labels_of(host), is_live=False)
        interrupts = Interrupts()
        dialogue = Dialogue(host, view, person, interrupts)
        await converse(dialogue, person, interrupts)
        assert [file.name for file in await dialogue.chat.last_attachments()] == ["photo.png"]
        assert (await dialogue.chat.attachment("2")).data == PNG


async def test_one_message_brings_its_files(tmp_path: Path) -> None:
    script = {
        "turns": [
            {
                "user": "send it",
                "model": [
                    {"call": {"name": "upload", "arguments": {"photo": "attachment:2"}}},
                    {"say": "sent"},
                ],
            }
        ]
    }
    (tmp_path / "script.json").write_text(json.dumps(script), encoding="utf-8")
    (tmp_path / "a.txt").write_text("hello", encoding="utf-8")
    (tmp_path / "photo.png").write_bytes(PNG)
    options = ["--attach", "a.txt", "--attach", "photo.png", "--yes", "--json", "--allow-host", "127.0.0.1"]
    chat = [sys.executable, "-m", "orchestrator", "chat", "plugin.json", "--model", "scripted:script.json"]
    async with serve(answer) as server:
        (tmp_path / "plugin.json").write_text(json.dumps(manifest(server.url)), encoding="utf-8")
        with anyio.fail_after(60):
            done = await anyio.run_process(warm.line([*chat, "-m", "send it", *options]), cwd=tmp_path)
            wrong = await warm.run_process([*chat, "--attach", "a.txt"], folder=tmp_path)
        assert PNG in server.requests[0].body
    started = json.loads(done.stdout.splitlines()[0])
    assert [file["name"] for file in started["attachments"]] == ["a.txt", "photo.png"]
    assert b"photo.png" in done.stderr
    assert (wrong.returncode, b"--attach goes with -m" in wrong.stderr) == (2, True)


async def test_files_that_come_and_go_are_told_of_and_kept_in_the_transcript(tmp_path: Path) -> None:
    (tmp_path / "photo.png").write_bytes(PNG)
    person = WrittenPerson([f"/attach {tmp_path / 'photo.png'}", "get it", f"/save {tmp_path / 'talk.md'}"])
    file = StringIO()
    async with album_host(("get it", [Call("download", {}), Say("here")])) as (host, _):
        view = TerminalView(console_for(file, is_live=False), labels_of(host), is_live=False)
        interrupts = Interrupts()
        await converse(Dialogue(host, view, person, interrupts), person, interrupts)
    line = "Albums · download answered with 'cat.png', image/png, 10 bytes"
    assert f"✓ {line}" in file.getvalue()
    transcript = await anyio.Path(tmp_path / "talk.md").read_text(encoding="utf-8")
    assert "> get it\n> ['photo.png', image/png, 10 bytes]\n" in transcript
    assert line in transcript
