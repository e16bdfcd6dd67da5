"""What a program is kept from: limits of the system. The sandbox is in `test_sandbox`."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from runtimes.errors import InvocationError
from runtimes.local.transports.base import CannotStart
from runtimes.local.transports.confinement import cause_of_death, confined, launched
from runtimes.local_endpoint import LocalEndpoint, ProgramLimits
from tests.servers.local_zoo import ask, gone, hostile, opened, pid_of

MIB = 1024 * 1024


async def test_every_program_may_hold_only_so_many_files_open() -> None:
    async with opened(replace(hostile(), limits=ProgramLimits(open_files=64))) as executor:
        result = (await ask(executor, "open_files")).payload
    assert isinstance(result, list)
    count, reason = result
    assert reason == "Too many open files"
    assert isinstance(count, int)
    assert 32 < count < 64


async def test_the_limits_of_a_program_are_those_of_its_endpoint_and_ours_stay() -> None:
    ours = resource.getrlimit(resource.RLIMIT_NOFILE)
    limits = ProgramLimits(cpu_seconds=50, memory_bytes=900 * MIB, open_files=100)
    async with opened(replace(hostile(), limits=limits)) as executor:
        assert (await ask(executor, "limits")).payload == {
            "cpu": [50, 51],
            "memory": [900 * MIB, 900 * MIB],
            "files": [100, 100],
        }
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == ours


async def test_a_program_that_computes_for_too_long_is_killed_and_the_error_says_so() -> None:
    async with opened(replace(hostile(), limits=ProgramLimits(cpu_seconds=1))) as executor:
        pid = await pid_of(executor)
        with pytest.raises(InvocationError) as failure:
            await ask(executor, "burn")
        reason = "it used more than 1 s of processor time"
        assert str(failure.value).endswith(f"it ended before it answered; its last words: {reason}")
        assert (await ask(executor, "echo", text="again")).payload == {"text": "again"}
        await gone(pid)


async def test_a_program_that_takes_too_much_memory_is_refused_it() -> None:
    async with opened(replace(hostile(), limits=ProgramLimits(memory_bytes=256 * MIB))) as executor:
        with pytest.raises(InvocationError, match="its last words: MemoryError"):
            await ask(executor, "swallow", size=512 * MIB)
        assert (await ask(executor, "swallow", size=MIB)).payload == MIB


@pytest.mark.parametrize(
    "limits",
    [ProgramLimits(open_files=64), ProgramLimits(cpu_seconds=9), ProgramLimits(memory_bytes=MIB, open_files=None)],
)
def test_limits_that_are_named_are_set_before_the_program_is_there(limits: ProgramLimits) -> None:
    """A program that forks at once would have children without them."""
    command, from_outside = confined(LocalEndpoint(command=("true",), limits=limits), "/", path=None, sandbox=None)
    assert (command[0], command[-1], from_outside) == (sys.executable, "true", ())


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing is set from outside")
def test_what_goes_without_saying_costs_no_launcher() -> None:
    command, from_outside = confined(LocalEndpoint(command=("true",)), "/", path=None, sandbox=None)
    assert command == ("true",)
    assert [number for number, _, _ in from_outside] == [resource.RLIMIT_NOFILE]


def test_what_is_not_there_is_not_left_to_the_launcher_to_find(tmp_path: Path) -> None:
    (tmp_path / "text").touch(mode=0o600)
    for word, reason in (("nowhere", "No such file"), ("./nowhere", "No such file"), ("./text", "Permission denied")):
        wanted = LocalEndpoint(command=(word,), limits=ProgramLimits(cpu_seconds=9))
        with pytest.raises(CannotStart, match=f"'{word}': {reason}"):
            confined(wanted, str(tmp_path), path=None, sandbox=None)


def test_the_launcher_sets_the_limits_and_becomes_the_program() -> None:
    limits = [(resource.RLIMIT_NOFILE, 77, 77)]
    command = launched(("/bin/sh", "-c", "ulimit -n; echo $0 $#; exit 3", "a b", "; c"), limits)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("77\na b 1\n", "", 3)


def test_the_launcher_says_what_cannot_be_started() -> None:
    done = subprocess.run(launched(("/nonexistent",), ()), capture_output=True, text=True, check=False)
    assert done.stderr == "'/nonexistent': No such file or directory\n"


@pytest.mark.parametrize(
    ("returncode", "is_ours", "cause"),
    [
        (-signal.SIGXCPU, False, "it used more than 5 s of processor time"),
        (128 + signal.SIGXCPU, False, "it used more than 5 s of processor time"),
        (-signal.SIGKILL, False, "it was killed, probably because it used more than 5 s of processor time"),
        (-signal.SIGKILL, True, ""),
        (0, False, ""),
        (1, False, ""),
        (None, False, ""),
    ],
)
def test_what_a_limit_has_to_do_with_an_end_shows_in_its_code(
    returncode: int | None, is_ours: bool, cause: str
) -> None:
    assert cause_of_death(returncode, ProgramLimits(cpu_seconds=5), is_ours=is_ours) == cause
    assert cause_of_death(returncode, ProgramLimits(), is_ours=is_ours) == ""
