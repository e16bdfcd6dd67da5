"""Files that a conversation file names stay below its folder, and are written whole or not at all (issue 6)."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.errors import UsageError
from orchestrator.testing.format.files import file_below, write_whole


@pytest.mark.parametrize("name", ["a.json", "cards/a.json", "none/yet/a.json"])
def test_a_file_in_the_folder_or_below_is_found(tmp_path: Path, name: str) -> None:
    assert file_below(tmp_path, name) == tmp_path / name


@pytest.mark.parametrize("name", ["../a.json", "/a.json", "cards/../../a.json", "none/../../a.json", "out/a.json"])
def test_a_file_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "here"
    (folder / "cards").mkdir(parents=True)
    (folder / "out").symlink_to(tmp_path)
    with pytest.raises(UsageError, match="leads out of the folder of the conversation file"):
        file_below(folder, name)


def test_a_file_is_replaced_and_stays_as_open_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b"old")
    path.chmod(0o640)
    write_whole(path, b"new", "snapshot")
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"new", 0o640)
    assert [*tmp_path.iterdir()] == [path]


def test_a_link_is_not_written_through(tmp_path: Path) -> None:
    victim, path = tmp_path / "victim", tmp_path / "a.json"
    path.symlink_to(victim)
    with pytest.raises(UsageError, match="is a symbolic link, which is not followed"):
        write_whole(path, b"new", "snapshot")
    assert not victim.exists()


def test_nothing_is_left_of_what_could_not_be_written(tmp_path: Path) -> None:
    (tmp_path / "a.json").mkdir()
    with pytest.raises(UsageError, match=r"cannot write the snapshot '.*a.json': "):
        write_whole(tmp_path / "a.json", b"new", "snapshot")
    assert [one.name for one in tmp_path.iterdir()] == ["a.json"]
