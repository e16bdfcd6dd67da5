"""What the command line takes for local plugins: `orchestrator local` and its commands."""

from __future__ import annotations

import argparse

from orchestrator.cli.parser_history import Add

LOCAL_COMMANDS = ("list", "add", "test")
"""The commands below `orchestrator local`."""

FRAMINGS = ("auto", "lines", "headers")

_NAME_HELP = "the local_endpoint of a manifest, or a pattern such as 'Contoso.*'"


def _json_option() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(add_help=False)
    options.add_argument("--json", action="store_true", help="print JSON for machines")
    return options


def _local_option() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(add_help=False)
    options.add_argument(
        "--local",
        action="append",
        default=[],
        metavar="ID=COMMAND|ADDRESS",
        help="what is behind a local plugin's endpoint, besides the file; may be repeated",
    )
    return options


def _describe_add(add: argparse.ArgumentParser) -> None:
    add.add_argument("name", metavar="ID", help=_NAME_HELP)
    add.add_argument(
        "behind",
        nargs=argparse.PARSER,
        metavar="COMMAND|ADDRESS",
        help="the program and its arguments, after all options and best after --; or unix:PATH, tcp:HOST:PORT, or an"
        " http, https, ws or wss URL on this machine",
    )
    add.add_argument("--framing", choices=FRAMINGS, help="a message a line, or after a Content-Length (else found out)")
    add.add_argument("--directory", metavar="FOLDER", help="where the program runs (else the folder of the file)")
    add.add_argument("--per-person", action="store_true", help="a process for each person (else one for all)")
    add.add_argument(
        "--env", action="append", default=[], metavar="NAME=VALUE", help="a variable for the program; may be repeated"
    )
    add.add_argument(
        "--inherit",
        action="append",
        default=[],
        metavar="NAME",
        help="a variable of yours that the program gets, too; may be repeated",
    )
    add.add_argument("--sandbox", action="store_true", help="run it in a sandbox (bubblewrap), without the network")
    add.add_argument("--network", action="store_true", help="let a sandboxed program reach the network")
    add.add_argument("--user", action="store_true", help="write to your own file (else to the current directory's)")
    add.add_argument("--replace", action="store_true", help="write over an entry of that name")


def _describe_test(test: argparse.ArgumentParser) -> None:
    test.add_argument("name", metavar="ID", help="the local_endpoint of a manifest")
    test.add_argument("function", nargs="?", metavar="FUNCTION", help="call it, once it runs")
    test.add_argument("arguments", nargs="?", default="{}", metavar="JSON", help="the arguments as a JSON object")


def add_local_commands(add: Add, *, documents: argparse.ArgumentParser) -> None:
    """Adds `local` with its commands; `documents` has the options for how manifests are read."""
    local = add("local", "local plugins: list, add and try them", "orchestrator local list plugin.json")
    commands = local.add_subparsers(dest="local_command", metavar="COMMAND", title="commands")
    json_option, local_option = _json_option(), _local_option()

    def below(name: str, summary: str, example: str, *parents: argparse.ArgumentParser) -> argparse.ArgumentParser:
        told = f"example: orchestrator local {name}{example}"
        return commands.add_parser(name, help=summary, description=summary, epilog=told, parents=list(parents))

    listed = below("list", "list what is behind local plugins", " plugin.json", json_option, local_option, documents)
    listed.add_argument(
        "plugins", nargs="*", metavar="PLUGIN", help="say which entry each of its runtimes names, and which are missing"
    )
    _describe_add(below("add", "say what is behind a local plugin, in orchestrator.toml", " Notes -- python3 notes.py"))
    example = """ Notes addNote '{"text": "milk"}'"""
    _describe_test(below("test", "start a local plugin, and call it", example, json_option, local_option))
