"""What the page on credentials shows is what the commands print."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.orchestrator.cli.auth.commands import CANARY, Home, description, runtime

PAGE = Path(__file__).resolve().parents[2] / "docs" / "auth.md"
TEXT = PAGE.read_text(encoding="utf-8")
KEY = runtime("albums-key", description({"look": [{"app": []}]}))
LOGIN = runtime("albums-login", description({"mine": [{"sign": ["read"]}]}), kind="OAuthPluginVault")


def shown(command: str) -> str:
    """The block that is what a command prints."""
    [block] = re.findall(rf"<!-- shown by `{command}` -->\n```text\n(.*?)```", TEXT, re.DOTALL)
    return str(block)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def test_what_the_page_shows_is_printed(home: Home) -> None:
    plugin = home.plugin(KEY, LOGIN)
    added = home.auth("add", "albums-key", plugin, "--secret-env", "ALBUMS_KEY", "--yes", ALBUMS_KEY=CANARY)
    assert (added.code, added.err.endswith(shown("auth add"))) == (0, True)
    assert home.auth("add", "albums-login", plugin, "--client-id", "4711", "--yes").code == 0
    assert home.auth("list").out == shown("auth list")


def test_the_page_names_every_command_and_every_state() -> None:
    for command in ("add", "login", "list", "test", "revoke", "rotate", "export", "import"):
        assert f"orchestrator auth {command}" in TEXT
    for state in ("ok", "expired, renewable", "sign in", "give it", "rejected", "unreadable"):
        assert f"`{state}`" in TEXT


def test_help_has_an_example_for_every_command(home: Home) -> None:
    for command in ("add", "login", "list", "test", "revoke", "rotate", "export", "import"):
        helped = home.auth(command, "--help")
        assert helped.code == 0
        assert f"example: orchestrator auth {command}" in " ".join(helped.out.split())
