"""Files of a conversation: told to the model, named in calls, sent as bytes, and taken from answers."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from orchestrator import UnknownName, UsageError
from orchestrator.content import AttachedFile
from orchestrator.event_json import decode, encode
from orchestrator.events import CallFailed, CallRefused, CallReturned, TurnStarted
from orchestrator.journal.memory import MAX_FILES_BYTES
from orchestrator.model.base import UserMessage
from orchestrator.model.scripted import Call, Say
from orchestrator.turn.files import MAX_FILE_BYTES, MAX_FILES_AT_ONCE
from orchestrator.turn.prompts import turn_messages
from orchestrator.turn.state import TurnState
from runtimes.base import Attachment
from runtimes.values import JsonObject, parse_json
from tests.servers.albums import PNG, album_host

PHOTO = Attachment(media_type="image/png", data=PNG, name="photo.png")
KEPT = AttachedFile(
    id="1", name="photo.png", media_type="image/png", size=len(PNG), sha256=hashlib.sha256(PNG).hexdigest()
)


async def test_the_model_is_told_of_a_file_and_its_bytes_go_to_the_function_that_takes_it() -> None:
    upload = Call("upload", {"photo": "attachment:1", "title": "attachment:1"})
    async with album_host(("send it", [upload, Say("sent")])) as (host, server):
        chat = host.conversation()
        reply = await chat.ask("send it", attachments=[PHOTO])
        (question,) = reply.pending
        assert question.attachments == (KEPT,)
        assert question.body == "It sends photo.png away."
        assert question.arguments == {"photo": "attachment:1", "title": "attachment:1"}
        await chat.decide(question.call_id, approve=True)
        reply = await chat.resume()
        assert (reply.text, reply.calls[0].status) == ("sent", "returned")
        (request,) = server.requests
        assert PNG in request.body
        assert b'filename="photo.png"' in request.body
        assert b"Content-Type: image/png" in request.body
        assert b"attachment:1" in request.body  # a text is a text
        facts = await chat.facts()
    (started,) = [fact for fact in facts if isinstance(fact, TurnStarted)]
    assert started.attachments == (KEPT,)
    assert all(decode(encode(fact)) == fact for fact in facts)
    assert not any(b"base64" in encode(fact) or b"iVBOR" in encode(fact) for fact in facts)


async def test_a_file_stands_anywhere_that_the_schema_takes_one() -> None:
    scan: JsonObject = {"content": "attachment:1"}
    annotate = Call("annotate", {"text": "x", "scan": scan, "again": scan})
    several = Call("upload", {"more": ["attachment:1", "attachment:2", "aGk="]})
    async with album_host(("send", [annotate, several, Say("sent")])) as (host, server):
        chat = host.conversation()
        text = Attachment(media_type="", data=b"text", name="")
        reply = await chat.ask("send", attachments=[PHOTO, text])
        while reply.pending:
            await chat.decide(reply.pending[0].call_id, approve=True)
            reply = await chat.resume()
    assert parse_json(server.requests[0].body) == {
        "text": "x",
        "scan": {"content": "iVBORw0KGgoA/w=="},
        "again": {"content": "iVBORw0KGgoA/w=="},
    }
    assert all(part in server.requests[1].body for part in (PNG, b"\r\n\r\ntext\r\n", b"\r\n\r\nhi\r\n"))


async def test_an_answer_that_is_a_file_can_be_passed_on() -> None:
    pass_on = Call("upload", {"photo": "attachment:2"})
    async with album_host(("pass it on", [Call("download", {}), pass_on, Say("done")])) as (host, server):
        chat = host.conversation()
        reply = await chat.ask("pass it on", attachments=[PHOTO])
        assert [file.name for file in reply.attachments] == ["cat.png"]
        assert reply.pending[0].attachments == reply.attachments
        assert (await chat.attachment("2")).data == PNG
        await chat.decide(reply.pending[0].call_id, approve=True)
        await chat.resume()
        assert b'filename="cat.png"' in server.requests[1].body
        (returned,) = [fact for fact in await chat.facts() if isinstance(fact, CallReturned)][:1]
    assert returned.text == (
        "a binary answer of type image/png, 10 bytes\n"
        "[attached: 'cat.png', image/png, 10 bytes; where a function takes a file, \"attachment:2\" is this one]"
    )


def test_the_note_about_files_stands_beside_the_persons_words() -> None:
    started = TurnStarted(text="send it", person="me", documents={}, attachments=(KEPT,))
    note = "[attached: 'photo.png', image/png, 10 bytes; where a function takes a file, \"attachment:1\" is this one]"
    assert turn_messages(TurnState(started=started)) == (UserMessage(text="send it", note=note),)


@pytest.mark.parametrize(
    ("argument", "words"),
    [
        ("attachment:7", "'photo': there is no 'attachment:7'; there are: attachment:1 (photo.png)"),
        ("photo.png", "'photo': this file is named 'attachment:1'"),
        ("1", "'photo': this file is named 'attachment:1'"),
        ("@/etc/hostname", "'photo' is a file; give its bytes as base64 text, not its path or its address"),
        ("/etc/hostname", "'photo' is a file; give its bytes as base64 text, not its path or its address"),
        ("not base64!", "'photo' is a file; give its bytes as base64 text, not its path or its address"),
    ],
)
async def test_a_file_that_is_misnamed_is_an_error_that_the_model_can_correct(argument: str, words: str) -> None:
    wrong, right = Call("upload", {"photo": argument}), Call("upload", {"photo": "attachment:1"})
    async with album_host(("send it", [wrong, right])) as (host, server):
        chat = host.conversation()
        reply = await chat.ask("send it", attachments=[PHOTO])
        assert [call.status for call in reply.calls] == ["refused", "asked"]
        (refused,) = [fact for fact in await chat.facts() if isinstance(fact, CallRefused)]
        assert (refused.code, refused.message) == ("arguments", f"{words}; correct the arguments and call again")
        with pytest.raises(UsageError, match="'photo': there is no 'attachment:9'"):
            await chat.decide(reply.pending[0].call_id, approve=True, arguments={"photo": "attachment:9"})
        assert server.requests == []


async def test_files_of_a_turn_that_was_taken_back_are_unknown() -> None:
    steps = [Call("upload", {"photo": "attachment:1"}), Call("upload", {"photo": "attachment:2"})]
    async with album_host(("look", [Say("nice")]), ("send it", steps)) as (host, _):
        chat = host.conversation()
        await chat.ask("look", attachments=[PHOTO])
        assert await chat.last_attachments() == (PHOTO,)
        await chat.undo()
        reply = await chat.ask("send it", attachments=[PHOTO])
        assert [call.status for call in reply.calls] == ["refused", "asked"]


async def test_in_memory_the_oldest_files_go_when_there_are_too_many_and_calls_say_so() -> None:
    number = MAX_FILES_BYTES // MAX_FILE_BYTES + 1
    large = [Attachment(media_type="", data=bytes([one]) * MAX_FILE_BYTES, name="large") for one in range(number)]
    call = Call("upload", {"photo": "attachment:1"})
    async with album_host(("keep", [Say("kept")]), ("send it", [call, Say("gone")])) as (host, server):
        chat = host.conversation()
        await chat.ask("keep", attachments=large)
        reply = await chat.ask("send it")
        await chat.decide(reply.pending[0].call_id, approve=True)
        reply = await chat.resume()
        assert (reply.calls[0].status, server.requests) == ("failed", [])
        (failed,) = [fact for fact in await chat.facts() if isinstance(fact, CallFailed)]
        assert failed.message == "nothing was sent: 'photo' is a file whose bytes are not kept; attach it again"
        assert await chat.attachment(str(number)) == large[-1]
        for id in ("1", "99"):
            with pytest.raises(UnknownName, match="there is no attachment"):
                await chat.attachment(id)


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ([PHOTO] * (MAX_FILES_AT_ONCE + 1), "17 attachments"),
        ([Attachment(media_type="", data=bytes(MAX_FILE_BYTES + 1), name="film")], "'film' is longer than"),
    ],
    ids=["many", "large"],
)
async def test_a_message_brings_so_many_files_and_no_more(files: list[Attachment], words: str) -> None:
    async with album_host() as (host, _):
        with pytest.raises(UsageError, match=words):
            await host.conversation().ask("look", attachments=files)


async def test_what_a_file_is_called_leads_nowhere() -> None:
    odd = Attachment(media_type="image/png\nX: y", data=b"", name="../..\\a\x1b[2J\u202eb.png ")
    async with album_host(("look", [Say("nice")])) as (host, _):
        chat = host.conversation()
        await chat.ask("look", attachments=[odd])
        assert await chat.last_attachments() == (Attachment(media_type="", data=b"", name="a[2Jb.png"),)


async def test_a_path_of_a_model_is_nothing_that_a_person_is_asked_about(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    annotate = Call("annotate", {"text": f"@{tmp_path / 'secret'}", "scan": {"content": f"@{tmp_path / 'secret'}"}})
    async with album_host(("send it", [annotate, Say("sorry")])) as (host, server):
        reply = await host.conversation().ask("send it")
        assert ([call.status for call in reply.calls], reply.pending, server.requests) == (["refused"], (), [])
