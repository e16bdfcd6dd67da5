"""`--locale`, as processes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from runtimes.values import Json, JsonObject
from tests.orchestrator.cli.test_commands import SETTINGS, orchestrator
from tests.servers.example_service import EXAMPLES, start_service

INFO: JsonObject = {
    "defaultLanguageTag": "en",
    "defaultLanguageFile": "loc/en.json",
    "additionalLanguages": [{"languageTag": "fr", "file": "loc/fr.json"}],
}
TEXTS: dict[str, dict[str, str]] = {
    "en": {"name": "Homes", "title": "Save it?", "starter": "What is there?"},
    "fr": {"name": "Maisons", "title": "Enregistrer ?", "starter": "Qu'y a-t-il ?"},
}


def localized(folder: Path, port: int) -> Path:
    """The bundled example with keys in the places of three of its texts."""
    example = EXAMPLES / "contoso_real_estate"
    document: dict[str, Json] = json.loads((example / "plugin.json").read_text("utf-8"))
    document["name_for_human"] = "[[name]]"
    document["capabilities"] = {"conversation_starters": [{"text": "[[starter]]"}]}
    functions = document["functions"]
    assert isinstance(functions, list)
    for function in functions:
        assert isinstance(function, dict)
        if function["name"] == "saveSearch":
            confirmation: JsonObject = {"type": "AdaptiveCard", "title": "[[title]]", "body": "[[title]]"}
            function["capabilities"] = {"confirmation": confirmation}
    (folder / "loc").mkdir()
    for tag, texts in TEXTS.items():
        (folder / "loc" / f"{tag}.json").write_text(json.dumps({"localizationKeys": texts}), encoding="utf-8")
    (folder / "manifest.json").write_text(json.dumps({"localizationInfo": INFO}), encoding="utf-8")
    description = (example / "openapi.yaml").read_text("utf-8").replace("127.0.0.1:8801", f"127.0.0.1:{port}")
    (folder / "openapi.yaml").write_text(description, encoding="utf-8")
    path = folder / "plugin.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("options", "language", "is_told"),
    [((), "en", False), (("--locale", "fr_CA"), "fr", True), (("--locale", "de"), "en", True)],
)
def test_a_chat_is_held_in_the_language_asked_for(
    tmp_path: Path, options: tuple[str, ...], language: str, is_told: bool
) -> None:
    """Issue 3, point 5; `LANG` is not looked at."""
    with start_service("contoso_real_estate") as service:
        plugin = localized(tmp_path, service.port)
        reach = ("--allow-host", f"127.0.0.1:{service.port}", *options)
        said = "Save a search for 3 bedroom homes in Seattle\n"
        chat = orchestrator("chat", plugin, *reach, "--yes", said=said, LANG="de_DE.UTF-8")
        tools = orchestrator("tools", plugin, *reach, "--json", LANG="de_DE.UTF-8")
    texts = TEXTS[language]
    assert (chat.returncode, chat.stderr) == (0, "")
    assert f"1  {texts['starter']}" in chat.stdout
    assert texts["title"] in chat.stdout
    assert f"## Plugin {texts['name']}\n" in json.loads(tools.stdout)["reasoning"]
    assert ("answer in it." in json.loads(tools.stdout)["responding"]) is is_told


@pytest.mark.parametrize(
    "arguments",
    [
        ("demo", "-m", "hi"),
        ("chat", SETTINGS / "plugin.json", "-m", "hi"),
        ("tools", SETTINGS / "plugin.json"),
        ("call", SETTINGS / "plugin.json", "f", "--dry-run"),
    ],
)
def test_a_malformed_tag_is_wrong_use(arguments: tuple[str | Path, ...]) -> None:
    done = orchestrator(*arguments, "--locale", "fr CA")
    assert done.returncode == 2
    assert done.stderr == "orchestrator: --locale: 'fr CA' is no language tag; write one such as 'fr' or 'fr-CA'\n"
