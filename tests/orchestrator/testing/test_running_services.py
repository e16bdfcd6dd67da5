"""The programs of services: what they print is read, and nothing of them is left at the end (issue 6)."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

import anyio
import pytest

from orchestrator.testing.format.settings import READY_SECONDS, Service
from orchestrator.testing.playing.programs import ProgramFailed
from orchestrator.testing.playing.services import StartedService, running_services
from runtimes.local_endpoint import LocalEndpoint

READY = r"listening on (http://127\.0\.0\.1:\d+)"


def _homes(code: str, ready: str = READY, within: float = READY_SECONDS) -> dict[str, StartedService]:
    program = LocalEndpoint(command=(sys.executable, "-c", code))
    return {"homes": StartedService(endpoint=program, ready=ready, within=within)}


async def test_a_slow_service_is_waited_for_no_longer_than_the_limit() -> None:
    with anyio.fail_after(10), pytest.raises(ProgramFailed) as failed:
        async with running_services(_homes("print('hm'); input()", within=0.5)):
            raise NotImplementedError
    assert "no line of its output had" in str(failed.value)


async def test_an_expression_that_never_ends_does_not_keep_the_others_waiting() -> None:
    with anyio.fail_after(10), pytest.raises(ProgramFailed, match="takes more than"):
        async with running_services(_homes("print('a' * 4000 + '!'); input()", r"((a|aa|aaa)+)+$")):
            raise NotImplementedError


async def test_output_without_end_is_read_and_forgotten() -> None:
    """A service that writes a lot neither stops nor fills the memory."""
    code = "print('x' * 5_000_000); print('y\\n' * 100_000); print('listening on http://127.0.0.1:9'); input()"
    with anyio.fail_after(20):
        async with running_services(_homes(code)) as running:
            assert running.addresses == {"homes": "http://127.0.0.1:9"}


STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
child = subprocess.Popen([sys.executable, "-c", code])
print(f"listening on http://127.0.0.1:{child.pid}")
while True:
    time.sleep(60)
"""


def _is_gone(pid: int) -> bool:
    """True once nothing of that id runs; what is dead and not reaped by its parent counts as gone."""
    with suppress(OSError):
        return "Z" in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    return True


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs /proc to see what runs")
async def test_what_a_service_has_started_is_killed_with_it_also_on_cancellation() -> None:
    child = 0
    with anyio.fail_after(20):
        with anyio.CancelScope() as scope:
            async with running_services(_homes(STUBBORN), stop_within=0.1) as running:
                child = int(running.addresses["homes"].rpartition(":")[2])
                os.kill(child, 0)
                scope.cancel()
                await anyio.sleep_forever()
        assert child
        while not _is_gone(child):
            await anyio.lowlevel.checkpoint()


LEAVING = """
import signal, subprocess, sys, time
code = "import signal, sys, time\\n" \
    "def leave(*_):\\n    time.sleep(0.3); open(sys.argv[1], 'w').close(); sys.exit()\\n" \
    "signal.signal(signal.SIGTERM, leave); print('ready', flush=True); time.sleep(60)"
child = subprocess.Popen([sys.executable, "-c", code, "FILE"], stdout=subprocess.PIPE)
child.stdout.readline()
print("listening on http://127.0.0.1:9", flush=True)
time.sleep(60)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there are no groups of processes")
async def test_what_a_service_has_started_gets_time_to_leave(tmp_path: Path) -> None:
    with anyio.fail_after(20):
        async with running_services(_homes(LEAVING.replace("FILE", str(tmp_path / "left")))):
            pass
    assert (tmp_path / "left").exists()


@pytest.mark.parametrize(
    ("line", "address"),
    [
        ("listening on http://localhost:9", "http://localhost:9"),
        ("listening on http://0.0.0.0:9/", "http://127.0.0.1:9"),
    ],
)
async def test_a_service_may_say_where_it_listens_in_other_words(line: str, address: str) -> None:
    """The line has no end: it is looked at once nothing follows."""
    code = f"import sys; sys.stdout.write({line!r}); sys.stdout.flush(); input()"
    with anyio.fail_after(20):
        async with running_services(_homes(code, Service(command=("python",)).ready)) as running:
            assert running.addresses == {"homes": address}


async def test_the_expression_is_told_as_it_is_written() -> None:
    with pytest.raises(ProgramFailed) as failed:
        async with running_services(_homes("input()", within=0.1)):
            raise NotImplementedError
    assert f"no line of its output had '{READY}' within 0.1 s; say with 'ready'" in str(failed.value)
