"""The sandbox: what of the system and the person a program in it finds, and that it cannot undo it.

What tries to mount runs in a sandbox or not at all: it looks first whether its mounts are other ones than ours.
Programs are told where this project is, so that they find it where that is hidden.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import anyio
import pytest

from runtimes.errors import InvocationError
from runtimes.local.transports.base import CannotStart
from runtimes.local.transports.confinement import confined
from runtimes.local.transports.sandbox import own_folders, sandboxed, why_unfit
from runtimes.local_endpoint import LocalEndpoint, ProgramLimits
from runtimes.values import parse_json
from tests.servers.local_zoo import PROGRAM, ROOT, ask, endpoint, hostile, opened, running_with

ESCAPES = """
import ctypes, json, os, sys
if os.readlink("/proc/self/ns/mnt") == sys.argv[1]:
    sys.exit("not in a sandbox")
system, MS_REMOUNT, MS_BIND, MNT_DETACH = ctypes.CDLL(None, use_errno=True), 32, 4096, 2

def outcome(code):
    return "done" if code == 0 else os.strerror(ctypes.get_errno())

def tried(action, *arguments):
    try:
        action(*arguments)
        return "done"
    except OSError as error:
        return error.strerror

with open("/proc/self/status") as status:
    rights = {line.split()[1] for line in status if line.startswith(("CapEff", "CapPrm", "CapBnd"))}
with open("other", "w") as other:
    other.write("other")
