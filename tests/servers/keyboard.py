"""A program in a real terminal, and somebody who types into it."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pexpect  # type: ignore[import-untyped]  # its stubs are not among the development tools

from tests.servers import warm

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT = 20
"""Seconds a program may take to show what is waited for; it starts slowly when many tests run."""
PROMPT = "\u203a"


@contextmanager
def terminal(tmp_path: Path, *arguments: str, prompt: str = PROMPT) -> Generator[pexpect.spawn[str]]:
    """Python with these arguments, by default the loop of `tests.servers.talking`, once it waits behind its prompt."""
    environ = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(tmp_path),
        "XDG_STATE_HOME": str(tmp_path),
        "TERM": "xterm",
        "PYTHONPATH": str(ROOT),
        "LANG": "C.UTF-8",
        "PROMPT_TOOLKIT_NO_CPR": "1",
    }
    program, *rest = warm.line([sys.executable, *(arguments or ("-m", "tests.servers.talking"))])
    child: pexpect.spawn[str] = pexpect.spawn(
        program,
        rest,
        cwd=str(ROOT),
        env=environ,
        encoding="utf-8",
        timeout=TIMEOUT,
        dimensions=(40, 90),
    )
    try:
        child.expect(prompt)
        yield child
    finally:
        child.close(force=True)


def say(child: pexpect.spawn[str], text: str) -> None:
    """Types a line."""
    child.send(text + "\r")


def leave(child: pexpect.spawn[str]) -> None:
    """Leaves the loop, which is to end well."""
    say(child, "/quit")
    child.expect(pexpect.EOF)
    child.wait()
    assert child.exitstatus == 0
