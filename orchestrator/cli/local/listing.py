"""`orchestrator local list`: what is behind local plugins, and whether what plugins name is there."""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from orchestrator.cli.configuration import FILE_NAME
from orchestrator.cli.local.entries import (
    Entry,
    Named,
    as_json,
    entries_table,
    named_as_json,
    named_by,
    named_table,
    unset_of,
)
from orchestrator.cli.options import Setting, http_client, load_all, read_setting
from orchestrator.cli.streams import told_width
from orchestrator.render.sanitize import clean_line, plain_json
from runtimes.local_endpoint import LocalEndpoint
from runtimes.values import Json, pretty_json

OPTION = "--local"
"""Where an entry is written that no file has."""


def problem_of(endpoint: LocalEndpoint, environ: Mapping[str, str]) -> str:
    """Why a program cannot be started, as far as that shows without starting it; empty where nothing does."""
    if not endpoint.command:
        return ""
    program, folder = endpoint.command[0], Path(endpoint.directory or ".")
    if not folder.is_dir():
        return f"its working directory {str(folder)!r} is not there"
    path = {"PATH": os.defpath, **environ, **endpoint.environment}["PATH"]
    place = str(folder / program) if os.path.dirname(program) else program
    if shutil.which(place, path=path) is None:
        return f"there is no program {program!r}"
    return ""


def _entries(setting: Setting, environ: Mapping[str, str]) -> list[Entry]:
    written = setting.configuration.local
    file = str(setting.configuration.path or FILE_NAME)
    return [
        Entry(
            name=name,
            endpoint=endpoint,
            source=file if written.get(name) is endpoint else OPTION,
            problem=problem_of(endpoint, environ),
            unset=unset_of(endpoint, environ),
        )
        for name, endpoint in setting.local.items()
    ]


async def _named(options: argparse.Namespace, setting: Setting) -> list[Named]:
    if not options.plugins:
        return []
    async with http_client(options, setting) as http:
        loaded = await load_all(options.plugins, setting, http)
    return list(named_by(loaded.plugins, setting.local))


def _complaints(entries: Sequence[Entry], named: Sequence[Named]) -> Iterator[str]:
    """What is missing; an entry that cannot be started counts where a plugin names it, or where none is asked about."""
    for one in named:
        if one.entry is None:
            near = f"; is {one.near!r} meant?" if one.near else ""
            add = f"orchestrator local add {shlex.quote(one.name)} -- COMMAND"
            yield f"{one.plugin} names the local plugin {one.name!r}, which nothing is behind{near}; `{add}`"
    wanted = {one.entry for one in named}
    for entry in entries:
        if entry.problem and (not named or entry.name in wanted):
            yield f"{entry.name}: {entry.problem}"


async def list_all(options: argparse.Namespace) -> int:
    """The exit code of the command: 1 where something is missing."""
    setting = read_setting(options)
    entries, named = _entries(setting, os.environ), await _named(options, setting)
    if options.json:
        told: dict[str, Json] = {"local": [as_json(one) for one in entries]}
        if options.plugins:
            told["named"] = [named_as_json(one) for one in named]
        print(plain_json(pretty_json(told)))
    else:
        width = told_width(sys.stdout, os.environ)
        lines = entries_table(entries, width) if entries else ["no local plugin is registered"]
        if options.plugins:
            lines += ["", *(named_table(named, width) if named else ["no runtime of these plugins names one"])]
        print("\n".join(lines))
    for one in entries:
        if one.unset:
            print(clean_line(f"note: {one.name} is to inherit {', '.join(one.unset)}: not set here"), file=sys.stderr)
    complaints = list(_complaints(entries, named))
    for complaint in complaints:
        print(f"orchestrator: {clean_line(complaint)}", file=sys.stderr)
    return 1 if complaints else 0
