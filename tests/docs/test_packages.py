"""`docs/packages.md` says what the code says."""

from __future__ import annotations

from pathlib import Path

from orchestrator.manifest.agent import MAX_ACTIONS, MAX_INSTRUCTIONS, MAX_STARTERS, MAX_TEXT_FILES
from orchestrator.manifest.package_files import MAX_TEXT_BYTES
from runtimes.archive import MAX_ARCHIVE_BYTES, MAX_DIRECTORY_BYTES, MAX_MEMBERS, MAX_RATIO

TEXT = " ".join((Path(__file__).resolve().parents[2] / "docs" / "packages.md").read_text(encoding="utf-8").split())


def test_the_limits_are_those_in_the_code() -> None:
    for limit in (
        f"its plugins, at most {MAX_ACTIONS}.",
        f"At most {MAX_INSTRUCTIONS} characters are used.",
        f"up to {MAX_TEXT_BYTES // 1024} KiB, the first {MAX_TEXT_FILES} of them.",
        f"the first {MAX_STARTERS};",
        f"at most {MAX_ARCHIVE_BYTES // 1024**2} MiB, {MAX_MEMBERS} members and a directory of "
        f"{MAX_DIRECTORY_BYTES // 1024} KiB; a member is at most {MAX_RATIO} times its packed size.",
    ):
        assert limit in TEXT
