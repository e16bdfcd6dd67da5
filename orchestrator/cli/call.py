"""`orchestrator call`: one call of one function, without a model; or what would be sent for it."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from orchestrator.cli.options import http_client, load_all, read_setting, warn_of_problems
from orchestrator.cli.running import run_command
from orchestrator.content import Citation
from orchestrator.errors import UsageError
from orchestrator.host import CallOutcome, Orchestrator
from orchestrator.render.cards import card_lines
from orchestrator.render.sanitize import clean, plain_json
from runtimes.base import WireMessage
from runtimes.values import InvalidJson, Json, JsonObject, parse_json, pretty_json


def _read_arguments(text: str) -> JsonObject:
    try:
        value = parse_json(text)
    except InvalidJson as error:
        raise UsageError(f"the arguments are not JSON: {error}") from None
    if not isinstance(value, dict):
        raise UsageError("the arguments must be a JSON object")
    return value


def _request_lines(message: WireMessage) -> list[str]:
    lines = [f"{message.method} {message.url}", *(f"{name}: {value}" for name, value in message.headers)]
    return lines if message.body is None else [*lines, "", message.body]


def _request(message: WireMessage) -> JsonObject:
    headers: list[Json] = [[name, value] for name, value in message.headers]
    return {"method": message.method, "url": message.url, "headers": headers, "body": message.body}


def _as_json(outcome: CallOutcome) -> JsonObject:
    return {
        "status": outcome.status,
        "payload": outcome.payload,
        "is_error": outcome.is_error,
        "citations": [{**asdict(citation)} for citation in outcome.citations],
        "cards": [{"body": card.body, "template": card.template} for card in outcome.cards],
    }


def _citation_line(number: int, citation: Citation) -> str:
    parts = (f"[{number}] {citation.title}", citation.subtitle, citation.url)
    return " - ".join(part for part in parts if part)


def _outcome_lines(outcome: CallOutcome) -> list[str]:
    payload = outcome.payload
    lines = [payload if isinstance(payload, str) else pretty_json(payload)]
    lines += [_citation_line(number, citation) for number, citation in enumerate(outcome.citations, start=1)]
    for card in outcome.cards:
        lines += card_lines(card)
    return lines


async def _call(options: argparse.Namespace) -> int:
    setting = read_setting(options)
    arguments = _read_arguments(options.arguments)
    async with http_client(options, setting) as http:
        loaded = await load_all([options.plugin], setting, http)
        async with Orchestrator(plugins=loaded.plugins, model="offline", local=setting.local, http=http) as host:
            warn_of_problems(host.plugins)
            if options.dry_run:
                _print_preview(host.preview(options.function, arguments), as_json=options.json)
                return 0
            outcome = await host.call(options.function, arguments)
            if options.json:
                print(plain_json(pretty_json(_as_json(outcome))))
            else:
                print(clean("\n".join(_outcome_lines(outcome))))
            return 1 if outcome.is_error else 0


def _print_preview(messages: tuple[WireMessage, ...], *, as_json: bool) -> None:
    if as_json:
        print(plain_json(pretty_json({"requests": [_request(message) for message in messages]})))
        return
    print(clean("\n\n".join("\n".join(_request_lines(message)) for message in messages)))


def run(options: argparse.Namespace) -> int:
    return run_command(_call, options)
