"""What a local plugin says in plain text reaches the person, not only the model (issue 5, line 5)."""

from __future__ import annotations

import sys
from io import StringIO
from pathlib import Path

from orchestrator import Orchestrator, load_plugin
from orchestrator.render.console import console_for
from orchestrator.render.terminal import TerminalView
from orchestrator.render.transcript import save_transcript
from runtimes.local_endpoint import LocalEndpoint
from runtimes.values import JsonObject

PLUGIN: JsonObject = {
    "schema_version": "v2.2",
    "name_for_human": "Notes",
    "namespace": "notes",
    "description_for_human": "Reads a note",
    "functions": [{"name": "readNote", "description": "Read the note"}],
    "runtimes": [{"type": "LocalPlugin", "auth": {"type": "None"}, "spec": {"local_endpoint": "Notes"}}],
}
PROGRAM = """
import json, sys
for line in sys.stdin:
    request = json.loads(line)
    if "id" in request:
        texts = [("text/plain", "Buy milk"), ("text/markdown", "**soon**")]
        result = [*({"type": kind, "data": text} for kind, text in texts), {"type": 7}]
        print(json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": result}), flush=True)
"""


async def test_texts_of_a_local_plugin_are_in_the_reply_on_the_screen_and_in_the_transcript(tmp_path: Path) -> None:
    program = tmp_path / "notes.py"
    program.write_text(PROGRAM, encoding="utf-8")
    plugin = await load_plugin(PLUGIN)
    local = {"Notes": LocalEndpoint(command=(sys.executable, str(program)))}
    screen = StringIO()
    view = TerminalView(console_for(screen, is_live=False, width=80), {}, is_live=False)
    async with Orchestrator(plugins=[plugin], model="offline", local=local) as host:
        chat = host.conversation()
        reply = await chat.ask("read the note")
        if reply.pending:
            await chat.decide(reply.pending[0].call_id, approve=True)
            reply = await chat.resume()
        facts = await chat.facts()
    for fact in facts:
        view.show(fact)
    save_transcript(tmp_path / "kept.md", facts, {})
    assert reply.texts == ("Buy milk\n\n**soon**",)
    kept = (tmp_path / "kept.md").read_text(encoding="utf-8")
    for shown in (screen.getvalue(), kept):
        assert "Buy milk" in shown
        assert "**soon**" in shown
    assert "result 3 of 3 cannot be used" in screen.getvalue()
