"""What a local plugin's program is kept from: more than its share of the system, and, in a sandbox, our files.

Limits are the system's own (`setrlimit`), each process of the program has them for itself. A launcher sets those that
an endpoint names, and becomes the program. The one that goes without saying, on open files, is set from outside where
the system can do that (Linux, `prlimit`), right after the start: that costs nothing, and is too late only for what the
program starts in its first instant.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Sequence

from runtimes.local.transports.base import CannotStart
from runtimes.local.transports.sandbox import SANDBOX, executable_of, home_folder, own_folders, sandboxed, why_unfit
from runtimes.local_endpoint import LocalEndpoint, ProgramLimits

_LAUNCHER = (
    "import json,os,resource,sys\n"
    "for number,soft,hard in json.loads(sys.argv[1]):resource.setrlimit(number,(soft,hard))\n"
    "try:os.execvp(sys.argv[2],sys.argv[2:])\n"
    "except OSError as error:sys.exit(f'{sys.argv[2]!r}: {error.strerror}')"
)

Limit = tuple[int, int, int]
"""A resource by the number the system has for it, and what may be used of it: a soft limit and a hard one."""


def _wanted(limits: ProgramLimits) -> tuple[Limit, ...]:
    """Above the hard limit that we have ourselves there is nothing to be had."""
    if sys.platform == "win32":
        return ()
    import resource

    cpu = limits.cpu_seconds
    wanted = (
        # the soft limit can be caught, the hard one a second later cannot
        (resource.RLIMIT_CPU, cpu, None if cpu is None else cpu + 1),
        (resource.RLIMIT_AS, limits.memory_bytes, limits.memory_bytes),
        (resource.RLIMIT_NOFILE, limits.open_files, limits.open_files),
    )
    found: list[Limit] = []
    for number, soft, hard in wanted:
        if soft is not None and hard is not None:
            ours = resource.getrlimit(number)[1]
            most = hard if ours == resource.RLIM_INFINITY else min(hard, ours)
            found.append((number, min(soft, most), most))
    return tuple(found)


def launched(command: Sequence[str], limits: Sequence[Limit]) -> tuple[str, ...]:
    """The command behind a launcher that sets the limits: one more start of Python, some 15 ms."""
    written = "[" + ",".join(f"[{number},{soft},{hard}]" for number, soft, hard in limits) + "]"
    return (sys.executable, "-I", "-S", "-c", _LAUNCHER, written, *command)


def _in_sandbox(endpoint: LocalEndpoint, directory: str, path: str | None, sandbox: str | None) -> tuple[str, ...]:
    """Raises: `CannotStart`."""
    if sandbox is None:
        raise CannotStart(
            f"it is to run in a sandbox, and there is no {SANDBOX!r} here; install bubblewrap, or do without it"
        )
    home, own, read_only = home_folder(), own_folders(), endpoint.read_only
    if reason := why_unfit(directory, home=home, own=own, read_only=read_only):
        raise CannotStart(f"its working directory: {reason}")
    _, *words = sandboxed(
        *(endpoint.command, directory),
        has_network=endpoint.has_network,
        home=home,
        path=path,
        own=own,
        read_only=read_only,
    )
    return (sandbox, *words)


def confined(
    endpoint: LocalEndpoint, directory: str, *, path: str | None, sandbox: str | None
) -> tuple[tuple[str, ...], tuple[Limit, ...]]:
    """What is started for the endpoint, and the limits that are to be set from outside as soon as it runs.

    `path` is where its executable is looked for, `sandbox` the program that makes a sandbox, where there is one.
    Raises: `CannotStart` where there is to be a sandbox and the system has none, or none for its working directory, and
    where there is no executable that a launcher could start.
    """
    command, limits = endpoint.command, _wanted(endpoint.limits)
    if not endpoint.is_sandboxed and sys.platform == "linux" and endpoint.limits == ProgramLimits():
        return command, limits
    if executable_of(command[0], directory, path) is None:
        is_there = os.path.dirname(command[0]) and os.path.exists(os.path.join(directory, command[0]))
        raise CannotStart(f"{command[0]!r}: {os.strerror(errno.EACCES if is_there else errno.ENOENT)}")
    if endpoint.is_sandboxed:
        command = _in_sandbox(endpoint, directory, path, sandbox)
    return (launched(command, limits) if limits else command), ()


def limit(pid: int, limits: Sequence[Limit]) -> None:
    """Sets the limits of a program that has just been started. Raises: `CannotStart`."""
    if sys.platform != "linux":
        return
    import resource

    try:
        for number, soft, hard in limits:
            resource.prlimit(pid, number, (soft, hard))
    except ProcessLookupError:
        return  # it has left already
    except (OSError, ValueError) as error:
        raise CannotStart(f"its limits cannot be set: {error}") from error


def cause_of_death(returncode: int | None, limits: ProgramLimits, *, is_ours: bool) -> str:
    """What a limit has to do with the end of a program, in words; empty where nothing or that is not known.

    A sandbox ends with 128 and the number of the signal that its program died of. `is_ours` says that we have killed
    it.
    """
    if sys.platform == "win32" or returncode is None or limits.cpu_seconds is None:
        return ""
    used = f"it used more than {limits.cpu_seconds} s of processor time"
    if returncode in (-signal.SIGXCPU, 128 + signal.SIGXCPU):
        return used
    if returncode in (-signal.SIGKILL, 128 + signal.SIGKILL) and not is_ours:
        return f"it was killed, probably because {used}"
    return ""
