"""`docs/validate.md` says what the code says."""

from __future__ import annotations

from pathlib import Path

from orchestrator.check.catalogue import catalogue
from orchestrator.manifest.examine import MAX_PROBLEMS
from orchestrator.manifest.load import MAX_MANIFEST_BYTES
from runtimes.positions import MAX_KEY_CHARS, MAX_NODES
from runtimes.values import MAX_DEPTH

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "validate.md").read_text(encoding="utf-8")


def test_the_table_of_codes_is_the_one_in_the_code() -> None:
    assert TEXT.rpartition("\n\n")[2] == catalogue() + "\n"


def test_the_limits_are_those_in_the_code() -> None:
    limits = (
        f"at most {MAX_MANIFEST_BYTES // 1024**2} MiB, {MAX_NODES:,} values, {MAX_DEPTH} levels, and keys of "
        f"{MAX_KEY_CHARS} characters; the first {MAX_PROBLEMS} problems"
    )
    assert limits.replace(",000 values", " 000 values") in " ".join(TEXT.split())
