"""Agents with their plugins: from a folder, from an archive, and from a manifest alone."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from orchestrator import LoadedAgent, ManifestError, Orchestrator, UsageError, load_agent, load_plugin
from orchestrator.manifest.load import Plugin
from runtimes.values import JsonObject
from tests.servers.example_service import EXAMPLES
from tests.servers.loopback import Request, Response, json_response, serve

CORPUS = Path(__file__).resolve().parents[3].parent / "shared" / "corpus"
needs_corpus = pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real manifests is not beside the checkout")
CONTOSO = EXAMPLES / "contoso_real_estate"
ALLOWED = ["127.0.0.1:8801"]
APP: JsonObject = {"copilotAgents": {"declarativeAgents": [{"id": "a", "file": "declarativeAgent.json"}]}}
AGENT: JsonObject = {
    "name": "Homes",
    "description": "Finds homes",
    "instructions": "$[file('instruction.txt')]",
    "conversation_starters": [{"title": "Seattle", "text": "Homes in Seattle?"}],
    "actions": [{"id": "contoso", "file": "plugin.json"}],
}


def files() -> dict[str, bytes]:
    return {
        "manifest.json": json.dumps(APP).encode(),
        "declarativeAgent.json": json.dumps(AGENT).encode(),
        "instruction.txt": b"Call the person captain.",
        "plugin.json": (CONTOSO / "plugin.json").read_bytes(),
        "openapi.yaml": (CONTOSO / "openapi.yaml").read_bytes(),
    }


def lay(folder: Path, content: Mapping[str, bytes]) -> Path:
    folder.mkdir()
    for name, data in content.items():
        (folder / name).write_bytes(data)
    return folder


def pack(archive: Path, content: Mapping[str, bytes]) -> Path:
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in content.items():
            made.writestr(name, data)
    return archive


def told(agent: LoadedAgent) -> tuple[str, str, tuple[str, ...], tuple[str, ...]]:
    texts = tuple(starter.text for starter in agent.conversation_starters)
    return agent.name, agent.instructions, texts, tuple(plugin.digest for plugin in agent.plugins)


async def functions_of(plugin: Plugin, instructions: str) -> list[str]:
    async with Orchestrator(plugins=[plugin], model="offline", instructions=instructions) as host:
        assert "Call the person captain." in host.requests.reasoning_system
        return [function.tool_name for function in host.toolbox.functions]


async def test_a_folder_and_its_archive_are_the_same_agent(tmp_path: Path) -> None:
    """Issue 3, point 7: the plugin's description is read inside the archive too."""
    folder, archive = lay(tmp_path / "app", files()), pack(tmp_path / "app.zip", files())
    plain, packed = [await load_agent(source, allowed_hosts=ALLOWED) for source in (folder, archive)]
    assert told(plain) == told(packed)
    assert (packed.name, packed.instructions) == ("Homes", "Call the person captain.")
    assert packed.plugins[0].location == str(archive / "plugin.json")
    offered = await functions_of(plain.plugins[0], plain.instructions)
    assert offered == await functions_of(packed.plugins[0], packed.instructions)
    assert "contoso-getListings" in offered


async def test_a_manifest_alone_is_an_agent_with_one_plugin() -> None:
    agent = await load_agent(CONTOSO / "plugin.json", allowed_hosts=ALLOWED)
    plugin = await load_plugin(CONTOSO / "plugin.json", allowed_hosts=ALLOWED)
    assert agent.plugins == (plugin,)
    assert (agent.name, agent.instructions, agent.conversation_starters) == (plugin.manifest.name_for_human, "", ())


async def test_a_manifest_from_a_url_is_had_once() -> None:
    async def handler(request: Request) -> Response:
        return json_response(json.loads(files()["plugin.json"]))

    async with serve(handler) as server:
        agent = await load_agent(f"{server.url}/plugin.json", allowed_hosts=["127.0.0.1"])
    assert agent.location == f"{server.url}/plugin.json"
    assert len(server.requests) == 1


async def test_placeholders_are_filled_in_all_documents(tmp_path: Path) -> None:
    plugin = files()["plugin.json"].replace(b"A few dozen", b"${{COUNT}}")
    content = files() | {"instruction.txt": b"Call the person ${{TITLE}}.", "plugin.json": plugin}
    agent = await load_agent(pack(tmp_path / "app.zip", content), environment={"TITLE": "captain", "COUNT": "9"})
    assert agent.instructions == "Call the person captain."
    assert agent.problems == ()
    assert "${{" not in json.dumps(agent.plugins[0].document)


