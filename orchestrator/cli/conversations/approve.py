"""`orchestrator approve` and `orchestrator decline`: a person's answer to a question, from anywhere."""

from __future__ import annotations

import argparse
import os
import sys
import time
from dataclasses import dataclass
from functools import partial

from orchestrator.cli.chat import resume_command
from orchestrator.cli.conversations.asking import is_sure
from orchestrator.cli.conversations.finding import kept_store
from orchestrator.cli.conversations.question_blocks import Waiting, as_json
from orchestrator.cli.conversations.sign_in_blocks import Unsigned
from orchestrator.cli.conversations.sign_in_blocks import as_json as sign_in_json
from orchestrator.cli.conversations.waiting import Named, question_named
from orchestrator.cli.running import run_command
from orchestrator.cli.sources import read_bytes
from orchestrator.cli.streams import is_repainted
from orchestrator.conversation import Conversation
from orchestrator.errors import UsageError
from orchestrator.events import CallDecided
from orchestrator.host import Orchestrator
from orchestrator.journal.base import Journal
from orchestrator.model.open import OFFLINE
from orchestrator.phrases import counted
from orchestrator.render.calls import CallLabel
from orchestrator.render.console import console_for
from orchestrator.render.sanitize import clean_line, plain_json
from orchestrator.render.terminal import TerminalView
from orchestrator.repl.answering import who_answered
from orchestrator.repl.confirm import show_question
from orchestrator.repl.editing import edited, without_unseen
from orchestrator.reply import Question
from orchestrator.response.unseen import masked
from orchestrator.turn.answering import Decision
from orchestrator.turn.deciding import USE_AGREED
from runtimes.values import InvalidJson, JsonObject, decoded, dump_json, pretty_json

FILE_MARK = "@"
"""What the name of a file begins with, in the place of arguments."""

_NOT_HERE = "nobody is here to ask; --yes answers without asking, once you have seen the question"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Result:
    decision: Decision
    also: tuple[str, ...] = ()
    """Other questions that the answer has settled."""


def _written(options: argparse.Namespace) -> str | None:
    """The person's own arguments as they wrote them, here or in a file. Raises: `UsageError`."""
    written: str | None = vars(options).get("arguments")
    if written is None or not written.startswith(FILE_MARK):
        return written
    try:
        return decoded(read_bytes(written.removeprefix(FILE_MARK), "--arguments"))
    except InvalidJson as error:
        raise UsageError(f"--arguments: {error}") from None


def _given_arguments(text: str | None, question: Question) -> JsonObject | None:
    """The person's own. Raises: `UsageError`."""
    if text is None:
        return None
    try:
        return edited(text, question)
    except UsageError as error:
        raise UsageError(f"--arguments: {without_unseen(str(error), question)}") from None


def _show(one: Waiting, arguments: JsonObject | None, *, json_wanted: bool) -> None:
    """Everything that a decision can rest on; on the error stream, like what is asked, where nobody sees the output."""
    file = sys.stdout if sys.stdout.isatty() and not json_wanted else sys.stderr
    is_live = is_repainted(file, os.environ)
    view = TerminalView(console_for(file, is_live=is_live), {}, is_live=is_live)
    show_question(view, one.question, CallLabel(plugin=one.question.plugin, function=one.question.function))
    if arguments is not None:
        view.notice(f"with these arguments instead: {plain_json(dump_json(masked(arguments, one.question.secret)))}")
    view.notice(f"conversation {clean_line(one.kept.conversation)}: {clean_line(one.kept.title)}")


async def _decide(chat: Conversation, named: Named, options: argparse.Namespace, own: JsonObject | None) -> _Result:
    decision = await chat.decide(named.meant.question, options.command == "approve", own, options.note)
    settled = [fact for fact in await chat.facts() if isinstance(fact, CallDecided) and fact.note == USE_AGREED]
    also = tuple(fact.call_id for fact in settled if fact.call_id in named.beside)
    return _Result(decision=decision, also=also if decision == "accepted" else ())


