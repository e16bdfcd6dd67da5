"""A card with every element, at three widths, as text that can be looked at: tests/cases/cards/text.

Renew the files after a change that is meant with `python tests/orchestrator/render/cards/test_golden.py`, and read
what has changed.
"""

from __future__ import annotations

from datetime import UTC
from pathlib import Path

import pytest
from rich.cells import cell_len

from orchestrator.content import Card
from orchestrator.render.cards import Look, card_lines
from runtimes.values import parse_json

CASES = Path(__file__).resolve().parents[3] / "cases" / "cards"
WIDTHS = (40, 80, 160)


def _drawn(width: int) -> str:
    body = parse_json((CASES / "every_element.json").read_bytes())
    assert isinstance(body, dict)
    lines = card_lines(Card(body=body), Look(width=width, first=1, zone=UTC))
    return "".join(f"{line}\n" for line in lines)


def _file(width: int) -> Path:
    return CASES / "text" / f"every_element-{width}.txt"


@pytest.mark.parametrize("width", WIDTHS)
def test_every_element_looks_as_it_did(width: int) -> None:
    """Issue 5, line 6."""
    assert _drawn(width) == _file(width).read_text(encoding="utf-8"), __doc__


@pytest.mark.parametrize("width", WIDTHS)
def test_the_files_themselves_keep_to_their_width(width: int) -> None:
    lines = _file(width).read_text(encoding="utf-8").splitlines()
    assert max(map(cell_len, lines)) <= width


if __name__ == "__main__":
    for number in WIDTHS:
        _file(number).write_text(_drawn(number), encoding="utf-8", newline="\n")
