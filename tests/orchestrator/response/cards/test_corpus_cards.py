"""Every card of real manifests: expanded with data made from the schema of its answers, judged, and drawn."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pytest

from orchestrator.check.answer_schemas import answer_schema
from orchestrator.check.bindings import Bound, bound_by
from orchestrator.check.cards import schema_problems
from orchestrator.check.referred import read_referred
from orchestrator.check.responses import inline_card
from orchestrator.check.sources import Sources
from orchestrator.content import Card
from orchestrator.manifest.queries import data_path_of
from orchestrator.mock.generate import generated
from orchestrator.mock.schemas import Schemas
from orchestrator.render.cards import Look, card_text, plain
from orchestrator.render.cards.lines import cells
from orchestrator.response.card_standing import is_hidden
from orchestrator.response.cards import expand
from orchestrator.response.semantics import results_at
from runtimes.placeholders import Environment
from runtimes.values import Json, JsonObject
from tests.orchestrator.check.card_shapes import card_validator
from tests.orchestrator.check.test_references_corpus import CORPUS, NotThere, manifests

WIDTHS = (40, 80, 160)
"""Cells of the lines that each card is drawn in."""

SEEDS = 10
"""How often data are made until an answer has a result."""

RESULTS = 3
"""Results of one answer that are looked at."""

NUMBER_AS_TEXT = "the expression gives a number, and the member wants text: the author forgets `string(…)`"
REASONS: Mapping[tuple[str, str, str], str] = {
    (sample, function, pointer): NUMBER_AS_TEXT
    for sample in ("path-e-lab06", "cext-trey-research")
    for function, pointer in (
        ("postBillhours", "/body/3/items/1/text"),
        ("postAssignConsultant", "/body/4/items/1/text"),
    )
}
"""Where an expanded card is not as it should be: part of its path, function and place, and why that is its author's."""

WORD = re.compile(r"[A-Za-z]{2,12}")
"""A word that no width breaks."""

NOTHING: JsonObject = {}
"""Stands in for the result of an answer that has none."""

WITHOUT_RESULTS: Mapping[str, str] = {
    "da-ristorante-api": "the data path names a member, and the described answer is an array",
    "da-trey-research": "the described answer is text",
}
"""Samples, by a part of their paths, of which no described answer has a result, and why that is their author's."""

pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of plugins does not lie beside the checkout")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A card with the function whose answers it shows."""

    sample: str
    bound: Bound
    template: JsonObject


async def found_cards() -> list[Found]:
    found: list[Found] = []
    for path, examined in manifests():
        assert examined.manifest is not None
        referred = await read_referred(
            examined.document, examined.manifest, Sources(str(path), NotThere(), Environment())
        )
        bound = {one.pointer: one for described in referred.runtimes for one in bound_by(described, referred.functions)}
        for pointer, one in bound.items():
            source = referred.cards.get(pointer)
            inline = inline_card(one.function) if one.function is not None else None
            template = source.document if source is not None else inline
            if isinstance(template, dict):
                sample = path.relative_to(CORPUS).as_posix()
                found.append(Found(sample=sample, bound=one, template=template))
    return found


def _without_patterns(schema: Json) -> Json:
    """The schema with formats alone where it has a pattern too: few texts made for a pattern are real dates."""
    if isinstance(schema, list):
        return [_without_patterns(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    is_both = "pattern" in schema and isinstance(schema.get("format"), str)
    return {name: _without_patterns(item) for name, item in schema.items() if not (is_both and name == "pattern")}


def _results(found: Found) -> Sequence[Json]:
    """Results of an answer that is made up from the schema; what stands in for them where none has any."""
    function, schema = found.bound.function, answer_schema(found.bound)
    assert function is not None
    assert function.capabilities.response_semantics is not None
    path = data_path_of(function.capabilities.response_semantics.data_path)
    standalone = _without_patterns(Schemas(found.bound.operations.description).standalone(schema, "response"))
    assert isinstance(standalone, dict)
    for seed in range(SEEDS):
        answer = generated(standalone, f"{seed}:{found.bound.name}")
        results = results_at(path, answer).values
        if results:
            return results[:RESULTS]
    return ()


def _expanded(found: Found) -> Iterator[JsonObject]:
    for result in _results(found) or [NOTHING]:
        card = expand(found.template, result, seed=1)
        assert isinstance(card, dict)
        yield card


def _reason(found: Found, pointer: str) -> str:
    """Why a place of an expanded card is its author's mistake; empty where it is not."""
    named = (
        reason
        for (sample, function, place), reason in REASONS.items()
        if sample in found.sample and (function, place) == (found.bound.name, pointer)
    )
    return next(named, "")


async def test_every_real_card_expands_to_an_adaptive_card_or_its_author_is_the_reason() -> None:
    """Issue 5, what it must show."""
    cards = await found_cards()
    assert len(cards) == 129
    used: set[tuple[str, str]] = set()
    for found in cards:
        for card in _expanded(found):
            problems = list(schema_problems(card))
            used |= {(found.bound.name, problem.pointer) for problem in problems}
            assert [problem for problem in problems if not _reason(found, problem.pointer)] == [], found.sample
            assert card_validator().is_valid(card) == (not problems)
    assert used == {(function, pointer) for _, function, pointer in REASONS}


async def test_described_answers_have_results_or_their_author_is_the_reason() -> None:
    without = [found.sample for found in await found_cards() if not _results(found)]
    counted = {name: sum(name in sample for sample in without) for name in WITHOUT_RESULTS}
    assert counted == {"da-ristorante-api": 3, "da-trey-research": 30}
    assert len(without) == 33


def _words(value: Json) -> Iterator[str]:
    """The first words of the texts that a card shows whatever is done on it."""
    if isinstance(value, list):
        for item in value:
            yield from _words(item)
    elif isinstance(value, dict) and not is_hidden(value):
        text = value.get("text") if value.get("type") == "TextBlock" else None
        yield from WORD.findall(text)[:1] if isinstance(text, str) else ()
        for member in ("body", "items", "columns", "rows", "cells"):
            yield from _words(value.get(member))


async def test_every_real_card_is_drawn_at_three_widths() -> None:
    """Issue 5, what it must show: the texts of each card are seen, and nothing is wider than the terminal."""
    told = 0
    for found in await found_cards():
        for body in _expanded(found):
            words = [*_words(body)]
            told += bool(words)
            for width in WIDTHS:
                drawn = card_text(Card(body=body), Look(width=width))
                lines = "\n".join(map(plain, drawn))
                assert lines.strip(), found.sample
                assert [word for word in words if word not in lines] == [], found.sample
                assert max(map(cells, drawn)) <= width, found.sample
    assert told > 100
