"""What a program is kept from: limits of the system, and a sandbox where there is one."""

from __future__ import annotations

import functools
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from runtimes.errors import InvocationError
from runtimes.local.transports.base import CannotStart
from runtimes.local.transports.confinement import cause_of_death, confined, launched, sandboxed
from runtimes.local_endpoint import LocalEndpoint, ProgramLimits
from tests.servers.local_zoo import PROGRAM, ROOT, ask, endpoint, gone, hostile, opened, pid_of, running_with

MIB = 1024 * 1024


@functools.cache
def why_no_sandbox() -> str:
    """Why the sandbox cannot be tried here; empty where it can."""
    if shutil.which("bwrap") is None:
        return "bubblewrap is not installed"
    command = sandboxed(("true",), "/", has_network=False, home="/nonexistent")
    tried = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
    return f"bubblewrap does not work here: {tried.stderr.strip()}" if tried.returncode else ""


# --- limits


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


# --- the sandbox


def test_the_sandbox_shows_the_system_hides_the_person_and_opens_one_folder() -> None:
    command = sandboxed(("prog", "--x; y"), "/srv/work", has_network=False, home="/tmp")
    assert command[:5] == ("bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--ro-bind")
    words = " ".join(command)
    assert " --ro-bind / / --dev /dev --proc /proc --tmpfs /tmp " in words
    assert words.endswith(" --bind /srv/work /srv/work --chdir /srv/work -- prog --x; y")
    assert words.count("--tmpfs /tmp ") == 1
    assert "--share-net" not in words
    assert "--share-net" in sandboxed(("prog",), "/srv", has_network=True, home="/x")


def test_the_sandbox_shows_of_what_it_hides_only_what_the_command_names(tmp_path: Path) -> None:
    program, script = tmp_path / "env" / "bin" / "prog", tmp_path / "script.py"
    program.parent.mkdir(parents=True)
    program.touch(mode=0o700)
    script.touch()
    named = (str(program), str(script), "/nonexistent", "word")
    command = sandboxed(named, "/srv", has_network=False, home=str(tmp_path))
    shown = [command[at + 1] for at, word in enumerate(command) if word == "--ro-bind-try"]
    assert shown == [str(script), str(program.parent.parent)]
    assert command.index("--tmpfs") < command.index("--ro-bind-try") < command.index("--bind")


def test_a_sandbox_that_is_not_there_is_not_done_without() -> None:
    wanted = LocalEndpoint(command=("true",), is_sandboxed=True)
    with pytest.raises(CannotStart, match="there is no 'bwrap' here; install bubblewrap"):
        confined(wanted, "/srv", path=None, sandbox=None)


def _shown_of_home() -> set[str]:
    """What of the person's home the program itself needs, where it lies there."""
    needed = (Path(sys.executable), Path(sys.executable).resolve(), PROGRAM)
    return {one.relative_to(Path.home()).parts[0] for one in needed if one.is_relative_to(Path.home())}


async def test_a_sandboxed_program_sees_no_home_writes_only_at_its_place_and_leaves_nothing() -> None:
    if reason := why_no_sandbox():
        pytest.skip(reason)
    beside = ROOT / "made-by-a-test"
    with tempfile.TemporaryDirectory(dir="/tmp") as parent:
        place = Path(parent, "place")
        await anyio.Path(place).mkdir()
        await anyio.Path(parent, "secret").touch()
        local = replace(endpoint("--stubborn", str(place), directory=str(place)), is_sandboxed=True)
        async with opened(local) as executor:
            seen = (await ask(executor, "list", path=str(Path.home()))).payload
            assert isinstance(seen, list)
            assert set(seen) <= _shown_of_home()
            assert (await ask(executor, "list", path=parent)).payload == ["place"]
            assert (await ask(executor, "write_file", path=str(place / "mine"))).payload == "written"
            processes = (await ask(executor, "list", path="/proc")).payload
            assert isinstance(processes, list)
            assert sum(isinstance(name, str) and name.isdecimal() for name in processes) <= 3
            with pytest.raises(InvocationError, match="Read-only file system"):
                await ask(executor, "write_file", path=str(beside))
            with pytest.raises(InvocationError, match="Network is unreachable"):
                await ask(executor, "connect", host="192.0.2.1")
            await ask(executor, "echo", text="is up again")
            assert running_with(str(place))
        with anyio.fail_after(20):
            while running_with(str(place)):
                await anyio.lowlevel.checkpoint()
        assert (place / "mine").read_text() == "written"
    assert not beside.exists()


async def test_the_limits_hold_in_a_sandbox_too() -> None:
    if reason := why_no_sandbox():
        pytest.skip(reason)
    local = replace(hostile(), is_sandboxed=True, limits=ProgramLimits(cpu_seconds=1, open_files=99))
    async with opened(local) as executor:
        limits = (await ask(executor, "limits")).payload
        assert isinstance(limits, dict)
        assert limits["files"] == [99, 99]
        with pytest.raises(InvocationError, match="it used more than 1 s of processor time"):
            await ask(executor, "burn")
