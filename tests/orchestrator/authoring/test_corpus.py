"""Manifests written from real descriptions satisfy the official schema, load without an error, and bind."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from orchestrator import Orchestrator, load_plugin
from orchestrator.authoring.draft import Draft, draft_manifest
from runtimes.documents import DocumentError, parse_document
from runtimes.openapi.document import Description, UnreadableDescription
from runtimes.placeholders import Environment
from runtimes.values import Json, pretty_json
from tests.orchestrator.authoring.judge import CORPUS, SERVER, at, complaints, drafted

EXAMPLES = sorted((Path(__file__).resolve().parents[3] / "examples").glob("*/openapi.yaml"))
KINDS = {".yaml", ".yml", ".json"}
KNOWN_REASONS = (
    "is relative, and the description comes from no URL",
    "is no host name",
    "has the unresolved placeholder",
)
"""Why an operation of the corpus is left out: each is the author's, none is ours."""


def descriptions() -> list[Path]:
    found: list[Path] = []
    for path in sorted(CORPUS.rglob("*")):
        if path.suffix in KINDS and path.is_file() and b"openapi" in path.read_bytes()[:4096]:
            try:
                Description(parse_document(path.read_bytes(), path.name), "")
            except (DocumentError, UnreadableDescription):
                continue
            found.append(path)
    return found


def draft_of(path: Path) -> Draft:
    root = parse_document(path.read_bytes(), path.name)
    return draft_manifest(Description(root, ""), reference=path.name, location=str(path.with_name("plugin.json")))


def lay_out(draft: Draft, description: Path, folder: Path) -> Environment:
    """Puts the manifest and its description into a folder; returns values for all of their placeholders."""
    text = description.read_text(encoding="utf-8-sig")
    folder.mkdir()
    (folder / description.name).write_text(text, encoding="utf-8")
    (folder / "plugin.json").write_text(pretty_json(draft.document), encoding="utf-8")
    names = re.findall(r"\$\{\{(\w+)", text + pretty_json(draft.document))
    values = {name: "https://filled.example" if re.search("URL|ENDPOINT", name) else "filled" for name in names}
    return Environment(given=values)


async def bound_functions(manifest: Path, environment: Environment) -> tuple[set[str], dict[str, str]]:
    """The functions that can be called, and why the others cannot."""
    plugin = await load_plugin(manifest, environment=environment)
    async with Orchestrator(plugins=[plugin], model="offline") as host:
        bound = {function.name for function in host.toolbox.functions}
        return bound, {skipped.function: skipped.reason for skipped in host.toolbox.skipped}


async def check(path: Path, folder: Path) -> int:
    """Judges the manifest of one description; the number of its functions."""
    draft = draft_of(path)
    assert complaints(draft.document) == [], path
    for one in draft.left_out:
        assert any(known in one.reason for known in KNOWN_REASONS), f"{path}: {one}"
    bound, skipped = await bound_functions(folder / "plugin.json", lay_out(draft, path, folder))
    assert bound | set(skipped) == set(draft.functions), path
    assert all("needs the credential" in reason for reason in skipped.values()), f"{path}: {skipped}"
    assert not skipped or draft.references, path
    return len(draft.functions)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.parent.name)
async def test_every_example_s_description_gives_a_manifest_that_binds(path: Path, tmp_path: Path) -> None:
    assert await check(path, tmp_path / "plugin") >= 1
    assert draft_of(path).left_out == ()


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of plugins does not lie beside the checkout")
async def test_every_description_of_the_corpus_gives_a_manifest_that_binds(tmp_path: Path) -> None:
    counts = [await check(path, tmp_path / str(number)) for number, path in enumerate(descriptions())]
    assert len(counts) >= 60
    assert sum(counts) >= 200


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of plugins does not lie beside the checkout")
def test_a_description_with_extensions_gives_what_its_author_wrote() -> None:
    (path,) = CORPUS.rglob("suno-openapi-with-extensions.yaml")
    root = parse_document(path.read_bytes(), path.name)
    assert isinstance(root, dict)
    servers: list[Json] = [{"url": SERVER}]
    document = drafted({**root, "servers": servers}).document
    assert document["logo_url"]
    assert document["contact_email"]
    assert str(document["description_for_model"]).startswith("Suno is a tool")
    states = at(document, "functions", 0, "states")
    reasoning, responding = at(states, "reasoning", "instructions"), at(states, "responding", "instructions")
    assert isinstance(reasoning, list)
    assert isinstance(responding, list)
    assert (len(reasoning), len(responding)) == (6, 4)
