"""What the command line takes for conversations that are kept: history, pending, approve, decline, worker."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Protocol

from orchestrator.cli.chat_options import add_model
from orchestrator.cli.streams import STANDARD_STREAM

_HISTORY_EXAMPLE = "orchestrator history --export chats.jsonl"
_PENDING_EXAMPLE = "orchestrator pending --json"
_APPROVE_EXAMPLE = 'orchestrator approve 3f2a91c0 --note "the small one"'
_DECLINE_EXAMPLE = 'orchestrator decline 3f2a91c0 --note "not this week"'
_WORKER_EXAMPLE = "orchestrator worker plugin.json --at-once 4"


class Add(Protocol):
    """Adds a command, with one example for its help."""

    def __call__(
        self, name: str, summary: str, example: str, /, *parents: argparse.ArgumentParser
    ) -> argparse.ArgumentParser: ...


def _json_option() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(add_help=False)
    options.add_argument("--json", action="store_true", help="print JSON for machines")
    return options


def _describe_history(history: argparse.ArgumentParser) -> None:
    history.add_argument(
        "ids", nargs="*", metavar="ID", help="show this conversation; the first digits of its id are enough"
    )
    history.add_argument("--all", action="store_true", help="list all conversations, not just the last ones")
    what = history.add_mutually_exclusive_group()
    what.add_argument(
        "--export",
        nargs="?",
        const=STANDARD_STREAM,
        dest="target",
        metavar="FILE",
        help="write the conversations ID…, else all, to a new FILE as JSON lines (else print them)",
    )
    what.add_argument(
        "--import",
        dest="source",
        metavar="FILE",
        help="take in the conversations of an exported FILE (- reads it); nothing that is open in them is carried out",
    )
    what.add_argument("--delete", action="store_true", help="delete the conversations ID… for good, whoever held them")
    what.add_argument(
        "--forget-older",
        type=float,
        metavar="DAYS",
        help="delete what is at rest and has not grown for so many days",
    )
    history.add_argument("--yes", action="store_true", help="delete without asking")


def _describe_answer(answer: argparse.ArgumentParser) -> None:
    answer.add_argument(
        "call", metavar="CALL", help="the id that `orchestrator pending` shows; its first digits are enough"
    )
    answer.add_argument("--note", default="", metavar="TEXT", help="why; of a no the model is told it")
    answer.add_argument("--yes", action="store_true", help="answer without a last question; a pipe needs it")


def _describe_worker(worker: argparse.ArgumentParser) -> None:
    worker.add_argument("plugins", nargs="*", metavar="PLUGIN", help="path or URL of a manifest, or an app package")
    add_model(worker)
    worker.add_argument(
        "--at-once", type=int, default=1, metavar="N", help="turns that are gone on with together (else 1)"
    )
    worker.add_argument("--once", action="store_true", help="end when there is nothing left to do")


def add_history_commands(
    add: Add, *, store: argparse.ArgumentParser, worker: Sequence[argparse.ArgumentParser]
) -> None:
    """Adds them all; `store` has the option that names a store, `worker` what a worker shares with a chat."""
    json_option = _json_option()
    _describe_history(add("history", "list, read, move and delete conversations", _HISTORY_EXAMPLE, store, json_option))
    add("pending", "list the questions that wait for an answer", _PENDING_EXAMPLE, store, json_option)
    approve = add("approve", "say yes to a question that waits", _APPROVE_EXAMPLE, store, json_option)
    _describe_answer(approve)
    approve.add_argument(
        "--arguments", metavar="JSON|@FILE", help="your own arguments in the place of the model's, all of them"
    )
    _describe_answer(add("decline", "say no to a question that waits", _DECLINE_EXAMPLE, store, json_option))
    _describe_worker(add("worker", "go on with turns that wait for a process", _WORKER_EXAMPLE, *worker, store))
