"""Files of a conversation outlive the process that took them. Issue 8."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import anyio
import pytest

from orchestrator import MemoryJournal, UnknownName
from orchestrator.content import AttachedFile
from orchestrator.errors import StoreDamaged, StoreError, StoreUnavailable
from orchestrator.events import CallAsked, CallDispatched, CallFailed, CallJudged, TurnStarted
from orchestrator.journal.base import ConversationId, Journal
from orchestrator.model.scripted import Call, Say
from orchestrator.turn.questions import fingerprint
from runtimes.base import Attachment
from tests.orchestrator.journal.slow import SlowJournal
from tests.servers.albums import PNG, Played, album_host_at, answer
from tests.servers.loopback import serve

PHOTO = Attachment(media_type="image/png", data=PNG, name="photo.png")
UPLOAD = Call("upload", {"photo": "attachment:1"})
SEND: Played = ("send it", [UPLOAD])
SENT: Played = ("send it", [Say("sent")])
"""What the model of the next process has left to do."""


class Away(SlowJournal):
    """A journal that fails to read files, once for each of these errors."""

    def __init__(self) -> None:
        super().__init__(lease_seconds=0.3)
        self.errors: list[StoreError] = []

    async def file(self, conversation: ConversationId, sha256: str, /) -> bytes | None:
        if self.errors:
            raise self.errors.pop()
        return await super().file(conversation, sha256)


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> str | Journal:
    return MemoryJournal() if request.param == "memory" else f"sqlite:///{tmp_path}/chats.db"


async def test_a_call_that_was_approved_sends_its_file_from_another_process(store: str | Journal) -> None:
    async with serve(answer) as server:
        async with album_host_at(server.url, SEND, store=store) as host:
            (question,) = (await host.conversation(id="c").ask("send it", attachments=[PHOTO])).pending
        async with album_host_at(server.url, SENT, store=store) as host:
            chat = host.conversation(id="c")
            assert (await chat.attachment("1"), await chat.last_attachments()) == (PHOTO, (PHOTO,))
            assert await chat.decide(question.call_id, approve=True) == "accepted"
            reply = await chat.resume()
    assert (reply.text, reply.calls[0].status) == ("sent", "returned")
    assert PNG in server.requests[0].body
    assert b'filename="photo.png"' in server.requests[0].body


async def test_a_worker_that_takes_a_turn_up_sends_its_files(store: str | Journal) -> None:
    async with serve(answer) as server:
        async with album_host_at(server.url, SEND, store=store) as host:
            chat = host.conversation(id="c")
            (question,) = (await chat.ask("send it", attachments=[PHOTO])).pending
            await chat.decide(question.call_id, approve=True)
        async with album_host_at(server.url, SENT, store=store) as worker:
            assert await worker.run_pending() == 1
    assert PNG in server.requests[0].body


async def test_a_file_that_an_answer_was_is_passed_on_in_a_later_session(store: str | Journal) -> None:
    """The answer of a turn that was taken up gets an id of its own."""
    download: Played = ("send it", [Call("download", {}), Say("both")])
    text = Attachment(media_type="text/plain", data=b"text", name="a.txt")
    pass_on: Played = ("pass it on", [Call("upload", {"photo": "attachment:2"}), Say("done")])
    async with serve(answer) as server:
        async with album_host_at(server.url, SEND, store=store) as host:
            (question,) = (await host.conversation(id="c").ask("send it", attachments=[text])).pending
        async with album_host_at(server.url, download, store=store) as host:
            chat = host.conversation(id="c")
            await chat.decide(question.call_id, approve=True)
            assert [file.id for file in (await chat.resume()).attachments] == ["2"]
        async with album_host_at(server.url, pass_on, store=store) as host:
            chat = host.conversation(id="c")
            (question,) = (await chat.ask("pass it on")).pending
            await chat.decide(question.call_id, approve=True)
            await chat.resume()
            assert (await chat.attachment("1"), (await chat.attachment("2")).data) == (text, PNG)
    assert b"\r\n\r\ntext\r\n" in server.requests[0].body
    assert PNG in server.requests[2].body
    assert b'filename="cat.png"' in server.requests[2].body


async def test_other_bytes_than_those_that_were_approved_are_not_sent() -> None:
    journal = MemoryJournal()
    async with serve(answer) as server, album_host_at(server.url, SEND, store=journal) as host:
        chat = host.conversation(id="c")
        (question,) = (await chat.ask("send it", attachments=[PHOTO])).pending
        await journal.keep_file("c", question.attachments[0].sha256, b"another photo")
        await chat.decide(question.call_id, approve=True)
        await chat.resume()
        (failed,) = [fact for fact in await chat.facts() if isinstance(fact, CallFailed)]
        assert failed.message == "nothing was sent: 'photo' is a file whose bytes are not kept; attach it again"
        with pytest.raises(UnknownName, match="there is no attachment '1'"):
            await chat.attachment("1")
        assert await chat.last_attachments() == ()
        assert server.requests == []


async def test_a_call_is_not_dispatched_before_its_files_are_read() -> None:
    """Otherwise a store that fails would leave a call of unknown outcome that was never sent."""
    journal = Away()
    async with serve(answer) as server:
        async with album_host_at(server.url, SEND, store=journal) as host:
            chat = host.conversation(id="c")
            (question,) = (await chat.ask("send it", attachments=[PHOTO])).pending
            await chat.decide(question.call_id, approve=True)
            journal.errors = [StoreDamaged("the store is broken")]
            with pytest.raises(StoreDamaged, match="the store is broken"):
                await chat.resume()
            assert not any(isinstance(fact, CallDispatched) for fact in await chat.facts())
            assert server.requests == []
        async with album_host_at(server.url, SENT, store=journal) as host:
            journal.errors = [StoreUnavailable("the store is away")]
            with anyio.fail_after(5):
                while not await host.run_pending():
                    await journal.has_work(0.1)
            reply = await host.conversation(id="c").resume()
            assert journal.errors == []
    assert (reply.text, reply.calls[0].status, len(server.requests)) == ("sent", "returned", 1)


async def test_an_approval_holds_for_the_files_that_the_call_names() -> None:
    upload = Call("upload", {"photo": "attachment:1", "title": "attachment:2"})
    async with serve(answer) as server, album_host_at(server.url, ("send it", [upload])) as host:
        chat = host.conversation()
        await chat.ask("send it", attachments=[PHOTO, PHOTO])
        facts = await chat.facts()
        function = host.toolbox.find("upload")
    (judged,) = [fact for fact in facts if isinstance(fact, CallJudged)]
    (asked,) = [fact for fact in facts if isinstance(fact, CallAsked)]
    (started,) = [fact for fact in facts if isinstance(fact, TurnStarted)]
    known = {file.id: file for file in started.attachments}

    def is_approved(files: Mapping[str, AttachedFile]) -> bool:
        return fingerprint(judged.call_id, function, judged.arguments, files) == asked.fingerprint

    assert judged.fingerprint == asked.fingerprint
    assert is_approved(known)
    assert is_approved(known | {"2": replace(known["2"], sha256="0" * 64)})  # a text is a text
    assert not is_approved(known | {"1": replace(known["1"], sha256="0" * 64)})
    assert not is_approved(known | {"1": replace(known["1"], name="passport.png")})
    assert not is_approved({})
