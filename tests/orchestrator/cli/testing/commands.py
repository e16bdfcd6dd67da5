"""`orchestrator test` in a process of its own, and conversations that it plays there."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.servers import warm

SECONDS = 60
"""Seconds until a test that waits for something has failed."""

SLOW = "api: {stubs: [{path: '/homes/{id}', answer: {delay: 25}}]}"
"""Settings with which a call takes as long as one can."""

CALLS = "turns: [{say: Hi, model: [{call: getHome, with: {id: '1'}}, Hello]}]"
"""Turns with a call."""


def several(count: int, *, failing: tuple[int, ...] = ()) -> str:
    """A file with so many conversations, some of which fail."""
    lines = (
        f"  - {{name: N{number}, turns: [{{say: Hi, model: Hello{', expect: {text: Bye}' * (number in failing)}}}]}}\n"
        for number in range(count)
    )
    return f"plugins: []\nconversations:\n{''.join(lines)}"


def environment(**more: str) -> Mapping[str, str]:
    """That of a person at a desk."""
    return {**{name: value for name, value in os.environ.items() if name != "GITHUB_ACTIONS"}, **more}


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-W", "error", "-m", "orchestrator", "test", *map(str, arguments)]


def run(*arguments: str | Path, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return warm.run(command(*arguments), environ=env or environment(), seconds=SECONDS)


def told(output: str) -> list[str]:
    """The names of the conversations in the order of their lines, those that failed with a sign."""
    lines = [line for line in output.splitlines() if line.startswith(("ok ", "FAIL "))]
    return ["!" * line.startswith("FAIL") + line.rpartition(": ")[2].rpartition(" (")[0] for line in lines]


def children_of(pid: int) -> list[int]:
    """The processes that a process has started, on Linux."""
    found: list[int] = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:  # it has ended meanwhile
            continue
        if fields[0] != "Z" and int(fields[1]) == pid:
            found.append(int(path.parent.name))
    return found
