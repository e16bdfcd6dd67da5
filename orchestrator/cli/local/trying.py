"""`orchestrator local test`: whether what is behind a local plugin starts, what it speaks, and what it answers."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import asynccontextmanager
from urllib.parse import parse_qsl

import anyio

from auth import Secret, SecretsInUse
from orchestrator.cli.configuration import read_configuration
from orchestrator.cli.configured_local import typed_local
from orchestrator.cli.local.entries import shown, shown_behind, unset_of
from orchestrator.cli.local.trial import Trial, Wanted, tried
from orchestrator.errors import UsageError
from orchestrator.render.sanitize import clean, clean_line, plain_json
from runtimes.fetch import SharedClient
from runtimes.local.messages import Answer, Fault
from runtimes.local.programs import Timing
from runtimes.local.transports.base import TransportOpener
from runtimes.local_endpoint import LocalEndpoint, endpoint_of, nearest
from runtimes.secret_variables import is_secret
from runtimes.values import InvalidJson, Json, JsonObject, dump_json, parse_json, pretty_json

PATIENCE_SECONDS = 1.0
"""After how long it is said that something is waited for."""

MAX_LINES, MAX_LINE = 10, 200
"""How many of the last lines on stderr are shown, and how many characters of one."""

_FRAMINGS = {"lines": "lines: one message each", "headers": "headers: a Content-Length before each message"}


def _endpoint(options: argparse.Namespace) -> LocalEndpoint:
    """Raises: `UsageError`."""
    table: Mapping[str, LocalEndpoint] = {
        **read_configuration().local,
        **dict(typed_local(text) for text in options.local),
    }
    endpoint = endpoint_of(options.name, table)
    if endpoint is None:
        near = nearest(options.name, table)
        hint = f"did you mean {near!r}?" if near else f"known: {', '.join(table) or 'none'}"
        raise UsageError(f"there is no local plugin {options.name!r}; {hint}")
    return endpoint


def _wanted(options: argparse.Namespace) -> Wanted | None:
    """Raises: `UsageError`."""
    try:
        arguments = parse_json(options.arguments)
    except InvalidJson as error:
        raise UsageError(f"the arguments are not JSON: {error}") from None
    if not isinstance(arguments, dict):
        raise UsageError("the arguments must be a JSON object")
    return None if options.function is None else Wanted(function=options.function, arguments=arguments)


@asynccontextmanager
async def _opener(endpoint: LocalEndpoint) -> AsyncGenerator[TransportOpener]:
    """What reaches it. Raises: `UsageError`."""
    if endpoint.command:
        from runtimes.local.transports.stdio import open_stdio

        yield lambda: open_stdio(endpoint)
        return
    from runtimes.local.transports.of_address import http_hosts, opener_for

    http = SharedClient()
    try:
        yield opener_for(endpoint.address, endpoint.framing, http.allowing(http_hosts([endpoint.address])))
    finally:
        await http.aclose()


def _learn(secrets: SecretsInUse, endpoint: LocalEndpoint) -> None:
    """What the program is given, and may repeat, and what is in the address."""
    given = parse_qsl(endpoint.address.partition("?")[2])
    inherited = {name: os.environ[name] for name in endpoint.inherited if name in os.environ}
    for name, value in (*inherited.items(), *endpoint.environment.items(), *given):
        if is_secret(name, value):
            secrets.learn(name, Secret(value))


def _lines(stderr: bytes) -> list[str]:
    return [clean_line(line)[:MAX_LINE] for line in stderr.decode(errors="replace").splitlines() if line.strip()][
        -MAX_LINES:
    ]


def _introduction(trial: Trial) -> str:
    told = trial.seen.introduction
    if told is None:
        return "not answered; it need not be"
    error = told.get("error")
    if error is not None:
        return "not known to it; it need not be"
    return dump_json(told.get("result"))


def _speaks(endpoint: LocalEndpoint, trial: Trial) -> str:
    if trial.seen.spoken is not None:
        told = _FRAMINGS[trial.seen.spoken]
        return told if trial.seen.has_spoken else f"{told} (it has said nothing)"
    return endpoint.address.partition(":")[0]


def _why_again(trial: Trial) -> str:
    seen = trial.seen
    if seen.deaths == seen.starts:
        return "it ended each time"
    if seen.introduction is not None:
        return "it ended when it was spoken to in another framing; `--framing` spares it that"
    return "it ended when it was asked 'initialize'"


def _rows(endpoint: LocalEndpoint, wanted: Wanted | None, trial: Trial) -> Iterator[tuple[str, str]]:
    if trial.seen.starts > 1 and trial.seen.deaths:
        yield "started" if endpoint.command else "reached", f"{trial.seen.starts} times: {_why_again(trial)}"
    if trial.started is not None:
        yield "ready", f"in {trial.started:.2f} s"
        yield "speaks", _speaks(endpoint, trial)
        yield "initialize", _introduction(trial)
    for question in trial.questions:
        yield "asked", f"{question.text} (declined: nobody is asked here)"
    if wanted is not None and trial.called is not None:
        what = "answered" if isinstance(trial.outcome, Answer) else "refused"
        yield wanted.function, f"{what} in {trial.called:.2f} s"
    if trial.stopped is not None and trial.seen.starts and trial.started is not None:
        yield "stopped", f"in {trial.stopped:.2f} s"


def _payload(outcome: Answer | Fault) -> Json:
    if isinstance(outcome, Answer):
        return outcome.result
    data: JsonObject = {} if outcome.data is None else {"data": outcome.data}
    return {"code": outcome.code, "message": outcome.message, **data}


def _as_json(name: str, endpoint: LocalEndpoint, trial: Trial) -> JsonObject:
    """Times are in seconds; null is what it did not come to."""
    told = trial.seen.introduction
    call: Json = None
    if trial.outcome is not None:
        call = {
            "seconds": trial.called,
            "payload": _payload(trial.outcome),
            "is_error": isinstance(trial.outcome, Fault),
        }
    return {
        "id": name,
        **shown_behind(endpoint),
        "attempts": trial.seen.starts,
        "started": trial.started,
        "framing": trial.seen.spoken if trial.seen.has_spoken else None,
        "initialize": {member: told[member] for member in ("result", "error") if member in told} if told else None,
        "questions": [question.text for question in trial.questions],
        "call": call,
        "stopped": trial.stopped,
        "stderr": [*_lines(trial.stderr)],
        "problem": trial.problem or None,
    }


def _told(options: argparse.Namespace, endpoint: LocalEndpoint, wanted: Wanted | None, trial: Trial) -> Iterator[str]:
    yield clean_line(f"{options.name}: {shown(endpoint)}")
    rows = [(clean_line(head), clean_line(text)) for head, text in _rows(endpoint, wanted, trial)]
    wide = max((len(head) for head, _ in rows), default=0)
    yield from (f"  {head:<{wide}}  {text}" for head, text in rows)
    if lines := _lines(trial.stderr):
        yield "  stderr"
        yield from (f"    {line}" for line in lines)
    if trial.outcome is not None:
        yield clean(pretty_json(_payload(trial.outcome)))


async def _reassure(name: str) -> None:
    """Says what is waited for, where it takes long."""
    await anyio.sleep(PATIENCE_SECONDS)
    print(clean_line(f"waiting for {name}…"), file=sys.stderr, flush=True)


async def try_out(options: argparse.Namespace) -> int:
    """The exit code of the command: 1 where it cannot be used, or the call fails."""
    endpoint, wanted, secrets = _endpoint(options), _wanted(options), options.secrets
    _learn(secrets, endpoint)

    def tell(text: str) -> None:
        print(clean_line(secrets.masked(f"… {text}")), file=sys.stderr, flush=True)

    trial: Trial | None = None
    async with _opener(endpoint) as opener, anyio.create_task_group() as tasks:
        tasks.start_soon(_reassure, options.name)
        trial = await tried(endpoint, opener, wanted, tell, timing=Timing())
        tasks.cancel_scope.cancel()
    assert trial is not None
    if options.json:
        print(secrets.masked(plain_json(pretty_json(_as_json(options.name, endpoint, trial)))))
    else:
        print(secrets.masked("\n".join(_told(options, endpoint, wanted, trial))))
    if unset := unset_of(endpoint, os.environ):
        print(clean_line(f"note: it is to inherit {', '.join(unset)}: not set here"), file=sys.stderr)
    if trial.problem:
        print(clean_line(secrets.masked(f"orchestrator: {options.name}: {trial.problem}")), file=sys.stderr)
    return 1 if trial.problem or isinstance(trial.outcome, Fault) else 0
