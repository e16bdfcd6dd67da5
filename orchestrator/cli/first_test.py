"""The first test that `orchestrator new` writes beside a manifest: a conversation that is played once, and holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestrator.testing.chats.chat_start import CONVERSATION
from runtimes.values import Json, JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstTest:
    """A test that could be written, or why none is."""

    path: Path
    text: str = ""
    """Empty where none is written."""
    turns: int = 0
    reason: str = ""
    """Why none is written."""
    is_kept: bool = False
    """True where one is there already."""


def test_path(manifest: Path) -> Path:
    """Where the first test of a manifest lies."""
    return manifest.with_name(f"{manifest.stem}{CONVERSATION}")


async def make_first_test(manifest: Path, hosts: Sequence[str]) -> FirstTest:
    """A first test for a manifest that has been written; `hosts` are the private addresses that it may reach."""
    path = test_path(manifest)
    from orchestrator.testing.chats.first import first_conversation
    from orchestrator.testing.format.settings import Settings
    from orchestrator.testing.format.writing import write_conversations
    from orchestrator.testing.playing.stage import Unplayable

    allowed: list[Json] = [*hosts]
    plugin: JsonObject = {"source": manifest.name, **({"allow_hosts": allowed} if allowed else {})}
    try:
        first = await first_conversation(Settings.model_validate({"plugins": [plugin]}), manifest.parent)
    except Unplayable as reason:
        return FirstTest(path=path, reason=str(reason))
    if first.conversation is None:
        return FirstTest(path=path, reason="; ".join(first.left_out))
    text = write_conversations([first.conversation]).decode()
    return FirstTest(path=path, text=text, turns=len(first.conversation.turns))
