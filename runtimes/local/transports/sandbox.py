"""A sandbox for a local plugin's program: which folders it reads, writes and finds empty. Bubblewrap makes it.

Nothing is started here: this is the command line of `bwrap`, and why a folder is none to write in.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

SANDBOX = "bwrap"
"""The program that makes a sandbox: bubblewrap, which needs no privileges where the system allows user namespaces."""

HIDDEN = ("/tmp", "/var/tmp", "/run", "/home", "/root")  # noqa: S108  # they are hidden, not written to
"""Folders that a sandboxed program finds empty, beside the person's home: files of others, and sockets of services."""

RESOLVER = "/etc/resolv.conf"
"""Says where names are looked up; often a link to below `/run`."""

LIBRARIES = ("lib/python*", "lib64/python*", "lib/node_modules")
"""What lies beside `bin` in an environment that executables cannot do without."""

_APPLICATION = "orchestrator"


def home_folder() -> str:
    """The person's home, as far as it is known."""
    return os.path.expanduser("~")  # `Path.home` raises where there is none


def own_folders() -> tuple[str, ...]:
    """Where the host keeps configuration and keys, vault and store, history and cache."""
    import platformdirs

    folders = (
        platformdirs.user_config_dir(_APPLICATION),
        platformdirs.user_data_dir(_APPLICATION),
        platformdirs.user_state_dir(_APPLICATION),
        platformdirs.user_cache_dir(_APPLICATION),
    )
    return tuple(dict.fromkeys(folders))


def executable_of(program: str, directory: str, path: str | None) -> str | None:
    """The file that is run; `path` is where a program without a folder is looked for, as in `PATH`."""
    return shutil.which(os.path.join(directory, program) if os.path.dirname(program) else program, path=path)


def _real(place: str | Path) -> Path:
    return Path(os.path.realpath(place))


def _holds_more(place: Path, home: str, own: Sequence[str]) -> bool:
    """True for folders that are hidden, or hold one that is: none of them is a program's own."""
    guarded = (*HIDDEN, home, os.path.join(home, ".local"), *own)
    return any(_real(one).is_relative_to(place) for one in guarded)


def why_unfit(directory: str, *, home: str, own: Sequence[str] = (), read_only: Sequence[str] = ()) -> str:
    """Why a sandboxed program cannot have the folder to write in; empty where it can.

    What it could write elsewhere than in a folder of its own others would run or read, and so undo the sandbox.
    """
    place = _real(directory)
    if _holds_more(place, home, own):
        return f"{directory!r} has more in it than what a sandboxed program may write; name a folder below"
    for file in read_only:
        folder = _real(os.path.dirname(file))
        if folder != place and folder.is_relative_to(place):
            return f"{directory!r} has the folder of {file!r} in it, which a sandboxed program may not write"
        if folder == place and os.path.islink(file):
            return f"{file!r} there is a link, and a sandboxed program could put another file in its place"
    return ""


def _installation(file: Path, home: str, own: Sequence[str]) -> Iterator[Path]:
    """The environment that an executable is of, where it is of one; else the file alone."""
    above = file.parent.parent
    libraries = [found for pattern in LIBRARIES for found in above.glob(pattern)]
    is_virtual = (above / "pyvenv.cfg").is_file()
    if file.parent.name != "bin" or not (libraries or is_virtual):
        yield file
    elif _holds_more(_real(above), home, own):
        yield from (file, *libraries)
    else:
        yield above
        if is_virtual and (interpreter := _real(file.parent / "python")).parent != file.parent:
            yield from _installation(interpreter, home, own)


def _needed(
    command: Sequence[str], executable: str | None, hidden: Sequence[str], home: str, own: Sequence[str]
) -> tuple[str, ...]:
    """What the command names that lies where the sandbox hides it: its executable, and files named in full."""
    places = [Path(os.path.abspath(word)) for word in command[1:] if word.startswith("/") and os.path.exists(word)]
    if executable is not None:
        places += _installation(Path(os.path.abspath(executable)), home, own)
        places += _installation(_real(executable), home, own)
    needed: dict[str, None] = {}
    for place in places:
        real = _real(place)
        is_ours = any(real.is_relative_to(_real(folder)) for folder in own)
        shown = next((one for one in (place, real) if any(one.is_relative_to(folder) for folder in hidden)), None)
        if shown is not None and not is_ours and not _holds_more(real, home, own):
            needed[str(shown)] = None
    return tuple(needed)


def _hidden(home: str, own: Sequence[str]) -> tuple[str, ...]:
    """Real folders, none inside another: an empty one would have the other's name in it."""
    folders = dict.fromkeys(str(_real(folder)) for folder in (*HIDDEN, home, *own) if os.path.isdir(folder))
    return tuple(
        folder
        for folder in folders
        if folder != "/" and not any(Path(folder).is_relative_to(one) for one in folders if one not in ("/", folder))
    )


def sandboxed(
    command: Sequence[str],
    directory: str,
    *,
    has_network: bool,
    home: str,
    path: str | None = None,
    own: Sequence[str] = (),
    read_only: Sequence[str] = (),
) -> tuple[str, ...]:
    """The command in a sandbox: it reads the system, writes in its working directory, and sees nothing of the person.

    What else it sees of the hidden folders is what the command itself names, and never the folders that are the host's
    `own`. `read_only` are files of its working directory. `path` is where its executable is looked for, as in `PATH`.
    """
    hidden = _hidden(home, own)
    needed = _needed(command, executable_of(command[0], directory, path), hidden, home, own)
    resolver = os.path.realpath(RESOLVER)
    if has_network and resolver != RESOLVER:
        needed = (*needed, resolver)
    place = str(_real(directory))
    kept = [os.path.join(_real(os.path.dirname(file)), os.path.basename(file)) for file in read_only]
    return (
        *(SANDBOX, "--unshare-all", *(("--share-net",) if has_network else ()), "--die-with-parent", "--new-session"),
        # who is root keeps the rights to mount, and could undo all that follows
        *("--cap-drop", "ALL", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"),
        *(word for folder in hidden for word in ("--tmpfs", folder)),
        *(word for one in needed for word in ("--ro-bind-try", one, one)),
        *("--bind", place, place, *(word for file in kept for word in ("--ro-bind", file, file))),
        *("--chdir", place, "--", *command),
    )
