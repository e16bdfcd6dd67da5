"""A file of the person's that is changed at once, or not at all."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from orchestrator.cli.local.changed_file import MAX_BYTES, change
from orchestrator.errors import UsageError


def test_mode_and_link_are_kept(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    file, link = tmp_path / "real" / "file", tmp_path / "link"
    file.write_text("a", encoding="utf-8")
    file.chmod(0o640)
    link.symlink_to(file)
    change(link, lambda text: f"{text}b\r\n")
    assert (file.read_bytes(), stat.S_IMODE(file.stat().st_mode), link.is_symlink()) == (b"ab\r\n", 0o640, True)
    assert [one.name for one in file.parent.iterdir()] == ["file"]


def test_what_is_not_there_is_made_with_its_folder(tmp_path: Path) -> None:
    file = tmp_path / "a" / "b"
    change(file, lambda text: f"new{text}")
    assert file.read_text(encoding="utf-8") == "new"


def test_a_change_that_fails_leaves_nothing(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("a", encoding="utf-8")

    def refuse(text: str) -> str:
        raise UsageError(f"not {text}")

    with pytest.raises(UsageError, match="not a"):
        change(file, refuse)
    assert ([one.name for one in tmp_path.iterdir()], file.read_text(encoding="utf-8")) == (["file"], "a")


def test_two_do_not_write_at_once(tmp_path: Path) -> None:
    file = tmp_path / "file"

    def meanwhile(text: str) -> str:
        with pytest.raises(UsageError, match="somebody else is changing"):
            change(file, lambda other: other)
        return f"{text}first"

    change(file, meanwhile)
    assert file.read_text(encoding="utf-8") == "first"


@pytest.mark.parametrize(
    ("content", "told"), [(b"\xff", "is not UTF-8"), (b"#" * (MAX_BYTES + 1), f"longer than {MAX_BYTES} bytes")]
)
def test_what_cannot_be_read_is_not_written(tmp_path: Path, content: bytes, told: str) -> None:
    file = tmp_path / "file"
    file.write_bytes(content)
    with pytest.raises(UsageError, match=told):
        change(file, lambda text: text)
    assert file.read_bytes() == content


def test_a_folder_is_not_written_to(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="it is no regular file"):
        change(tmp_path, lambda text: text)
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="cannot write"):
        change(tmp_path / "file" / "below" / "it", lambda text: text)
