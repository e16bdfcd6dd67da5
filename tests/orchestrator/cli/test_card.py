"""`orchestrator card`: what it prints, and what it says of a template that cannot be expanded (issue 5, line 9)."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from orchestrator.cli.main import main
from tests.servers import warm

TEMPLATE = """{
  "type": "AdaptiveCard",
  "version": "1.5",
  "body": [
    {"type": "TextBlock", "text": "Hello ${name}", "maxLines": "${count(list)}"},
    {"type": "TextBlock", "$data": "${list}", "text": "- ${$data}"}
  ]
}
"""
DATA = '{"name": "Ada", "list": ["one", "two"]}'
EXPANDED = {
    "type": "AdaptiveCard",
    "version": "1.5",
    "body": [
        {"type": "TextBlock", "text": "Hello Ada", "maxLines": 2},
        {"type": "TextBlock", "text": "- one"},
        {"type": "TextBlock", "text": "- two"},
    ],
}


def with_text(text: str) -> str:
    return json.dumps({"type": "AdaptiveCard", "body": [{"type": "TextBlock", "text": text}]})


def written(folder: Path, text: str) -> str:
    path = folder / "card.json"
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("further", [[], ["--json"]])
def test_the_expanded_card_is_printed_as_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], further: list[str]
) -> None:
    assert main(["card", written(tmp_path, TEMPLATE), DATA, *further]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out) == EXPANDED
    assert printed.err == ""


def test_data_may_come_from_the_standard_input(tmp_path: Path) -> None:
    done = warm.run([sys.executable, "-m", "orchestrator", "card", written(tmp_path, TEMPLATE), "-"], said=DATA)
    assert done.returncode == 0
    assert json.loads(done.stdout) == EXPANDED


def test_a_template_knows_the_host_and_the_environment(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A placeholder is filled before the card language sees the text, as in a package."""
    env = tmp_path / ".env"
    env.write_text("ENDPOINT=https://api.example\n", encoding="utf-8")
    template = with_text("${{ENDPOINT}}/homes?q=${name} in ${$host.theme}")
    assert main(["card", template, DATA, "--host", '{"theme": "dark"}', "--env", str(env)]) == 0
    assert json.loads(capsys.readouterr().out)["body"][0]["text"] == "https://api.example/homes?q=Ada in dark"


def test_a_card_is_drawn_as_text_within_the_width(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    template = written(tmp_path, json.dumps({"type": "AdaptiveCard", "body": [
        {"type": "TextBlock", "text": "${name} and again ${name}", "wrap": True},
    ]}))  # fmt: skip
    assert main(["card", template, json.dumps({"name": "word " * 20}), "--text", "--width", "30"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) > 3
    assert max(map(len, lines)) <= 30


@pytest.mark.parametrize("tag", ["de", "de-DE", "de_de"])
def test_a_bare_language_has_its_own_numbers_too(capsys: pytest.CaptureFixture[str], tag: str) -> None:
    template = with_text("${formatNumber(n, 2)} ${formatDateTime('2026-11-21T00:00:00Z', 'MMMM dddd')}")
    assert main(["card", template, '{"n": 1234567.891}', "--text", "--locale", tag]) == 0
    assert capsys.readouterr().out == "1.234.567,89 November Samstag\n"


def test_a_file_is_written_once_and_over_only_when_forced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out.json"
    arguments = ["card", written(tmp_path, TEMPLATE), DATA, "--output", str(out)]
    assert main(arguments) == 0
    assert json.loads(out.read_text(encoding="utf-8")) == EXPANDED
    assert main([*arguments, "--text"]) == 2
    assert "--force" in capsys.readouterr().err
    assert main([*arguments, "--text", "--force"]) == 0
    assert out.read_text(encoding="utf-8").startswith("Hello Ada\n")


def test_an_error_names_the_file_the_place_the_expression_and_a_caret(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path, TEMPLATE.replace("Hello ${name}", "Hello ${toUper(name) + }"))
    assert main(["card", path, DATA]) == 1
    head, pointer, drawn, caret = capsys.readouterr().err.splitlines()
    assert head.startswith(f"{path}:5:35: error: ")
    assert pointer == "  at /body/0/text"
    assert drawn == "    Hello ${toUper(name) + }"
    assert caret == " " * caret.index("^") + "^"
    assert 4 + len("Hello ${") <= caret.index("^") < len(drawn)


@pytest.mark.parametrize(
    ("text", "code", "severity"),
    [("${formatDatTime(name)}", 1, "error"), ("on ${formatDatTime(name)}", 0, "warning")],
    ids=["alone", "in text, where the reference leaves it"],
)
def test_an_unknown_function_is_named_with_the_one_that_is_meant(
    capsys: pytest.CaptureFixture[str], text: str, code: int, severity: str
) -> None:
    assert main(["card", with_text(text), DATA]) == code
    told = capsys.readouterr().err
    assert told.startswith(f"TEMPLATE:1:65: {severity}: ")
    assert "'formatDatTime'" in told
    assert ("showing the card fails" in told) == bool(code)
    assert ("shown as it stands" in told) != bool(code)
    assert "did you mean 'formatDateTime'?" in told


def test_an_error_that_depends_on_the_data_is_placed_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["card", with_text("${json(name)}"), DATA]) == 1
    told = capsys.readouterr().err
    assert told.startswith("TEMPLATE:1:65: error: ")
    assert "    ${json(name)}\n      ^\n" in told


def test_a_template_that_needs_too_much_ends_in_a_named_limit(capsys: pytest.CaptureFixture[str]) -> None:
    template = with_text("${length(join(foreach(range(0, 100000), x, foreach(range(0, 1000), y, 'abc')), ','))}")
    assert main(["card", template, "{}"]) == 1
    assert "more" in capsys.readouterr().err


def test_what_an_error_quotes_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["card", with_text("\x1b[31m${toUper(x)}\u202e"), "{}"]) == 0
    told = capsys.readouterr()
    assert "\x1b" not in told.err + told.out
    assert "\u202e" not in told.err + told.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["{", "{}"], "TEMPLATE is not JSON"),
        (["{}", "[1,"], "DATA is not JSON"),
        (["-", "-"], "only one of"),
        (["missing.json", "{}"], "cannot read 'missing.json'"),
        ([".", "{}"], "no regular file"),
        (["a\0b", "{}"], "is no path"),
        (["{}", "{}", "--locale", "!"], "no language tag"),
        (["{}", "{}", "--width", "40"], "--text"),
        (["{}", "{}", "--text", "--width", "3"], "columns"),
        (["{}", "{}", "--output", "missing/out.json"], "cannot write"),
    ],
)
def test_wrong_use_says_what_is_wrong(capsys: pytest.CaptureFixture[str], arguments: list[str], words: str) -> None:
    assert main(["card", *arguments]) == 2
    assert words in capsys.readouterr().err


def test_a_file_that_is_no_json_is_a_problem_with_its_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, '{\n  "type": AdaptiveCard\n}')
    assert main(["card", path, "{}"]) == 1
    assert f"{path}:2:11: not JSON" in capsys.readouterr().err


@pytest.mark.parametrize("template", ["[1]", '{"type": "AdaptiveCard", "$when": "${false}"}'])
def test_what_expands_to_no_card_is_not_drawn(capsys: pytest.CaptureFixture[str], template: str) -> None:
    assert main(["card", template, "{}", "--text"]) == 1
    assert "no card to draw" in capsys.readouterr().err
