"""What several commands do with their options: local plugins, configuration, the HTTP log, the loaded plugins."""

from __future__ import annotations

import argparse
import os
import shlex
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import orjson

from orchestrator.cli.configuration import Configuration, read_configuration
from orchestrator.errors import UsageError
from orchestrator.manifest.load import Plugin, load_plugin
from runtimes.base import LocalEndpoint
from runtimes.fetch import HttpExchange


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """The options and the configuration of one run, put together."""

    configuration: Configuration
    allowed_hosts: tuple[str, ...]
    local: Mapping[str, LocalEndpoint]


def _local_endpoint(text: str) -> tuple[str, LocalEndpoint]:
    identifier, separator, command = text.partition("=")
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise UsageError(f"--local {text!r}: {error}") from None
    if not separator or not identifier or not words:
        raise UsageError(f"--local wants ID=COMMAND, not {text!r}")
    return identifier, LocalEndpoint(command=tuple(words), directory=os.getcwd())


def read_setting(options: argparse.Namespace) -> Setting:
    """Raises: `UsageError` for an option or a configuration that makes no sense."""
    configuration = read_configuration()
    given: Sequence[str] = options.local
    hosts: Sequence[str] = options.allow_host
    return Setting(
        configuration=configuration,
        allowed_hosts=(*configuration.allowed_hosts, *hosts),
        local={**configuration.local, **dict(_local_endpoint(text) for text in given)},
    )


async def load_all(sources: Sequence[str], allowed_hosts: Sequence[str]) -> list[Plugin]:
    """The plugins, in order. Raises: `ManifestError` for the first that cannot be loaded."""
    return [await load_plugin(source, allowed_hosts=allowed_hosts) for source in sources]


@contextmanager
def http_log(path: str | None) -> Generator[Callable[[HttpExchange], None] | None]:
    """A log with one JSON line for each exchange, or none. Raises: `UsageError` when the file cannot be opened."""
    if path is None:
        yield None
        return
    try:
        file = open(path, "ab")  # noqa: SIM115  # closed below; a `with` would hide errors of the body as its own
    except OSError as error:
        raise UsageError(f"cannot open {path!r} for the HTTP log: {error.strerror}") from None

    def log(exchange: HttpExchange) -> None:
        file.write(orjson.dumps(exchange) + b"\n")
        file.flush()

    try:
        yield log
    finally:
        file.close()
