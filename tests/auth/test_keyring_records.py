"""Records in a keyring: they fit, survive what breaks off, and hold across programs (issue 9, point 4)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from auth.errors import SealBroken, VaultError
from auth.keyring_records import MAX_PARTS, PART_CHARS, KeyringRecords
from auth.rows import RecordKey
from tests.auth.any_record import record_of
from tests.auth.file_keyring import NAME, FileKeyring

ROOT = Path(__file__).resolve().parents[2]

PROGRAM = """
import sys, anyio
from pathlib import Path
from auth.errors import RecordChanged
from auth.keyring_records import KeyringRecords
from tests.auth.any_record import record_of
from tests.auth.file_keyring import NAME, FileKeyring
async def main():
    folder = Path(sys.argv[1])
    records = KeyringRecords(FileKeyring(folder / "ring"), lock=folder / "lock", accepted={NAME})
    written = 0
    while written < 5:
        read = await records.read(record_of().key)
        version = read.version if read is not None else 0
        try:
            await records.write(record_of(f"secret-{version}", version=version))
            written += 1
        except RecordChanged:
            pass
    await records.write(record_of(name=sys.argv[2]))
    print(await records.claim(record_of().key, 10, 60))
anyio.run(main)
"""


class Breaking(FileKeyring):
    """A program that ends after so many changes."""

    left = 10_000

    def keep(self, entries: dict[str, str]) -> None:
        """Raises: `OSError`."""
        self.left -= 1
        if self.left < 0:
            raise OSError("the program has ended")
        super().keep(entries)


def records_in(folder: Path) -> KeyringRecords:
    return KeyringRecords(FileKeyring(folder / "ring"), lock=folder / "lock", accepted={NAME})


def test_programs_that_write_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    programs = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(tmp_path), name], stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        for name in ("one", "two")
    ]
    said = list[str]()
    for program in programs:
        with program:
            said.append(program.communicate(timeout=60)[0].strip())
            assert program.returncode == 0
    entries = FileKeyring(tmp_path / "ring").entries()
    assert len([name for name in entries if name.startswith("plugin-orchestrator|credential-")]) == 6
    assert said.count("True") == 1, "the last one that looks finds the tenth version, and one claims it"


async def test_a_long_record_is_cut_into_parts_and_leaves_none_behind(tmp_path: Path) -> None:
    records = records_in(tmp_path)
    await records.write(record_of("x" * 5_000))
    assert len(FileKeyring(tmp_path / "ring").entries()) > 5
    await records.write(record_of("short-secret", version=1))
    assert len(FileKeyring(tmp_path / "ring").entries()) == 4, "two heads with one part each"
    await records.remove(record_of().key)
    assert len(FileKeyring(tmp_path / "ring").entries()) == 2, "the index"


async def test_a_record_that_has_no_room_is_refused_and_leaves_the_earlier_one(tmp_path: Path) -> None:
    records = records_in(tmp_path)
    await records.write(record_of())
    with pytest.raises(VaultError, match=f"no room for it: more than {MAX_PARTS} entries of {PART_CHARS} characters"):
        await records.write(record_of("x" * PART_CHARS * MAX_PARTS, version=1))
    assert await records.read(record_of().key) == record_of(version=1)


@pytest.mark.parametrize("changes", range(8))
async def test_wherever_a_write_breaks_off_the_earlier_record_or_the_new_one_is_there(
    tmp_path: Path, changes: int
) -> None:
    long = record_of("second-secret" * 200, version=1)
    await records_in(tmp_path).write(record_of())
    ring = Breaking(tmp_path / "ring")
    ring.left = changes
    breaking = KeyringRecords(ring, lock=tmp_path / "lock", accepted={f"{__name__}.Breaking"})
    if changes < 6:
        with pytest.raises(VaultError, match="OSError"):
            await breaking.write(long)
    else:
        await breaking.write(long)
    records = records_in(tmp_path)
    read = await records.read(long.key)
    assert read is not None
    assert read.content in {record_of().content, long.content}
    assert await records.keys() == [long.key]
    assert await records.write(record_of("third-secret", version=read.version)) == read.version + 1
    assert await records.remove(long.key)
    assert await records.keys() == []


@pytest.mark.parametrize("changes", range(8))
async def test_wherever_a_first_write_or_a_removal_breaks_off_it_can_be_done_again(
    tmp_path: Path, changes: int
) -> None:
    ring = Breaking(tmp_path / "ring")
    records = KeyringRecords(ring, lock=tmp_path / "lock", accepted={f"{__name__}.Breaking"})
    key = record_of().key
    ring.left = changes
    try:
        await records.write(record_of())
        await records.remove(key)
    except VaultError:
        ring.left = 10_000
    found = await records.read(key)
    assert await records.keys() == ([key] if found is not None else [])
    await records.write(record_of(version=found.version if found is not None else 0))
    assert await records.keys() == [key]
    await records.remove(key)
    assert (await records.read(key), await records.keys()) == (None, [])


@pytest.mark.parametrize("damage", ["", "{}", "[]", '{"version":-1,"parts":1}', '{"version":1,"parts":99999999}', "é"])
async def test_a_damaged_entry_is_refused_and_can_be_removed(tmp_path: Path, damage: str) -> None:
    records, ring = records_in(tmp_path), FileKeyring(tmp_path / "ring")
    await records.write(record_of("canary-1234"))
    entries = ring.entries()
    name = next(name for name in entries if "|credential-" in name and " " not in name)
    ring.keep({**entries, name: damage})
    with pytest.raises(SealBroken, match="an entry of 'plugin-orchestrator' in the keyring is damaged") as raised:
        await records.read(record_of().key)
    assert "canary" not in str(raised.value)
    assert await records.remove(record_of().key)
    assert await records.write(record_of()) > 1


async def test_parts_that_were_changed_or_moved_are_refused(tmp_path: Path) -> None:
    records, ring = records_in(tmp_path), FileKeyring(tmp_path / "ring")
    await records.write(record_of())
    await records.write(record_of(owner="eve"))
    entries = ring.entries()
    mine, theirs = (f"{name}" for name in entries if "|credential-" in name and name.endswith(" 1.0"))
    ring.keep({**entries, mine: entries[theirs], theirs: entries[theirs][:-3]})
    for owner in ("ada", "eve"):
        with pytest.raises(SealBroken):
            await records.read(RecordKey(owner=owner, name="todo", kind="credential"))
    ring.keep({name: text for name, text in entries.items() if name != mine})
    with pytest.raises(SealBroken, match="not JSON"):
        await records.read(record_of().key)


async def test_a_claim_ends_when_its_time_is_over(tmp_path: Path) -> None:
    now = [1000.0]
    lock = tmp_path / "lock"
    records = KeyringRecords(FileKeyring(tmp_path / "ring"), lock=lock, accepted={NAME}, clock=lambda: now[0])
    await records.write(record_of())
    assert await records.claim(record_of().key, 1, 30)
    now[0] = 1029.0
    assert not await records.claim(record_of().key, 1, 30)
    now[0] = 1031.0
    assert await records.claim(record_of().key, 1, 30)


async def test_a_claim_of_a_clock_that_was_ahead_holds_no_more(tmp_path: Path) -> None:
    now = [100_000.0]
    lock = tmp_path / "lock"
    records = KeyringRecords(FileKeyring(tmp_path / "ring"), lock=lock, accepted={NAME}, clock=lambda: now[0])
    await records.write(record_of())
    assert await records.claim(record_of().key, 1, 30)
    now[0] -= 86_400
    assert await records.claim(record_of().key, 1, 30)
    assert not await records.claim(record_of().key, 1, 30)
