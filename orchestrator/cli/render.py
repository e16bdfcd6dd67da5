"""`orchestrator render`: what a person would be shown of a given answer, in the terminal, as JSON or as a page."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Final

from orchestrator.cli.drawing import checked_width, print_cards
from orchestrator.cli.options import http_client, load_all, read_setting, warn_of_problems
from orchestrator.cli.recorded import FAILED, Recorded, recorded_runtimes, without_credentials
from orchestrator.cli.running import run_command
from orchestrator.cli.sources import read_bytes, write_text
from orchestrator.content import Citation, Shown, shown_card
from orchestrator.errors import UsageError
from orchestrator.host import Orchestrator
from orchestrator.render.page.document import page_of
from orchestrator.render.sanitize import clean, clean_line, plain_json
from orchestrator.response.addresses import origins_in
from orchestrator.tools.toolbox import BoundFunction
from orchestrator.turn.replies import new_call_id
from runtimes.base import CallContext, CallResult, FunctionCall
from runtimes.http import MAX_RESPONSE_BYTES
from runtimes.values import JsonObject, dump_json, pretty_json

STATUSES: Final = range(200, 600)
"""The HTTP statuses that an answer can have."""

_PERSON = "me"


def _as_json(shown: Shown) -> JsonObject:
    return {
        "citations": [{**asdict(citation)} for citation in shown.citations],
        "cards": [shown_card(card) for card in shown.cards],
        "text": shown.text,
    }


def _citation_line(number: int, citation: Citation) -> str:
    label = f"({citation.information_protection_label})" if citation.information_protection_label else None
    parts = (f"[{number}] {citation.title}", citation.subtitle, label, citation.url)
    return clean_line(" - ".join(part for part in parts if part))


def _say(text: str) -> None:
    print(clean_line(text), file=sys.stderr)


def _notes(shown: Shown) -> Sequence[str]:
    """Why something is not shown as the manifest asks for it."""
    return [*(note for card in shown.cards for note in card.notes), *shown.notes]


def _is_broken(result: CallResult, shown: Shown) -> bool:
    """True when the manifest does not fit the answer: its output_template fails, or a card that it asks for."""
    is_failure = result.status is not None and result.status >= FAILED
    return (result.is_error and not is_failure) or bool(_notes(shown))


def _print(shown: Shown, *, width: int | None, locale: str) -> None:
    """Text, cards and citations, with an empty line between them."""
    citations = [_citation_line(number, citation) for number, citation in enumerate(shown.citations, start=1)]
    if shown.text:
        print(clean(shown.text))
    if shown.cards:
        print("\n" if shown.text else "", end="")
        print_cards(shown.cards, width=width, locale=locale)
    if citations:
        print("\n" if shown.text or shown.cards else "", end="")
        print("\n".join(citations))


def _picture_origins(bound: BoundFunction) -> frozenset[str]:
    """Where the pictures of a function's cards may be loaded from: its own server, and what its templates name."""
    presentation = bound.presentation
    templates = [*presentation.visual_templates.values()]
    if presentation.template is not None and presentation.template.content is not None:
        templates.append(presentation.template.content)
    texts = (bound.signature.destination, *map(dump_json, templates))
    return frozenset(origin for text in texts for origin in origins_in(text))


def _report(bound: BoundFunction, result: CallResult, options: argparse.Namespace, locale: str) -> int:
    told, shown = bound.read(result)
    if options.html is not None:
        title = f"{bound.plugin.manifest.name_for_human}: {bound.name}"
        page = page_of(shown, title=title, pictures=_picture_origins(bound))
        write_text(options.html, page, option="--html", force=options.force)
    for note in _notes(shown) if options.json else shown.notes:
        _say(f"note: {note}")
    if shown.cards_left_out:
        _say(f"note: {shown.cards_left_out} more cards are left out")
    if options.json:
        print(plain_json(pretty_json(_as_json(shown))))
    elif options.html is not None:
        print(f"written: {clean_line(options.html)}")
    else:
        _print(shown, width=options.width, locale=locale)
    if shown == Shown():
        _say("note: the answer gives a person nothing of its own to see; the model reads:")
        print(clean(told), file=sys.stderr)
    return 1 if _is_broken(result, shown) else 0


async def _render(options: argparse.Namespace) -> int:
    if options.status not in STATUSES:
        raise UsageError(f"--status: an answer has a status from {STATUSES.start} to {STATUSES.stop - 1}")
    setting = read_setting(options)
    checked_width(options.width)
    body = read_bytes(options.response, "--response", max_bytes=MAX_RESPONSE_BYTES)
    recorded = Recorded(body=body, status=options.status)
    async with http_client(options, setting) as http:
        loaded = await load_all([options.plugin], setting, http)
        async with Orchestrator(
            plugins=[without_credentials(plugin) for plugin in loaded.plugins],
            model="offline",
            runtimes=recorded_runtimes(loaded.plugins, recorded),
            http=http,
            locale=setting.locale,
            redactions=setting.configuration.redactions,
            card_templates=setting.configuration.card_templates,
        ) as host:
            warn_of_problems(host.plugins)
            bound = host.toolbox.find(options.function)
            call = FunctionCall(id=new_call_id(), function=bound.name, arguments={})
            result = await bound.executor.invoke(call, CallContext(person=_PERSON))
            return _report(bound, result, options, setting.locale or "")


def run(options: argparse.Namespace) -> int:
    return run_command(_render, options)
