"""The key file is never readable by others, and never half written (issue 9: umask test)."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import anyio
import pytest

from auth.errors import KeyMissing, VaultError
from auth.key_file import MAX_RETIRED, KeyFile
from auth.keys import MAX_KEYS, SealingKey, keys_of, keys_text, new_key
from auth.secret import Secret

PROGRAM = """
import os, sys, anyio
from pathlib import Path
from auth.key_file import KeyFile
os.umask(int(sys.argv[2], 8))
async def main():
    print((await KeyFile(Path(sys.argv[1])).current()).id)
anyio.run(main)
"""


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def written(path: Path, *keys: SealingKey) -> Path:
    path.write_text(keys_text(keys).reveal())
    path.chmod(0o600)
    return path


def started(path: Path, umask: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", PROGRAM, str(path), umask]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).resolve().parents[2])


@pytest.mark.skipif(sys.platform == "win32", reason="modes and umasks are POSIX")
@pytest.mark.parametrize("umask", ["000", "022", "077", "777"])
def test_only_its_owner_can_read_it_whatever_the_umask(tmp_path: Path, umask: str) -> None:
    path = tmp_path / "new" / "vault.key"
    with started(path, umask) as program:
        key_id = program.communicate(timeout=60)[0].strip()
    assert [key.id for key in keys_of(Secret(path.read_text()))] == [key_id]
    assert {file.name: mode_of(file) for file in path.parent.iterdir()} == {"vault.key": 0o600, "vault.key.lock": 0o600}
    assert mode_of(path.parent) == 0o700


def test_programs_that_begin_together_end_with_one_key(tmp_path: Path) -> None:
    path = tmp_path / "vault.key"
    programs = [started(path, "022") for _ in range(4)]
    ids = set[str]()
    for program in programs:
        with program:
            ids.add(program.communicate(timeout=60)[0].strip())
    assert ids == {key.id for key in keys_of(Secret(path.read_text()))}
    assert len(ids) == 1


async def test_tasks_that_begin_together_end_with_one_key(tmp_path: Path) -> None:
    ids = set[str]()

    async def ask() -> None:
        ids.add((await KeyFile(tmp_path / "vault.key").current()).id)

    async with anyio.create_task_group() as tasks:
        for _ in range(20):
            tasks.start_soon(ask)
    assert len(ids) == 1


async def test_looking_for_a_key_makes_none(tmp_path: Path) -> None:
    assert await KeyFile(tmp_path / "new" / "vault.key").by_id("abc") is None
    assert not os.listdir(tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610, 0o601])
async def test_a_file_that_others_can_reach_is_refused(tmp_path: Path, mode: int) -> None:
    path = written(tmp_path / "vault.key", new_key())
    path.chmod(mode)
    for ask in (KeyFile(path).current(), KeyFile(path).by_id("abc"), KeyFile(path).begin_rotation()):
        with pytest.raises(KeyMissing, match=r"vault\.key': others can read it; if nobody has, `chmod 600` it"):
            await ask
    assert mode_of(path) == mode


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="only root can give files away")
async def test_a_file_of_somebody_else_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "vault.key", new_key())
    os.chown(path, 12345, 12345)
    with pytest.raises(KeyMissing, match="belongs to somebody else"):
        await KeyFile(path).current()


@pytest.mark.skipif(sys.platform == "win32", reason="links and pipes are POSIX")
async def test_what_is_no_regular_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir(mode=0o700)
    os.mkfifo(tmp_path / "pipe", 0o600)
    (tmp_path / "link").symlink_to(written(tmp_path / "vault.key", new_key()))
    with anyio.fail_after(5):
        for name, reason in [("folder", "directory"), ("pipe", "no regular file"), ("link", "it is a link")]:
            with pytest.raises(KeyMissing, match=reason):
                await KeyFile(tmp_path / name).current()


async def test_a_damaged_file_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = written(tmp_path / "vault.key", new_key())
    damaged = path.read_bytes()[:-10]
    path.write_bytes(damaged)
    for ask in (KeyFile(path).current(), KeyFile(path).begin_rotation()):
        with pytest.raises(KeyMissing, match=r"line 2 is no `ID KEY`.*bring it back from a copy"):
            await ask
    path.write_bytes(b"\xff" * 100_000)
    with pytest.raises(KeyMissing, match="more than 4096 characters"):
        await KeyFile(path).current()
    assert path.read_bytes() == b"\xff" * 100_000


async def test_a_rotation_has_both_keys_until_it_is_finished(tmp_path: Path) -> None:
    path = tmp_path / "vault.key"
    mine, others = KeyFile(path), KeyFile(path)
    old = await mine.current()
    new = await mine.begin_rotation()
    assert new != old
    assert await others.current() == new
    assert await others.by_id(old.id) == old
    assert await KeyFile(path).begin_rotation() == new, "one that broke off goes on"
    await mine.finish_rotation(new)
    await mine.finish_rotation(new)
    assert keys_of(Secret(path.read_text())) == (new,)
    assert await others.current() == new
    assert mode_of(path) == 0o600


async def test_a_key_that_was_replaced_lies_beside_the_file_to_read_with_until_it_is_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "vault.key"
    beside = tmp_path / "vault.key.old"
    keys, replaced = KeyFile(path), list[SealingKey]()
    for _ in range(MAX_KEYS + 2):
        replaced.append(await keys.current())
        assert await keys.finish_rotation(await keys.begin_rotation()) == repr(str(beside))
    newest = await keys.current()
    assert await keys.finish_rotation(newest) == "", "there is nothing to retire"
    assert keys_of(Secret(beside.read_text()), most=MAX_RETIRED) == tuple(reversed(replaced))
    assert mode_of(beside) == 0o600
    assert [await KeyFile(path).by_id(key.id) for key in replaced] == replaced
    assert await KeyFile(path).begin_rotation() not in (newest, *replaced), "none of them seals again"
    assert await keys.forget_retired() == len(replaced)
    assert not beside.exists()
    assert await keys.forget_retired() == 0
    assert [await one.by_id(replaced[0].id) for one in (keys, KeyFile(path))] == [None, None]
    assert await keys.by_id(newest.id) == newest


async def test_a_file_of_replaced_keys_that_is_full_or_damaged_is_told_and_nothing_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "vault.key"
    beside = written(tmp_path / "vault.key.old", *(new_key() for _ in range(MAX_RETIRED)))
    keys = KeyFile(path)
    old, new = await keys.current(), await keys.begin_rotation()
    with pytest.raises(KeyMissing, match="more than 1000 keys; `orchestrator auth rotate --forget-old-keys` deletes"):
        await keys.finish_rotation(new)
    assert keys_of(Secret(path.read_text())) == (new, old)
    beside.write_text("words")
    for ask in (keys.finish_rotation(new), keys.forget_retired(), KeyFile(path).by_id("abc")):
        with pytest.raises(KeyMissing, match=r"vault\.key\.old': line 1 is no `ID KEY`"):
            await ask
    assert keys_of(Secret(path.read_text())) == (new, old)


async def test_finishing_with_a_key_that_is_not_there_drops_nothing(tmp_path: Path) -> None:
    keys = KeyFile(tmp_path / "vault.key")
    old, new = await keys.current(), await keys.begin_rotation()
    await keys.finish_rotation(new_key())
    assert await KeyFile(tmp_path / "vault.key").by_id(old.id) == old
    assert await keys.current() == new


async def test_a_draft_of_a_program_that_was_killed_is_in_nobodys_way(tmp_path: Path) -> None:
    (tmp_path / "vault.key.new").write_text("half")
    key = await KeyFile(tmp_path / "vault.key").current()
    assert await KeyFile(tmp_path / "vault.key").by_id(key.id) == key
    assert not (tmp_path / "vault.key.new").exists()


async def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(VaultError, match=r"cannot lock .*not a directory"):
        await KeyFile(tmp_path / "file" / "vault.key").current()
