"""Which factory opens a runtime object."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from runtimes.discovery import factory_for, known_types
from runtimes.errors import RuntimeUnavailable
from runtimes.local import open_local
from runtimes.memory import MemoryRuntime

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("written", ["LocalPlugin", "localplugin", "LOCALPLUGIN"])
def test_our_own_types_are_found_in_any_case(written: str) -> None:
    assert factory_for(written, {}) is open_local


def test_what_the_hosts_code_gives_comes_first() -> None:
    mine = MemoryRuntime()
    assert factory_for("x-memory", {"x-memory": mine}) is mine
    assert factory_for("OpenApi", {"OpenApi": mine}) is mine
    assert factory_for("LocalPlugin", {"x-memory": mine}) is open_local


def test_an_unknown_type_names_the_known_ones_and_the_one_that_was_meant() -> None:
    with pytest.raises(RuntimeUnavailable) as failure:
        factory_for("x-memry", {"x-memory": MemoryRuntime()})
    known = known_types({"x-memory": MemoryRuntime()})
    assert {"LocalPlugin", "OpenApi", "x-memory"} <= set(known)
    assert list(known) == sorted(known)
    assert str(failure.value) == (
        f"there is no runtime for the type 'x-memry'; did you mean 'x-memory'? known types: {', '.join(known)}"
    )


ENTRY_POINTS = """\
[plugin_orchestrator.runtimes]
x-good = zoo_runtimes:good
x-number = zoo_runtimes:number
x-missing = zoo_runtimes:missing
x-broken = zoo_broken:factory
x-exits = zoo_exits:factory
x-arguments = zoo_runtimes:arguments
x-coroutine = zoo_runtimes:coroutine
OpenApi = zoo_runtimes:good
Zoo = zoo_runtimes:good
"""

MODULE = """\
def good(spec, services): raise ValueError("oops")
def arguments(spec): pass
async def coroutine(spec, services): pass
number = 5
"""

PROGRAM = """\
import json, sys
import anyio
from runtimes.discovery import factory_for, known_types
from runtimes.errors import RuntimeUnavailable

def reason(type):
    try:
        return type if callable(factory_for(type, {})) else "?"
    except RuntimeUnavailable as error:
        return str(error)

print(json.dumps({"imported": "zoo_runtimes" in sys.modules, "known": known_types({}),
                  "reasons": {name: reason(name) for name in sys.argv[1:]}}))
"""


def distribution(place: Path, name: str, points: str) -> None:
    """Installs a distribution's metadata, as an installer would."""
    metadata = place / f"{name}-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(points)


def test_other_distributions_offer_types_that_are_checked_when_asked_for(tmp_path: Path) -> None:
    distribution(tmp_path, "zoo", ENTRY_POINTS)
    for name in ("first", "second"):
        distribution(tmp_path, name, "[plugin_orchestrator.runtimes]\nx-twice = zoo_runtimes:good\n")
    (tmp_path / "zoo_runtimes.py").write_text(MODULE)
    (tmp_path / "zoo_exits.py").write_text("raise SystemExit(3)\n")
    (tmp_path / "zoo_broken.py").write_text("raise RuntimeError('https://x.example/?key=secret')\n")
    offered = ["x-good", "x-number", "x-missing", "x-broken", "x-exits", "x-arguments", "x-coroutine", "x-twice"]
    asked = [*offered, "X-GOOD", "OpenApi", "zoo", "x-god"]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *asked],
        env={"PYTHONPATH": f"{tmp_path}:{ROOT}"},
        capture_output=True,
        check=True,
        text=True,
    )
    report = json.loads(done.stdout)
    assert report["imported"] is False
    assert set(offered) < set(report["known"])
    assert "Zoo" not in report["known"]
    zoo = "of the distribution 'zoo'"
    start = "is not used: its type has to start with 'x-' (spec 3.6)"
    known = ", ".join(report["known"])
    assert report["reasons"] == {
        "x-good": "x-good",
        "x-number": f"the runtime 'x-number' {zoo} is no factory: 'zoo_runtimes:number': it cannot be called",
        "x-missing": f"the runtime 'x-missing' {zoo} cannot be imported from 'zoo_runtimes:missing': "
        "AttributeError: module 'zoo_runtimes' has no attribute 'missing'",
        "x-broken": f"the runtime 'x-broken' {zoo} cannot be imported from 'zoo_broken:factory': "
        "RuntimeError: https://x.example/?…",
        "x-exits": f"the runtime 'x-exits' {zoo} cannot be imported from 'zoo_exits:factory': SystemExit: 3",
        "x-arguments": f"the runtime 'x-arguments' {zoo} is no factory: 'zoo_runtimes:arguments': "
        "it cannot be called with (spec, services)",
        "x-coroutine": f"the runtime 'x-coroutine' {zoo} is no factory: 'zoo_runtimes:coroutine': "
        "it has to return an async context manager: put @asynccontextmanager above it",
        "X-GOOD": "X-GOOD",
        "OpenApi": "OpenApi",
        "zoo": f"the runtime 'Zoo' {zoo} {start}",
        "x-god": f"there is no runtime for the type 'x-god'; did you mean 'x-good'? known types: {known}; "
        f"the runtime 'OpenApi' {zoo} {start}; the runtime 'Zoo' {zoo} {start}",
        "x-twice": "more than one distribution offers the runtime 'x-twice': first, second; keep one of them",
    }
