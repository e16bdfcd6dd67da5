"""`orchestrator new`: a plugin manifest for an API, from its OpenAPI description."""

from __future__ import annotations

import argparse
import os
import secrets
import shlex
import shutil
import stat
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote, urlsplit

from orchestrator.authoring.draft import Draft, draft_manifest
from orchestrator.authoring.extensions import MAX_CARD_BYTES, card_files
from orchestrator.cli.first_test import FirstTest, make_first_test, standing_test, test_path
from orchestrator.cli.options import Setting, http_client, read_setting
from orchestrator.cli.running import run_command
from orchestrator.cli.streams import STANDARD_STREAM
from orchestrator.errors import OrchestratorError, UsageError
from orchestrator.manifest.examine import examine
from orchestrator.manifest.load import MAX_MANIFEST_BYTES
from orchestrator.render.sanitize import clean_line, plain_json
from orchestrator.testing.chats.chat_start import is_conversation
from runtimes.documents import DocumentError, parse_document
from runtimes.errors import FetchError
from runtimes.fetch import SharedClient, fetch_document, resolve_location
from runtimes.http import is_url, shown_url
from runtimes.limits import MAX_JSON_BYTES
from runtimes.network import is_public, literal_address
from runtimes.openapi.document import Description, UnreadableDescription
from runtimes.openapi.loading import ACCEPT_DESCRIPTION, Neighbourhood, may_refer_elsewhere
from runtimes.placeholders import Environment, unresolved_placeholder
from runtimes.positions import BOM
from runtimes.values import InvalidJson, Json, JsonObject, parse_json, pretty_json

DEFAULT_FILE = "plugin.json"


