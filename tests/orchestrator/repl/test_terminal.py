"""The loop in a real terminal: keys in, a screen out."""

from __future__ import annotations

import re
import signal
import sys
from pathlib import Path

import pexpect  # type: ignore[import-untyped]  # its stubs are not among the development tools
import pytest

from tests.servers.keyboard import PROMPT, leave, say, terminal

QUESTION = "run it\\?"

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")


def test_a_starter_is_picked_and_its_answer_streamed_as_markdown(tmp_path: Path) -> None:
    """Issue 2, `what it must show`."""
    with terminal(tmp_path) as child:
        say(child, "1")
        child.expect("find homes")
        child.expect(re.escape('find_homes(city="Seattle")'))
        child.expect(r"There are \x1b\[1mthree homes\x1b\[0m\.")
        child.expect("20 tokens in, 4 out")
        leave(child)


def test_a_confirmation_is_answered_with_yes_and_with_no(tmp_path: Path) -> None:
    """Issue 2, `what it must show`."""
    with terminal(tmp_path) as child:
        say(child, "save it")
        child.expect("wants to run save_search")
        child.expect(re.escape('{"city":"Seattle"}'))
        child.expect(QUESTION)
        say(child, "")
        child.expect("nothing runs without an answer")
        child.expect(QUESTION)
        say(child, "y")
        child.expect(re.escape('I got: {"saved":"Seattle"}'))
        child.expect(PROMPT)
        say(child, "save it")
        child.expect(QUESTION)
        say(child, "n not now")
        child.expect("declined")
        child.expect("not now")
        child.expect("I got: not called")
        leave(child)


def test_an_answer_typed_before_the_question_does_not_count(tmp_path: Path) -> None:
    """Design, decision 2: consent is given to what was shown."""
    with terminal(tmp_path) as child:
        child.send("save it\ry\ry\r")
        child.expect(QUESTION)
        say(child, "n")
        child.expect("declined")
        leave(child)


def test_ctrl_c_stops_the_turn_and_not_the_program(tmp_path: Path) -> None:
    """Issue 2, `what it must show`."""
    with terminal(tmp_path) as child:
        say(child, "linger")
        child.expect("thinking about it")
        child.sendintr()
        child.expect("stopped")
        child.expect(PROMPT)
        child.send("never said")
        child.sendintr()
        say(child, "hello")
        child.expect("you said hello")
        child.expect(PROMPT)
        child.kill(signal.SIGINT)
        say(child, "again")
        child.expect("you said again")
        leave(child)


def test_the_demo_answers_a_starter_and_changes_nothing_without_a_yes(tmp_path: Path) -> None:
    """Issue 2, item 11: the command a newcomer types."""
    with terminal(tmp_path, "-c", "from orchestrator.cli.main import run; run()", "demo") as child:
        say(child, "find 3 bedroom homes in Seattle")
        child.expect(re.escape("getListings("))
        child.expect(re.escape("[1]"))
        child.expect(PROMPT)
        say(child, "Set the Windows theme to dark")
        child.expect(re.escape('{"themeName":"dark"}'))
        child.expect(QUESTION)
        say(child, "n")
        child.expect("declined")
        child.expect(PROMPT)
        say(child, "Set the Windows theme to dark")
        child.expect(QUESTION)
        say(child, "y")
        child.expect(r"Theme:\S* +dark")
        child.expect(PROMPT)
        leave(child)


def test_a_choice_on_a_card_is_taken_and_its_fields_filled_in(tmp_path: Path) -> None:
    """Issue 5, line 6."""
    with terminal(tmp_path, "-m", "tests.servers.carding") as child:
        say(child, "a table please")
        child.expect(re.escape("(3) Search again"))
        child.expect("pick one by its number")
        child.expect(PROMPT)
        say(child, "1")
        child.expect("Name")
        say(child, "Ada")
        child.expect("Guests")
        child.sendintr()
        child.expect("nothing is sent")
        child.expect(PROMPT)
        say(child, "/choose 1")
        for label, answer in (("Name", "Ada"), ("Guests", "3"), ("Room \\(", "2"), ("PIN", "4711")):
            child.expect(label)
            say(child, answer)
        child.expect("TOLD")
        assert "4711" not in (child.before or "")
        child.expect('"guests": ?"3"')
        leave(child)


def test_help_is_there_and_ctrl_d_leaves(tmp_path: Path) -> None:
    with terminal(tmp_path) as child:
        say(child, "/help")
        child.expect("a new conversation")
        child.expect(PROMPT)
        child.sendeof()
        child.expect(pexpect.EOF)
        child.wait()
        assert child.exitstatus == 0
