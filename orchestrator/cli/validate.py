"""`orchestrator validate`: every problem of manifests, each where it stands."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping
from typing import IO

from orchestrator.check.report import Checked, as_github, as_json, as_text
from orchestrator.cli.running import run_command
from orchestrator.errors import ManifestError
from orchestrator.manifest.examine import examine
from orchestrator.manifest.load import manifest_bytes
from runtimes.http import shown_url
from runtimes.positions import BOM


async def _checked(path: str) -> Checked:
    try:
        data = await manifest_bytes(path)
    except ManifestError as error:
        return Checked(path=shown_url(path), problems=error.problems)
    text = data.decode("utf-8", errors="replace").removeprefix(BOM)
    return Checked(path=shown_url(path), text=text, problems=examine(data).problems)


def is_coloured(file: IO[str], environ: Mapping[str, str]) -> bool:
    """True on a terminal that has colours, unless `NO_COLOR` has a value."""
    return file.isatty() and environ.get("TERM", "") != "dumb" and not environ.get("NO_COLOR")


async def _validate(options: argparse.Namespace) -> int:
    files = [await _checked(path) for path in options.files]
    if options.format == "json":
        report = as_json(files)
    elif options.format == "github":
        report = as_github(files)
    else:
        report = as_text(files, is_coloured=is_coloured(sys.stdout, os.environ))
    if report:
        print(report)
    return 0 if all(checked.is_valid for checked in files) else 1


def run(options: argparse.Namespace) -> int:
    return run_command(_validate, options)
