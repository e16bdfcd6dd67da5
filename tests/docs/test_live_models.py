"""What docs/live.md shows of a play with a live model is what comes of its file."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import anyio

from tests.servers.openai_server import Received, Reply, ScriptedAnswer, call, openai_server

ROOT = Path(__file__).resolve().parents[2]
PLUGIN = ROOT / "examples" / "contoso_real_estate" / "plugin.json"
PATIENCE = 60
"""Seconds until the test has failed."""


def blocks(page: str, heading: str, language: str) -> list[str]:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    section = re.split(r"^#+ ", text.split(f"# {heading}\n")[1], maxsplit=1, flags=re.MULTILINE)[0]
    return re.findall(rf"```{language}\n(.*?)```", section, re.DOTALL)


def without_times(text: str) -> list[str]:
    lines = (re.sub(r"\d+\.\d( s)?$", "", line.rstrip()) for line in text.splitlines())
    return [re.sub(r"[ ─]+", " ", line).rstrip() if "  " in line.lstrip() or "─" in line else line for line in lines]


class Model:
    """The model of the page, and its judge."""

    def __init__(self) -> None:
        self._answers = 0
        self._judged = 0

    def __call__(self, request: Received) -> ScriptedAnswer:
        last = request.messages[-1]
        if "You judge" in request.system:
            return self._opinion(str(last["content"]))
        if last["role"] != "tool":
            tool = next(name for name in request.tool_names or () if name.endswith("getListings"))
            return Reply(calls=(call(tool, {"city": "Seattle", "bedrooms": 3}),), usage=(611, 34))
        self._answers += 1
        text = "I found three homes." if self._answers in (4, 8) else "Three homes in Seattle."
        return Reply(text=text, usage=(903, 21))

    def _opinion(self, question: str) -> Reply:
        if "promise" in question:
            return Reply(text="no")
        self._judged += 1
        return Reply(text="no\nThe answer gives no number." if self._judged == 3 else "yes", usage=(210, 9))


async def test_the_play_of_the_page_is_one(tmp_path: Path) -> None:
    [file] = blocks("live.md", "Live models", "yaml")
    [shown] = blocks("live.md", "Live models", "console")
    [prices] = blocks("configuration.md", "Prices", "toml")
    written = file.replace("../plugin.json", str(PLUGIN))
    (tmp_path / "homes.conversation.yaml").write_text(written, encoding="utf-8")
    (tmp_path / "orchestrator.toml").write_text(prices, encoding="utf-8")
    command = [sys.executable, "-m", "orchestrator", "test", "homes.conversation.yaml"]
    command += ["--live", "openai:gpt-5-mini", "--parallel", "1"]
    with anyio.fail_after(PATIENCE):
        async with openai_server(Model()) as server:
            environment = {**os.environ, "OPENAI_BASE_URL": server.url, "OPENAI_API_KEY": "key"}
            done = await anyio.run_process(command, cwd=tmp_path, env=environment, check=False)
    assert (done.returncode, done.stderr) == (1, b"")
    assert without_times(done.stdout.decode()) == without_times(shown)