print(json.dumps({
    "rights": sorted(rights),
    "unmount": outcome(system.umount2(b"/tmp", MNT_DETACH)),
    "remount": outcome(system.mount(None, b"/", None, MS_REMOUNT | MS_BIND, None)),
    "write": tried(open, "kept", "w"),
    "replace": tried(os.replace, "other", "kept"),
    "unlink": tried(os.unlink, "kept"),
    "home": sorted(os.listdir(sys.argv[2])),
    "files": sorted(os.listdir()),
}))
"""


@functools.cache
def why_no_sandbox() -> str:
    """Why the sandbox cannot be tried here; empty where it can."""
    if shutil.which("bwrap") is None:
        return "bubblewrap is not installed"
    command = sandboxed(("true",), "/usr", has_network=False, home="/nonexistent")
    tried = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
    return f"bubblewrap does not work here: {tried.stderr.strip()}" if tried.returncode else ""


def executable(file: Path) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o700)
    return file


def shown(command: tuple[str, ...], home: Path, own: tuple[str, ...] = ()) -> list[str]:
    """What of the home and other hidden folders the sandbox shows, `~` for the home."""
    words = sandboxed(command, "/srv", has_network=False, home=str(home), own=own)
    places = [words[at + 1] for at, word in enumerate(words) if word == "--ro-bind-try"]
    return [place.replace(str(home), "~") for place in places]


# --- its words


def test_the_sandbox_shows_the_system_hides_the_person_and_opens_one_folder() -> None:
    command = sandboxed(("prog", "--x; y"), "/srv/work", has_network=False, home="/tmp")
    assert command[:4] == ("bwrap", "--unshare-all", "--die-with-parent", "--new-session")
    words = " ".join(command)
    assert " --cap-drop ALL --ro-bind / / --dev /dev --proc /proc --tmpfs /tmp " in words
    assert words.endswith(" --bind /srv/work /srv/work --chdir /srv/work -- prog --x; y")
    assert words.count("--tmpfs /tmp ") == 1
    assert "--share-net" not in words
    assert "--share-net" in sandboxed(("prog",), "/srv", has_network=True, home="/x")


def test_the_sandbox_shows_of_what_it_hides_only_what_the_command_names(tmp_path: Path) -> None:
    program, script = executable(tmp_path / "env" / "bin" / "prog"), tmp_path / "script.py"
    (tmp_path / "env" / "pyvenv.cfg").touch()
    script.touch()
    named = (str(program), str(script), "/nonexistent", "word")
    command = sandboxed(named, "/srv", has_network=False, home=str(tmp_path))
    assert shown(named, tmp_path) == ["~/script.py", "~/env"]
    assert command.index("--tmpfs") < command.index("--ro-bind-try") < command.index("--bind")


@pytest.mark.parametrize(
    ("program", "beside", "expected"),
    [
        ("bin/notes", (), ["~/bin/notes"]),
        ("notes", (), ["~/notes"]),
        (".local/bin/notes", (), ["~/.local/bin/notes"]),
        (".local/bin/notes", (".local/lib/python3.11",), ["~/.local/bin/notes", "~/.local/lib/python3.11"]),
        ("bin/notes", ("lib/node_modules",), ["~/bin/notes", "~/lib/node_modules"]),
        (".nvm/v20/bin/npx", (".nvm/v20/lib/node_modules",), ["~/.nvm/v20"]),
        ("project/.venv/bin/notes", ("project/.venv/pyvenv.cfg",), ["~/project/.venv"]),
        ("project/bin/notes", ("project/lib/secrets",), ["~/project/bin/notes"]),
        ("vault/of/ours/bin/x", ("vault/of/ours/bin/pyvenv.cfg",), []),
        ("vault/bin/x", ("vault/lib/python3",), ["~/vault/bin/x", "~/vault/lib/python3"]),
    ],
)
def test_an_executable_brings_its_environment_and_never_the_home_or_the_vault(
    tmp_path: Path, program: str, beside: tuple[str, ...], expected: list[str]
) -> None:
    file = executable(tmp_path / program)
    for name in beside:
        executable(tmp_path / name) if name.endswith(".cfg") else (tmp_path / name).mkdir(parents=True)
    assert shown((str(file),), tmp_path, own=(str(tmp_path / "vault" / "of"),)) == expected


def test_a_link_brings_what_it_leads_to_and_a_script_its_interpreter(tmp_path: Path) -> None:
    (tmp_path / "python" / "lib" / "python3.11").mkdir(parents=True)
    (tmp_path / "tools" / "bin").mkdir(parents=True)
    (tmp_path / "tools" / "pyvenv.cfg").touch()
    (tmp_path / "tools" / "bin" / "python").symlink_to(executable(tmp_path / "python" / "bin" / "python3.11"))
    link = tmp_path / "bin" / "notes"
    link.parent.mkdir()
    link.symlink_to(executable(tmp_path / "tools" / "bin" / "notes"))
    assert shown((str(link),), tmp_path) == ["~/bin/notes", "~/tools", "~/python"]


def test_what_a_command_names_is_never_the_home_nor_of_the_host(tmp_path: Path) -> None:
    home, own = tmp_path / "home", tmp_path / "home" / ".local" / "share" / "orchestrator"
    own.mkdir(parents=True)
    (own / "vault.db").touch()
    (home / "docs").mkdir()
    (tmp_path / "link").symlink_to(home)
    words = (home, home / ".local", home / ".local" / "share", own, own / "vault.db", tmp_path / "link", home / "docs")
    command = ("prog", *map(str, words), f"{home}/docs/../..", str(tmp_path))
    assert shown(command, home, own=(str(own),)) == ["~/docs"]


def test_the_hosts_own_folders_are_hidden_wherever_they_are(tmp_path: Path) -> None:
    command = " ".join(sandboxed(("prog",), "/srv", has_network=False, home=str(tmp_path), own=("/usr/share",)))
    assert "--tmpfs /usr/share " in command
    assert command.index("--tmpfs /usr/share ") < command.index(" --bind /srv ")
    assert len(own_folders()) >= 3


# --- its working directory


def test_a_folder_with_more_than_the_program_in_it_is_none_to_write_in(tmp_path: Path) -> None:
    home = tmp_path / "ada"
    (home / "work" / "conf").mkdir(parents=True)
    link, kept = tmp_path / "link", str(home / "work" / "conf" / "orchestrator.toml")
    link.symlink_to(home)
    own = (str(home / ".config" / "orchestrator"),)
    for folder in (home, link, tmp_path, Path("/"), Path("/tmp"), home / ".local", home / ".config", Path(own[0])):
        assert "more in it than what a sandboxed program may write" in why_unfit(str(folder), home=str(home), own=own)
    assert "has the folder of" in why_unfit(str(home / "work"), home=str(home), read_only=(kept,))
    assert not why_unfit(str(home / "work" / "conf"), home=str(home), own=own, read_only=(kept,))
    assert not why_unfit(f"{own[0]}/plugins", home=str(home), own=own)
    Path(kept).symlink_to(home / "elsewhere")
    assert "is a link" in why_unfit(str(home / "work" / "conf"), home=str(home), read_only=(kept,))


def test_a_sandbox_that_is_not_there_is_not_done_without() -> None:
    wanted = LocalEndpoint(command=("true",), is_sandboxed=True)
    with pytest.raises(CannotStart, match="there is no 'bwrap' here; install bubblewrap"):
        confined(wanted, "/srv", path=None, sandbox=None)
    with pytest.raises(CannotStart, match="its working directory: '/tmp' has more in it"):
        confined(wanted, "/tmp", path=None, sandbox="/usr/bin/bwrap")


# --- a program in it


def _shown_of_home() -> set[str]:
    """What of the person's home the program itself needs, where it lies there."""
    needed = (Path(sys.executable), Path(sys.executable).resolve(), PROGRAM)
    return {one.relative_to(Path.home()).parts[0] for one in needed if one.is_relative_to(Path.home())}


