"""`orchestrator chat --save FILE.conversation.yaml`, as people run it (issue 6, item 7)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from anyio import to_thread

from orchestrator.testing.format.reading import read_conversations
from tests.orchestrator.testing.playing import play
from tests.servers import albums, warm
from tests.servers.example_service import EXAMPLES
from tests.servers.loopback import serve

CONTOSO = EXAMPLES / "contoso_real_estate" / "plugin.json"
CANARY = "canary-0d1f77c2ab"
SECONDS = 120


def orchestrator(
    *arguments: str | Path, cwd: Path, typed: str = "", **environ: str
) -> subprocess.CompletedProcess[str]:
    kept = {
        name: os.environ[name]
        for name in ("PATH", "HOME", "LANG", "XDG_CONFIG_HOME", "XDG_DATA_HOME")
        if name in os.environ
    }
    command = [sys.executable, "-m", "orchestrator", *map(str, arguments)]
    environment = {**kept, "PYTHONPATH": str(EXAMPLES.parent), **environ}
    return warm.run(command, environ=environment, folder=cwd, said=typed, seconds=SECONDS)


def test_a_chat_over_the_mock_is_kept_while_it_goes_on_and_at_its_end_and_both_pass(tmp_path: Path) -> None:
    typed = (
        "Find three-bedroom homes in Seattle\n/save first.conversation.yaml\n/clear\n"
        f"save a search for homes in Tacoma\nMy key is {CANARY}\n"
    )
    done = orchestrator(
        *("chat", "--mock", CONTOSO, "--model", "offline", "--save", "all.conversation.yaml"),
        cwd=tmp_path,
        typed=typed,
        OPENAI_API_KEY=CANARY,
    )
    assert done.returncode == 0
    assert "play it: orchestrator test all.conversation.yaml" in done.stdout
    [first] = read_conversations((tmp_path / "first.conversation.yaml").read_bytes(), "first").conversations
    assert [turn.say.text for turn in first.conversation.turns if turn.say] == ["Find three-bedroom homes in Seattle"]
    whole = (tmp_path / "all.conversation.yaml").read_bytes()
    assert len(read_conversations(whole, "all").conversations) == 2
    assert CANARY.encode() not in whole
    tested = orchestrator("test", ".", cwd=tmp_path)
    assert (tested.returncode, tested.stdout.count("ok ")) == (0, 3)


@pytest.mark.parametrize("is_plain", [True, False])
async def test_one_message_is_kept_with_what_the_api_answered(tmp_path: Path, is_plain: bool) -> None:
    """Where something is redacted, nothing that an API answered is written."""
    async with serve(albums.answer) as server:
        (tmp_path / "plugin.json").write_text(json.dumps(albums.manifest(server.url)))
        if not is_plain:
            (tmp_path / "orchestrator.toml").write_text('[[redactions]]\npattern = "1234"\n')
        command = ("chat", "plugin.json", "--model", "offline", "-m", "annotate", "--allow-host", "127.0.0.1", "--yes")
        done = await to_thread.run_sync(lambda: orchestrator(*command, "--save", "one.conversation.yaml", cwd=tmp_path))
    assert done.returncode == 0
    assert "saved to one.conversation.yaml" in done.stderr
    assert ("left out: the answers of APIs" not in done.stderr) is is_plain
    assert ("stubs" in (tmp_path / "one.conversation.yaml").read_text()) is is_plain
    assert [outcome.failures for outcome in await play(tmp_path / "one.conversation.yaml")] == [()]


@pytest.mark.parametrize(
    ("name", "message"),
    [("x.conversation.yaml", "is there already, where the files"), ("x.conversation.yml", "did you mean")],
)
def test_where_it_cannot_be_kept_is_said_before_the_talk(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "x.files").write_text("mine")
    done = orchestrator("chat", "--mock", CONTOSO, "--model", "offline", "--save", name, cwd=tmp_path, typed="hello\n")
    assert (done.returncode, message in done.stderr + done.stdout) == (2, True)
    assert "hello" not in done.stdout
    assert [one.name for one in tmp_path.iterdir()] == ["x.files"]


def test_the_demo_keeps_none_and_says_so_before_it_talks(tmp_path: Path) -> None:
    done = orchestrator("demo", "-m", "hello", "--save", "x.conversation.yaml", cwd=tmp_path)
    assert done.returncode == 2
    assert "`orchestrator chat` writes one" in done.stderr
    assert list(tmp_path.iterdir()) == []
