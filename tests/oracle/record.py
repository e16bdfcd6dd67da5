"""Records what the reference answers: `python -m tests.oracle.record FILE…` fills in every row's `answer`."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

from runtimes.values import Json, JsonObject
from tests.oracle.reference import ask

_HALF = re.compile("[\ud800-\udfff]")
"""Half a character, which UTF-8 cannot write."""


def written(rows: list[JsonObject]) -> str:
    """The rows as a file has them: one on each line, the answer last."""
    lines = _HALF.sub(
        lambda half: f"\\u{ord(half[0]):04x}",
        ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows),
    )
    return f"[\n{lines}\n]\n"


def record(path: Path) -> int:
    """Asks the reference again and writes the file; returns how many answers have changed."""
    document: Json = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(document, list):
        raise SystemExit(f"{path}: expected an array of rows")
    rows = [row for row in document if isinstance(row, dict)]
    questions: list[JsonObject] = [{name: row[name] for name in row if name != "answer"} for row in rows]
    answered: list[JsonObject] = [
        {**question, "answer": answer} for question, answer in zip(questions, ask(questions), strict=True)
    ]
    path.write_text(written(answered), encoding="utf-8")
    return sum(before != after for before, after in zip(rows, answered, strict=True))


if __name__ == "__main__":
    for name in sys.argv[1:]:
        sys.stdout.write(f"{name}: {record(Path(name))} answers changed\n")