def _as_json(one: Waiting, result: _Result, own: JsonObject | None, options: argparse.Namespace) -> str:
    told: JsonObject = {
        "result": result.decision,
        "answer": options.command,
        "also": [*result.also],
        "question": as_json(one),
        "arguments": masked(own, one.question.secret) if own is not None else None,
    }
    return plain_json(pretty_json(told))


def _going_on(conversation: str, options: argparse.Namespace) -> str:
    return f"`orchestrator worker` where one runs, else `{resume_command(options)} {clean_line(conversation)}`"


def _declined(what: str, conversation: str, options: argparse.Namespace) -> str:
    return f"declined: {what} does not run; the turn goes on in {_going_on(conversation, options)}"


def _accepted(one: Waiting, result: _Result, own: JsonObject | None, options: argparse.Namespace) -> str:
    what = f"{clean_line(one.question.function)} of {clean_line(one.question.plugin)}"
    if options.command == "decline":
        return _declined(what, one.kept.conversation, options)
    checked = "; it is checked first whether your arguments fit" if own is not None else ""
    more = counted(len(result.also), "more question")
    also = f", and with it {more} that asked for the same" if result.also else ""
    return f"approved{also}: {what} is run by {_going_on(one.kept.conversation, options)}{checked}"


async def _tell(
    chat: Conversation, one: Waiting, result: _Result, own: JsonObject | None, options: argparse.Namespace
) -> int:
    """Says what became of the answer; returns the exit code."""
    if options.json:
        print(_as_json(one, result, own, options))
    elif result.decision == "accepted":
        print(_accepted(one, result, own, options))
    elif result.decision == "expired":
        print("expired: nobody answered in time, and nothing runs")
    else:
        print(await who_answered(chat, one.question.call_id))
    return 0 if result.decision == "accepted" else 1


async def _decline_unsigned(journal: Journal, one: Unsigned, options: argparse.Namespace) -> int:
    """Has the turn go on without a call that waits for a sign-in. Raises: `UsageError` for a yes."""
    if options.command == "approve":
        raise UsageError(f"{one.what} waits until you have signed in: `{one.command}`; it can only be declined")
    async with Orchestrator(plugins=[], model=OFFLINE, store=journal) as host:
        chat = host.conversation(id=one.kept.conversation)
        await chat.facts()  # another person's are refused before anything of them is shown
        print(f"{one.what} waits until you have signed in: {clean_line(one.sign_in.reason)}", file=sys.stderr)
        if not await is_sure("Decline it?", yes=options.yes, otherwise=_NOT_HERE):
            print("nothing is answered, and the sign-in stays open", file=sys.stderr)
            return 1
        decision = await chat.decide(one.sign_in.call_id, False, note=options.note)
    if options.json:
        told: JsonObject = {"result": decision, "answer": options.command, "sign_in": sign_in_json(one)}
        print(plain_json(pretty_json(told)))
    elif decision == "accepted":
        print(_declined(one.what, one.kept.conversation, options))
    else:
        print("nobody signed in in time, and nothing runs" if decision == "expired" else "it does not wait any more")
    return 0 if decision == "accepted" else 1


async def _answer_in(journal: Journal, written: str | None, options: argparse.Namespace) -> int:
    named = await question_named(journal, await journal.kept(), options.call, now=time.time())
    if isinstance(named, Unsigned):
        return await _decline_unsigned(journal, named, options)
    one, verb = named.meant, "Run it" if options.command == "approve" else "Decline it"
    own = _given_arguments(written, one.question)
    async with Orchestrator(plugins=[], model=OFFLINE, store=journal) as host:
        chat = host.conversation(id=one.kept.conversation)
        await chat.facts()  # another person's are refused before anything of them is shown
        _show(one, own, json_wanted=options.json)
        if named.is_open and not await is_sure(f"{verb}?", yes=options.yes, otherwise=_NOT_HERE):
            print("nothing is answered, and the question stays open", file=sys.stderr)
            return 1
        return await _tell(chat, one, await _decide(chat, named, options, own), own, options)


async def _approve(written: str | None, options: argparse.Namespace) -> int:
    async with kept_store(options) as journal:
        return await _answer_in(journal, written, options)


def run(options: argparse.Namespace) -> int:
    return run_command(partial(_approve, _written(options)), options)
