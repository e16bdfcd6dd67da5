"""A chat that is killed and gone on with, in a real terminal over a real store and a real API. Issue 8."""

from __future__ import annotations

import re
import signal
import stat
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pexpect  # type: ignore[import-untyped]  # its stubs are not among the development tools
import pytest

from orchestrator.repl.asking import PROMPT as QUESTION
from orchestrator.repl.going_on import WAITING
from tests.servers.held_shop import held_shop
from tests.servers.keyboard import PROMPT, leave, say, terminal

ASKED = re.escape(QUESTION.strip())
INTERRUPTED = "going on with the turn that was interrupted"
GO_ON = "go on with: orchestrator chat --resume [0-9a-f]{16}"
TOTAL = 40
"""Seconds for what waits for the lease of a process that was killed."""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")


@contextmanager
def chat(tmp_path: Path, *arguments: str) -> Generator[pexpect.spawn[str]]:
    with terminal(tmp_path, "-m", "orchestrator", "chat", *arguments, "--allow-host", "127.0.0.1") as child:
        yield child


def kill(child: pexpect.spawn[str]) -> None:
    child.kill(signal.SIGKILL)
    child.expect(pexpect.EOF)
    child.wait()


def test_a_question_outlives_the_process_that_asked_it(tmp_path: Path) -> None:
    """Issue 8, purpose."""
    with held_shop(tmp_path) as shop:
        with chat(tmp_path, str(tmp_path / "plugin.json")) as child:
            say(child, "list teas")
            child.expect("tea: Assam")
            child.expect(PROMPT)
            say(child, "order a tea")
            child.expect(ASKED)
            kill(child)
        with chat(tmp_path, "--continue") as child:
            child.expect("list teas")
            child.expect("order a tea")
            child.expect("wants to run orderTea")
            child.expect(ASKED)
            say(child, "y")
            child.expect("done: POST")
            leave(child)
        assert [one.partition(" ")[0] for one in shop.arrived] == ["GET", "POST"]


def test_what_was_sent_when_the_process_died_is_told_and_not_sent_again(tmp_path: Path) -> None:
    """Issue 8, item 3."""
    with held_shop(tmp_path) as shop:
        with chat(tmp_path, str(tmp_path / "plugin.json")) as child:
            say(child, "order a tea")
            child.expect(ASKED)
            shop.hold()
            say(child, "y")
            shop.wait_for_request()
            kill(child)
        shop.answers.set()
        with chat(tmp_path, "--continue") as child:
            child.expect(re.escape(WAITING[:40]))
            child.expect(INTERRUPTED, timeout=TOTAL)
            child.expect("orderTea sent, but whether it was carried out is unknown")
            child.expect("It is not sent again by itself")
            child.expect(PROMPT)
            leave(child)
        assert len(shop.arrived) == 1


def test_what_is_harmless_is_sent_once_more(tmp_path: Path) -> None:
    """Issue 8, item 3."""
    with held_shop(tmp_path) as shop:
        with chat(tmp_path, str(tmp_path / "plugin.json")) as child:
            shop.hold()
            say(child, "list teas")
            shop.wait_for_request()
            kill(child)
        shop.answers.set()
        with chat(tmp_path, "--continue") as child:
            child.expect(INTERRUPTED, timeout=TOTAL)
            child.expect("broke off before an answer came, and is sent once more")
            child.expect("tea: Assam")
            leave(child)
        assert shop.arrived == ["GET /stock", "GET /stock"]


def test_leaving_with_an_open_question_leaves_it_open_and_says_how_to_come_back(tmp_path: Path) -> None:
    with held_shop(tmp_path) as shop:
        with chat(tmp_path, str(tmp_path / "plugin.json")) as child:
            say(child, "order a tea")
            child.expect(ASKED)
            child.sendeof()
            child.expect("left open: none of it has run")
            child.expect(PROMPT)
            child.sendeof()
            child.expect("a question is left open, and nothing of it runs; `orchestrator pending`")
            child.expect(GO_ON)
            id = str(child.after).split()[-1]
            child.expect(pexpect.EOF)
        kept = tmp_path / ".local" / "share" / "orchestrator"
        assert stat.S_IMODE(kept.stat().st_mode) == 0o700
        assert {stat.S_IMODE(one.stat().st_mode) for one in kept.glob("conversations.db*")} == {0o600}
        with chat(tmp_path, "--resume", id[:6]) as child:
            child.expect(ASKED)
            say(child, "n")
            child.expect("declined")
            leave(child)
        assert shop.arrived == []


def test_two_chats_are_held_side_by_side_in_one_store(tmp_path: Path) -> None:
    with held_shop(tmp_path) as shop, chat(tmp_path, str(tmp_path / "plugin.json")) as one:
        say(one, "order a tea")
        one.expect(ASKED)
        with chat(tmp_path, str(tmp_path / "plugin.json")) as other:
            say(other, "list teas")
            other.expect("tea: Assam")
            other.expect(PROMPT)
            say(one, "y")
            one.expect("done: POST")
            leave(other)
        say(one, "/new")
        one.expect("a new conversation")
        leave(one)
        assert sorted(shop.arrived)[0] == "GET /stock"


def test_without_a_store_nothing_is_left(tmp_path: Path) -> None:
    with held_shop(tmp_path), chat(tmp_path, str(tmp_path / "plugin.json"), "--no-store") as child:
        say(child, "hello")
        child.expect("offline stand-in")
        say(child, "/quit")
        child.expect(pexpect.EOF)
        assert "go on with" not in str(child.before)
    assert not (tmp_path / ".local").exists()


def test_waiting_for_another_process_is_ended_with_ctrl_c(tmp_path: Path) -> None:
    with held_shop(tmp_path) as shop, chat(tmp_path, str(tmp_path / "plugin.json")) as one:
        shop.hold()
        say(one, "list teas")
        shop.wait_for_request()
        with chat(tmp_path, "--continue") as other:
            other.expect(re.escape(WAITING[:40]))
            other.sendintr()
            other.expect(PROMPT)
            say(other, "hello")
            other.expect("is running in another process")
            leave(other)
        shop.answers.set()
        one.expect("tea: Assam")
        leave(one)
        assert len(shop.arrived) == 1
