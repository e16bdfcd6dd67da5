"""Nothing that a program has started outlives it, in whatever session it hides."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager

import anyio
import pytest

from runtimes.local.transports.left_behind import MARK, Process, end_left, family_of, identified, marked, new_mark
from runtimes.local.transports.process import running
from runtimes.local_endpoint import LocalEndpoint
from tests.servers.local_zoo import is_running

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system does not tell")

STARTS = """
import os, subprocess, sys
child = subprocess.Popen(["sleep", "600"], start_new_session=True, stdin=0, stdout=2, env=eval(sys.argv[1]))
print(child.pid, flush=True)
{}
"""
WAITS, LEAVES = "sys.stdin.read()", "os._exit(0)"


def starting(then: str, environment: str = "None") -> LocalEndpoint:
    """Starts a process in a session of its own, tells its number, and waits or leaves."""
    return LocalEndpoint(command=(sys.executable, "-I", "-S", "-c", STARTS.format(then), environment))


@contextmanager
def sleeping(environment: dict[str, str] | None = None) -> Generator[int]:
    """A process that is nobody's business, unless the environment says so."""
    with subprocess.Popen(["sleep", "600"], start_new_session=True, env=environment) as process:
        try:
            yield process.pid
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("then", "environment"),
    [
        pytest.param(WAITS, "None", id="its program is stopped"),
        pytest.param(LEAVES, "None", id="its program left first"),
        pytest.param(WAITS, "{'PATH': os.environ['PATH']}", id="without the mark it is known as a child"),
    ],
)
async def test_what_a_program_has_started_in_another_session_ends_with_it(then: str, environment: str) -> None:
    with anyio.fail_after(30):
        with sleeping() as bystander:
            async with running(starting(then, environment)) as program:
                child = int(await program.read())
                assert is_running(child)
                if then == LEAVES:
                    await program.has_left.wait()
                    assert is_running(child)
            assert not is_running(child)
            assert is_running(bystander)


async def test_a_number_that_was_given_again_is_somebody_elses() -> None:
    with anyio.fail_after(30), sleeping() as pid:
        now = identified(pid)
        assert now is not None
        earlier = Process(pid, now.started - 1)
        assert await family_of(earlier) == frozenset()
        await end_left(new_mark(), {earlier})
        assert is_running(pid)
        assert await family_of(now) == {now}


async def test_only_what_has_the_mark_is_ended() -> None:
    mark = new_mark()
    with anyio.fail_after(30), sleeping(marked(os.environ, mark)) as ours, sleeping(marked({}, new_mark())) as other:
        await end_left(mark, frozenset())
        assert not is_running(ours)
        assert is_running(other)


def test_the_mark_of_a_host_that_is_a_program_itself_is_kept() -> None:
    assert marked({"A": "b"}, "m")[MARK].split()[-1] == "m"
    assert marked({MARK: "x"}, "m")[MARK] == f"{os.environ.get(MARK, '')} m".strip()
