"""The program survives whatever its streams are: a reader who leaves, no input at all, an old encoding."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
COMMAND = (sys.executable, "-m", "tests.servers.talking")
TIMEOUT = 30
"""Seconds a program may take; it starts slowly when many tests run."""


def run(text: bytes, **variables: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        COMMAND, input=text, capture_output=True, cwd=ROOT, env=os.environ | variables, timeout=TIMEOUT, check=False
    )


def test_lines_of_a_pipe_become_turns_without_escape_sequences() -> None:
    """Issue 2, item 9."""
    done = run(b"find homes\n\x1b[2Jhello\n", PYTHONIOENCODING="utf-8", FORCE_COLOR="1")
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"There are **three homes**." in done.stdout
    assert b"you said hello\n" in done.stdout
    assert b"\x1b" not in done.stdout


def test_a_stream_that_cannot_write_a_character_replaces_it() -> None:
    done = run("say é\n".encode(), PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"you said say ?\n" in done.stdout


def test_a_reader_who_leaves_ends_the_program_without_a_traceback() -> None:
    process = subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT)
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    process.stdout = None
    _, errors = process.communicate(b"hello\n" * 100, timeout=TIMEOUT)
    assert errors == b""
    assert process.returncode == 141


def test_a_program_started_without_an_input_ends_at_once() -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", 'exec "$@" <&-', "sh", *COMMAND], capture_output=True, cwd=ROOT, timeout=TIMEOUT, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"Home Finder at your service" in done.stdout
