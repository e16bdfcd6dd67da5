"""What a person may say, and when: a text of some length with files, or what they chose on a card."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.content import CardAction
from orchestrator.errors import QuestionsPending, UsageError
from orchestrator.turn.actions import refuse_unsendable
from orchestrator.turn.files import MAX_FILE_BYTES, MAX_FILES_AT_ONCE
from orchestrator.turn.history import History
from orchestrator.turn.state import WAITING, Status
from runtimes.base import Attachment

MAX_MESSAGE = 32_000
"""Characters of a message from the person."""


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def text_of(message: str | CardAction) -> str:
    """The words of a message; of an action, those on its button."""
    return message if isinstance(message, str) else message.title or message.verb


def refuse_unsayable(message: str | CardAction, attachments: Sequence[Attachment]) -> None:
    """Raises: `UsageError` for a message that nothing can be made of."""
    if isinstance(message, CardAction):
        refuse_unsendable(message)
    text = text_of(message)
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


def refuse_while_undecided(history: History, now: float) -> None:
    """Raises: `QuestionsPending` while a question or a sign-in is open, or a call that the person has approved or
    signed in for has not run; `now` is in seconds."""
    turn = history.turn
    if turn is None:
        return
    waiting = [call for call in turn.with_status(*WAITING) if call.waits_until is not None and call.waits_until > now]
    if asked := [call.function for call in waiting if call.status is Status.ASKED]:
        raise QuestionsPending(f"a question about {', '.join(asked)} is open; decide it, or supersede it")
    if waiting:
        names = ", ".join(call.function for call in waiting)
        raise QuestionsPending(f"a sign-in for {names} is open; sign in and resume the turn, or supersede it")
    ready = turn.with_status(Status.READY, Status.UNJUDGED)
    if any(call.question is not None or call.edit_of is not None or call.has_signed_in for call in ready):
        raise QuestionsPending("an approved call has not run yet; resume the turn, or supersede it")
