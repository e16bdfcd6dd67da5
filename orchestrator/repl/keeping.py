"""Keeps what was said, in a new file: as Markdown, as events, or as a conversation that can be played."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from orchestrator.conversation import Conversation
from orchestrator.errors import UsageError
from orchestrator.host import Orchestrator
from orchestrator.render.calls import Labels
from orchestrator.render.transcript import refuse_existing, save_transcript
from orchestrator.testing.chats.chat_start import (
    CONVERSATION,
    ChatStart,
    folder_beside,
    is_conversation,
    refuse_near_miss,
)


class Keeper:
    """Knows how the chat was started, and writes it."""

    def __init__(
        self, host: Orchestrator, labels: Labels, start: ChatStart | None, *, is_resumed: bool = False
    ) -> None:
        """`start` is None where a chat cannot be had again, such as that of the demo, and one that `is_resumed`."""
        self._host = host
        self._labels = labels
        self._start = start
        self._is_resumed = is_resumed

    def refuse(self, path: Path) -> None:
        """Before a chat begins. Raises: `UsageError` for a file that nothing may be written to, or not this."""
        self._refuse(path)
        if is_conversation(path) and os.path.lexists(beside := folder_beside(path)):
            raise UsageError(
                f"{str(beside)!r} is there already, where the files of the chat would go; choose another name"
            )

    def _refuse(self, path: Path) -> None:
        refuse_near_miss(path)
        if is_conversation(path) and self._is_resumed:
            raise UsageError(
                f"what was answered before is not kept as it came, so that no {CONVERSATION} can be made of a "
                f"conversation that was gone on with; a new chat writes one"
            )
        if is_conversation(path) and self._start is None:
            raise UsageError(
                f"the examples are gone after the demo, so that no {CONVERSATION} can be played over them; "
                f"`orchestrator chat` writes one"
            )
        refuse_existing(path)

    async def keep(self, path: Path, chats: Sequence[Conversation]) -> tuple[str, ...]:
        """Writes the chats; what there is to say of it, a line each. Raises: `UsageError`."""
        self._refuse(path)
        if is_conversation(path) and self._start is not None:
            from orchestrator.testing.chats.saving import save_chats

            return tuple((await save_chats(path, chats, self._host, self._start)).lines(path))
        facts = [fact for chat in chats for fact in await chat.facts()]
        save_transcript(path, facts, self._labels)
        return (f"saved to {path}",)