LANGUAGES: JsonObject = {
    "defaultLanguageTag": "en",
    "defaultLanguageFile": "loc/en.json",
    "additionalLanguages": [{"languageTag": "fr", "file": "loc/fr.json"}],
}


@pytest.mark.parametrize(
    ("locale", "name", "starter"), [(None, "Homes", "Ask"), ("fr-CA", "Maisons", "Ask"), ("de", "Homes", "Ask")]
)
async def test_an_agent_speaks_the_language_asked_for(
    tmp_path: Path, locale: str | None, name: str, starter: str
) -> None:
    agent: JsonObject = {
        **AGENT,
        "name": "[[name]]",
        "instructions": "You are [[name]]; $[file('instruction.txt')]",
        "conversation_starters": [{"title": "[[ask]]", "text": "[[ask]]: [[name]]?"}],
    }
    english: JsonObject = {"localizationKeys": {"name": "Homes", "ask": "Ask"}}
    content = files() | {
        "manifest.json": json.dumps({**APP, "localizationInfo": LANGUAGES}).encode(),
        "declarativeAgent.json": json.dumps(agent).encode(),
        "loc/en.json": json.dumps(english).encode(),
        "loc/fr.json": json.dumps({"localizationKeys": {"[[name]]": "Maisons"}}).encode(),
    }
    plugin = json.loads(content["plugin.json"])
    content["plugin.json"] = json.dumps({**plugin, "description_for_human": "[[name]]"}).encode()
    loaded = await load_agent(pack(tmp_path / "app.zip", content), locale=locale)
    assert loaded.plugins[0].in_language(locale).manifest.description_for_human == name
    assert (loaded.name, loaded.instructions) == (name, f"You are {name}; Call the person captain.")
    (offered,) = loaded.conversation_starters
    assert (offered.title, offered.text) == (starter, f"{starter}: {name}?")


async def test_a_manifest_alone_is_called_what_the_language_calls_it(tmp_path: Path) -> None:
    legacy: JsonObject = {"en": {"name": {"message": "Homes"}}, "fr": {"name": {"message": "Maisons"}}}
    manifest: JsonObject = {"name_for_human": "[[name]]", "capabilities": {"localization": legacy}}
    folder = lay(tmp_path / "app", {"plugin.json": json.dumps(manifest).encode()})
    loaded = [await load_agent(folder / "plugin.json", locale=locale) for locale in (None, "fr")]
    assert [agent.name for agent in loaded] == ["Homes", "Maisons"]


async def test_a_locale_that_is_no_tag_is_refused() -> None:
    with pytest.raises(UsageError, match="no language tag"):
        await load_agent(CONTOSO / "plugin.json", locale="../etc")


@needs_corpus
async def test_a_real_agent_speaks_its_languages() -> None:
    package = CORPUS / "pnp__copilot-pro-dev-samples" / "samples" / "da-IdeaCoach" / "appPackage"
    english, french = await load_agent(package), await load_agent(package, locale="fr-FR")
    assert "[[" not in english.name + french.name + french.description
    starters = {agent.conversation_starters[0].text for agent in (english, french)}
    assert len(starters) == 2


async def test_a_broken_plugin_is_named_with_its_place(tmp_path: Path) -> None:
    archive = pack(tmp_path / "app.zip", files() | {"plugin.json": b'{\n  "name_for_human": 1}'})
    with pytest.raises(ManifestError) as caught:
        await load_agent(archive)
    assert str(caught.value).startswith(f"{archive}/plugin.json:2:21: ")


async def test_an_agent_without_plugins_is_an_agent(tmp_path: Path) -> None:
    agent: JsonObject = {"name": "Talker", "instructions": "Talk."}
    loaded = await load_agent(lay(tmp_path / "app", {"declarativeAgent.json": json.dumps(agent).encode()}))
    assert (loaded.plugins, loaded.instructions) == ((), "Talk.")
    assert [problem.code for problem in loaded.problems] == ["agent-without-actions"]


async def test_what_is_not_there_is_said_as_of_a_manifest(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="there is no file"):
        await load_agent(tmp_path / "none.json")
