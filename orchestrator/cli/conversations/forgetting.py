"""`orchestrator history --delete` and `--forget-older`: what is kept no longer."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence

from orchestrator.cli.conversations.asking import is_sure
from orchestrator.cli.conversations.table import fitted
from orchestrator.cli.store import SECONDS_OF_DAY
from orchestrator.errors import ConversationHeld, UsageError
from orchestrator.journal.base import Journal, Kept
from orchestrator.phrases import counted
from orchestrator.render.sanitize import clean_line, plain_json
from runtimes.values import Json, pretty_json

MAX_TITLE = 60
"""Cells of a title in a question."""

MAX_DAYS = 36_500
"""The longest age that is asked for, in days."""


def _named(kept: Sequence[Kept]) -> str:
    if len(kept) == 1:
        return f"conversation {kept[0].conversation} ({fitted(kept[0].title, MAX_TITLE)})"
    return counted(len(kept), "conversation")


async def delete(journal: Journal, kept: Sequence[Kept], options: argparse.Namespace) -> int:
    """Deletes all of these, if the person is sure; the exit code is 1 where one of them is held.

    Raises: `UsageError` where nobody can be asked, `StoreError`.
    """
    otherwise = "nobody is here to ask; --yes deletes without asking"
    if not is_sure(f"Delete {_named(kept)} for good?", yes=options.yes, otherwise=otherwise):
        print("nothing is deleted")
        return 0
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
    """Deletes what is at rest and has not grown for so many days. Raises: `UsageError`, `StoreError`."""
    if not 0 < days <= MAX_DAYS:
        raise UsageError(f"--forget-older wants more than 0 and at most {MAX_DAYS} days")
    count = await journal.forget_before(time.time() - days * SECONDS_OF_DAY)
    if json_wanted:
        print(pretty_json({"forgotten": count}))
        return 0
    print(f"forgotten: {counted(count, 'conversation')}, at rest for more than {days:g} day{'' if days == 1 else 's'}")
    return 0
