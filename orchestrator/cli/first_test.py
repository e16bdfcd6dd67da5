"""The first test that `orchestrator new` writes beside a manifest: a conversation that is played once, and holds."""

from __future__ import annotations

import os
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
    is_doubtful: bool = False
    """True where that was written for another manifest, over which this one was written."""


def test_path(manifest: Path) -> Path:
    """Where the first test of a manifest lies."""
    return manifest.with_name(f"{manifest.stem}{CONVERSATION}")


def standing_test(path: Path, *, is_doubtful: bool) -> FirstTest | None:
    """What there is in the place of a first test; None where there is nothing."""
    if not os.path.lexists(path):
        return None
    if path.is_file():
        return FirstTest(path=path, is_kept=True, is_doubtful=is_doubtful)
    what = "a link to nothing" if path.is_symlink() else "a folder" if path.is_dir() else "no regular file"
    return FirstTest(path=path, reason=f"there is {what} of that name")


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
