"""Script files: the format, and every mistake in one message."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.errors import UsageError
from orchestrator.model.script_file import MAX_SCRIPT_BYTES, parse_script, read_script
from orchestrator.model.scripted import Call, Calls, Phrase, Say, ScriptTurn

SCRIPT = b"""
turns:
  - user: Find homes
    model:
      - call: {name: getListings, arguments: {city: Seattle, bedrooms: 3}}
      - phrase: Shall I?
      - say: Two homes.
  - user: Again
    model:
      - say: Let me look.
        call:
          - name: f
          - name: g
            arguments: "{broken"
  - user: Bye
"""


def test_a_script_has_turns_and_steps() -> None:
    assert parse_script(SCRIPT, "s.yaml") == (
        ScriptTurn(
            user="Find homes",
            steps=(
                Calls((Call("getListings", {"city": "Seattle", "bedrooms": 3}),)),
                Phrase("Shall I?"),
                Say("Two homes."),
            ),
        ),
        ScriptTurn(user="Again", steps=(Calls((Call("f"), Call("g", "{broken")), text="Let me look."),)),
        ScriptTurn(user="Bye", steps=()),
    )


def test_a_script_may_be_json() -> None:
    script = b'{"turns": [{"user": "Hi", "model": [{"say": ""}]}]}'
    assert parse_script(script, "s.json") == (ScriptTurn(user="Hi", steps=(Say(""),)),)


def test_every_mistake_is_named_with_its_place() -> None:
    script = b"""
turns:
  - user: 7
    model:
      - shout: hello
      - say: x
        phrase: y
      - call: {nme: f, arguments: [1]}
"""
    with pytest.raises(UsageError) as raised:
        parse_script(script, "s.yaml")
    places = [line.rpartition(": ")[0] for line in str(raised.value).splitlines()]
    assert "s.yaml: turns[0].user" in places
    assert "s.yaml: turns[0].model[0].shout" in places
    assert "s.yaml: turns[0].model[2].call[0].name" in places
    assert "s.yaml: turns[0].model[2].call[0].nme" in places
    expected = "s.yaml: turns[0].model[1]: a step has `say`, `call`, both of them, or `phrase` alone"
    assert expected in str(raised.value).splitlines()


def test_a_script_that_is_no_yaml_is_named_with_line_and_column() -> None:
    with pytest.raises(UsageError, match=r"^s\.yaml:\d+:\d+: "):
        parse_script(b"turns:\n  - user: [\n", "s.yaml")


@pytest.mark.parametrize("script", [b"turns: [", b"[]", b"turns: []", b"{}", b"turns: {}", b"\xff"])
def test_what_is_no_script_is_the_callers_mistake(script: bytes) -> None:
    with pytest.raises(UsageError, match=r"s\.yaml"):
        parse_script(script, "s.yaml")


def test_a_script_is_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "s.yaml"
    file.write_bytes(SCRIPT)
    assert read_script(str(file)) == parse_script(SCRIPT, "s.yaml")


def test_a_file_that_cannot_be_read_is_the_callers_mistake(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot read the script .*missing\.yaml.*: No such file"):
        read_script(str(tmp_path / "missing.yaml"))
    with pytest.raises(UsageError, match=r"cannot read the script .*: Is a directory"):
        read_script(str(tmp_path))


def test_a_file_beyond_the_limit_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "s.yaml"
    file.write_bytes(b" " * (MAX_SCRIPT_BYTES + 1))
    with pytest.raises(UsageError, match="longer than"):
        read_script(str(file))
