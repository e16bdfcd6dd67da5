"""What a person may say: a text of some length, and files with it."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.errors import UsageError
from orchestrator.turn.files import MAX_FILE_BYTES, MAX_FILES_AT_ONCE
from runtimes.base import Attachment

MAX_MESSAGE = 32_000
"""Characters of a message from the person."""


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def refuse_unsayable(text: str, attachments: Sequence[Attachment]) -> None:
    """Raises: `UsageError` for a message that nothing can be made of."""
    if not text.strip():
        raise UsageError("the message is empty")
    if len(text) > MAX_MESSAGE:
        raise UsageError(f"the message has {len(text)} characters; at most {MAX_MESSAGE} are read")
    if not _is_text(text):
        raise UsageError("the message holds characters that are no text")
    if len(attachments) > MAX_FILES_AT_ONCE:
        raise UsageError(f"the message has {len(attachments)} attachments; at most {MAX_FILES_AT_ONCE} are taken")
    for file in attachments:
        if len(file.data) > MAX_FILE_BYTES:
            raise UsageError(f"the attachment {file.name[:60]!r} is longer than {MAX_FILE_BYTES} bytes")
