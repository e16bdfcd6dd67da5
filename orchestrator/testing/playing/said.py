"""What a turn of a conversation file has the person say: words, files beside the conversation, a choice on a card."""

from __future__ import annotations

import mimetypes
from collections.abc import Sequence
from pathlib import Path

from orchestrator.content import CardAction, ReturnedCard
from orchestrator.errors import UnknownName, UsageError
from orchestrator.response.card_forms import choices_of, submitted
from orchestrator.response.card_inputs import Unacceptable, accepted
from orchestrator.response.card_standing import standing
from orchestrator.testing.format.conversation import FileSource, Message
from orchestrator.testing.format.files import read_limited
from orchestrator.testing.format.matching import shown
from orchestrator.turn.files import MAX_FILE_BYTES
from runtimes.base import Attachment
from runtimes.values import Json


def attachment(source: FileSource, folder: Path) -> Attachment:
    """A file that goes with what is said. Raises: `UsageError`."""
    path = folder / source.file
    media_type, coding = mimetypes.guess_type(path.name)
    guessed = media_type if media_type and coding is None else ""
    return Attachment(
        media_type=guessed if source.media_type is None else source.media_type,
        data=read_limited(path, MAX_FILE_BYTES),
        name=path.name if source.name is None else source.name,
    )


def _typed(value: Json) -> str:
    return value if isinstance(value, str) else shown(value)


def _chosen(message: Message, title: str, cards: Sequence[ReturnedCard]) -> CardAction:
    if message.card > len(cards):
        raise UsageError(f"there is no card {message.card}; the turn before has {len(cards)}")
    card = cards[message.card - 1]
    choices = choices_of(standing(card.body)) if card.template is None else ()
    choice = next((one for one in choices if one.title == title), None)
    if choice is None:
        raise UnknownName("action", title, [one.title for one in choices])
    known = {field.id for field in choice.inputs}
    for name in message.inputs:
        if name not in known:
            raise UnknownName("input", name, known)
    values = {field.id: field.value for field in choice.inputs}
    for field in choice.inputs:
        if field.id in message.inputs:
            try:
                values[field.id] = accepted(field, _typed(message.inputs[field.id]))
            except Unacceptable as error:
                raise UsageError(f"the input {field.id!r} does not take that: {error}") from None
    return submitted(choice, values, call_id=card.call_id, result_id=card.result_id)


def what_is_said(message: Message, cards: Sequence[ReturnedCard]) -> str | CardAction:
    """The words, or the choice on one of the cards of the turn before. Raises: `UsageError`."""
    if message.choose is not None:
        return _chosen(message, message.choose, cards)
    assert message.text is not None
    return message.text
