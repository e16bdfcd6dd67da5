"""A chat as a conversation of a file, which plays as the chat went, without its model and its APIs. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from orchestrator.content import AttachedFile
from orchestrator.testing.chats.chat_said import Unrepeatable
from orchestrator.testing.chats.chat_turns import ChatTurn, Words, some_words, written_turn
from orchestrator.testing.chats.kept_answers import KeptAnswer
from orchestrator.testing.chats.kept_stubs import stubs_of
from orchestrator.testing.format.conversation import Conversation
from runtimes.values import Json, JsonObject

MAX_NAME = 60
"""Characters of the name that a conversation gets: the beginning of what is said first."""

Answers = Callable[[str], Sequence[KeptAnswer]]
"""What APIs have answered to the call of an id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What has become of a chat."""

    conversation: Conversation | None
    """None where no turn of it can be played again."""
    left_out: tuple[str, ...] = ()
    """The turns that cannot, each with the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """A turn that is written."""

    turn: ChatTurn
    written: JsonObject


class Beside:
    """The files that a conversation file refers to, which are put into a folder beside it."""

    def __init__(self, folder: str) -> None:
        """`folder` is relative to the conversation file."""
        self._folder = folder
        self._names: dict[bytes, str] = {}

    @property
    def files(self) -> Mapping[str, bytes]:
        """Their bytes, by their paths from the conversation file."""
        return {name: data for data, name in self._names.items()}

    def _put(self, data: bytes, name: str) -> str:
        if data not in self._names:
            self._names[data] = f"{self._folder}/{len(self._names) + 1}-{name}"
        return self._names[data]

    def attachment(self, file: AttachedFile, data: bytes | None) -> JsonObject:
        """A file that came with what was said. Raises: `Unrepeatable` where its bytes are gone."""
        if data is None:
            raise Unrepeatable(f"the file {file.label} is not held any more")
        return {"file": self._put(data, file.name or "file"), "name": file.name, "media_type": file.media_type}

    def body(self, data: bytes, media_type: str) -> str:
        """The body of an answer."""
        kind = media_type.partition(";")[0].strip().rpartition("/")[2]
        return self._put(data, f"answer.{kind}" if kind.isalnum() else "answer")


def named(text: str) -> str:
    """The name of a conversation in which this is said first."""
    words = some_words(text)
    return words if len(words) <= MAX_NAME else words[:MAX_NAME].rpartition(" ")[0] or words[:MAX_NAME]


def written_chat(
    turns: Sequence[ChatTurn], settings: JsonObject, words: Words, answers: Answers | None, beside: Beside
) -> Written:
    """The conversation that these turns are; `settings` is what there is before the first word.

    Where `answers` of APIs were kept, they become stubs.
    """
    kept: list[_Kept] = []
    left_out: list[str] = []
    before: ChatTurn | None = None
    for number, turn in enumerate(turns, start=1):
        try:
            kept.append(_Kept(turn=turn, written=written_turn(turn, before, words)))
            before = turn
        except Unrepeatable as reason:
            left_out.append(f"turn {number}: {reason}")
            before = None
    if not kept:
        return Written(conversation=None, left_out=tuple(left_out))
    said = kept[0].turn.state.started
    members: JsonObject = {"name": named(said.text), **settings}
    members |= {"locale": said.locale} if said.locale is not None else {}
    calls = [call_id for one in kept for call_id in one.turn.state.calls]
    if answers is not None:
        stubs = stubs_of([answer for call_id in calls for answer in answers(call_id)], beside.body)
        members |= {"api": {"stubs": stubs}} if stubs else {}
    written: list[Json] = [one.written for one in kept]
    return Written(conversation=Conversation.model_validate({**members, "turns": written}), left_out=tuple(left_out))
