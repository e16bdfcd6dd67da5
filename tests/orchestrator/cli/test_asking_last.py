"""The last question of `orchestrator approve` and `history --delete`, in a real terminal. Issue 8."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pexpect  # type: ignore[import-untyped]  # its stubs are not among the development tools
import pytest

from tests.orchestrator.cli.kept_facts import asked, keep, said
from tests.servers.keyboard import terminal

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")

APPROVE = ("approve", "call1")
DELETE = ("history", "--delete", "one", "--json")
RUN_IT = "Run it\\? \\[y/N\\] "
AT_ONCE = ""
"""What is there before anything is."""

ELSEWHERE = """
import subprocess, sys
with open(sys.argv[1], "w") as file:
    sys.exit(subprocess.call([sys.executable, "-m", "orchestrator", *sys.argv[3:]], **{sys.argv[2]: file}))
"""
"""Runs the program with one of its streams in a file."""


@pytest.fixture(autouse=True)
def _kept(tmp_path: Path) -> None:
    keep(tmp_path, ("two", asked("call1", expires=4e9)), wake=4e9)
    keep(tmp_path, ("one", said("hello", person="anna")))


@contextmanager
def program(tmp_path: Path, *command: str, prompt: str) -> Generator[pexpect.spawn[str]]:
    with terminal(tmp_path, "-m", "orchestrator", *command, *stored(tmp_path), prompt=prompt) as child:
        yield child


@contextmanager
def into_a_file(tmp_path: Path, stream: str, *command: str, prompt: str) -> Generator[pexpect.spawn[str]]:
    file = str(tmp_path / "file")
    with terminal(tmp_path, "-c", ELSEWHERE, file, stream, *command, *stored(tmp_path), prompt=prompt) as child:
        yield child


def stored(tmp_path: Path) -> tuple[str, str]:
    return ("--store", str(tmp_path / "chats.db"))


def ended(child: pexpect.spawn[str]) -> tuple[int | None, str]:
    """The exit code, and what was shown last."""
    child.expect(pexpect.EOF)
    child.wait()
    return child.exitstatus, child.before or ""


def test_what_was_typed_before_the_question_is_no_answer_to_it(tmp_path: Path) -> None:
    with program(tmp_path, *APPROVE, prompt=AT_ONCE) as child:
        child.sendline("y")
        child.expect(RUN_IT)
        child.sendline("n")
        code, shown = ended(child)
    assert (code, "the question stays open" in shown) == (1, True)


def test_a_question_that_is_asked_is_shown_wherever_the_output_goes(tmp_path: Path) -> None:
    with into_a_file(tmp_path, "stdout", *APPROVE, prompt="wants to run order") as child:
        child.expect(RUN_IT)
        child.sendline("n")
        code, _ = ended(child)
    assert (code, (tmp_path / "file").read_text()) == (1, "")


def test_nobody_answers_what_they_cannot_see(tmp_path: Path) -> None:
    with into_a_file(tmp_path, "stderr", *APPROVE, prompt=AT_ONCE) as child:
        code, _ = ended(child)
    assert (code, "nobody is here to ask" in (tmp_path / "file").read_text()) == (2, True)


def test_an_interrupt_ends_a_question_at_once(tmp_path: Path) -> None:
    with program(tmp_path, *APPROVE, prompt=RUN_IT) as child:
        child.sendintr()
        code, shown = ended(child)
    assert (code, shown.strip()) == (130, "^C")


def test_an_interrupt_ends_an_import_that_is_typed(tmp_path: Path) -> None:
    with program(tmp_path, "history", "--import", "-", prompt="Ctrl-C imports nothing") as child:
        child.sendintr()
        code, shown = ended(child)
    assert (code, "Traceback" in shown) == (130, False)


def test_a_no_leaves_what_was_to_be_deleted_and_prints_nothing_for_a_program(tmp_path: Path) -> None:
    whose = "Delete conversation one \\(hello, held by anna\\) for good\\? "
    with into_a_file(tmp_path, "stdout", *DELETE, prompt=whose) as child:
        child.sendline("n")
        code, shown = ended(child)
    assert (code, "nothing is deleted" in shown, (tmp_path / "file").read_text()) == (1, True, "")
