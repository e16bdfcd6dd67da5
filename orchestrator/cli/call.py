"""`orchestrator call`: one call of one function, without a model; or what would be sent for it."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import IO

from orchestrator.call_outcome import CallOutcome
from orchestrator.cli.attachments import with_files
from orchestrator.cli.options import Loaded, Setting, http_client, load_all, read_setting, warn_of_problems
from orchestrator.cli.output import refuse_output, write_answer
from orchestrator.cli.running import run_command
from orchestrator.cli.streams import STANDARD_STREAM
from orchestrator.cli.vault import opened_vault
from orchestrator.cli.wire import as_json, as_lines, curl_command, masked
from orchestrator.content import Citation, shown_card
from orchestrator.errors import OrchestratorError, UsageError
from orchestrator.host import DEFAULT_PERSON, Orchestrator
from orchestrator.render.sanitize import clean, plain_json
from orchestrator.turn.live_questions import Asks, PluginQuestion
from runtimes.base import RuntimeFactory, WireMessage
from runtimes.fetch import SharedClient
from runtimes.questions import LiveAnswer
from runtimes.values import InvalidJson, Json, JsonObject, parse_json, pretty_json


def _read_arguments(text: str) -> JsonObject:
    try:
        value = parse_json(text)
    except InvalidJson as error:
        raise UsageError(f"the arguments are not JSON: {error}") from None
    if not isinstance(value, dict):
        raise UsageError("the arguments must be a JSON object")
    return value


def _attachments_json(outcome: CallOutcome) -> JsonObject:
    """A member of its own, only where an answer is a file."""
    files: list[Json] = [
        {"name": one.name, "media_type": one.media_type, "size": len(one.data)} for one in outcome.attachments
    ]
    return {"attachments": files} if files else {}


def _as_json(outcome: CallOutcome) -> JsonObject:
    return {
        "status": outcome.status,
        "payload": outcome.payload,
        "is_error": outcome.is_error,
        "citations": [{**asdict(citation)} for citation in outcome.citations],
        "cards": [shown_card(card) for card in outcome.cards],
        **_attachments_json(outcome),
    }


def _citation_line(number: int, citation: Citation) -> str:
    parts = (f"[{number}] {citation.title}", citation.subtitle, citation.url)
    return " - ".join(part for part in parts if part)


def _payload_lines(outcome: CallOutcome) -> list[str]:
    payload = outcome.payload
    return [payload if isinstance(payload, str) else pretty_json(payload)]


def _further_lines(outcome: CallOutcome) -> list[str]:
    lines = [_citation_line(number, citation) for number, citation in enumerate(outcome.citations, start=1)]
    if outcome.cards:
        from orchestrator.render.cards import card_lines

        lines += [line for card in outcome.cards for line in card_lines(card)]
    if outcome.cards_left_out:
        lines.append(f"note: {outcome.cards_left_out} more cards are not shown")
    lines += [f"note: {note}" for note in outcome.notes]
    return lines


async def _carry_out(
    loaded: Loaded,
    options: argparse.Namespace,
    setting: Setting,
    http: SharedClient,
    runtimes: Mapping[str, RuntimeFactory] | None = None,
) -> int:
    arguments = _read_arguments(options.arguments)
    async with (
        opened_vault(setting.configuration, http=http, person=DEFAULT_PERSON) as vault,
        Orchestrator(
            plugins=loaded.plugins,
            model="offline",
            local=setting.local,
            runtimes=runtimes,
            http=http,
            locale=setting.locale,
            servers=setting.servers_of(loaded.plugins),
            cache=setting.cache,
            redactions=setting.configuration.redactions,
            card_templates=setting.configuration.card_templates,
            policy=setting.policy,
            vault=vault,
        ) as host,
    ):
        warn_of_problems(host.plugins)
        arguments = with_files(arguments, host.toolbox.find(options.function).signature)
        if options.dry_run or options.curl:
            _print_preview(host.preview(options.function, arguments), options)
            return 0
        asks = None if options.json else asks_at_terminal(host)
        outcome = await host.call(options.function, arguments, asks=asks)
        _report(outcome, options)
        return 1 if outcome.is_error else 0


def asks_at_terminal(host: Orchestrator) -> Asks | None:
    """Puts what a running plugin asks to the person at the terminal; None in a pipe, where nobody is present.

    Of somebody who leaves one question after the other unanswered, the task that calls this is cancelled.
    """
    streams: tuple[IO[str] | None, ...] = (sys.stdin, sys.stdout, sys.stderr)  # None where one is closed
    if not all(stream is not None and stream.isatty() for stream in streams):
        return None
    calling = asyncio.current_task()
    assert calling is not None
    asking: Asks | None = None

    async def asks(asked: PluginQuestion) -> LiveAnswer:
        nonlocal asking
        if asking is None:
            from orchestrator.repl.live_call import CallAsking

            asking = CallAsking(host, calling.cancel)
        return await asking(asked)

    return asks


def _report(outcome: CallOutcome, options: argparse.Namespace) -> None:
    """Prints the answer, or writes it to where it is wanted.

    Raises: `OrchestratorError` where it cannot be written; it is printed then, since the call is not made again for it.
    """
    target: str | None = None if outcome.is_error else options.output
    if target is None:
        _print_answer(outcome, options, None)
        return
    try:
        written = write_answer(outcome, target, force=options.force)
    except OrchestratorError as error:
        _print_answer(outcome, options, None)
        status = f" (HTTP {outcome.status})" if outcome.status is not None else ""
        raise OrchestratorError(f"the call was made{status}; {error}") from None
    _print_answer(outcome, options, written)


def _print_answer(outcome: CallOutcome, options: argparse.Namespace, written: Sequence[str] | None) -> None:
    """`written` are the files that hold it; None where it is printed itself."""
    if options.json:
        told: JsonObject = {"written": [*written]} if written is not None else {}
        print(plain_json(pretty_json(_as_json(outcome) | told)))
        return
    lines = _payload_lines(outcome) if written is None else []
    lines += [*_further_lines(outcome), *(f"written: {name}" for name in written or ())]
    if lines:
        print(clean("\n".join(lines)), file=sys.stderr if options.output == STANDARD_STREAM else sys.stdout)


def _check_output(options: argparse.Namespace) -> None:
    """Raises: `UsageError`."""
    if options.output is None:
        return
    if options.dry_run or options.curl:
        raise UsageError("--output goes without --dry-run and --curl: they make no call")
    if options.json and options.output == STANDARD_STREAM:
        raise UsageError(f"--output {STANDARD_STREAM} goes without --json: both print")
    refuse_output(options.output, force=options.force)


def _print_preview(messages: tuple[WireMessage, ...], options: argparse.Namespace) -> None:
    shown = [masked(message) for message in messages]
    commands = [curl_command(message) for message in shown] if options.curl else []
    if options.json:
        told: JsonObject = {"requests": [as_json(message) for message in shown]}
        if options.curl:
            told["commands"] = [*commands]
        print(plain_json(pretty_json(told)))
        return
    print(clean("\n\n".join(commands or ["\n".join(as_lines(message)) for message in shown])))


async def _call(options: argparse.Namespace) -> int:
    _check_output(options)
    setting = read_setting(options)
    async with http_client(options, setting) as http:
        loaded = await load_all([options.plugin], setting, http)
        if not options.mock:
            return await _carry_out(loaded, options, setting, http)
        from orchestrator.cli.mock import over_mock

        async with over_mock(loaded, http) as (over, runtimes):
            return await _carry_out(over, options, setting, http, runtimes)


def run(options: argparse.Namespace) -> int:
    return run_command(_call, options)
