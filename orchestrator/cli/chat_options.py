"""What `orchestrator chat` and `orchestrator demo` take: what is said, where it is kept, what is gone on with."""

from __future__ import annotations

import argparse


def add_model(options: argparse.ArgumentParser) -> None:
    """Which model answers."""
    options.add_argument(
        "--model",
        metavar="MODEL",
        help="offline, openai:MODEL or scripted:FILE (else ORCHESTRATOR_MODEL, else the file's, else offline)",
    )


def talk_options(*parents: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """What is said, to which model, and what is kept of it in a file."""
    options = argparse.ArgumentParser(add_help=False, parents=list(parents))
    options.add_argument("-m", "--message", metavar="TEXT", help="say this, print the answer, and leave")
    add_model(options)
    options.add_argument(
        "--attach", action="append", default=[], metavar="FILE", help="send FILE with the message; may be repeated"
    )
    options.add_argument(
        "--yes",
        action="store_true",
        help="run every call that would be asked about; what a plugin asks while it runs is declined",
    )
    options.add_argument(
        "--save",
        metavar="FILE",
        help="write what was said at the end: .md, .jsonl for events, .conversation.yaml for a test",
    )
    return options


def store_options(*, without: bool) -> argparse.ArgumentParser:
    """Where conversations are kept; `without` where a command can do without a store."""
    options = argparse.ArgumentParser(add_help=False)
    store = options.add_mutually_exclusive_group()
    store.add_argument(
        "--store",
        metavar="URL",
        help="where conversations are kept: a file, or postgresql://… (else ORCHESTRATOR_STORE, else the file's)",
    )
    if without:
        store.add_argument("--no-store", action="store_true", help="keep nothing of what is said")
    return options


def describe_demo(demo: argparse.ArgumentParser) -> None:
    """The demo keeps nothing unless it is told to."""
    demo.add_argument("--store", metavar="URL", help="keep what is said: in a file, or postgresql://…")
    demo.set_defaults(no_store=True)


def describe_chat(chat: argparse.ArgumentParser) -> None:
    """Which plugins, and which conversation."""
    chat.add_argument("plugins", nargs="*", metavar="PLUGIN", help="path or URL of a manifest, or an app package")
    earlier = chat.add_mutually_exclusive_group()
    earlier.add_argument(
        "--continue", action="store_true", dest="goes_on", help="go on with the conversation that you had last"
    )
    earlier.add_argument("--resume", metavar="ID", help="go on with this conversation; the first digits are enough")
