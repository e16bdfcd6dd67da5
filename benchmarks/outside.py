"""Puts the adapter `ours` into a copy of the outside harness.

    python -m benchmarks.outside HARNESS

`HARNESS` is the folder of the copy. The adapter becomes `adapters/ours.py`, and the suites are told of it: turns,
burst, stream, spec and import, with an environment `v_ours` that has this project installed with `[fast]`.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Sequence
from pathlib import Path

from benchmarks import outside_adapter

ENVIRONMENT = "v_ours"
VARIANTS = ("ours", "ours:plain", "ours:sqlite")

_NAMES = ", ".join(f'"{name}"' for name in VARIANTS)
_IN_ENVIRONMENT = ", ".join(f'"{name}": "{ENVIRONMENT}"' for name in VARIANTS)
_READY = "from orchestrator import Orchestrator, load_plugin; import openai; openai.AsyncOpenAI(api_key='x').chat"

EDITS: dict[str, tuple[tuple[str, str], ...]] = {
    "run.py": (
        ("TURN = {", f"TURN = {{{_IN_ENVIRONMENT},"),
        ("BURST = [", f"BURST = [{_NAMES}, "),
        ("STREAM = [", f"STREAM = [{_NAMES}, "),
        ("SPEC = [", f'SPEC = [("ours", "{ENVIRONMENT}", ()), '),
    ),
    "probes/imports.py": (
        (
            "CASES = [",
            f'CASES = [("orchestrator", "{ENVIRONMENT}", "import orchestrator"),'
            f' ("orchestrator, ready", "{ENVIRONMENT}", "{_READY}"),',
        ),
    ),
    "probes/spec_load.py": (
        (
            '    elif a.peer == "adk":\n        from google',
            '    elif a.peer == "ours":\n'
            "        sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))\n"
            "        from adapters.ours import Described\n"
            '        await Described(os.path.join(sys.path[0], "specs", "small.json")).tools()\n'
            "        described = Described(a.spec)\n"
            '    elif a.peer == "adk":\n        from google',
        ),
        (
            "    else:\n        spec = parse(",
            '    elif a.peer == "ours":\n        defs = await described.tools()\n    else:\n        spec = parse(',
        ),
        (
            '    elif a.peer == "defs":\n        defs = ',
            '    elif a.peer == "ours":\n        n = len(defs)\n    elif a.peer == "defs":\n        defs = ',
        ),
    ),
}
"""By the file: what is found there once, and what stands there afterwards."""


class NotTheHarness(Exception):
    """A file is not there or not as it is in the harness, or the adapter is there already; the message says which."""


def _edited(file: Path, edits: Sequence[tuple[str, str]]) -> str:
    if not file.is_file():
        raise NotTheHarness(f"there is no {file.name} in {str(file.parent)!r}")
    text = file.read_text(encoding="utf-8")
    for before, after in edits:
        if text.count(before) != 1:
            raise NotTheHarness(f"{file.name} has not exactly one {before!r}; is this a copy of the harness?")
        text = text.replace(before, after)
    return text


def install(harness: Path) -> None:
    """Raises: `NotTheHarness`, before anything is written."""
    adapter = harness / "adapters" / "ours.py"
    if adapter.exists():
        raise NotTheHarness(f"there is an adapter 'ours' already in {str(harness)!r}; take a fresh copy of the harness")
    edited = {harness / name: _edited(harness / name, edits) for name, edits in EDITS.items()}
    for file, text in edited.items():
        file.write_text(text, encoding="utf-8")
    shutil.copy(outside_adapter.__file__, adapter)


def main(arguments: Sequence[str] | None = None) -> None:
    """The exit code is 1 where the folder is no fresh copy of the harness."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("harness", type=Path, metavar="HARNESS", help="the folder of a copy of the harness")
    harness = parser.parse_args(arguments).harness
    try:
        install(harness)
    except NotTheHarness as error:
        raise SystemExit(str(error)) from None
    print(f"the harness in {harness} has the adapters {', '.join(VARIANTS)}; {ENVIRONMENT} is their environment")


if __name__ == "__main__":
    main()
