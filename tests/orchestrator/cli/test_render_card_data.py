"""`orchestrator render` of a local plugin's card of which only the data can be shown (spec 13.2.2)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestrator.cli.main import main
from runtimes.values import Json, JsonObject

LOCAL: JsonObject = {
    "schema_version": "v2.2",
    "name_for_human": "Settings",
    "namespace": "settings",
    "description_for_human": "Settings of a screen",
    "functions": [{"name": "look"}],
    "runtimes": [{"type": "LocalPlugin", "spec": {"local_endpoint": "nobody.has.this"}}],
}


@pytest.mark.parametrize(
    ("template", "why"),
    [({"template": "https://evil.example/x.json"}, "its template is not used"), ({}, "it names no template")],
)
def test_data_without_a_template_of_ours_is_shown_as_data(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], template: JsonObject, why: str
) -> None:
    """Spec 13.2.2.1: as where the template is not known; whoever wrote it is told why."""
    data: JsonObject = {**template, "data": {"cardContent": {"theme": "dark"}}}
    results: Json = [{"id": "1", "type": "text/adaptivecard", "data": data}]
    plugin, answer = tmp_path / "plugin.json", tmp_path / "answer.json"
    plugin.write_text(json.dumps(LOCAL), encoding="utf-8")
    answer.write_text(json.dumps(results), encoding="utf-8")
    assert main(["render", str(plugin), "look", "--response", str(answer), "--width", "80"]) == 1
    printed = capsys.readouterr()
    assert "theme: dark" in printed.out
    assert "empty card" not in printed.out
    assert why in printed.out + printed.err
