"""Commands that are forked end as those that are started anew, as far as it is said that they do."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import warm

ENDING = """\
import sys, threading

class Kept:
    def __del__(self):
        print("let go", flush=True)

kept = Kept()
kept.itself = kept
del kept

def last():
    threading.main_thread().join()
    print("the last thread", flush=True)

threading.Thread(target=last).start()
print(sys.path[0], flush=True)
raise SystemExit(3)
"""


def installed(place: Path) -> str:
    """A distribution whose runtime runs that when it is imported, and a manifest that names it."""
    metadata = place / "ending-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: ending\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[plugin_orchestrator.runtimes]\nx-End = ending:factory\n")
    (place / "ending.py").write_text(ENDING)
    about = {"schema_version": "v2.2", "name_for_human": "End", "namespace": "end", "description_for_human": "Ends."}
    runtime = {"type": "x-End", "auth": {"type": "None"}, "spec": {}, "run_for_functions": ["f"]}
    manifest = {**about, "functions": [{"name": "f", "description": "Ends."}], "runtimes": [runtime]}
    path = place / "plugin.json"
    path.write_text(json.dumps(manifest))
    return str(path)


def test_a_command_waits_for_its_threads_and_lets_go_of_what_nobody_refers_to(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "orchestrator", "call", installed(tmp_path), "f", "{}"]
    environ = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = warm.run(command, folder=tmp_path, environ=environ)
    assert done.returncode == 1
    assert "SystemExit: 3" in done.stderr
    said = done.stdout.splitlines()
    assert said[0] == str(tmp_path)
    assert set(said[1:]) == {"let go", "the last thread"}


@pytest.mark.parametrize("sent", [b"", b"\0\0", b"\0\0\0\0\0"])
def test_where_the_process_that_waits_for_a_command_dies_the_command_has_no_exit_code(sent: bytes) -> None:
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            theirs.sendall(sent)
        with pytest.raises(ConnectionError, match="how it left is not known"):
            warm.ended(ours, 10, ["command"])


def test_an_exit_code_that_comes_in_pieces_is_one() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        for piece in (b"\0\0\0", b"\0\xff", b"\xff\xff\xf7"):
            theirs.sendall(piece)
        assert warm.ended(ours, 10, ["command"]) == -9


def test_a_command_that_is_not_even_started_has_only_its_time() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, pytest.raises(subprocess.TimeoutExpired):
        warm.ended(ours, 0.01, ["command"])
