"""Every function of every real manifest can be called in principle, or has a reason that says why not."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from orchestrator import ManifestError, Orchestrator, load_plugin
from orchestrator.tools.toolbox import ALL_FUNCTIONS
from runtimes.fetch import SharedClient

CORPUS = Path(__file__).resolve().parents[4] / "shared" / "corpus"
NOBODY = "http://127.0.0.1:1"
"""A proxy that is not there: what is remote cannot be had."""


PLACEHOLDER = re.compile(r"\$\{\{([A-Z0-9_]+)\}\}")


def values() -> dict[str, str]:
    """A value for every placeholder of the corpus, one that may stand for a server as well as for a name."""
    texts = (path.read_text(encoding="utf-8", errors="replace") for path in CORPUS.rglob("*") if path.is_file())
    return {name: "https://api.example.org" for text in texts for name in PLACEHOLDER.findall(text)}


def manifests() -> list[Path]:
    if not CORPUS.is_dir():
        return []
    with (CORPUS / "INDEX.tsv").open(encoding="utf-8") as index:
        rows = [row for row in csv.DictReader(index, delimiter="\t") if row["json_ok"] == "yes"]
    return [CORPUS / row["repo"].replace("/", "__") / row["path"] for row in rows]


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real manifests is not beside the checkout")
async def test_every_function_of_the_corpus_is_offered_or_has_a_reason() -> None:
    offered = declared = 0
    environment = values()
    for path in manifests():
        plugin = await load_plugin(path, environment=environment)
        http = SharedClient(proxy=NOBODY)
        async with Orchestrator(plugins=[plugin], model="offline", http=http) as host:
            names = {function.name for function in host.toolbox.functions}
            reasons = {skipped.function: skipped.reason for skipped in host.toolbox.skipped}
        await http.aclose()
        for function in plugin.manifest.functions or ():
            declared += 1
            reason = reasons.get(function.name, reasons.get(ALL_FUNCTIONS, ""))
            assert function.name in names or reason, f"{path}: {function.name} is neither offered nor explained"
        offered += len(names)
    assert declared > 200
    assert offered > 100


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real manifests is not beside the checkout")
async def test_the_one_file_of_the_corpus_that_is_not_json_is_refused_at_its_place() -> None:
    path = CORPUS / "AbsolutelyFreeWeb__da-ristorante-with-adaptive-cards" / "appPackage" / "ai-plugin.json"
    with pytest.raises(ManifestError) as refused:
        await load_plugin(path)
    (problem,) = refused.value.problems
    assert problem.code == "not-json"
    assert problem.line > 1
