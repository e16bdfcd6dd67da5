"""`orchestrator test --watch` on a terminal: what is played again when something changes (issue 6)."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.orchestrator.cli.testing.commands import SECONDS, command, environment, run, several, told
from tests.orchestrator.testing.playing import PLUGIN, write_conversation, write_plugin
from tests.servers import warm

if sys.platform == "win32":
    pytest.skip("pexpect needs a Unix terminal", allow_module_level=True)

import pexpect  # type: ignore[import-untyped]  # its stubs are not among the development tools

FIND = "turns: [{say: Find it, model: [{call: getHome, with: {id: '1'}}, Found], expect: {text: Found}}]\n"
WAITS = "; Ctrl-C ends"


class Watch:
    """A run on a terminal."""

    def __init__(self, process: pexpect.spawn[str]) -> None:
        self._process = process

    def round(self) -> str:
        """What is told until it waits again."""
        self._process.expect_exact(WAITS)
        before: str | None = self._process.before
        assert before is not None
        return before.replace("\r", "")

    def end(self) -> int | None:
        """Ends it with Ctrl-C; the exit code."""
        self._process.sendintr()
        self._process.expect(pexpect.EOF)
        self._process.close()
        status: int | None = self._process.exitstatus
        return status


@contextmanager
def watching(*arguments: str | Path) -> Generator[Watch]:
    program, *rest = warm.line(command(*arguments, "--watch"))
    env = dict(environment(TERM="xterm", NO_COLOR="1"))
    process: pexpect.spawn[str] = pexpect.spawn(
        program, rest, encoding="utf-8", timeout=SECONDS, dimensions=(40, 200), env=env
    )
    try:
        yield Watch(process)
    finally:
        process.close(force=True)


def test_a_change_of_a_conversation_file_has_that_file_played_again(tmp_path: Path) -> None:
    write_plugin(tmp_path)
    path = write_conversation(tmp_path, f"name: A\n{FIND}", "a")
    write_conversation(tmp_path, f"name: B\n{FIND}", "b")
    with watching(tmp_path) as watch:
        assert told(watch.round()) == ["A", "B"]
        path.write_text(path.read_text(encoding="utf-8").replace("model: [", "model: [Nonsense, "), encoding="utf-8")
        second = watch.round()
        assert "--- changed: a.conversation.yaml (" in second
        assert told(second) == ["!A"]
        assert watch.end() == 1


def test_a_change_of_the_plugin_has_what_failed_played_first(tmp_path: Path) -> None:
    write_plugin(tmp_path)
    write_conversation(tmp_path, f"name: A\n{FIND}", "a")
    write_conversation(tmp_path, "name: B\n" + FIND.replace("text: Found", "text: Lost"), "b")
    with watching(tmp_path) as watch:
        assert told(watch.round()) == ["A", "!B"]
        write_plugin(tmp_path, plugin={**PLUGIN, "description_for_human": "Other homes"})
        second = watch.round()
        assert "--- changed: openapi.json, plugin.json (" in second
        assert told(second) == ["!B", "A"]
        write_conversation(tmp_path, f"name: B\n{FIND}", "b")
        assert told(watch.round()) == ["B"]
        assert watch.end() == 0


def test_a_file_with_a_mistake_is_told_and_watching_goes_on(tmp_path: Path) -> None:
    path = write_conversation(tmp_path, several(2))
    with watching(tmp_path) as watch:
        assert told(watch.round()) == ["N0", "N1"]
        path.write_text("plugins: []\n", encoding="utf-8")
        assert f"{path}:1:1: " in watch.round()
        path.unlink()
        assert "there is no conversation file in" in watch.round()
        write_conversation(tmp_path, several(1))
        assert told(watch.round()) == ["N0"]
        assert watch.end() == 0


def test_a_file_that_nothing_depends_on_has_nothing_played(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    write_conversation(tmp_path / "tests", several(1))
    with watching(tmp_path) as watch:
        assert told(watch.round()) == ["N0"]
        (tmp_path / "notes.txt").write_text("x", encoding="utf-8")
        second = watch.round()
        assert told(second) == []
        assert "no conversation depends on that" in second
        assert watch.end() == 0


def test_what_the_conversations_write_themselves_does_not_go_on_for_ever(tmp_path: Path) -> None:
    write_plugin(tmp_path)
    shot = "turns: [{say: Hi, model: [{call: getHome, with: {id: '1'}}, A], expect: {cards: {snapshot: a.json}}}]"
    write_conversation(tmp_path, f"name: A\n{shot}\n")
    (tmp_path / "a.json").write_text("{}", encoding="utf-8")
    with watching(tmp_path, "--update") as watch:
        assert told(watch.round()) == ["A", "A"]
        assert watch.end() == 0


def test_there_must_be_something_to_watch(tmp_path: Path) -> None:
    done = run(tmp_path, "--watch")
    assert done.returncode == 2
    assert "there is no conversation file in" in done.stderr
    assert run(tmp_path, "--watch", "--json").returncode == 2
