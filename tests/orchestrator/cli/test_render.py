"""`orchestrator render`: a given answer, read and shown as the answer of a call is (issue 5, line 9)."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from orchestrator.cli.main import main
from runtimes.values import Json, JsonObject
from tests.servers import warm

HOMES: JsonObject = {
    "homes": [
        {"name": "Brick bungalow", "where": "Tacoma", "link": "/homes/1", "label": "Internal"},
        {"name": "Loft", "where": "Seattle", "link": "https://elsewhere.example/2"},
    ]
}
SEMANTICS: JsonObject = {
    "data_path": "$.homes",
    "properties": {
        "title": "$.name",
        "subtitle": "$.where",
        "url": "$.link",
        "information_protection_label": "$.label",
    },
}
DESCRIPTION: JsonObject = {
    "openapi": "3.0.0",
    "info": {"title": "Homes", "version": "1"},
    "servers": [{"url": "https://homes.example/v1"}],
    "paths": {
        "/homes/{city}": {
            "get": {
                "operationId": "find",
                "parameters": [{"name": "city", "in": "path", "required": True, "schema": {"type": "string"}}],
                "responses": {"200": {"description": "fine"}, "404": {"description": "no such city"}},
            }
        }
    },
}


def manifest(semantics: JsonObject | None = None, **runtime: Json) -> JsonObject:
    capabilities: JsonObject = {"response_semantics": SEMANTICS if semantics is None else semantics}
    return {
        "schema_version": "v2.2",
        "name_for_human": "Homes",
        "namespace": "homes",
        "description_for_human": "Homes for sale",
        "functions": [{"name": "find", "capabilities": capabilities}],
        "runtimes": [{"type": "OpenApi", "spec": {"url": "openapi.json"}, **runtime}],
    }


def package(folder: Path, document: JsonObject) -> str:
    (folder / "openapi.json").write_text(json.dumps(DESCRIPTION), encoding="utf-8")
    (folder / "plugin.json").write_text(json.dumps(document), encoding="utf-8")
    return str(folder / "plugin.json")


def answer(folder: Path, value: Json) -> str:
    path = folder / "answer"
    path.write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")
    return str(path)


def test_the_citations_of_an_answer_are_printed_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Design 5: the shape is a contract. The API's own address completes a relative one, and nothing is asked of it."""
    plugin = package(tmp_path, manifest())
    assert main(["render", plugin, "find", "--response", answer(tmp_path, HOMES), "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert set(printed) == {"citations", "cards", "text"}
    assert printed["citations"] == [
        {
            "title": "Brick bungalow",
            "subtitle": "Tacoma",
            "url": "https://homes.example/homes/1",
            "thumbnail_url": None,
            "information_protection_label": "Internal",
        },
        {
            "title": "Loft",
            "subtitle": "Seattle",
            "url": "https://elsewhere.example/2",
            "thumbnail_url": None,
            "information_protection_label": None,
        },
    ]


def test_the_citations_of_an_answer_are_listed_for_people(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plugin = package(tmp_path, manifest())
    assert main(["render", plugin, "homes-find", "--response", answer(tmp_path, HOMES)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "[1] Brick bungalow - Tacoma - (Internal) - https://homes.example/homes/1" in lines
    assert "[2] Loft - Seattle - https://elsewhere.example/2" in lines


@pytest.mark.parametrize("kind", ["OAuthPluginVault", "ApiKeyPluginVault"])
def test_a_function_that_needs_a_credential_is_rendered_without_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    plugin = package(tmp_path, manifest(auth={"type": kind, "reference_id": "x"}))
    assert main(["render", plugin, "find", "--response", answer(tmp_path, HOMES), "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["citations"]) == 2


def test_a_description_that_lies_elsewhere_is_not_fetched(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is sent: the address is one that no test may reach. Relative URLs are then left out."""
    plugin = package(tmp_path, manifest(spec={"url": "https://192.0.2.1/openapi.json"}))
    assert main(["render", plugin, "find", "--response", answer(tmp_path, HOMES), "--json"]) == 0
    citations = json.loads(capsys.readouterr().out)["citations"]
    assert [citation["url"] for citation in citations] == [None, "https://elsewhere.example/2"]


def test_a_template_of_the_runtime_is_applied_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Spec 11.1.5; the path of a call: output_template, then response semantics."""
    template = '{"homes": [{"name": "{{ response.only }}", "where": "{{ manifest.name_for_human }}"}]}'
    plugin = package(tmp_path, manifest(output_template=template))
    assert main(["render", plugin, "find", "--response", answer(tmp_path, {"only": "Loft"}), "--json"]) == 0
    (citation,) = json.loads(capsys.readouterr().out)["citations"]
    assert (citation["title"], citation["subtitle"]) == ("Loft", "Homes")


def test_a_template_of_the_runtime_that_fails_is_a_problem(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plugin = package(tmp_path, manifest(output_template="{{ response | nothing }}"))
    assert main(["render", plugin, "find", "--response", answer(tmp_path, HOMES)]) == 1
    assert "output_template cannot be applied" in capsys.readouterr().err


def test_an_answer_with_a_status_of_failure_is_read_as_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What the model reads has the words of the description; an error that was asked for is no problem found."""
    plugin = package(tmp_path, manifest())
    assert main(["render", plugin, "find", "--response", answer(tmp_path, HOMES), "--status", "404"]) == 0
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "error: HTTP 404: no such city" in printed.err


def test_an_answer_that_turns_the_call_away_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plugin = package(tmp_path, manifest())
    assert main(["render", plugin, "find", "--response", answer(tmp_path, "later"), "--status", "429"]) == 1
    assert "too many requests" in capsys.readouterr().err


def test_a_function_that_only_the_description_knows_is_rendered(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Spec 4.2.10: a manifest without functions has those of its runtimes."""
    document = {name: value for name, value in manifest().items() if name != "functions"}
    plugin = package(tmp_path, document)
    assert main(["render", plugin, "find", "--response", answer(tmp_path, "no such thing"), "--status", "404"]) == 0
    assert "no such city" in capsys.readouterr().err


def test_what_only_a_distant_description_knows_is_not_to_be_had(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = manifest(spec={"url": "https://192.0.2.1/openapi.json"})
    plugin = package(tmp_path, {name: value for name, value in document.items() if name != "functions"})
    assert main(["render", plugin, "find", "--response", answer(tmp_path, HOMES)]) == 1
    assert "cannot be read without a network" in capsys.readouterr().err


def test_a_function_whose_operation_is_missing_is_rendered(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The answer is there: that nothing could be sent for it does not matter."""
    document = manifest()
    plugin = package(
        tmp_path, {**document, "functions": [{"name": "gone", "capabilities": {"response_semantics": {}}}]}
    )
    page: Json = [{"title": "Loft", "url": "https://homes.example/2"}]
    assert main(["render", plugin, "gone", "--response", answer(tmp_path, page)]) == 0
    assert "[1] Loft - https://homes.example/2" in capsys.readouterr().out


def test_a_runtime_that_nobody_here_has_is_rendered(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plugin = package(tmp_path, manifest(type="x-elsewhere", spec={}))
    assert main(["render", plugin, "find", "--response", answer(tmp_path, HOMES)]) == 0
    assert "[1] Brick bungalow - Tacoma" in capsys.readouterr().out


def test_an_answer_that_is_no_text_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plugin = package(tmp_path, LOCAL)
    path = tmp_path / "answer"
    path.write_bytes(b"\xff\x00\xfe binary")
    assert main(["render", plugin, "look", "--response", str(path)]) == 1
    assert "the recorded answer cannot be read" in capsys.readouterr().err


CARD: JsonObject = {
    "type": "AdaptiveCard",
    "version": "1.5",
    "body": [{"type": "TextBlock", "text": "${name} in ${where}"}],
}


def test_the_cards_of_an_answer_are_expanded_one_for_each_result(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Design 5: `cards` are the expanded cards themselves."""
    plugin = package(tmp_path, manifest({**SEMANTICS, "static_template": CARD}))
    assert main(["render", plugin, "find", "--response", answer(tmp_path, HOMES), "--json"]) == 0
    cards = json.loads(capsys.readouterr().out)["cards"]
    assert [card["body"][0]["text"] for card in cards] == ["Brick bungalow in Tacoma", "Loft in Seattle"]


def test_a_card_that_fails_gives_way_says_why_and_is_a_problem(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken: JsonObject = {**CARD, "body": [{"type": "TextBlock", "text": "${toUppr(name)}"}]}
    plugin = package(tmp_path, manifest({**SEMANTICS, "static_template": broken}))
    assert main(["render", plugin, "find", "--response", answer(tmp_path, HOMES), "--json"]) == 1
    printed = capsys.readouterr()
    assert "Brick bungalow" in json.dumps(json.loads(printed.out)["cards"])
    assert "note: " in printed.err
    assert "toUppr" in printed.err


LOCAL: JsonObject = {
    **manifest(),
    "functions": [{"name": "look"}],
    "runtimes": [{"type": "LocalPlugin", "spec": {"local_endpoint": "nobody.has.this"}}],
}
OFF: JsonObject = {
    "type": "AdaptiveCard",
    "version": "1.5",
    "body": [{"type": "TextBlock", "text": "Bluetooth is off"}],
}
RESULTS: Json = [
    {"id": "1", "type": "text/plain", "data": "Done."},
    {"id": "2", "type": "text/adaptivecard", "data": json.dumps(OFF)},
]


def test_the_results_of_a_local_plugin_are_text_and_cards(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Spec 13.2; the program is not started, and need not be installed."""
    plugin = package(tmp_path, LOCAL)
    assert main(["render", plugin, "look", "--response", answer(tmp_path, RESULTS), "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == {"citations": [], "cards": [OFF], "text": "Done."}


def test_text_and_cards_are_drawn_with_an_empty_line_between(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plugin = package(tmp_path, LOCAL)
    assert main(["render", plugin, "look", "--response", answer(tmp_path, RESULTS), "--width", "40"]) == 0
    assert capsys.readouterr().out == "Done.\n\n| Bluetooth is off\n"


def test_text_that_is_no_json_reaches_the_model_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plugin = package(tmp_path, manifest())
    assert main(["render", plugin, "find", "--response", answer(tmp_path, "no homes \x1b[31mtoday")]) == 0
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "no homes today" in printed.err
    assert "\x1b" not in printed.err


def test_a_page_is_written_once_and_over_only_when_forced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "page.html"
    arguments = [
        "render",
        package(tmp_path, LOCAL),
        "look",
        "--response",
        answer(tmp_path, RESULTS),
        "--html",
        str(page),
    ]
    assert main(arguments) == 0
    assert capsys.readouterr().out == f"written: {page}\n"
    assert "Bluetooth is off" in page.read_text(encoding="utf-8")
    assert main(arguments) == 2
    assert "--force" in capsys.readouterr().err
    assert main([*arguments, "--force", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["cards"] == [OFF]


@pytest.mark.parametrize(
    ("function", "further", "words"),
    [
        ("fnd", [], "did you mean 'find'"),
        ("find", ["--status", "99"], "--status"),
        ("find", ["--width", "3"], "--width"),
        ("find", ["--response", "missing.json"], "cannot read"),
    ],
)
def test_wrong_use_says_what_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], function: str, further: list[str], words: str
) -> None:
    plugin = package(tmp_path, manifest())
    assert main(["render", plugin, function, "--response", answer(tmp_path, HOMES), *further]) == 2
    assert words in capsys.readouterr().err


def test_the_rules_of_the_host_are_applied_before_anything_is_shown(tmp_path: Path) -> None:
    rule = '[[redactions]]\npath = "$.homes[*].name"\naction = "mask"\n'
    (tmp_path / "orchestrator.toml").write_text(rule, encoding="utf-8")
    plugin = package(tmp_path, manifest())
    command = [sys.executable, "-m", "orchestrator", "render", plugin, "find", "--response", answer(tmp_path, HOMES)]
    done = warm.run(command, folder=tmp_path)
    assert done.returncode == 0
    assert "[1] *** - Tacoma" in done.stdout
    assert "bungalow" not in done.stdout + done.stderr
