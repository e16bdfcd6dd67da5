"""Questions of a running plugin in a real terminal: what is typed, and what the plugin gets."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pexpect  # type: ignore[import-untyped]  # its stubs are not among the development tools
import pytest

from orchestrator.repl.live_questions import PROMPT, PROMPT_TO_SEND
from orchestrator.repl.streams import INTERRUPTED
from tests.orchestrator.cli.local.commands import Place
from tests.servers.keyboard import PROMPT as LOOP
from tests.servers.keyboard import leave, say, terminal

ANSWER = re.escape(PROMPT.strip())
SEND = re.escape(PROMPT_TO_SEND.strip())
ASKER = """
import json, sys

def send(**message):
    print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)

for message in map(json.loads, sys.stdin):
    method, number = message.get("method"), message.get("id")
    if method == "f0":
        send(id="q", method="host/confirm", params={"call": number, "text": "Go on?"})
        send(id=number, result=json.loads(sys.stdin.readline()))
    elif number is not None:
        send(id=number, result={})
"""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")


@contextmanager
def chat(tmp_path: Path) -> Generator[pexpect.spawn[str]]:
    """The loop; what is written to the pipe has a question withdrawn."""
    os.mkfifo(tmp_path / "pipe")
    with terminal(tmp_path, "-m", "tests.servers.inquisitive", "chat", str(tmp_path / "pipe")) as child:
        yield child


def test_a_question_is_answered_while_the_call_runs(tmp_path: Path) -> None:
    """Also what was typed before it was there is no answer, and two calls ask one after the other."""
    with chat(tmp_path) as child:
        child.send("drop {} & book {}\ry\ry\r")
        child.expect("Inquisitive asks you")
        child.expect(re.escape("> Delete 3 files?"))
        child.expect(ANSWER)
        say(child, "yes please")
        child.expect("type y or n")
        child.expect(ANSWER)
        say(child, "y")
        child.expect("Inquisitive asks you")
        child.expect("Your name:")
        say(child, "Ada")
        child.expect(re.escape("nights (a whole number, optional) [2]:"))
        say(child, "many")
        child.expect("a whole number, such as 3")
        child.expect(re.escape("[2]:"))
        say(child, "")
        child.expect("2  Hill view")
        child.expect("view .*:")
        say(child, "1")
        child.expect("breakfast .*:")
        say(child, "")
        child.expect("mail .*:")
        say(child, "")
        child.expect("Your name: Ada")
        child.expect(SEND)
        say(child, "y")
        child.expect('drop asked "Delete 3 files\\?": you said yes')
        child.expect("you answered")
        child.expect("DONE WITH 2")
        leave(child)


def test_ctrl_c_leaves_a_question_unanswered_and_a_second_one_stops_the_turn(tmp_path: Path) -> None:
    with chat(tmp_path) as child:
        say(child, "drop {}")
        child.expect(ANSWER)
        child.send("\x03")
        child.expect("not answered")
        child.expect("DONE WITH 1")
        child.expect(LOOP)
        say(child, "nag {}")
        child.expect(ANSWER)
        child.send("\x03")
        child.expect("Sure, 1")
        child.expect(ANSWER)
        child.send("\x03")
        child.expect("stopped")
        child.expect(LOOP)
        leave(child)


def test_a_question_that_is_withdrawn_leaves_the_prompt(tmp_path: Path) -> None:
    with chat(tmp_path) as child:
        say(child, "forget {}")
        child.expect(re.escape("> Never mind?"))
        child.expect(ANSWER)
        child.send("half an ans")
        child.expect("half an ans")
        (tmp_path / "pipe").write_text("go on", encoding="utf-8")
        child.expect("the plugin does not wait for an answer any more")
        child.expect("DONE WITH 1")
        child.expect(LOOP)
        leave(child)


def test_ctrl_c_leaves_a_question_of_a_call_unanswered_and_a_second_one_stops_the_call(tmp_path: Path) -> None:
    with terminal(tmp_path, "-m", "tests.servers.inquisitive", "call", "nag", prompt="Inquisitive asks you") as child:
        child.expect("a second one stops the call")
        child.expect(ANSWER)
        child.send("\x03")
        child.expect("Sure, 1")
        child.expect(ANSWER)
        say(child, "n")
        child.expect("Sure, 2")
        child.expect(ANSWER)
        child.send("\x03")
        child.expect("Sure, 3")
        child.expect(ANSWER)
        child.send("\x03")
        child.expect(pexpect.EOF)
        child.close()
        assert (child.exitstatus, "Traceback" in (child.before or "")) == (INTERRUPTED, False)


def test_a_question_of_a_call_that_is_withdrawn_leaves_the_prompt(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with terminal(tmp_path, "-m", "tests.servers.inquisitive", "forget", str(pipe), prompt="Never mind") as child:
        child.expect(ANSWER)
        pipe.write_text("go on", encoding="utf-8")
        child.expect("the plugin does not wait for an answer any more")
        child.expect("PAYLOAD")
        child.expect(pexpect.EOF)


def test_a_call_that_prints_for_machines_asks_nobody(tmp_path: Path) -> None:
    """docs/consent.md: nobody is asked with --json."""
    plugin = Place(tmp_path).plugin("asker", "Asker")
    (tmp_path / "asker.py").write_text(ASKER, encoding="utf-8")
    behind = f"Asker={sys.executable} -S {tmp_path}/asker.py"
    with terminal(
        tmp_path, *("-m", "orchestrator", "call", "--json", "--local", behind, plugin, "f0"), prompt="payload"
    ) as child:
        child.expect("nobody is present to answer")
        child.expect(pexpect.EOF)


def test_a_call_without_a_chat_asks_at_a_terminal(tmp_path: Path) -> None:
    with terminal(tmp_path, "-m", "tests.servers.inquisitive", "call", "drop", prompt="Inquisitive asks you") as child:
        child.expect(ANSWER)
        say(child, "y")
        child.expect(re.escape('PAYLOAD {"action":"accept","content":{},"reason":""}'))
        child.expect(pexpect.EOF)
