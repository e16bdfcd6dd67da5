"""Asks the reference engine (npm: adaptive-expressions, adaptivecards-templating), which answers JSON lines in Node."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from runtimes.values import Json, JsonObject

_HERE = Path(__file__).parent

MAX_SECONDS = 120
"""Seconds that one batch of questions may take."""


def why_silent() -> str | None:
    """The reason why the reference cannot be asked here; None when it can."""
    if shutil.which("node") is None:
        return "node is not installed"
    if not (_HERE / "node_modules" / "adaptivecards-templating").is_dir():
        return "the reference engine is not installed (npm ci in tests/oracle)"
    return None


def ask(questions: Sequence[JsonObject]) -> list[JsonObject]:
    """One answer for each question, in order: `value`, `absent`, `number`, `bytes`, `ticks`, `error` or `thrown`."""
    lines = "".join(json.dumps(question) + "\n" for question in questions)
    done = subprocess.run(  # our own script
        ["node", "cards.js"],  # whichever Node the person has
        cwd=_HERE,
        input=lines,
        capture_output=True,
        encoding="utf-8",
        timeout=MAX_SECONDS,
        check=False,
    )
    answers: list[Json] = [json.loads(line) for line in done.stdout.split("\n")[:-1]]
    if done.returncode or len(answers) != len(questions):
        question = json.dumps(questions[min(len(answers), len(questions) - 1)])[:500] if questions else ""
        raise RuntimeError(f"the reference stopped at question {len(answers) + 1}: {question} {done.stderr[-500:]}")
    return [answer if isinstance(answer, dict) else {"value": answer} for answer in answers]
