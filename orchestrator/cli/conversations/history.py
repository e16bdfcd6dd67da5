"""`orchestrator history`: the conversations that are kept, listed, read, moved, and forgotten."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence

from orchestrator.cli.beginnings import short_length
from orchestrator.cli.conversations.finding import conversations_named, kept_store
from orchestrator.cli.conversations.table import Listed, as_json, as_table
from orchestrator.cli.conversations.waiting import waits_of
from orchestrator.cli.running import run_command
from orchestrator.cli.streams import told_width
from orchestrator.errors import StoreDamaged, StoreNewer, UsageError
from orchestrator.event_json import encode
from orchestrator.host import DEFAULT_PERSON
from orchestrator.journal.base import Journal, Kept
from orchestrator.phrases import counted
from orchestrator.render.sanitize import plain_json
from orchestrator.render.transcript import as_markdown
from runtimes.values import Json, pretty_json

MAX_LISTED = 20
"""How many conversations are listed unless all are wanted."""

MAX_DAYS = 36_500
"""The longest age that is asked for, in days."""

_NOTHING = "no conversation is kept"


async def _listed(journal: Journal, one: Kept, now: float) -> Listed:
    if one.standing == "at rest":
        return Listed(kept=one)
    try:
        waits = await waits_of(journal, one.conversation, now=now)
        return Listed(kept=one, questions=len(waits.questions), sign_ins=len(waits.sign_ins))
    except (StoreDamaged, StoreNewer):  # whoever reads that conversation is told
        return Listed(kept=one, questions=None, sign_ins=None)


async def _list(journal: Journal, kept: Sequence[Kept], options: argparse.Namespace) -> int:
    now, is_whole = time.time(), options.json or options.all
    shown = kept if is_whole else kept[:MAX_LISTED]
    listed = [await _listed(journal, one, now) for one in shown]
    if options.json:
        told: list[Json] = [as_json(one) for one in listed]
        print(plain_json(pretty_json({"conversations": told})))
        return 0
    if not listed:
        print(_NOTHING)
        return 0
    id_length = short_length([one.conversation for one in kept])
    width = told_width(sys.stdout, os.environ)
    print("\n".join(as_table(listed, id_length=id_length, own=DEFAULT_PERSON, width=width)))
    if more := len(kept) - len(listed):
        print(f"and {counted(more, 'older one')}; --all lists them too", file=sys.stderr)
    return 0


async def _show(journal: Journal, kept: Sequence[Kept], options: argparse.Namespace) -> int:
    [one] = conversations_named(options.ids, kept)
    facts = await journal.read(one.conversation)
    if not options.json:
        print(as_markdown(facts, {}), end="")
        return 0
    for fact in facts:
        print(plain_json(encode(fact).decode()))
    return 0


def _refuse_amounts(options: argparse.Namespace) -> None:
    """Raises: `UsageError`."""
    if len(options.ids) > 1 and not options.delete and options.target is None:
        raise UsageError("one conversation is shown at a time; several can be exported or deleted")
    if options.forget_older is not None and not 0 < options.forget_older <= MAX_DAYS:
        raise UsageError(f"--forget-older wants more than 0 and at most {MAX_DAYS} days")


def _refuse_contradictions(options: argparse.Namespace) -> None:
    """Raises: `UsageError`."""
    if options.ids and options.source is not None:
        raise UsageError("--import takes all conversations of its file, and no ID")
    if options.ids and options.forget_older is not None:
        raise UsageError("--forget-older goes by age, and takes no ID; --delete deletes the conversations you name")
    if options.delete and not options.ids:
        raise UsageError("--delete needs the IDs of the conversations to delete")
    if options.yes and not options.delete:
        raise UsageError("--yes goes with --delete")
    if options.json and options.target is not None:
        raise UsageError("--json goes without --export, which writes JSON lines by itself")
    if options.all and (options.ids or options.json or options.target or options.source or options.forget_older):
        raise UsageError("--all goes with the list only")


async def _history(options: argparse.Namespace) -> int:
    if options.source is not None:
        from orchestrator.cli.conversations.moving import take_in

        return await take_in(options)
    async with kept_store(options) as journal:
        if options.forget_older is not None:
            from orchestrator.cli.conversations.forgetting import forget_older

            return await forget_older(journal, options.forget_older, json_wanted=options.json)
        kept = await journal.kept()
        if options.delete:
            from orchestrator.cli.conversations.forgetting import delete

            return await delete(journal, conversations_named(options.ids, kept), options)
        if options.target is not None:
            from orchestrator.cli.conversations.moving import hand_out

            return await hand_out(journal, kept, options.ids, options.target)
        return await (_show if options.ids else _list)(journal, kept, options)


def run(options: argparse.Namespace) -> int:
    _refuse_contradictions(options)
    _refuse_amounts(options)
    return run_command(_history, options)
