"""`orchestrator validate --lint`, as people run it."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator.cli.validate import teller
from runtimes.values import JsonObject
from tests.servers import warm

ROOT = Path(__file__).resolve().parents[3]
EXAMPLES = sorted((ROOT / "examples").glob("*/plugin.json"))
WITHOUT_VALIDATOR = (
    "import sys; sys.modules['openapi_spec_validator'] = None\n"
    "from orchestrator.cli.main import run; sys.argv[0] = 'orchestrator'; sys.exit(run())"
)
DESCRIPTION = """openapi: 3.0.3
info: {title: t, version: "1"}
servers:
  - url: https://api.example
paths:
  /look:
    get:
      operationId: look
      description: Looks.
      parameters:
        - name: q
          in: query
          requird: true
          schema: {type: string}
      responses:
        "200": {description: fine}
"""


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def manifest(folder: Path, *specs: JsonObject) -> Path:
    path = folder / "plugin.json"
    runtimes = [
        {"type": "OpenApi", "auth": {"type": "None"}, "spec": spec, "run_for_functions": [f"f{number}"]}
        for number, spec in enumerate(specs)
    ]
    document = {
        "schema_version": "v2.2",
        "name_for_human": "Mine",
        "namespace": "mine",
        "description_for_human": "A plugin.",
        "functions": [{"name": f"f{number}", "description": "It."} for number in range(len(specs))],
        "runtimes": runtimes,
    }
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def validate(*arguments: str | Path, program: tuple[str, ...] = ("-m", "orchestrator")) -> tuple[int, str, str]:
    command = [sys.executable, "-W", "error", *program, "validate", *map(str, arguments)]
    done = subprocess.run(
        warm.line(command) if program[0] == "-m" else command,  # a program text is about what is installed
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    return done.returncode, done.stdout, done.stderr


def found(*arguments: str | Path) -> list[tuple[str, int, int, str]]:
    """What `--lint` adds: file, line, column and message."""
    code, report, errors = validate("--lint", "--json", *arguments)
    assert (code, errors) == (0, "")
    problems = [one for file in json.loads(report)["files"] for one in file["problems"]]
    return [
        (Path(one["file"]).name, one["line"], one["column"], one["message"])
        for one in problems
        if one["code"] in ("description-lint", "not-linted") and one["severity"] == "warning"
    ]


def test_a_finding_stands_where_it_is_in_the_description(tmp_path: Path) -> None:
    (tmp_path / "api.yaml").write_text(DESCRIPTION, encoding="utf-8")
    assert found(manifest(tmp_path, {"url": "api.yaml"})) == [
        (
            "api.yaml",
            11,
            11,
            "it fits none of what may stand here; nearest to it, 'requird' does not match any of the regexes: '^x-'",
        )
    ]


def test_without_the_option_nothing_of_it_is_said(tmp_path: Path) -> None:
    (tmp_path / "api.yaml").write_text(DESCRIPTION, encoding="utf-8")
    assert "lint" not in validate("--json", manifest(tmp_path, {"url": "api.yaml"}))[1]


def test_a_description_of_two_runtimes_is_linted_once_and_one_in_the_manifest_too(tmp_path: Path) -> None:
    (tmp_path / "api.yaml").write_text(DESCRIPTION, encoding="utf-8")
    path = manifest(tmp_path, {"url": "api.yaml"}, {"url": "api.yaml"}, {"api_description": DESCRIPTION})
    inline, in_file = found(path)
    assert (in_file[0], inline[0]) == ("api.yaml", "plugin.json")
    assert inline[3] == f"{in_file[3]} (at /paths/~1look/get/parameters/0 in it)"


@pytest.mark.parametrize("reference", ["other.yaml#/x", "https://api.example/x.json", "file:///etc/passwd"])
def test_a_description_that_refers_to_others_is_not_linted(tmp_path: Path, reference: str) -> None:
    text = DESCRIPTION.replace("{type: string}", f'{{$ref: "{reference}"}}')
    (tmp_path / "api.yaml").write_text(text, encoding="utf-8")
    (finding,) = found(manifest(tmp_path, {"url": "api.yaml"}))
    message = f"the description is not linted, since it refers to another document: {reference!r}"
    assert finding == ("api.yaml", 14, 26, message)


@pytest.mark.parametrize(
    ("schema", "is_reference"),
    [
        ('{example: {$ref: "o.json"}}', False),
        ('{default: [{$ref: "o.json"}], enum: [{$ref: "o.json"}]}', False),
        ('{properties: {example: {$ref: "o.json"}}}', True),
        ('{type: string}, examples: {a: {$ref: "o.json"}}', True),
        ('{type: string}, examples: {a: {value: {$ref: "o.json"}}}', False),
    ],
)
def test_a_reference_in_data_is_none(tmp_path: Path, schema: str, *, is_reference: bool) -> None:
    text = DESCRIPTION.replace("requird", "required")
    text = text.replace(
        '"200": {description: fine}',
        f'"200": {{description: fine, content: {{application/json: {{schema: {schema}}}}}}}',
    )
    (tmp_path / "api.yaml").write_text(text, encoding="utf-8")
    told = [message for *_, message in found(manifest(tmp_path, {"url": "api.yaml"}))]
    assert ["another document" in message for message in told if "not linted" in message] == [True] * is_reference


def test_a_property_called_as_a_reference_is_none(tmp_path: Path) -> None:
    text = DESCRIPTION.replace("requird", "required").replace(
        "{type: string}", "{type: object, properties: {$ref: {type: string}}}"
    )
    (tmp_path / "api.yaml").write_text(text, encoding="utf-8")
    assert not [one for one in found(manifest(tmp_path, {"url": "api.yaml"})) if "another document" in one[3]]


def test_a_version_that_the_validator_does_not_know_is_one_note(tmp_path: Path) -> None:
    (tmp_path / "api.yaml").write_text(DESCRIPTION.replace("3.0.3", "3.2.0"), encoding="utf-8")
    (finding,) = found(manifest(tmp_path, {"url": "api.yaml"}))
    assert finding[3].endswith("not linted to its end: the validator does not know this version of OpenAPI")


def test_the_examples_have_no_findings() -> None:
    assert EXAMPLES
    assert found(*EXAMPLES) == []


def test_without_the_extra_it_is_wrong_use_with_the_command(tmp_path: Path) -> None:
    path = manifest(tmp_path)
    code, report, errors = validate("--lint", path, program=("-c", WITHOUT_VALIDATOR))
    assert (code, report) == (2, "")
    assert "--lint needs an extra: pip install 'plugin-orchestrator[prance]'" in errors


def test_it_goes_without_no_references(tmp_path: Path) -> None:
    code, report, errors = validate("--lint", "--no-references", manifest(tmp_path))
    assert (code, report) == (2, "")
    assert "not allowed with argument" in errors


def test_only_a_person_at_a_terminal_is_told_what_is_waited_for() -> None:
    terminal = Terminal()
    tell = teller(terminal)
    assert tell is not None
    tell("linting api\x1b[2J.yaml …")
    assert terminal.getvalue() == "linting api.yaml …\n"
    assert teller(io.StringIO()) is None
