"""What is told on a terminal and off it: colours, how far a run has come, annotations (issue 6)."""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path

import anyio
import pytest

from orchestrator.cli.testing.progress import Progress
from tests.orchestrator.cli.testing.commands import CALLS, SECONDS, command, environment, run, several
from tests.orchestrator.testing.playing import write_conversation, write_plugin
from tests.servers import warm

CLEAR = "\r\x1b[2K"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def progress_on(file: io.StringIO, seen: anyio.Event, **environ: str) -> Progress:
    def text() -> str:
        seen.set()
        return "1 of 2" + " conversations" * 100

    return Progress(text, file, environ, patience=0)


async def test_a_long_run_shows_how_far_it_has_come_and_takes_it_away(capsys: pytest.CaptureFixture[str]) -> None:
    terminal, seen = Terminal(), anyio.Event()
    progress = progress_on(terminal, seen)
    with anyio.fail_after(5):
        async with progress.shown():
            await seen.wait()
            await anyio.lowlevel.checkpoint()
            shown = terminal.getvalue()
            progress.print("ok one")
    assert shown.startswith(f"{CLEAR}1 of 2 conv")
    assert len(shown) < 200
    assert terminal.getvalue() == shown + CLEAR + shown + CLEAR
    assert capsys.readouterr().out == "ok one\n"


@pytest.mark.parametrize(("file", "environ"), [(io.StringIO(), {}), (Terminal(), {"TERM": "dumb"})])
async def test_nothing_is_shown_where_it_cannot_be_taken_away(file: io.StringIO, environ: dict[str, str]) -> None:
    seen = anyio.Event()
    async with progress_on(file, seen, **environ).shown():
        with anyio.move_on_after(0.05):
            await seen.wait()
    assert file.getvalue() == ""


async def test_what_the_block_raises_comes_as_it_is() -> None:
    with pytest.raises(BrokenPipeError):
        async with progress_on(Terminal(), anyio.Event()).shown():
            raise BrokenPipeError


def on_a_terminal(*arguments: str | Path, **more: str) -> str:
    """All that is shown there."""
    if sys.platform == "win32":
        pytest.skip("pexpect needs a Unix terminal")
    import pexpect  # type: ignore[import-untyped]  # its stubs are not among the development tools

    program, *rest = warm.line(command(*arguments))
    env = dict(environment(**{"TERM": "xterm", **more}))
    child: pexpect.spawn[str] = pexpect.spawn(program, rest, encoding="utf-8", timeout=SECONDS, env=env)
    child.expect(pexpect.EOF)
    shown: str | None = child.before
    child.close()
    return shown or ""


def test_words_have_colours_on_a_terminal_alone(tmp_path: Path) -> None:
    write_conversation(tmp_path, several(2, failing=(1,)))
    shown = on_a_terminal(tmp_path)
    assert "\x1b[32mok\x1b[0m " in shown
    assert "\x1b[1;31mFAIL\x1b[0m " in shown
    assert "\x1b" not in on_a_terminal(tmp_path, NO_COLOR="1")
    assert "\x1b" not in run(tmp_path).stdout


def test_a_slow_run_says_how_far_it_has_come(tmp_path: Path) -> None:
    write_plugin(tmp_path)
    slow = "api: {stubs: [{path: '/homes/{id}', answer: {delay: 1.5}}]}"
    write_conversation(tmp_path, f"{slow}\n{CALLS}\n")
    assert re.search(r"0 of 1 conversations \(\d s\)", on_a_terminal(tmp_path))
    quiet = run(tmp_path)
    assert (quiet.returncode, quiet.stderr) == (0, "")


def test_github_is_told_where_failures_are(tmp_path: Path) -> None:
    text = several(1, failing=(0,))
    path = write_conversation(tmp_path, text)
    column = text.splitlines()[2].index("Bye") + 1
    expected = (
        f"::error file={path},line=3,col={column},title=N0::text: the answer does not contain what it should"
        "%0A    expected: Bye%0A    came:     Hello"
    )
    assert expected in run(tmp_path, "--github").stdout.splitlines()
    assert expected in run(tmp_path, env=environment(GITHUB_ACTIONS="true")).stdout.splitlines()
    assert "::error" not in run(tmp_path).stdout


def test_github_is_told_of_mistakes_in_files(tmp_path: Path) -> None:
    path = write_conversation(tmp_path, "plugins: []\nturns: [{say: Hi, modell: Hello}]\n")
    done = run(tmp_path, "--github")
    assert done.returncode == 2
    told = "there is no member 'modell' here; did you mean 'model'?"
    assert done.stdout.splitlines() == [f"::error file={path},line=2,col=19,title=unknown-member::{told}"]


def test_json_stays_json_in_github_actions(tmp_path: Path) -> None:
    write_conversation(tmp_path, several(1, failing=(0,)))
    assert run(tmp_path, "--json", env=environment(GITHUB_ACTIONS="true")).stdout.startswith("{")
    assert run(tmp_path, "--json", "--github").returncode == 2
