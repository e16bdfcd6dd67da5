"""What is loaded on the way to a first turn, and by the commands that are run most: no more than they need."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DONATIONS = ROOT / "examples" / "donations" / "plugin.json"

RARELY_NEEDED = frozenset(
    {
        "aiosqlite",
        "alembic",
        "authlib",
        "babel",
        "cryptography",
        "jsonpath_rfc9535",
        "keyring",
        "liquid",
        "markdown_it",
        "mcp",
        "prance",
        "prompt_toolkit",
        "psycopg",
        "pygments",
        "rich",
        "sqlalchemy",
        "sqlite3",
        "starlette",
        "tenacity",
        "xml.sax",
    }
)
"""What only some plugins, some failures or some commands need."""

PARTICULAR = frozenset(
    {
        "difflib",
        "html.entities",
        "orchestrator.live_forms",
        "orchestrator.response.local_result",
        "orchestrator.response.question_card",
        "orchestrator.response.redaction",
        "orchestrator.turn.explain",
        "orchestrator.turn.wording",
        "runtimes.openapi.body",
        "runtimes.openapi.xml_value",
        "xml.parsers.expat",
        "yaml",
    }
)
"""What a first turn needs only of some plugins: YAML, bodies, XML, questions, mistakes, redactions."""

NETWORK = frozenset({"aiohttp", "httpcore2", "httpx2", "openai"})
"""What only requests need."""

UNASKED = frozenset({"orchestrator.model.offline.replies"})
"""What only a turn needs, of the model that stands in where none is named."""

ON_TERMINALS = frozenset(
    {"orchestrator.render.cards", "orchestrator.render.markdown", "orchestrator.testing.format.parts"}
)
"""What only a growing answer, a card or a saved chat needs."""

HOST = "from orchestrator import Orchestrator, load_plugin"

TURN = f"""
import asyncio
{HOST}

async def main() -> None:
    plugin = await load_plugin({str(DONATIONS)!r}, allowed_hosts=["127.0.0.1"])
    async with Orchestrator(plugins=[plugin], model="offline") as host:
        assert len(host.toolbox.functions) == 4
        assert (await host.conversation().ask("hello")).text

asyncio.run(main())
"""

ONLY_JSON = f"""
import asyncio, json
from pathlib import Path
{HOST}

DESCRIPTION = {{
    "openapi": "3.0.4",
    "info": {{"title": "Items", "version": "1"}},
    "servers": [{{"url": "https://items.example"}}],
    "paths": {{"/items": {{"get": {{"operationId": "listItems", "responses": {{}}}}}}}},
}}
MANIFEST = {{
    "schema_version": "v2.2",
    "namespace": "items",
    "name_for_human": "Items",
    "description_for_human": "A catalogue of items",
    "runtimes": [{{"type": "OpenApi", "auth": {{"type": "None"}}, "spec": {{"url": "openapi.json"}}}}],
}}

async def main() -> None:
    folder = Path.home()
    (folder / "openapi.json").write_text(json.dumps(DESCRIPTION))
    (folder / "plugin.json").write_text(json.dumps(MANIFEST))
    async with Orchestrator(plugins=[await load_plugin(folder / "plugin.json")], model="offline") as host:
        assert len(host.toolbox.functions) == 1
        assert (await host.conversation().ask("hello")).text

asyncio.run(main())
"""

WITH_CLIENT = f"{TURN}\nimport orchestrator.model.completion_client\n"


def command(*arguments: str) -> str:
    return (
        "import contextlib\nfrom orchestrator.cli.main import main\n"
        f"with contextlib.suppress(SystemExit):\n    assert main({list(arguments)!r}) == 0"
    )


def loaded_by(code: str, folder: Path) -> set[str]:
    """The modules that a fresh interpreter has after the code, by their full names."""
    program = f"import sys\n{code}\nprint(*sys.modules, file=sys.stderr)"
    environment = {"HOME": str(folder), "PATH": ""}
    ran = [sys.executable, "-c", program]
    done = subprocess.run(ran, capture_output=True, text=True, timeout=60, check=True, cwd=ROOT, env=environment)
    return set(done.stderr.splitlines()[-1].split())


@pytest.mark.parametrize(
    ("code", "unwanted"),
    [
        pytest.param("import orchestrator", RARELY_NEEDED | NETWORK | {"asyncio", "pydantic"}, id="package"),
        pytest.param(HOST, RARELY_NEEDED | PARTICULAR | NETWORK | {"jsonschema_rs", "regex"}, id="host"),
        pytest.param(TURN, RARELY_NEEDED | NETWORK, id="first turn, offline"),
        pytest.param(ONLY_JSON, RARELY_NEEDED | PARTICULAR | NETWORK, id="first turn with JSON alone"),
        pytest.param(WITH_CLIENT, RARELY_NEEDED, id="first turn, and the client of a model"),
        pytest.param(command("--help"), RARELY_NEEDED | NETWORK | {"asyncio", "pydantic", "yaml"}, id="--help"),
        pytest.param(command("tools", str(DONATIONS)), RARELY_NEEDED | NETWORK | UNASKED | {"regex"}, id="tools"),
        pytest.param(command("validate", str(DONATIONS)), RARELY_NEEDED | NETWORK, id="validate"),
        pytest.param(
            command("call", str(DONATIONS), "ListDonations", "--dry-run"), RARELY_NEEDED | NETWORK | UNASKED, id="call"
        ),
        pytest.param(
            command("chat", str(DONATIONS), "--model", "offline", "--no-store", "-m", "hello"),
            (RARELY_NEEDED | NETWORK | ON_TERMINALS) - {"rich"},
            id="chat, in a pipe",
        ),
    ],
)
def test_what_is_rarely_needed_is_loaded_when_it_is_needed(code: str, unwanted: frozenset[str], tmp_path: Path) -> None:
    loaded = loaded_by(code, tmp_path)
    assert "orchestrator" in loaded
    assert unwanted & loaded == set()
