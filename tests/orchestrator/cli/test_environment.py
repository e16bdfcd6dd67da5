"""`--env` files and the process, as the values of placeholders."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.cli.environment import MAX_ENV_BYTES, read_env_file, read_environment
from orchestrator.errors import UsageError


def test_an_env_file_is_read_as_the_toolkit_writes_it(tmp_path: Path) -> None:
    file = tmp_path / ".env.dev"
    file.write_text(
        "# built by hand\n\nexport TEAMSFX_ENV=dev\nNAME = 'two words'\nURL=\"https://h/$PATH\"\nBARE\nEMPTY=\n# end",
        encoding="utf-8",
    )
    assert read_env_file(str(file)) == {
        "TEAMSFX_ENV": "dev",
        "NAME": "two words",
        "URL": "https://h/$PATH",
        "EMPTY": "",
    }


def test_a_later_file_wins_over_an_earlier_one_and_both_over_the_process(tmp_path: Path) -> None:
    first, second = tmp_path / "a.env", tmp_path / "b.env"
    first.write_text("A=1\nB=1\n", encoding="utf-8")
    second.write_text("B=2\n", encoding="utf-8")
    environment = read_environment([str(first), str(second)], {"A": "0", "B": "0", "C": "0"})
    assert environment.of("/plugin.json") == {"A": "1", "B": "2", "C": "0"}


@pytest.mark.parametrize("data", [None, b"\xff\xfe", b"A=" + b"x" * MAX_ENV_BYTES])
def test_a_file_that_cannot_be_read_is_wrong_use(tmp_path: Path, data: bytes | None) -> None:
    file = tmp_path / ".env"
    if data is not None:
        file.write_bytes(data)
    with pytest.raises(UsageError, match="--env"):
        read_env_file(str(file))
