"""What the documents show is run: Python blocks by the block, configuration by its reader, commands by their parser."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from orchestrator.cli.configuration import Configuration, parse_configuration
from orchestrator.cli.parser import build_parser
from tests.servers import warm

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "examples").glob("*/*.md"))]

A_DISTRIBUTION = ROOT / "docs" / "runtimes.md"
"""Its blocks are files of a distribution, which `test_runtimes.py` installs and calls."""


def fences(language: str) -> Iterator[tuple[Path, str]]:
    for document in DOCUMENTS:
        if document == A_DISTRIBUTION and language != "sh":
            continue
        for match in re.finditer(rf"```{language}\n(.*?)```", document.read_text(encoding="utf-8"), re.DOTALL):
            yield document, match[1]


def python_blocks() -> Iterator[ParameterSet]:
    for number, (document, block) in enumerate(fences("python")):
        yield pytest.param(block, id=f"{document.relative_to(ROOT)}-{number}")


@pytest.mark.parametrize("block", list(python_blocks()))
def test_a_python_block_prints_what_it_says(block: str) -> None:
    """The lines after `#>` are what the statement above them prints; the block runs in a process of its own."""
    promised = re.findall(r"^\s*#> ?(.*)$", block, re.MULTILINE)
    assert promised, "a block that prints nothing proves nothing"
    done = warm.run([sys.executable, "-W", "error", "-c", block], folder=ROOT)
    assert (done.stderr, done.stdout.splitlines()) == ("", promised)


def test_configuration_blocks_are_read() -> None:
    blocks = [block for _, block in fences("toml")]
    assert blocks
    for block in blocks:
        assert parse_configuration(Path("orchestrator.toml"), block.encode()) != Configuration()


def commands() -> Iterator[str]:
    for _, block in fences("sh"):
        for line in block.replace("\\\n", " ").splitlines():
            for part in re.split(r"&&|\|", line):
                if re.match(r"\s*(\.venv/bin/)?orchestrator ", part):
                    yield part


@pytest.mark.parametrize("command", list(commands()))
def test_commands_in_shell_blocks_are_commands(command: str) -> None:
    build_parser().parse_args(shlex.split(command)[1:])


def test_every_command_has_help_with_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    for name in (
        "demo",
        "chat",
        "history",
        "pending",
        "approve",
        "auth",
        "decline",
        "worker",
        "tools",
        "call",
        "validate",
        "test",
        "new",
        "mock",
        "policy",
        "completion",
    ):
        with pytest.raises(SystemExit) as left:
            build_parser().parse_args([name, "--help"])
        assert left.value.code == 0
        assert f"example: orchestrator {name}" in " ".join(capsys.readouterr().out.split())
