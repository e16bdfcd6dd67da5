"""`orchestrator validate`: every problem of manifests, app packages and conversation files, each where it stands."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from typing import IO

from orchestrator.check.report import Checked, as_github, as_json, as_text
from orchestrator.check.validation import Reading, check_source
from orchestrator.cli.linter import ProcessLinter, require_validator
from orchestrator.cli.options import http_client, read_setting
from orchestrator.cli.running import run_command
from orchestrator.cli.streams import is_coloured
from orchestrator.errors import UsageError
from orchestrator.paths import typed_path
from orchestrator.render.sanitize import clean_line
from orchestrator.testing.format.finding import SUFFIX, conversation_files
from runtimes.http import HttpClient, is_url


def _report(files: Sequence[Checked], form: str) -> str:
    match form:
        case "json":
            return as_json(files)
        case "github":
            return as_github(files)
        case "sarif":
            from orchestrator.check.sarif import as_sarif

            return as_sarif(files)
        case _:
            return as_text(files, is_coloured=is_coloured(sys.stdout, os.environ))


def teller(file: IO[str]) -> Callable[[str], None] | None:
    """What says there what is waited for; None where nobody watches."""

    def tell(text: str) -> None:
        print(clean_line(text), file=file)

    return tell if file.isatty() else None


def _conversations(source: str) -> Sequence[str]:
    """The conversation files that are meant: the file itself, or those in a folder."""
    if is_url(source):
        return ()
    path = typed_path(source)
    if path.is_dir():
        return [str(file) for file in conversation_files([source])]
    return [source] if source.endswith(SUFFIX) else ()


async def _check(source: str, reading: Reading, http: HttpClient) -> Sequence[Checked]:
    """What a person names: manifests, packages, conversation files, and folders with some of them."""
    files, found = _conversations(source), list[Checked]()
    if files:
        from orchestrator.testing.playing.checking import check_conversations

        found = [await check_conversations(file, reading, http) for file in files]
    if source.endswith(SUFFIX) and found:
        return found
    checked = await check_source(source, reading, http)
    is_no_package = any(problem.code == "package-empty" for one in checked for problem in one.problems)
    return found if found and is_no_package else [*checked, *found]


async def _validate(options: argparse.Namespace) -> int:
    if "" in options.files:
        raise UsageError("the name of a file is empty; give the path or URL of a manifest, or of an app package")
    setting = read_setting(options)
    if options.lint:
        require_validator()
    reading = Reading(
        is_strict=options.strict,
        has_references=not options.no_references,
        environment=setting.environment,
        linter=ProcessLinter(tell=teller(sys.stderr)) if options.lint else None,
    )
    async with http_client(options, setting) as http:
        lent = http.allowing(setting.allowed_hosts)
        files = [checked for source in options.files for checked in await _check(source, reading, lent)]
    if report := _report(files, options.format):
        print(report)
    return 0 if all(checked.is_valid for checked in files) else 1


def run(options: argparse.Namespace) -> int:
    return run_command(_validate, options)