def test_a_sandboxed_program_cannot_undo_its_sandbox_whoever_runs_it(tmp_path: Path) -> None:
    if reason := why_no_sandbox():
        pytest.skip(reason)
    home, place = tmp_path / "home", tmp_path / "home" / "place"
    place.mkdir(parents=True)
    (home / "secret").touch()
    (place / "kept").write_text("sandbox = true")
    mounts = os.readlink("/proc/self/ns/mnt")
    command = (sys.executable, "-I", "-S", "-c", ESCAPES, mounts, str(home))
    words = sandboxed(command, str(place), has_network=False, home=str(home), read_only=(str(place / "kept"),))
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=30)
    assert done.stderr == ""
    assert parse_json(done.stdout) == {
        "rights": ["0000000000000000"],
        "unmount": "Operation not permitted",
        "remount": "Operation not permitted",
        "write": "Read-only file system",
        "replace": "Device or resource busy",
        "unlink": "Device or resource busy",
        "home": ["place"],
        "files": ["kept", "other"],
    }
    assert (place / "kept").read_text() == "sandbox = true"


async def test_a_sandboxed_program_sees_no_home_writes_only_at_its_place_and_leaves_nothing() -> None:
    if reason := why_no_sandbox():
        pytest.skip(reason)
    beside = ROOT / "made-by-a-test"
    with tempfile.TemporaryDirectory(dir="/tmp") as parent:
        place = Path(parent, "place")
        await anyio.Path(place).mkdir()
        await anyio.Path(parent, "secret").touch()
        local = replace(endpoint("--stubborn", str(place), str(ROOT), directory=str(place)), is_sandboxed=True)
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
        assert not running_with(str(place))
        assert (place / "mine").read_text() == "written"
    assert not beside.exists()


async def test_the_limits_hold_in_a_sandbox_too() -> None:
    if reason := why_no_sandbox():
        pytest.skip(reason)
    local = replace(hostile(str(ROOT)), is_sandboxed=True, limits=ProgramLimits(cpu_seconds=1, open_files=99))
    async with opened(local) as executor:
        limits = (await ask(executor, "limits")).payload
        assert isinstance(limits, dict)
        assert limits["files"] == [99, 99]
        with pytest.raises(InvocationError, match="it used more than 1 s of processor time"):
            await ask(executor, "burn")
