"""The bytes of a conversation's files: held in memory, the newest that fit into a limit."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Sequence

from orchestrator.content import AttachedFile
from orchestrator.tools.attachments import MARK, FileKind, FilePlace, schema_of, with_files
from runtimes.base import Attachment, FunctionSignature
from runtimes.values import JsonObject

MAX_FILE_BYTES = 5 * 1024 * 1024
"""The largest file that is held; requests and answers have the same limit."""

MAX_HELD_BYTES = 64 * 1024 * 1024
"""How large all files of a conversation may be together; those that came first go."""

MAX_FILES_AT_ONCE = 16
"""How many files a message or an answer may bring."""

MAX_NAME_CHARS = 100
"""Characters of a file's name."""

_MEDIA_TYPE = re.compile(r"[\w!#$&^.+-]{1,40}/[\w!#$&^.+-]{1,80}", re.ASCII)


class FileNotHeld(Exception):
    """The bytes of a file are not there any more; the message is for the model and the person."""


def _plain_name(name: str) -> str:
    """The last part of a path, with nothing in it that cannot be printed."""
    last = re.split(r"[/\\]", name)[-1]
    return "".join(char for char in last if char.isprintable()).strip(". ")[:MAX_NAME_CHARS]


class HeldFiles:
    """The files of one conversation, by id."""

    def __init__(self) -> None:
        self._files: dict[str, Attachment] = {}
        self._bytes = 0
        self._last = 0

    def pass_over(self, ids: Iterable[str]) -> None:
        """Gives none of these ids to another file: the journal has them."""
        self._last = max([self._last, *(int(one) for one in ids if one.isascii() and one.isdecimal())])

    def keep(self, files: Sequence[Attachment]) -> tuple[AttachedFile, ...]:
        """Holds files, and says what they are; those that are too large are told of and not held."""
        return tuple(self._keep(file) for file in files[:MAX_FILES_AT_ONCE])

    def _keep(self, file: Attachment) -> AttachedFile:
        self._last += 1
        known = AttachedFile(
            id=str(self._last),
            name=_plain_name(file.name),
            media_type=file.media_type if _MEDIA_TYPE.fullmatch(file.media_type) else "",
            size=len(file.data),
            sha256=hashlib.sha256(file.data).hexdigest(),
        )
        if known.size <= MAX_FILE_BYTES:
            self._files[known.id] = Attachment(media_type=known.media_type, data=file.data, name=known.name)
            self._bytes += known.size
            while self._bytes > MAX_HELD_BYTES:
                self._bytes -= len(self._files.pop(next(iter(self._files))).data)
        return known

    def get(self, id: str) -> Attachment | None:
        """A file with its bytes; None where it is not held."""
        return self._files.get(id)

    def held(self, files: Iterable[AttachedFile]) -> tuple[Attachment, ...]:
        """Those of the files that are held, with their bytes."""
        found = [self._files.get(file.id) for file in files]
        return tuple(file for file in found if file is not None)

    def filled(self, arguments: JsonObject, signature: FunctionSignature) -> JsonObject:
        """The arguments with the files that they name, in the text that runtimes take. Raises: `FileNotHeld`."""

        def fill(place: FilePlace, text: str) -> str:
            if not text.startswith(MARK):
                return text
            file = self._files.get(text.removeprefix(MARK))
            if file is None:
                raise FileNotHeld(
                    f"nothing was sent: {place.argument!r} is a file that is not held any more; attach it again"
                )
            return file_text(file, place.kind)

        return with_files(arguments, schema_of(signature), fill)


def file_text(file: Attachment, kind: FileKind) -> str:
    """A file as the text of an argument: base64, with its name and type where bytes are sent."""
    from runtimes.openapi.files import data_url

    if kind == "byte":
        return base64.b64encode(file.data).decode()
    if kind == "base64url":
        return base64.urlsafe_b64encode(file.data).decode()
    return data_url(file.data, name=file.name, media_type=file.media_type)
