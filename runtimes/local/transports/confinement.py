"""What a local plugin's program is kept from: more than its share of the system, and, in a sandbox, our files.

Limits are the system's own (`setrlimit`), each process of the program has them for itself. Where the system can set
them from outside (Linux, `prlimit`) that is done right after the start, which costs nothing and happens before the
program has been sent a byte; elsewhere, and for a sandbox, which starts the program itself, a launcher sets them first.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from runtimes.local.transports.base import CannotStart
from runtimes.local_endpoint import LocalEndpoint, ProgramLimits

SANDBOX = "bwrap"
"""The program that makes a sandbox: bubblewrap, which needs no privileges where the system allows user namespaces."""

HIDDEN = ("/tmp", "/var/tmp", "/run", "/home", "/root")  # noqa: S108  # they are hidden, not written to
"""Folders that a sandboxed program finds empty, beside the person's home: files of others, and sockets of services."""

RESOLVER = "/etc/resolv.conf"
"""Says where names are looked up; often a link to below `/run`."""

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


def _home() -> str:
    return os.path.expanduser("~")  # `Path.home` raises where there is none


def _installation(file: Path) -> Path:
    """The folder that an executable needs: the one above `bin`, where its libraries are too."""
    return file.parent.parent if file.parent.name == "bin" else file.parent


def _needed(command: Sequence[str], hidden: Sequence[str], path: str | None) -> tuple[str, ...]:
    """What the command names that lies where the sandbox hides it: its executable, and files named in full."""
    executable = shutil.which(command[0], path=path)
    named = [Path(word) for word in command[1:] if word.startswith("/") and os.path.exists(word)]
    if executable is not None:
        named += [_installation(Path(executable).absolute()), _installation(Path(executable).resolve())]
    return tuple(dict.fromkeys(str(one) for one in named if any(one.is_relative_to(folder) for folder in hidden)))


def sandboxed(
    command: Sequence[str], directory: str, *, has_network: bool, home: str, path: str | None = None
) -> tuple[str, ...]:
    """The command in a sandbox: it reads the system, writes in its working directory, and sees nothing of the person.

    What else it sees of the hidden folders is what the command itself names. `path` is where its executable is looked
    for, as in `PATH`.
    """
    hidden = tuple(dict.fromkeys(folder for folder in (*HIDDEN, home) if folder != "/" and os.path.isdir(folder)))
    needed = _needed(command, hidden, path)
    resolver = os.path.realpath(RESOLVER)
    if has_network and resolver != RESOLVER:
        needed = (*needed, resolver)
    return (
        *(SANDBOX, "--unshare-all", *(("--share-net",) if has_network else ()), "--die-with-parent", "--new-session"),
        *("--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"),
        *(word for folder in hidden for word in ("--tmpfs", folder)),
        *(word for place in needed for word in ("--ro-bind-try", place, place)),
        *("--bind", directory, directory, "--chdir", directory, "--", *command),
    )


def confined(
    endpoint: LocalEndpoint, directory: str, *, path: str | None, sandbox: str | None
) -> tuple[tuple[str, ...], tuple[Limit, ...]]:
    """What is started for the endpoint, and the limits that are to be set from outside as soon as it runs.

    `path` is where its executable is looked for, `sandbox` the program that makes a sandbox, where there is one.
    Raises: `CannotStart` where there is to be a sandbox and the system has none.
    """
    command, limits = endpoint.command, _wanted(endpoint.limits)
    if endpoint.is_sandboxed:
        if sandbox is None:
            raise CannotStart(
                f"it is to run in a sandbox, and there is no {SANDBOX!r} here; install bubblewrap, or do without it"
            )
        _, *words = sandboxed(command, directory, has_network=endpoint.has_network, home=_home(), path=path)
        command = (sandbox, *words)
        return (launched(command, limits) if limits else command), ()
    if sys.platform != "linux" and limits:
        return launched(command, limits), ()
    return command, limits


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
