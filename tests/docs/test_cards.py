"""docs/cards.md: its template, its data and what they print."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from orchestrator.cli.main import main

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "cards.md").read_text(encoding="utf-8")


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
