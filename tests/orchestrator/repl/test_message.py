"""`chat -m`: one turn and out, for people and for programs."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.event_json import decode
from orchestrator.events import CallDecided, CallJudged, TurnEnded
from orchestrator.host import Orchestrator
from orchestrator.repl.dialogue import OFFLINE_NOTICE
from orchestrator.repl.session import run_message
from orchestrator.signals import TextDelta
from tests.servers.asking import asking_host
from tests.servers.talking import talking_host


async def test_the_answer_is_written_and_the_exit_code_is_zero(capsys: pytest.CaptureFixture[str]) -> None:
    async with await talking_host() as host:
        assert await run_message(host, "hello") == 0
    assert capsys.readouterr() == ("you said hello\n\n10 tokens in, 2 out\n", "")


async def test_a_turn_that_ends_by_an_error_has_exit_code_one(capsys: pytest.CaptureFixture[str]) -> None:
    """Design, section 5."""
    async with await talking_host() as host:
        assert await run_message(host, "fail") == 1
    assert "✗ the model is away\n" in capsys.readouterr().out


async def test_with_json_every_line_is_an_event(capsys: pytest.CaptureFixture[str]) -> None:
    """Design, section 5."""
    async with await talking_host() as host:
        assert await run_message(host, "save it", json_lines=True) == 0
    out, errors = capsys.readouterr()
    events = [decode(line) for line in out.splitlines()]
    assert events[-1] == TurnEnded(reason="answered")
    assert [event.verdict for event in events if isinstance(event, CallJudged)] == ["deny"]
    assert not [event for event in events if isinstance(event, CallDecided)]
    assert "".join(event.text for event in events if isinstance(event, TextDelta)).startswith("I got: not called")
    assert "not sent: save_search of" in errors
    assert errors.count("nobody is here to ask; --yes says yes beforehand") == 1


async def test_a_yes_beforehand_runs_the_call(capsys: pytest.CaptureFixture[str]) -> None:
    async with await talking_host() as host:
        assert await run_message(host, "save it", approve_all=True) == 0
    out = capsys.readouterr().out
    assert "approved by --yes" in out
    assert 'I got: {"saved":"Seattle"}' in out


async def test_what_several_calls_would_have_sent_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """Issue 7, line 4: nobody is asked, and what was not done is said."""
    async with await asking_host("https://shop.example.test") as host:
        assert await run_message(host, 'order {"item": "tea"} & cancel {"id": "7"}', json_lines=True) == 0
    out, errors = capsys.readouterr()
    events = list(map(decode, out.splitlines()))
    assert [event.verdict for event in events if isinstance(event, CallJudged)] == ["deny"] * 2
    assert not [event for event in events if isinstance(event, CallDecided)]
    assert 'not sent: order of shop to https://shop.example.test with {"item":"tea"}' in errors
    assert 'not sent: cancel of shop to https://shop.example.test with {"id":"7"}' in errors
    assert errors.count("nobody is here to ask; --yes says yes beforehand") == 1


async def test_the_stand_in_says_so_on_the_error_stream(capsys: pytest.CaptureFixture[str]) -> None:
    async with Orchestrator(plugins=[], model="offline") as host:
        await run_message(host, "hello", json_lines=True)
    out, errors = capsys.readouterr()
    assert errors == f"{OFFLINE_NOTICE}\n"
    assert [decode(line) for line in out.splitlines()]


async def test_the_conversation_is_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "talk.md"
    async with await talking_host() as host:
        assert await run_message(host, "hello", save=path) == 0
        assert path.read_text().endswith("you said hello\n")
        assert await run_message(host, "hello", save=path) == 2
    assert "exists and is not overwritten" in capsys.readouterr().err


async def test_a_message_that_cannot_be_sent_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    async with await talking_host() as host:
        assert await run_message(host, "  ") == 2
    assert capsys.readouterr().err == "✗ the message is empty\n"
