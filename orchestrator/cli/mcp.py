"""`orchestrator mcp`: plugins as a server of the Model Context Protocol, on the standard streams or on HTTP."""

from __future__ import annotations

import argparse
import os
import secrets
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from orchestrator.cli.idle import warn_of_idle_rules
from orchestrator.cli.options import (
    Loaded,
    Setting,
    http_client,
    load_all,
    read_setting,
    warn_if_unwatched,
    warn_of_problems,
)
from orchestrator.cli.remembered import person_answers
from orchestrator.cli.running import run_command
from orchestrator.cli.vault import opened_vault
from orchestrator.errors import FunctionUnavailable, UsageError
from orchestrator.host import DEFAULT_PERSON, Orchestrator
from orchestrator.render.sanitize import clean_line
from runtimes.fetch import SharedClient
from runtimes.values import dump_json

if TYPE_CHECKING:
    from mcp.server.lowlevel import Server

    from orchestrator.mcp_server.http import Address
    from orchestrator.mcp_server.server import PluginServer

TOKEN_VARIABLE = "ORCHESTRATOR_MCP_TOKEN"  # noqa: S105  # the name of a variable
"""The variable that has the token of the server; without it one is made, and told on the error stream."""

MIN_TOKEN_CHARS = 16
"""A shorter token could be guessed."""

TOKEN_BYTES = 24
"""Of a token that is made."""

INSTALL = "pip install 'plugin-orchestrator[mcp]'"
"""What installs the protocol."""

_MAX_PORT = 65_535


def require_protocol() -> None:
    """Raises: `UsageError` where the extra is not installed."""
    from importlib.util import find_spec

    if find_spec("mcp") is None:
        raise UsageError(f"`orchestrator mcp` needs the extra 'mcp': {INSTALL}")


def address_of(text: str) -> Address:
    """What `[HOST:]PORT` means. Raises: `UsageError`."""
    from orchestrator.mcp_server.http import Address

    host, _, port = text.rpartition(":")
    if not (port.isascii() and port.isdigit() and len(port) <= len(str(_MAX_PORT)) and int(port) <= _MAX_PORT):
        raise UsageError(f"--http wants [HOST:]PORT, not {text!r}")
    return Address(host=host.removeprefix("[").removesuffix("]") or Address().host, port=int(port))


def token_of(options: argparse.Namespace, address: Address, environ: Mapping[str, str]) -> str | None:
    """The token that requests have to bring; None where they need none. Raises: `UsageError`."""
    if options.no_token:
        if not address.is_loopback:
            raise UsageError(f"--no-token goes with loopback only: whoever reaches {address.host!r} could call plugins")
        return None
    given = environ.get(TOKEN_VARIABLE, "")
    if not given:
        return secrets.token_urlsafe(TOKEN_BYTES)
    if len(given) < MIN_TOKEN_CHARS or not (given.isascii() and given.isprintable() and " " not in given):
        raise UsageError(f"{TOKEN_VARIABLE} must be {MIN_TOKEN_CHARS} printable characters or more, without spaces")
    return given


def refuse_misuse(options: argparse.Namespace) -> None:
    """Raises: `UsageError` for options that do not go together."""
    if options.http is None and options.no_token:
        raise UsageError("--no-token goes with --http: the standard streams have no token")
    if options.http is None and options.json:
        raise UsageError("--json goes with --http: the standard output is the protocol's")


def _say(text: str) -> None:
    print(clean_line(text), file=sys.stderr, flush=True)


@asynccontextmanager
async def _served(
    loaded: Loaded, options: argparse.Namespace, setting: Setting, http: SharedClient
) -> AsyncGenerator[tuple[Server, PluginServer]]:
    """The server over an open host, which has something to call."""
    from orchestrator.mcp_server.client_calls import ClientCalls
    from orchestrator.mcp_server.server import PluginServer, server_over

    person, answers, model = options.person or DEFAULT_PERSON, await person_answers(), ClientCalls()
    async with (
        opened_vault(setting.configuration, http=http, person=person) as vault,
        Orchestrator(
            plugins=loaded.plugins,
            model=model,
            local=setting.local,
            http=http,
            locale=setting.locale,
            servers=setting.servers_of(loaded.plugins),
            cache=setting.cache,
            redactions=setting.configuration.redactions,
            card_templates=setting.configuration.card_templates,
            inline_schemas=setting.inline_schemas,
            policy=setting.policy,
            answers=answers,
            vault=vault,
        ) as host,
    ):
        _tell_of(host, setting)
        plugins = PluginServer(host, model, person=person, says_yes=options.yes, granted=[*await answers.of(person)])
        try:
            first = loaded.conversation_starters
            yield server_over(host, plugins, instructions=loaded.instructions, first=first), plugins
        finally:
            await plugins.end()


def _tell_of(host: Orchestrator, setting: Setting) -> None:
    """Says on the error stream what is odd. Raises: `FunctionUnavailable` where there is nothing to offer."""
    for skipped in host.toolbox.skipped:
        _say(f"warning: {skipped.function} of {skipped.plugin} is not offered: {skipped.reason}")
    if not host.toolbox.functions:
        raise FunctionUnavailable("there is no function to offer")
    warn_if_unwatched(setting.policy)
    warn_of_idle_rules(host)
    warn_of_problems(host.plugins)


async def _listen(server: Server, plugins: PluginServer, options: argparse.Namespace) -> None:
    """Serves HTTP, and says where; the token goes to the error stream, which is less often kept."""
    from orchestrator.mcp_server.http import listening, serve_http

    address = address_of(options.http)
    token = token_of(options, address, os.environ)
    with listening(address) as (listener, url):
        if options.json:
            print(dump_json({"url": url, "token": token}), flush=True)
        else:
            print(f"listening on {url}", flush=True)
            if token is not None and token != os.environ.get(TOKEN_VARIABLE):
                _say(f"token: {token}")
            _say("Ctrl-C ends it")
        await serve_http(server, listener, address, token, ended=plugins.forget)


async def _mcp(options: argparse.Namespace) -> int:
    refuse_misuse(options)
    require_protocol()
    setting = read_setting(options)
    sources = tuple(options.plugins) or setting.configuration.plugins
    if not sources:
        raise UsageError("name a plugin: a path or URL of its manifest, or an app package")
    if options.http is not None:
        token_of(options, address_of(options.http), os.environ)  # wrong use is told before anything is loaded
    async with http_client(options, setting) as http:
        loaded = await load_all(sources, setting, http)
        async with _served(loaded, options, setting, http) as (server, plugins):
            if options.http is not None:
                await _listen(server, plugins, options)
            else:
                from orchestrator.mcp_server.stdio import serve_stdio

                await serve_stdio(server, _say)
    return 0


def run(options: argparse.Namespace) -> int:
    try:
        return run_command(_mcp, options)
    except KeyboardInterrupt:
        return 0
