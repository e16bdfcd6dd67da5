"""Every card of real plugins can be read at three widths."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from pathlib import Path

import pytest
from rich.cells import cell_len

from orchestrator.content import Card
from orchestrator.render.cards import Look, card_lines
from runtimes.values import InvalidJson, Json, JsonObject, parse_json

CORPUS = Path(__file__).resolve().parents[4].parent / "shared" / "corpus"

pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not beside the checkout")


def _cards(value: Json) -> Iterator[JsonObject]:
    if isinstance(value, dict) and value.get("type") == "AdaptiveCard":
        yield value
    elif isinstance(value, dict | list):
        for member in value.values() if isinstance(value, dict) else value:
            yield from _cards(member)


def _all_cards() -> Iterator[JsonObject]:
    for path in sorted(CORPUS.rglob("*.json")):
        try:
            yield from _cards(parse_json(path.read_text(encoding="utf-8-sig")))
        except InvalidJson:
            continue


@pytest.mark.parametrize("width", [40, 80, 160])
def test_every_card_is_read_at_three_widths_as_its_author_wrote_it(width: int) -> None:
    """Issue 5, "what it must show": a template that was not expanded is a card too."""
    count = 0
    for body in _all_cards():
        lines = card_lines(Card(body=body), Look(width=width, zone=UTC))
        count += 1
        assert max(map(cell_len, lines)) <= width
        if "TextBlock" in str(body):
            assert lines != ("[empty card]",)
        assert not any("not shown in a terminal" in line for line in lines)
    assert count > 100
