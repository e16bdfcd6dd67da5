"""A lock by a file holds between threads and programs, and ends with whoever has it (issue 9, point 4)."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from anyio import fail_after, to_thread

from auth.errors import VaultError
from auth.file_lock import locked

ROOT = Path(__file__).resolve().parents[2]

HOLDER = """
import sys
from pathlib import Path
from auth.file_lock import locked
with locked(Path(sys.argv[1])):
    print("locked", flush=True)
    sys.stdin.read()
"""


def taken(path: Path) -> bool:
    """True for one that gets the lock at once."""
    try:
        with locked(path, seconds=0):
            return True
    except VaultError:
        return False


async def test_one_thread_at_a_time_has_it(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with fail_after(5):
        with locked(path):
            assert not await to_thread.run_sync(taken, path)
        assert await to_thread.run_sync(taken, path)


def test_it_ends_with_a_program_that_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    command = [sys.executable, "-c", HOLDER, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "locked\n"
        with (
            pytest.raises(VaultError, match=r"another program has held .*lock' for 0\.05 s"),
            locked(path, seconds=0.05),
        ):
            raise NotImplementedError
        holder.kill()
        with locked(path):
            assert path.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="links and modes are POSIX")
def test_it_follows_no_link_and_is_its_owners_alone(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(VaultError, match="cannot lock"), locked(tmp_path / "link"):
        raise NotImplementedError
    before = os.umask(0)
    try:
        with locked(tmp_path / "new" / "lock"):
            modes = [stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "new", tmp_path / "new" / "lock")]
    finally:
        os.umask(before)
    assert modes == [0o700, 0o600]
    assert not (tmp_path / "elsewhere").exists()


def test_an_error_of_who_has_it_ends_it(tmp_path: Path) -> None:
    with pytest.raises(KeyError), locked(tmp_path / "lock"):
        raise KeyError
    assert taken(tmp_path / "lock")
