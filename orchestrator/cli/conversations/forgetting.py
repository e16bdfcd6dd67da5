"""`orchestrator history --delete` and `--forget-older`: what is kept no longer."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

from orchestrator.cli.conversations.asking import is_sure
from orchestrator.cli.conversations.table import MAX_PERSON, fitted
from orchestrator.cli.store import SECONDS_OF_DAY
from orchestrator.errors import ConversationHeld
from orchestrator.host import DEFAULT_PERSON
from orchestrator.journal.base import Journal, Kept
from orchestrator.phrases import counted, listed
from orchestrator.render.sanitize import clean_line, plain_json
from runtimes.values import Json, pretty_json

MAX_TITLE = 60
"""Cells of a title in a question."""


def _named(kept: Sequence[Kept]) -> str:
    """What is to be deleted; whose it is, where somebody else held it."""
    others = {fitted(one.person, MAX_PERSON) for one in kept if one.person != DEFAULT_PERSON}
    whose = f", held by {listed(sorted(others))}" if others else ""
    if len(kept) == 1:
        return f"conversation {kept[0].conversation} ({fitted(kept[0].title, MAX_TITLE)}{whose})"
    return counted(len(kept), "conversation") + whose


async def delete(journal: Journal, kept: Sequence[Kept], options: argparse.Namespace) -> int:
    """Deletes all of these, if the person is sure; the exit code is 1 unless all of them are.

    Raises: `UsageError` where nobody can be asked, `StoreError`.
    """
    otherwise = "nobody is here to ask; --yes deletes without asking"
    if not await is_sure(f"Delete {_named(kept)} for good?", yes=options.yes, otherwise=otherwise):
        print("nothing is deleted", file=sys.stderr)
        return 1
    deleted: list[Json] = []
    held: list[Json] = []
    for one in kept:
        try:
            await journal.forget(one.conversation)
        except ConversationHeld:
            held.append(one.conversation)
        else:
            deleted.append(one.conversation)
    if options.json:
        print(plain_json(pretty_json({"deleted": deleted, "held": held})))
        return 1 if held else 0
    for name in deleted:
        print(f"deleted: {clean_line(str(name))}")
    for name in held:
        print(f"not deleted: {clean_line(str(name))}: a turn of it is running, or was until a moment ago")
    return 1 if held else 0


async def forget_older(journal: Journal, days: float, *, json_wanted: bool) -> int:
    """Deletes what is at rest and has not grown for so many days. Raises: `StoreError`."""
    count = await journal.forget_before(time.time() - days * SECONDS_OF_DAY)
    if json_wanted:
        print(pretty_json({"forgotten": count}))
        return 0
    print(f"forgotten: {counted(count, 'conversation')}, at rest for more than {days:g} day{'' if days == 1 else 's'}")
    return 0
