"""`orchestrator completion`: a script that completes commands and options in a shell."""

from __future__ import annotations

import argparse

from orchestrator.cli.parser import build_parser


def run(options: argparse.Namespace) -> int:
    import shtab

    print(shtab.complete(build_parser(), shell=options.shell))
    return 0
