"""docs/cards.md: its template, its data and what they print."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.cli.main import main
from orchestrator.response.cards.nodes import ACCESSOR, ELEMENT
from orchestrator.response.cards.table import GROUPS, NAMES

PATH = Path(__file__).resolve().parents[2] / "docs" / "cards.md"
PAGE = PATH.read_text(encoding="utf-8")
MARK = "<!-- functions: written by `python tests/docs/test_cards.py` -->\n"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def words_of(drawn: str) -> list[str]:
    """What stands in a drawn card, however it is laid out."""
    return re.findall(r"[\w$,:/.-]*\w", drawn)


def test_the_template_and_its_data_print_what_the_page_shows(capsys: pytest.CaptureFixture[str]) -> None:
    template, data, *_ = blocks("json")
    assert main(["card", template, data, "--text", "--width", "60"]) == 0
    assert words_of(capsys.readouterr().out) == words_of(blocks("text")[0])


def test_the_mistake_is_reported_as_the_page_shows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    template, data, *_ = blocks("json")
    path = tmp_path / "home.json"
    path.write_text(template.replace("${title}", "${toUppr(title)}"), encoding="utf-8")
    assert main(["card", str(path), data]) == 1
    assert capsys.readouterr().err.replace(f"{tmp_path}/", "") == blocks("text")[1]


def rows() -> Iterator[str]:
    """All names that functions and operators are written with, in their groups."""
    yield "| about | functions |\n|---|---|\n"
    for title, names in GROUPS.items():
        yield f"| {title} | {', '.join(f'`{name}`' for name in names)} |\n".replace("`||`", "`\\|\\|`")


def test_all_functions_are_listed() -> None:
    """What a hint of `validate` speaks of. Renew the list with `python tests/docs/test_cards.py`."""
    assert PAGE.partition(MARK)[2] == "\n" + "".join(rows())
    assert {name for names in GROUPS.values() for name in names} == {*NAMES} - {ACCESSOR, ELEMENT}


if __name__ == "__main__":
    PATH.write_text(PAGE.partition(MARK)[0] + MARK + "\n" + "".join(rows()), encoding="utf-8")
