"""`docs/validate.md` says what the code says."""

from __future__ import annotations

from pathlib import Path

from orchestrator.check.catalogue import catalogue
from orchestrator.check.differences import strict_list
from orchestrator.manifest.examine import MAX_PROBLEMS
from orchestrator.manifest.load import MAX_MANIFEST_BYTES
from runtimes import limits as document_limits
from runtimes.limits import MAX_DEPTH, MAX_KEY_CHARS
from runtimes.positions import MAX_NODES

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "validate.md").read_text(encoding="utf-8")


def test_the_table_of_codes_is_the_one_in_the_code() -> None:
    assert TEXT.rpartition("\n\n")[2] == catalogue() + "\n"


def test_the_limits_are_those_in_the_code() -> None:
    limits = (
        f"at most {MAX_MANIFEST_BYTES // 1024**2} MiB, {MAX_NODES:,} values, {MAX_DEPTH} levels, and keys of "
        f"{MAX_KEY_CHARS} characters; the first {MAX_PROBLEMS} problems"
    )
    assert limits.replace(",000 values", " 000 values") in " ".join(TEXT.split())


def test_the_differences_of_the_strict_reading_are_those_in_the_code() -> None:
    assert f"\n\n{strict_list()}\n\n" in TEXT


def test_every_limit_of_a_document_is_in_the_table_with_its_value() -> None:
    values = {name: value for name, value in vars(document_limits).items() if name.startswith("MAX_")}
    assert values
    for name, value in values.items():
        assert f"| `{name}` | {value:,} |".replace(",", " ") in TEXT
