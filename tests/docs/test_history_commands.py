"""What the page on kept conversations shows of the commands is what they print."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import anyio
import pytest

from orchestrator.cli.main import main
from orchestrator.events import (
    CallAsked,
    CallJudged,
    Fact,
    Reason,
    ReplyReceived,
    RequestedCall,
    TurnEnded,
    TurnStarted,
)
from orchestrator.journal.open import open_journal
from orchestrator.model.base import ModelCall
from orchestrator.turn.questions import QUESTION_LIFETIME

PAGE = Path(__file__).resolve().parents[2] / "docs" / "history.md"
TEXT = PAGE.read_text(encoding="utf-8")
NOW = 4_000_000_000.0
TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d")
ASKED: Sequence[Fact] = (
    TurnStarted(text="Two packets of tea, please", person="me", documents={"shop": "ab"}),
    ReplyReceived(
        text="", calls=(RequestedCall(call_id="c4d81f220b6e9a75", request=ModelCall(id="", tool="", arguments="")),)
    ),
    CallJudged(
        call_id="c4d81f220b6e9a75",
        plugin="shop",
        function="order",
        arguments={"item": "tea", "count": 2},
        verdict="ask",
        reasons=(Reason(source="method", text="it is a POST request, which may change something"),),
    ),
    CallAsked(
        call_id="c4d81f220b6e9a75",
        fingerprint="",
        title="Order it?",
        body="tea will be on its way.",
        destination="https://api.example.com",
        expires=NOW + QUESTION_LIFETIME,
    ),
)
SAID: Sequence[Fact] = (
    TurnStarted(text="What is in stock?", person="me", documents={}),
    TurnEnded(reason="answered"),
)


async def _keep(store: Path) -> None:
    async with open_journal(f"sqlite:///{store}") as journal:
        await journal.append("b07c44de91f3a260", 0, SAID, wake=None)
        await journal.append("3f2a91c05b7d4e18", 0, ASKED, wake=NOW + QUESTION_LIFETIME)


@pytest.mark.parametrize(("command", "mark"), [("history", "last said"), ("pending", "goes to")])
def test_what_the_page_shows_is_printed(
    command: str, mark: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    anyio.run(_keep, tmp_path / "chats.db")
    assert main([command, "--store", str(tmp_path / "chats.db")]) == 0
    [shown] = [block for block in re.findall(r"```text\n(.*?)```", TEXT, re.DOTALL) if mark in block]
    assert TIME.sub("TIME", capsys.readouterr().out) == TIME.sub("TIME", shown)
