"""The bytes of a conversation's files in its journal: under their hash, told apart by ids that are given once."""

from __future__ import annotations

import hashlib

import anyio
import pytest

from orchestrator.content import AttachedFile
from orchestrator.errors import StoreDamaged, StoreUnavailable
from orchestrator.events import TurnEnded, TurnStarted
from orchestrator.journal.base import ConversationId
from orchestrator.journal.memory import MAX_FILES_BYTES, MemoryJournal
from orchestrator.turn.files import MAX_FILE_BYTES, MAX_FILES_AT_ONCE
from orchestrator.turn.kept_files import KeptFiles
from orchestrator.turn.ledger import Ledger
from runtimes.base import Attachment
from tests.orchestrator.journal.slow import SlowJournal


class Failing(SlowJournal):
    """A journal that fails to keep files, once for each of these errors."""

    def __init__(self, *errors: Exception) -> None:
        super().__init__()
        self._errors = list(errors)

    async def keep_file(self, conversation: ConversationId, sha256: str, data: bytes, /) -> None:
        if self._errors:
            raise self._errors.pop()
        await super().keep_file(conversation, sha256, data)


def file(data: bytes = b"x", name: str = "") -> Attachment:
    return Attachment(media_type="text/plain", data=data, name=name)


def known(*ids: str) -> TurnStarted:
    attachments = tuple(AttachedFile(id=id, size=1, sha256="0" * 64) for id in ids)
    return TurnStarted(text="look", person="ada", documents={}, attachments=attachments)


async def test_no_id_is_given_to_two_files() -> None:
    """Issue 8: the arguments of a call that is approved have the id alone."""
    journal = SlowJournal()
    mine, theirs = Ledger("c", journal), Ledger("c", journal)
    files = KeptFiles(mine)
    assert [one.id for one in await files.keep([file(), file()])] == ["1", "2"]
    await theirs.append(known("3", "x", "6"), TurnEnded(reason="answered"))
    await mine.refresh()
    given: list[str] = []

    async def take_in() -> None:
        given.extend(one.id for one in await files.take_in([file(), file()]))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(take_in)
        tasks.start_soon(take_in)
    assert sorted(given) == ["4", "5", "7", "8"]
    assert [one.id for one in await KeptFiles(mine).keep([file()])] == ["4"]  # those above were never told of


async def test_of_many_files_at_once_the_first_are_kept() -> None:
    files = KeptFiles(Ledger("c", MemoryJournal()))
    assert len(await files.keep([file()] * (MAX_FILES_AT_ONCE + 5))) == MAX_FILES_AT_ONCE


async def test_a_file_that_is_too_large_is_told_of_and_not_kept() -> None:
    files = KeptFiles(Ledger("c", MemoryJournal()))
    small, large = await files.keep([file(name="note"), file(bytes(MAX_FILE_BYTES + 1), "film")])
    assert (large.name, large.size) == ("film", MAX_FILE_BYTES + 1)
    assert await files.held([large, small]) == {small.id: file(name="note")}


async def test_bytes_that_are_not_those_of_the_file_are_none_of_it() -> None:
    journal = MemoryJournal()
    files = KeptFiles(Ledger("c", journal))
    first, second = await files.keep([file(b"one"), file(b"two")])
    await journal.keep_file("c", first.sha256, b"own")
    assert await files.held([first, second]) == {second.id: file(b"two")}


async def test_a_journal_in_memory_lets_the_first_files_of_a_conversation_go() -> None:
    journal = MemoryJournal()
    large = [bytes([one]) * MAX_FILE_BYTES for one in range(MAX_FILES_BYTES // MAX_FILE_BYTES + 1)]
    for data in (large[0], *large[1:-1], large[0], large[-1]):
        await journal.keep_file("c", hashlib.sha256(data).hexdigest(), data)
    held = [await journal.file("c", hashlib.sha256(data).hexdigest()) for data in large]
    assert [data is not None for data in held] == [True, False, *[True] * (len(large) - 2)]


async def test_a_store_that_cannot_keep_the_files_of_a_message_says_so() -> None:
    files = KeptFiles(Ledger("c", Failing(StoreUnavailable("full"))))
    with pytest.raises(StoreUnavailable, match="full"):
        await files.keep([file()])


async def test_an_answer_counts_where_its_files_cannot_be_kept() -> None:
    files = KeptFiles(Ledger("c", Failing(StoreDamaged("broken"))))
    (told,) = await files.take_in([file()])
    assert (told.size, await files.held([told])) == (1, {})


async def test_the_files_of_an_answer_are_kept_when_the_store_is_back() -> None:
    files = KeptFiles(Ledger("c", Failing(StoreUnavailable("away"))))
    (told,) = await files.take_in([file()])
    assert await files.held([told]) == {told.id: file()}
