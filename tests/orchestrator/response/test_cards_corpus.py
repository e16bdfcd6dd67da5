"""Every card of real manifests over answers made up from its response schema (issue 5, what it must show)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from orchestrator.check.bindings import Bound, bound_by
from orchestrator.check.referred import read_referred
from orchestrator.check.sources import Sources
from orchestrator.content import Shown
from orchestrator.errors import ManifestError
from orchestrator.manifest.load import Plugin, load_plugin
from orchestrator.manifest.model import Function
from orchestrator.mock.answers import Answers
from orchestrator.mock.schemas import Schemas
from orchestrator.response.presentation import Presentation, semantic_cards
from orchestrator.response.templates import CardTemplate
from orchestrator.tools.card_files import CardFiles
from runtimes.http import HttpRequest, HttpResponse
from runtimes.placeholders import Environment
from runtimes.values import dump_json, json_or_text

CORPUS = Path(__file__).resolve().parents[3].parent / "shared" / "corpus"
UNFILLED = frozenset(
    (
        *("${clientName}", "${clientEmail}", "${clientContact}", "${mapUrl}", "${productName}", "${Id}"),
        *("${projectLocation.city}", "${projectLocation.state}", "${attributes.type}"),
    )
)
"""What is left in cards: names that the answers as they are described do not have, whatever the data."""

_LEFT = re.compile(r"\$\{[^{}]*\}")

pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of plugins does not lie beside the checkout")


class NotThere:
    """An HTTP client for which nothing is anywhere."""

    async def send(self, request: HttpRequest, /) -> HttpResponse:
        return HttpResponse(status=404, headers=(), body=b"", url=request.url)


async def cards() -> AsyncIterator[tuple[Plugin, Function, CardTemplate, Bound]]:
    """The functions with a card and an operation."""
    rows = [row.split("\t") for row in (CORPUS / "INDEX.tsv").read_text(encoding="utf-8").splitlines()[1:]]
    for row in rows:
        path = CORPUS / row[0].replace("/", "__") / row[2]
        try:
            plugin = await load_plugin(path, environment={})
        except ManifestError:
            continue
        files = CardFiles(plugin, NotThere())
        sources = Sources(str(path), NotThere(), Environment())
        referred = await read_referred(plugin.document, plugin.manifest, sources)
        for described in referred.runtimes:
            for bound in bound_by(described, referred.functions):
                template = await files.template_of(bound.function) if bound.function is not None else None
                if bound.function is not None and template is not None:
                    yield plugin, bound.function, template, bound


def shown(function: Function, template: CardTemplate, bound: Bound, seed: str) -> Shown:
    answers = Answers(Schemas(bound.operations.description))
    answer = answers.answer(bound.entry.operation, "application/json", seed, {})
    payload = json_or_text(answer.body.decode())
    semantics = function.capabilities.response_semantics
    return semantic_cards(semantics, Presentation(template=template), payload, base="https://api.example/")


async def test_every_card_is_expanded_over_answers_of_its_api() -> None:
    notes: Counter[str] = Counter()
    left: set[str] = set()
    walked = made = 0
    async for plugin, function, template, bound in cards():
        place = f"{plugin.location} {function.name}"
        walked += 1
        assert template.content is not None, f"{place}: {template.problem}"
        for seed in "123":
            found = shown(function, template, bound, seed)
            notes.update(note for card in found.cards for note in card.notes)
            notes.update(found.notes)
            made += sum(card.origin == "static" for card in found.cards)
            assert all(card.body["type"] == "AdaptiveCard" for card in found.cards), place
            left.update(text for card in found.cards for text in _LEFT.findall(dump_json(card.body)))
    assert walked == 129
    assert made > 400
    assert notes == {}
    assert left == UNFILLED
