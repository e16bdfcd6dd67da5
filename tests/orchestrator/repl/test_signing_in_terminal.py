"""A sign-in in a real terminal, over a real API: what is typed, and what went out. Issue 9, line 6."""

from __future__ import annotations

import re
import sys
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pexpect  # type: ignore[import-untyped]  # its stubs are not among the development tools
import pytest

from tests.servers.guarded import NAME
from tests.servers.keyboard import PROMPT as LOOP
from tests.servers.keyboard import leave, say, terminal

OFFER = re.escape(f"sign in to {NAME} now? [y/n]")

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")


@contextmanager
def mail(tmp_path: Path, *options: str) -> Generator[tuple[pexpect.spawn[str], Path]]:
    """The loop over the mail, and the file with what reached its API, and the sign-ins."""
    log = tmp_path / "requests"
    log.touch()
    with terminal(tmp_path, "-m", "tests.servers.guarded", str(log), *options) as child:
        yield child, log


def logged(log: Path) -> list[str]:
    return [line.partition(" login ")[0] for line in log.read_text(encoding="utf-8").splitlines()]


def test_a_question_then_a_sign_in_then_the_call(tmp_path: Path) -> None:
    with mail(tmp_path) as (child, log):
        say(child, "send {} & weather {}")
        child.expect(re.escape("run it?"))
        say(child, "y")
        child.expect("needs you to sign in for")
        child.expect(OFFER)
        assert logged(log) == ["GET /weather"]
        say(child, "")
        child.expect("nothing runs without an answer")
        child.expect(OFFER)
        say(child, "y")
        child.expect("that did not sign you in")
        child.expect(OFFER)
        say(child, "y")
        child.expect(f"signed in: {NAME}")
        child.expect("DONE WITH 2")
        assert logged(log) == ["GET /weather", f"sign-in {NAME}", f"sign-in {NAME}", "POST /send"]
        leave(child)


@pytest.mark.parametrize("key", ["\x03", "\x04"])
def test_ctrl_c_and_the_end_of_input_leave_it_open(key: str, tmp_path: Path) -> None:
    with mail(tmp_path) as (child, log):
        say(child, "read {}")
        child.expect(OFFER)
        child.send(key)
        child.expect(f"until you have signed in with `orchestrator auth login {NAME}`")
        child.expect(LOOP)
        say(child, "weather {}")
        child.expect("DONE WITH")
        assert logged(log) == ["GET /weather"]
        leave(child)


def test_a_no_declines_the_call(tmp_path: Path) -> None:
    with mail(tmp_path) as (child, log):
        say(child, "read {}")
        child.expect(OFFER)
        say(child, "n not today")
        child.expect("read declined")
        child.expect("not today")
        child.expect("DONE WITH 1")
        assert logged(log) == []
        leave(child)


def test_ctrl_c_stops_a_sign_in_that_does_not_end(tmp_path: Path) -> None:
    with mail(tmp_path, "hang") as (child, log):
        say(child, "read {}")
        child.expect(OFFER)
        say(child, "y")
        child.expect("Ctrl-C stops it")
        child.send("\x03")
        child.expect("that did not sign you in")
        child.expect(OFFER)
        say(child, "y")
        child.expect("DONE WITH 1")
        assert logged(log)[-1] == "GET /read"
        leave(child)


def test_a_sign_in_that_was_done_elsewhere_meanwhile_is_not_done_again(tmp_path: Path) -> None:
    """The offer stands on the screen while the person signs in with another command, and a worker goes on."""
    with mail(tmp_path, "elsewhere") as (child, log):
        say(child, "read {}")
        child.expect(OFFER)
        (address,) = logged(log)
        with urllib.request.urlopen(f"{address}/elsewhere", timeout=5) as answer:
            assert answer.read() == b'{"signed_in":true,"gone_on":1}'
        say(child, "y")
        child.expect(f"was signed in elsewhere meanwhile: {NAME}")
        child.expect("DONE WITH 1")
        child.expect(LOOP)
        assert logged(log) == [address, "GET /elsewhere", "GET /read"]
        leave(child)
