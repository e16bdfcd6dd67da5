"""Which conversation starters are offered, and in which order."""

from __future__ import annotations

from orchestrator import Orchestrator, load_plugin
from orchestrator.manifest.model import ConversationStarter
from orchestrator.repl.dialogue import MAX_STARTERS, starters_of
from runtimes.values import JsonObject

PLUGIN: JsonObject = {
    "schema_version": "v2.2",
    "name_for_human": "Mine",
    "namespace": "mine",
    "description_for_human": "A plugin.",
    "capabilities": {"conversation_starters": [{"text": "both"}, {"text": "plugin", "title": "Plugin"}]},
}


async def test_an_agent_s_starters_come_first_and_are_not_repeated() -> None:
    own = [ConversationStarter(text="agent"), ConversationStarter(text="both"), ConversationStarter(text=" ")]
    async with Orchestrator(plugins=[await load_plugin(PLUGIN)], model="offline") as host:
        assert [starter.text for starter in starters_of(host, own)] == ["agent", "both", "plugin"]
        assert [starter.title for starter in starters_of(host)] == ["both", "Plugin"]
        many = [ConversationStarter(text=str(number)) for number in range(MAX_STARTERS + 1)]
        assert [starter.text for starter in starters_of(host, many)] == [str(number) for number in range(MAX_STARTERS)]
