"""Secrets that are typed at a real terminal are not seen there, nor anywhere else. Issue 9."""

from __future__ import annotations

from pathlib import Path

import pexpect  # type: ignore[import-untyped]  # its stubs are not among the development tools

from tests.orchestrator.cli.auth.commands import API, CANARY, Home, description, runtime
from tests.servers.keyboard import say, terminal

ADD = ("-m", "orchestrator", "auth", "add", "albums")
KEY = (*ADD, "--kind", "key", "--origin", API)


def files_with(folder: Path, text: str) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and text.encode() in path.read_bytes()]


def test_a_key_is_typed_unseen_and_lies_nowhere(tmp_path: Path) -> None:
    with terminal(tmp_path, *KEY, prompt="to go there\\?") as child:
        say(child, "y")
        child.expect(f"API key, for {API}:")
        say(child, CANARY)
        child.expect(f"kept: albums \\(API key\\), for {API}")
        seen = str(child.before)
        child.expect(pexpect.EOF)
        child.wait()
    assert child.exitstatus == 0
    assert CANARY not in seen
    assert files_with(tmp_path, CANARY) == []
    assert files_with(tmp_path, "API key") == []


def test_a_name_and_a_password_are_asked_for(tmp_path: Path) -> None:
    with terminal(tmp_path, *ADD, prompt="What is it") as child:
        say(child, "basik")
        child.expect("did you mean 'basic'")
        child.expect("What is it")
        say(child, "basic")
        child.expect("Where may it go")
        say(child, API.removeprefix("https://"))
        child.expect(f"did you mean '{API}'")
        child.expect("Where may it go")
        say(child, API)
        child.expect("to go there\\?")
        say(child, "y")
        child.expect("Name, for ")
        say(child, "an:na")
        child.expect("has no ':' in it")
        child.expect("Name, for ")
        say(child, "anna")
        child.expect("Password of anna:")
        say(child, CANARY)
        child.expect("kept: albums")
        assert CANARY not in str(child.before)
        child.expect(pexpect.EOF)


def test_a_secret_that_could_never_be_sent_is_asked_for_again(tmp_path: Path) -> None:
    bearer = (*ADD, "--kind", "bearer", "--origin", API, "--yes")
    with terminal(tmp_path, *bearer, prompt="Bearer token, for ") as child:
        say(child, f"Bearer {CANARY}")
        child.expect("give it without the word 'Bearer'")
        child.expect("Bearer token, for ")
        say(child, CANARY)
        child.expect("kept: albums")
        child.expect(pexpect.EOF)


def test_one_secret_of_an_option_is_not_given_to_several_parts(tmp_path: Path) -> None:
    both = runtime("albums", description({"both": [{"app": [], "who": []}]}))
    plugin = Home(tmp_path).plugin(both)
    with terminal(tmp_path, *ADD, plugin, "--secret-env", "HOME", "--yes", prompt="has several parts") as child:
        child.expect(pexpect.EOF)
        child.wait()
    assert child.exitstatus == 2


def test_no_keeps_nothing(tmp_path: Path) -> None:
    with terminal(tmp_path, *KEY, prompt="to go there\\?") as child:
        say(child, "n")
        child.expect("nothing is kept")
        child.expect(pexpect.EOF)
        child.wait()
    assert child.exitstatus == 1


def test_ctrl_c_at_a_secret_ends_the_command_and_keeps_nothing(tmp_path: Path) -> None:
    with terminal(tmp_path, *KEY, prompt="to go there\\?") as child:
        say(child, "y")
        child.expect("API key, for ")
        child.sendcontrol("c")
        child.expect(pexpect.EOF)
        child.wait()
    assert child.exitstatus == 130
    assert "Traceback" not in str(child.before)


def test_a_passphrase_is_typed_twice(tmp_path: Path) -> None:
    with terminal(tmp_path, *KEY, "--yes", prompt="API key, for ") as child:
        say(child, CANARY)
        child.expect("kept: albums")
        child.expect(pexpect.EOF)
    file = tmp_path / "out.sealed"
    export = ("-m", "orchestrator", "auth", "export", str(file))
    with terminal(tmp_path, *export, prompt="a passphrase has at least 8 characters") as child:
        child.expect("A passphrase for the file:")
        say(child, "short")
        child.expect("it needs 8 characters")
        child.expect("A passphrase for the file:")
        say(child, "correct horse")
        child.expect("The same again:")
        say(child, "correct house")
        child.expect("these are not the same")
        child.expect("A passphrase for the file:")
        say(child, "correct horse")
        child.expect("The same again:")
        say(child, "correct horse")
        child.expect("exported: 1 credential")
        child.expect(pexpect.EOF)
    assert file.stat().st_mode & 0o777 == 0o600
