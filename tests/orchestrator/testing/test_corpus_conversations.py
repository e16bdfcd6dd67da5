"""Every public plugin that can be opened has a generated conversation that passes, over the mock (issue 6)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from orchestrator.testing.chats.first import first_conversation
from orchestrator.testing.format.settings import Settings
from orchestrator.testing.format.writing import write_conversations
from orchestrator.testing.playing.stage import Unplayable
from tests.orchestrator.testing.playing import play
from tests.runtimes.openapi.test_corpus import CORPUS, manifests

_PRO_DEV = "pnp__copilot-pro-dev-samples/samples"
_KIOTA = "microsoft__kiota"
_SAMPLES = "MicrosoftDocs__m365copilot-docs/docs/includes/sample-manifests"
NOT_HTTPS = "is not https"
NO_FILE = "there is no file"
NO_MCP = "a remote MCP server is asked in a test only where that says 'api: real'"
NO_CREDENTIAL = "needs the credential"

UNPLAYABLE = {
    f"{_SAMPLES}/plugin-sample-manifest-2.1.json": NOT_HTTPS,
    f"{_SAMPLES}/plugin-sample-manifest-2.2.json": NOT_HTTPS,
    f"{_SAMPLES}/plugin-sample-manifest-2.3.json": NOT_HTTPS,
    f"{_SAMPLES}/plugin-sample-manifest-2.4.json": NOT_HTTPS,
    f"{_KIOTA}/specs/examples/githubsearch-apiplugin.json": NO_FILE,
    f"{_KIOTA}/tests/Kiota.Builder.IntegrationTests/PluginDiscriminatorSample.json": NO_FILE,
    f"{_KIOTA}/tests/Kiota.Builder.IntegrationTests/PluginModelWithSecurity.json": NO_FILE,
    f"{_PRO_DEV}/da-community-samples-agent/appPackage/ai-plugin.json": NO_MCP,
    f"{_PRO_DEV}/da-foodbank-friend/appPackage/ai-plugin-outlook.json": NO_CREDENTIAL,
    f"{_PRO_DEV}/da-foodbank-friend/appPackage/ai-plugin-sharepoint.json": NO_CREDENTIAL,
    f"{_PRO_DEV}/da-microsoftdocssearchagent/appPackage/ai-plugin.json": NO_MCP,
    f"{_PRO_DEV}/da-sharepoint-data-manager/appPackage/ai-plugin.json": NO_MCP,
    f"{_PRO_DEV}/da-todo-tasks-graphapi-plugin/appPackage/ai-plugin.json": NO_FILE,
}
"""The manifests that cannot be opened, each with a part of the reason: none of them is ours to mend here."""

FEWEST = 80
"""Plugins that are played at least."""


def way(folder: Path, manifest: Path) -> str:
    return os.path.relpath(manifest, folder)


async def generated(manifest: Path, folder: Path) -> str:
    """Writes the first conversation of a plugin into the folder; else why it has none."""
    settings = Settings.model_validate({"plugins": way(folder, manifest)})
    try:
        made = await first_conversation(settings, folder)
    except Unplayable as reason:
        return str(reason)
    if made.left_out:
        return "; ".join(made.left_out)
    assert made.conversation is not None
    (folder / "first.conversation.yaml").write_bytes(write_conversations([made.conversation]))
    return ""


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of plugins does not lie beside the checkout")
async def test_the_first_conversation_of_each_plugin_of_the_corpus_passes(tmp_path: Path) -> None:
    passed, wrong = 0, list[str]()
    for manifest in manifests():
        name = manifest.relative_to(CORPUS).as_posix()
        reason = await generated(manifest, tmp_path)
        if reason or name in UNPLAYABLE:
            expected = UNPLAYABLE.get(name)
            wrong += [f"{name}: {reason}"] if expected is None or expected not in reason else []
            continue
        outcomes = await play(tmp_path / "first.conversation.yaml")
        wrong += [f"{name}: {failure.text}" for outcome in outcomes for failure in outcome.failures]
        passed += 1
    assert wrong == []
    assert passed >= FEWEST
