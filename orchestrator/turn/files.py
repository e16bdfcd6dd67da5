"""Files of a conversation: what may be one, what is told of it, and its text in the arguments of a call. Pure."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator, Mapping

from orchestrator.content import AttachedFile
from orchestrator.tools.attachments import MARK, FileKind, FilePlace, schema_of, with_files
from runtimes.base import Attachment, FunctionSignature
from runtimes.values import JsonObject

MAX_FILE_BYTES = 5 * 1024 * 1024
"""The largest file that is kept; requests and answers have the same limit."""

MAX_NAMED_BYTES = 64 * 1024 * 1024
"""How large the files that one call names may be together, each as often as it is named."""

MAX_FILES_AT_ONCE = 16
"""How many files a message or an answer may bring."""

MAX_NAME_CHARS = 100
"""Characters of a file's name."""

_MEDIA_TYPE = re.compile(r"[\w!#$&^.+-]{1,40}/[\w!#$&^.+-]{1,80}", re.ASCII)


class Unsendable(Exception):
    """The files that a call names cannot be sent; the message is for the model and the person."""


def _plain_name(name: str) -> str:
    """The last part of a path, with nothing in it that cannot be printed."""
    last = re.split(r"[/\\]", name)[-1]
    return "".join(char for char in last if char.isprintable()).strip(". ")[:MAX_NAME_CHARS]


def described(file: Attachment, id: str) -> AttachedFile:
    """What is told of a file."""
    return AttachedFile(
        id=id,
        name=_plain_name(file.name),
        media_type=file.media_type if _MEDIA_TYPE.fullmatch(file.media_type) else "",
        size=len(file.data),
        sha256=hashlib.sha256(file.data).hexdigest(),
    )


def is_file(data: bytes, file: AttachedFile) -> bool:
    """True when these are the bytes that the file had when it was told of."""
    return len(data) == file.size and hashlib.sha256(data).hexdigest() == file.sha256


def _ids_named(arguments: JsonObject, signature: FunctionSignature) -> Iterator[str]:
    """The files that arguments name, each as often as they do."""
    ids: list[str] = []

    def look(place: FilePlace, text: str) -> str:
        del place
        ids.extend([text.removeprefix(MARK)] if text.startswith(MARK) else ())
        return text

    with_files(arguments, schema_of(signature), look)
    yield from ids


def files_to_send(
    arguments: JsonObject, signature: FunctionSignature, known: Mapping[str, AttachedFile]
) -> tuple[AttachedFile, ...]:
    """The files of the conversation that arguments name, each once.

    Raises: `Unsendable` when they are more than a call may have.
    """
    named = [known[id] for id in _ids_named(arguments, signature) if id in known]
    if sum(file.size for file in named) > MAX_NAMED_BYTES:
        raise Unsendable(f"nothing was sent: the files that it names are longer than {MAX_NAMED_BYTES} bytes together")
    return tuple({file.id: file for file in named}.values())


def filled(arguments: JsonObject, signature: FunctionSignature, held: Mapping[str, Attachment]) -> JsonObject:
    """The arguments with the files that they name, in the text that runtimes take. Raises: `Unsendable`.

    `held` are files by their ids.
    """

    def fill(place: FilePlace, text: str) -> str:
        if not text.startswith(MARK):
            return text
        file = held.get(text.removeprefix(MARK))
        if file is None:
            raise Unsendable(
                f"nothing was sent: {place.argument!r} is a file whose bytes are not kept; attach it again"
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
