"""Several open questions in a real terminal, over a real API: what is typed, and what ran."""

from __future__ import annotations

import re
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pexpect  # type: ignore[import-untyped]  # its stubs are not among the development tools
import pytest

from orchestrator.repl.asking import EDIT_PROMPT, PROMPT, PROMPT_FOR_SEVERAL
from tests.servers.keyboard import PROMPT as LOOP
from tests.servers.keyboard import leave, say, terminal

THREE = 'order {"item": "tea"} & cancel {"id": "7"} & find {"id": "9"}'
ONE = re.escape(PROMPT.strip())
SEVERAL = re.escape(PROMPT_FOR_SEVERAL.strip())
EDIT = rf"Ctrl-C goes back.*{EDIT_PROMPT}"
BACK = "\x7f"

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")


@contextmanager
def shop(tmp_path: Path) -> Generator[tuple[pexpect.spawn[str], Path]]:
    """The loop over the shop, and the file with what reached its API."""
    log = tmp_path / "requests"
    log.touch()
    with terminal(tmp_path, "-m", "tests.servers.asking", str(log)) as child:
        yield child, log


def sent(log: Path) -> list[str]:
    return sorted(log.read_text(encoding="utf-8").splitlines())


def test_several_calls_are_shown_together_and_each_answer_is_taken(tmp_path: Path) -> None:
    """Issue 7, `what it must show`."""
    with shop(tmp_path) as (child, log):
        say(child, THREE)
        for number, function in ((1, "order"), (2, "cancel"), (3, "find")):
            child.expect(re.escape(f"({number}) Tea Shop wants to run {function}"))
        child.expect(re.escape("3 a: never ask again"))
        child.expect(SEVERAL)
        for typed in ("", "y", "yes please", "7 y"):
            say(child, typed)
            child.expect("nothing runs without an answer|no question 7 is open")
            child.expect(SEVERAL)
        say(child, "2 n not that one")
        child.expect("cancel declined")
        child.expect("not that one")
        child.expect(SEVERAL)
        assert sent(log) == []
        say(child, "3 a")
        child.expect("find of shop runs without asking from now on")
        child.expect(ONE)
        say(child, "1 e")
        child.expect(EDIT)
        say(child, f'{BACK * 5}coffee", "count": 2}}')
        child.expect("DONE WITH 3")
        child.expect(LOOP)
        assert sent(log) == ["GET /orders/9", 'POST /orders {"item":"coffee","count":2}']
        say(child, 'find {"id": "10"}')
        child.expect("DONE WITH 4")
        assert sent(log)[0] == "GET /orders/10"
        leave(child)


@pytest.mark.parametrize(("answer", "ran"), [("all y", 3), ("all n", 0)])
def test_all_are_answered_at_once(answer: str, ran: int, tmp_path: Path) -> None:
    with shop(tmp_path) as (child, log):
        say(child, THREE)
        child.expect(SEVERAL)
        say(child, answer)
        child.expect("DONE WITH 3")
        assert len(sent(log)) == ran
        leave(child)


@pytest.mark.parametrize("key", ["\x03", "\x04"])
def test_ctrl_c_and_the_end_of_input_leave_all_open_and_run_nothing(key: str, tmp_path: Path) -> None:
    with shop(tmp_path) as (child, log):
        say(child, THREE)
        child.expect(SEVERAL)
        say(child, "1 y")
        child.expect(SEVERAL)
        child.send(key)
        child.expect("left open: none of it has run")
        child.expect(LOOP)
        say(child, "hello")
        child.expect("DONE WITH")
        assert sent(log) == []
        leave(child)


def test_a_mistake_in_an_edit_is_told_and_the_edit_goes_on(tmp_path: Path) -> None:
    with shop(tmp_path) as (child, log):
        say(child, 'order {"item": "tea", "count": 2}')
        child.expect(ONE)
        say(child, "e")
        child.expect(EDIT)
        say(child, f"{BACK}")
        child.expect("this is not JSON")
        child.expect(EDIT_PROMPT)
        say(child, f"{BACK}20}}")
        child.expect("greater than the maximum of 9")
        child.expect(EDIT_PROMPT)
        child.send("\x03")
        child.expect("nothing was changed, and the question is still open")
        child.expect(ONE)
        say(child, "e")
        child.expect(EDIT)
        say(child, "")
        child.expect("DONE WITH 1")
        assert sent(log) == ['POST /orders {"item":"tea","count":2}']
        leave(child)


def test_keys_pressed_before_an_edit_is_there_do_not_run_it(tmp_path: Path) -> None:
    """Design, decision 2: consent is given to what was shown."""
    with shop(tmp_path) as (child, log):
        say(child, 'order {"item": "tea"}')
        child.expect(ONE)
        child.send("e\r\r\r")
        child.expect(EDIT)
        child.send("\x03")
        child.expect("still open")
        child.expect(ONE)
        say(child, "n")
        child.expect("declined")
        assert sent(log) == []
        leave(child)
