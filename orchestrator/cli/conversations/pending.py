"""`orchestrator pending`: the questions and the sign-ins that are waited for, in whatever conversation."""

from __future__ import annotations

import argparse
import os
import sys
import time

from orchestrator.cli.beginnings import short_length
from orchestrator.cli.conversations import question_blocks, sign_in_blocks
from orchestrator.cli.conversations.finding import kept_store
from orchestrator.cli.conversations.waiting import Found, waiting_in
from orchestrator.cli.running import run_command
from orchestrator.cli.streams import told_width
from orchestrator.host import DEFAULT_PERSON
from orchestrator.render.sanitize import plain_json
from runtimes.values import Json, pretty_json

_NOTHING = "nothing waits for an answer"
_HINT = "`orchestrator approve CALL` shows one whole and says yes, `orchestrator decline CALL` says no"


def _print(found: Found) -> None:
    ids = [one.question.call_id for one in found.waiting] + [one.sign_in.call_id for one in found.unsigned]
    length, own, width = short_length(ids), DEFAULT_PERSON, told_width(sys.stdout, os.environ)
    blocks = [
        *(question_blocks.as_lines(one, id_length=length, own=own, width=width) for one in found.waiting),
        *(sign_in_blocks.as_lines(one, id_length=length, own=own, width=width) for one in found.unsigned),
    ]
    print("\n\n".join("\n".join(block) for block in blocks) or _NOTHING)
    if found.waiting and sys.stdout.isatty():
        print(f"\n{_HINT}")


async def _pending(options: argparse.Namespace) -> int:
    async with kept_store(options) as journal:
        found = await waiting_in(journal, await journal.kept(), now=time.time())
    if options.json:
        questions: list[Json] = [question_blocks.as_json(one) for one in found.waiting]
        sign_ins: list[Json] = [sign_in_blocks.as_json(one) for one in found.unsigned]
        print(plain_json(pretty_json({"questions": questions, "sign_ins": sign_ins})))
    else:
        _print(found)
    for complaint in found.complaints:
        print(f"orchestrator: {complaint}", file=sys.stderr)
    return 1 if found.complaints else 0


def run(options: argparse.Namespace) -> int:
    return run_command(_pending, options)
