"""`orchestrator pending`: the questions that wait for an answer, whatever conversation asks them."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence

from orchestrator.cli.beginnings import short_length
from orchestrator.cli.conversations.finding import kept_store
from orchestrator.cli.conversations.question_blocks import Waiting, as_json, as_lines
from orchestrator.cli.conversations.waiting import waiting_in
from orchestrator.cli.running import run_command
from orchestrator.cli.streams import told_width
from orchestrator.host import DEFAULT_PERSON
from orchestrator.render.sanitize import plain_json
from runtimes.values import Json, pretty_json

_NOTHING = "nothing waits for an answer"
_HINT = "`orchestrator approve CALL` shows one whole and says yes, `orchestrator decline CALL` says no"


def _print(waiting: Sequence[Waiting]) -> None:
    id_length = short_length([one.question.call_id for one in waiting])
    width = told_width(sys.stdout, os.environ)
    blocks = (as_lines(one, id_length=id_length, own=DEFAULT_PERSON, width=width) for one in waiting)
    print("\n\n".join("\n".join(block) for block in blocks) or _NOTHING)
    if waiting and sys.stdout.isatty():
        print(f"\n{_HINT}")


async def _pending(options: argparse.Namespace) -> int:
    async with kept_store(options) as journal:
        found = await waiting_in(journal, await journal.kept(), now=time.time())
    if options.json:
        told: list[Json] = [as_json(one) for one in found.waiting]
        print(plain_json(pretty_json({"questions": told})))
    else:
        _print(found.waiting)
    for complaint in found.complaints:
        print(f"orchestrator: {complaint}", file=sys.stderr)
    return 1 if found.complaints else 0


def run(options: argparse.Namespace) -> int:
    return run_command(_pending, options)
