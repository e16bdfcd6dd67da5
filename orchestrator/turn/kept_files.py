"""The bytes of a conversation's files: in the journal, under their hash, before a fact names them.

What no fact names in the end does no harm, and goes with the conversation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress

from orchestrator.content import AttachedFile
from orchestrator.errors import StoreError
from orchestrator.turn.files import (
    MAX_FILE_BYTES,
    MAX_FILES_AT_ONCE,
    described,
    files_to_send,
    filled,
    is_file,
)
from orchestrator.turn.ledger import Ledger
from orchestrator.turn.patience import patiently
from runtimes.base import Attachment, FunctionSignature
from runtimes.values import JsonObject


class KeptFiles:
    """The files of one conversation; none of them is held in memory."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._last = 0

    @property
    def _known(self) -> Mapping[str, AttachedFile]:
        return self._ledger.history.attachments

    # --- keeping

    async def keep(self, files: Sequence[Attachment]) -> tuple[AttachedFile, ...]:
        """Keeps the files of a message, and says what they are. Raises: `StoreError`.

        Those that are too large are told of and not kept.
        """
        told = self._told(files)
        await self._write(files, told)
        return told

    async def take_in(self, files: Sequence[Attachment]) -> tuple[AttachedFile, ...]:
        """As `keep`, for an answer: it counts, also where a store that fails cannot keep its files."""
        told = self._told(files)
        with suppress(StoreError):
            await patiently(lambda: self._write(files, told))
        return told

    def _told(self, files: Sequence[Attachment]) -> tuple[AttachedFile, ...]:
        """No id is given twice: calls in flight may bring files at once, and others have brought some."""
        return tuple(described(file, self._next()) for file in files[:MAX_FILES_AT_ONCE])

    def _next(self) -> str:
        known = self._known
        self._last = max(self._last, len(known)) + 1
        while str(self._last) in known:
            self._last += 1
        return str(self._last)

    async def _write(self, files: Sequence[Attachment], told: Sequence[AttachedFile]) -> None:
        for file, known in zip(files, told, strict=False):
            if known.size <= MAX_FILE_BYTES:
                await self._ledger.journal.keep_file(self._ledger.conversation, known.sha256, file.data)

    # --- reading

    async def held(self, files: Iterable[AttachedFile]) -> Mapping[str, Attachment]:
        """Those of the files that are kept, by id, with their bytes. Raises: `StoreError`.

        Bytes that are not those of the file are none of it.
        """
        found: dict[str, Attachment] = {}
        for file in files:
            data = await self._ledger.journal.file(self._ledger.conversation, file.sha256)
            if data is not None and is_file(data, file):
                found[file.id] = Attachment(media_type=file.media_type, data=data, name=file.name)
        return found

    async def filled(self, arguments: JsonObject, signature: FunctionSignature) -> JsonObject:
        """The arguments with the files that they name, in the text that runtimes take.

        Raises: `Unsendable`, `StoreError`.
        """
        if not (known := self._known):
            return filled(arguments, signature, {})
        files = files_to_send(arguments, signature, known)
        return filled(arguments, signature, await patiently(lambda: self.held(files)) if files else {})
