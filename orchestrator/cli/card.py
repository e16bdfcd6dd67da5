"""`orchestrator card`: one Adaptive Card template, expanded with data."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence

from orchestrator.check.card_expressions import expression_problems
from orchestrator.cli.drawing import checked_width, plain_card, print_cards
from orchestrator.cli.environment import read_environment
from orchestrator.cli.sources import Source, read_source, write_text
from orchestrator.cli.streams import STANDARD_STREAM
from orchestrator.content import Card
from orchestrator.errors import OrchestratorError, Problem, UsageError
from orchestrator.manifest.localize import checked_locale
from orchestrator.render.sanitize import clean, clean_line, plain_json
from orchestrator.response.card_language import card_language
from orchestrator.response.cards import CardError, expand
from runtimes.placeholders import filled
from runtimes.positions import scan_within_limits
from runtimes.values import Json, pretty_json


def _text_at(value: Json, pointer: str) -> str:
    """The string at a pointer; empty where there is none."""
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict):
            value = value.get(name)
        elif isinstance(value, list):
            value = value[int(name)]
    return value if isinstance(value, str) else ""


def _lines(template: Source, severity: str, error: CardError, hint: str) -> Iterator[str]:
    """What is wrong, where the string stands in the file, and the expression with a caret."""
    place = scan_within_limits(template.text).value(error.pointer)
    where = f":{place.line}:{place.column}" if place is not None else ""
    yield f"{clean_line(template.name)}{where}: {severity}: {clean_line(error.message)}"
    if error.pointer:
        yield f"  at {clean_line(error.pointer)}"
    yield from (f"  {clean(line)}" for line in str(error).splitlines()[1:])
    if hint:
        yield f"  hint: {clean_line(hint)}"


def _complain(template: Source, filled_template: Json, problems: Sequence[Problem], failure: CardError | None) -> None:
    """Tells of a failure, and of what else is odd about the expressions of the template."""
    lines: list[str] = []
    for found in problems:
        text = _text_at(filled_template, found.pointer)
        told = CardError(found.message, text=text, offset=len(found.before), pointer=found.pointer)
        is_failure = failure is not None and failure.pointer == found.pointer
        lines += _lines(template, "error" if is_failure else "warning", told, found.hint)
    if failure is not None and all(found.pointer != failure.pointer for found in problems):
        lines += _lines(template, "error", failure, "")
    if lines:
        print("\n".join(lines), file=sys.stderr)


def _sources(options: argparse.Namespace) -> tuple[Source, Source, Source | None]:
    """The template, the data, and what is known as `$host`. Raises: `UsageError`, `OrchestratorError`."""
    if [options.template, options.data, options.host].count(STANDARD_STREAM) > 1:
        raise UsageError("the standard input ('-') can be only one of TEMPLATE, DATA and --host")
    host = read_source(options.host, "--host") if options.host is not None else None
    return read_source(options.template, "TEMPLATE"), read_source(options.data, "DATA"), host


def _card(expanded: Json) -> Card:
    """Raises: `OrchestratorError` for what is no card."""
    if isinstance(expanded, dict):
        return Card(body=expanded)
    kind = "null: its $when is not true" if expanded is None else "a JSON value that is no object"
    raise OrchestratorError(f"there is no card to draw: the template gives {kind}")


def _report(expanded: Json, options: argparse.Namespace, locale: str) -> None:
    """Prints the card, or writes it. Raises: `OrchestratorError`."""
    if options.text and options.output is None and sys.stdout.isatty():
        print_cards([_card(expanded)], width=options.width, locale=locale)
        return
    if options.text:
        encoding = "utf-8" if options.output is not None else sys.stdout.encoding
        text = plain_card(_card(expanded), width=options.width, locale=locale, encoding=encoding)
    else:
        text = plain_json(pretty_json(expanded))
    if options.output is None:
        print(text)
    else:
        write_text(options.output, text + "\n", option="--output", force=options.force)


def run(options: argparse.Namespace) -> int:
    """Raises: `UsageError`, `OrchestratorError`."""
    locale = card_language(checked_locale(options.locale))
    if checked_width(options.width) is not None and not options.text:
        raise UsageError("--width goes with --text")
    environment = read_environment(options.env, os.environ)
    template, data, host = _sources(options)
    wanted = filled(template.value, environment.of(""))
    try:
        card = expand(wanted, data.value, host=host.value if host else None, locale=locale)
    except CardError as error:
        _complain(template, wanted, [*expression_problems(wanted)], error)
        return 1
    _complain(template, wanted, [*expression_problems(wanted)], None)
    _report(card, options, locale)
    return 0
