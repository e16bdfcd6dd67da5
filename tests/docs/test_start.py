"""The page for new users is followed to the letter, in an empty folder (issue 6)."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import warm

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "start.md"
CORPUS = ROOT.parent / "shared" / "corpus"
PUBLIC = (
    "microsoft__semantic-kernel/dotnet/samples/Concepts/Resources/Plugins/CopilotAgentPlugins/AstronomyPlugin/astronomy-openapi.yml",
    "microsoft__semantic-kernel/dotnet/samples/Concepts/Resources/Plugins/CopilotAgentPlugins/CalendarPlugin/calendar-openapi.yml",
    "pnp__copilot-pro-dev-samples/samples/da-ITHelpdesk/appPackage/apiSpecificationFile/openapi.yaml",
    "pnp__copilot-pro-dev-samples/samples/da-foodbank-friend/appPackage/apiSpecificationFile/givefood-openapi.yaml",
)
"""Descriptions of public APIs: NASA, Microsoft Graph, a help desk, Give Food."""

INSTALLED = Path(sys.executable).parent
"""Where the programs are that an installation has."""

SECONDS = 120
"""How long a command of the page may take."""


def _blocks(text: str) -> Iterator[tuple[str, str]]:
    """The language and the text of each block."""
    for found in re.finditer(r"```(\w+)\n(.*?)```", text, re.DOTALL):
        yield found[1], found[2]


def _run(command: str, folder: Path, programs: Path = INSTALLED) -> subprocess.CompletedProcess[str]:
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("ORCHESTRATOR_", "OPENAI_")) and name != "GITHUB_ACTIONS"
    }
    environment["PATH"] = os.pathsep.join([str(programs), environment.get("PATH", "")])
    return subprocess.run(
        ["/bin/sh", "-c", command],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


@pytest.fixture
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the program, which starts soon there."""
    folder = tmp_path_factory.mktemp("programs")
    warm.script(folder)
    return folder


def _timeless(text: str) -> str:
    """The text without how long anything took, which of a call is only told where it took long."""
    return re.sub(r"\d+\.\d\d s", "… s", re.sub(r"  \d+\.\d s$", "", text, flags=re.MULTILINE))


def test_the_page_is_followed_from_an_empty_folder(tmp_path: Path) -> None:
    names = iter(["openapi.yaml", "alarm.conversation.yaml"])
    codes: list[int] = []
    printed = ""
    for language, text in _blocks(PAGE.read_text(encoding="utf-8")):
        if language == "yaml":
            (tmp_path / next(names)).write_text(text, encoding="utf-8")
        elif language == "sh":
            done = _run(text, tmp_path)
            codes.append(done.returncode)
            printed = done.stdout
        else:
            assert _timeless(printed).startswith(_timeless(text.rstrip("\n")))
    assert next(names, None) is None
    assert codes == [0, 0, 1, 0, 0]


def test_the_test_that_fails_on_the_page_passes_when_it_is_mended(tmp_path: Path, programs: Path) -> None:
    api, own = (text for language, text in _blocks(PAGE.read_text(encoding="utf-8")) if language == "yaml")
    (tmp_path / "openapi.yaml").write_text(api, encoding="utf-8")
    (tmp_path / "alarm.conversation.yaml").write_text(own.replace("/alarm\n", "/alarms\n"), encoding="utf-8")
    commands = "orchestrator new openapi.yaml && orchestrator test . && orchestrator validate --strict ."
    done = _run(commands, tmp_path, programs)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("path", PUBLIC)
def test_a_public_description_goes_the_same_way(path: str, tmp_path: Path, programs: Path) -> None:
    if not CORPUS.is_dir():
        pytest.skip("the corpus is not beside the checkout")
    name = f"openapi{Path(path).suffix}"
    (tmp_path / name).write_bytes((CORPUS / path).read_bytes())
    done = _run(
        f"orchestrator new {name} && orchestrator test . && orchestrator chat plugin.json --mock -m help",
        tmp_path,
        programs,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed in" in done.stdout