def _target(path: Path) -> Path:
    """The file that is written to: links are followed. Raises: `UsageError` where there is something else."""
    is_special = False
    try:
        target = path.resolve()
        with suppress(FileNotFoundError, NotADirectoryError):
            is_special = not stat.S_ISREG(target.stat().st_mode)
    except (OSError, RuntimeError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise UsageError(f"cannot write {str(path)!r}: {reason}") from None
    if is_special:
        raise UsageError(f"{str(path)!r} is there and is no regular file; -o names another one, and -o - prints")
    return target


def _manifest_path(output: str) -> Path:
    """Where the manifest lies, or would. Raises: `UsageError` where no file can be."""
    if output == STANDARD_STREAM:
        return Path(DEFAULT_FILE).absolute()
    path = Path(output).absolute()
    if os.path.isdir(path):
        raise UsageError(
            f"{output!r} is a folder; name a file in it: -o {shlex.quote(str(Path(output, DEFAULT_FILE)))}"
        )
    if is_conversation(path):
        raise UsageError(f"{output!r} is the name of a conversation file, and a manifest is wanted; name it NAME.json")
    _target(path)
    if not os.path.isdir(path.parent):
        raise UsageError(f"there is no folder {str(path.parent)!r} to write into")
    return path


def reference_to(source: str, manifest: Path) -> str:
    """What the manifest calls the description: its URL, or its path from the manifest's folder (spec 3.1).

    Raises: `UsageError` for a file that a manifest in that folder may not refer to.
    """
    if is_url(source):
        return source.partition("#")[0]
    written, folder = Path(os.path.realpath(manifest)), Path(os.path.realpath(manifest.parent))
    try:
        described = Path(source).resolve()
    except (OSError, RuntimeError, ValueError) as error:
        raise UsageError(f"cannot read {source!r}: {error}") from None
    if described == written:
        raise UsageError(f"{source!r} is the description itself; write the manifest beside it, with -o")
    if not described.is_relative_to(folder):
        beside = shlex.quote(str(described.parent / manifest.name))
        raise UsageError(
            f"a manifest refers to files in its own folder only, and {source!r} is outside of it; "
            f"write the manifest beside the description (-o {beside}), or copy the description into {str(folder)!r}"
        )
    return quote(described.relative_to(folder).as_posix())


def _is_there(path: Path) -> bool:
    return os.path.lexists(path)


def _may_write(path: Path, *, is_forced: bool) -> bool:
    """True when nothing is in the way, or the person lets it go. Raises: `UsageError` where nobody can be asked."""
    if is_forced or not _is_there(path):
        return True
    if sys.stdin is None or not sys.stdin.isatty():
        raise UsageError(f"{str(path)!r} is there already; --force writes over it, -o names another file")
    print(f"{clean_line(str(path))} is there already. Write over it? [y/N]", end=" ", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().casefold() in {"y", "yes"}


def write_whole(path: Path, text: str, *, may_replace: bool) -> None:
    """Writes the file, whole or not at all; a link is followed. Raises: `UsageError`."""
    target = _target(path)
    temporary = target.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        with temporary.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            if not may_replace:
                raise UsageError(f"{str(path)!r} has come into being meanwhile; nothing is written")
            shutil.copymode(target, temporary)
        temporary.replace(target)
    except OSError as error:
        raise UsageError(f"cannot write {str(path)!r}: {error.strerror}") from None
    finally:
        with suppress(FileNotFoundError):
            temporary.unlink()


async def _description(source: str, hosts: Sequence[str], http: SharedClient) -> Description:
    """Raises: `FetchError`, `OrchestratorError`."""
    shown = shown_url(source)
    data = await fetch_document(http.allowing(hosts), source, max_bytes=MAX_JSON_BYTES, accept=ACCEPT_DESCRIPTION)
    try:
        document = parse_document(data, shown)
        own, neighbours = source if is_url(source) else "", None
        if may_refer_elsewhere(data):
            neighbourhood = Neighbourhood(source, Environment(), http.allowing(hosts))
            neighbours = await neighbourhood.around(document, source, None)
        return Description(document, own, neighbours)
    except DocumentError as error:
        raise OrchestratorError(str(error)) from None
    except UnreadableDescription as error:
        raise OrchestratorError(f"{shown}: {error}") from None


async def _card(file: str, manifest: str, source: str, http: SharedClient) -> JsonObject | None:
    """The card in a file beside the manifest or the description; None where there is none."""
    for base in (manifest, source):
        try:
            location = resolve_location(base, file, within=os.path.dirname(manifest))
            data = await fetch_document(http, location, max_bytes=MAX_CARD_BYTES)
            value = parse_json(data.removeprefix(BOM.encode()))
        except (FetchError, InvalidJson):
            continue
        if isinstance(value, dict):
            return value
    return None


async def _cards(description: Description, source: str, manifest: Path, http: SharedClient) -> dict[str, JsonObject]:
    """The cards in files that a description on this machine names, by those names.

    A name is a path from the manifest, where the generators of descriptions have it, or from the description.
    """
    if is_url(source):
        return {}
    found = {file: await _card(file, str(manifest), source, http) for file in card_files(description)}
    return {file: card for file, card in found.items() if card is not None}


def _text(draft: Draft, source: str) -> str:
    """The manifest as it is written. Raises: `OrchestratorError` for one that could not be loaded."""
    if not draft.functions:
        raise OrchestratorError(f"no operation of {shown_url(source)!r} can become a function; nothing is written")
    text = plain_json(pretty_json(draft.document)) + "\n"
    if len(text) > MAX_MANIFEST_BYTES:
        raise OrchestratorError(
            f"the manifest would have more than {MAX_MANIFEST_BYTES} bytes; choose fewer with --operations"
        )
    if errors := examine(text.encode()).errors:
        raise OrchestratorError(f"the manifest could not be loaded: {errors[0].message}; choose with --operations")
    return text


def _private_hosts(destinations: Iterable[str]) -> list[str]:
    """The hosts that have to be allowed before they are called."""
    hosts = {urlsplit(one).netloc: urlsplit(one).hostname or "" for one in destinations}
    found: list[str] = []
    for netloc, host in hosts.items():
        address = literal_address(host)
        if host == "localhost" or (address is not None and not is_public(address)):
            found.append(netloc)
    return found


def _told_of_test(test: FirstTest | None, manifest: str) -> tuple[str, str]:
    """What has become of the test, and how it is played; empty where there is nothing to say."""
    if test is None:
        return "", ""
    name = str(Path(manifest).with_name(test.path.name))
    play = f"test it: orchestrator test {shlex.quote(name)}"
    if test.is_kept:
        doubt = ", though it may not fit the manifest any more" if test.is_doubtful else ""
        return f"{name} is there already, and stays as it is{doubt}", play
    if not test.text:
        return f"no test is written to {name}: {test.reason}", ""
    turns = f"{test.turns} turn{'' if test.turns == 1 else 's'}"
    return f"wrote {name}: a first test, {turns}", play


def _next_steps(draft: Draft, path: str, test: FirstTest | None) -> Iterable[str]:
    written = shlex.quote(path)
    told, play = _told_of_test(test, path)
    allowed = "".join(f" --allow-host {shlex.quote(host)}" for host in _private_hosts(draft.destinations))
    count = len(draft.functions)
    yield f"wrote {path}: {count} function{'' if count == 1 else 's'}"
    yield from filter(None, [told])
    for reference in draft.references:
        later = ", or give it with --env, in a file of NAME=value lines" if unresolved_placeholder(reference) else ""
        yield f"needs a credential: register it, and put its id where the manifest has {reference}{later}"
    yield f"check it: orchestrator validate --strict {written}"
    yield from filter(None, [play])
    yield f"talk with it: orchestrator chat {written}{allowed}"


def _as_json(draft: Draft, path: str, test: FirstTest | None) -> str:
    left_out: list[Json] = [{"operation": one.operation, "reason": one.reason} for one in draft.left_out]
    summary: JsonObject = {
        "path": path,
        "functions": list(draft.functions),
        "left_out": left_out,
        "references": list(draft.references),
        "conversation": str(Path(path).with_name(test.path.name)) if test is not None and test.text else None,
    }
    return plain_json(pretty_json(summary))


async def _first_test(options: argparse.Namespace, setting: Setting, manifest: Path) -> FirstTest | None:
    """The test that is written beside the manifest; None where none is wanted."""
    if not options.test:
        return None
    path = test_path(manifest)
    if (standing := standing_test(path, is_doubtful=options.may_replace)) is not None:
        return standing
    if setting.proxy is not None and is_url(options.source):
        return FirstTest(path=path, reason="one is not made through a proxy")
    test = await make_first_test(manifest, setting.allowed_hosts)
    if test.text:
        write_whole(test.path, test.text, may_replace=False)
    return test


async def _new(options: argparse.Namespace) -> int:
    setting = read_setting(options)
    manifest = _manifest_path(options.output)
    reference = reference_to(options.source, manifest)
    async with http_client(options, setting) as http:
        description = await _description(options.source, setting.allowed_hosts, http)
        cards = await _cards(description, options.source, manifest, http)
    draft = draft_manifest(
        description,
        reference=reference,
        location=str(manifest),
        operations=options.operations,
        name=options.name,
        cards=cards,
    )
    for one in draft.left_out:
        print(f"left out: {clean_line(f'{one.operation}: {one.reason}')}", file=sys.stderr)
    text = _text(draft, options.source)
    if options.output == STANDARD_STREAM:
        sys.stdout.write(text)
        return 0
    write_whole(manifest, text, may_replace=options.may_replace)
    test = await _first_test(options, setting, manifest)
    if options.json:
        print(_as_json(draft, options.output, test))
        return 0
    for line in _next_steps(draft, options.output, test):
        print(clean_line(line))
    return 0


def run(options: argparse.Namespace) -> int:
    if options.name is not None and not options.name.strip():
        raise UsageError("--name wants a name with at least one character")
    manifest = _manifest_path(options.output)
    is_there = options.output != STANDARD_STREAM and _is_there(manifest)
    if is_there and not _may_write(manifest, is_forced=options.force):
        print("nothing is written", file=sys.stderr)
        return 1
    chosen: dict[str, object] = {"may_replace": is_there or options.force, "env": [], "locale": None}
    return run_command(_new, argparse.Namespace(**vars(options), **chosen))
