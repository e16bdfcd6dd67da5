"""Issue 7: every confirmation of a real manifest is worded with arguments made from its function's parameters."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator import Orchestrator, load_plugin
from orchestrator.manifest.model import Function
from orchestrator.mock.generate import generated
from orchestrator.tools.toolbox import BoundFunction
from orchestrator.turn.wording import worded
from runtimes.fetch import SharedClient
from runtimes.values import Json, JsonObject

CORPUS = Path(__file__).resolve().parents[4] / "shared" / "corpus"
NOBODY = "http://127.0.0.1:1"
"""A proxy that is not there: what is remote cannot be had."""

PLACEHOLDER = re.compile(r"\$\{\{([A-Z0-9_]+)\}\}")
PLACE = re.compile(r"\{\{function\.parameters\.(\w+)\}\}")
CONFIRMATIONS = 43
"""How many there are, the same text in several manifests counted each time."""

BOUND = 25
"""Those of functions whose descriptions are at hand; the parameters of others are those that their texts name."""

pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real manifests is not beside the checkout")


def confirming() -> Iterator[tuple[Path, dict[str, str]]]:
    """The manifests that have confirmations, with a value for every placeholder that fits anywhere."""
    with (CORPUS / "INDEX.tsv").open(encoding="utf-8") as index:
        rows = [row for row in csv.DictReader(index, delimiter="\t") if row["json_ok"] == "yes"]
    for row in rows:
        path = CORPUS / row["repo"].replace("/", "__") / row["path"]
        if '"confirmation"' in path.read_text(encoding="utf-8-sig"):
            texts = (file.read_text(encoding="utf-8", errors="replace") for file in path.parent.rglob("*.*"))
            yield path, {name: "https://api.example.org" for text in texts for name in PLACEHOLDER.findall(text)}


def example(declared: Function, bound: BoundFunction | None) -> JsonObject:
    confirmation = declared.capabilities.confirmation
    assert confirmation is not None
    places = PLACE.findall(f"{confirmation.title} {confirmation.body}")
    named: JsonObject = {name: {"type": "string"} for name in places}
    schema: JsonObject = {"type": "object", "properties": named, "required": [*named]}
    arguments = generated(bound.parameters if bound is not None else schema, declared.name)
    assert isinstance(arguments, dict)
    return arguments


def expected(template: str, arguments: JsonObject) -> str:
    """The corpus spells every place the same way."""

    def value(place: re.Match[str]) -> str:
        found: Json = arguments.get(place[1])
        return str(found) if found is not None else ""

    return PLACE.sub(value, template).strip()


async def test_every_confirmation_of_the_corpus_is_worded_with_nothing_left_in_braces() -> None:
    seen = known = 0
    for path, environment in confirming():
        plugin = await load_plugin(path, environment=environment)
        http = SharedClient(proxy=NOBODY)
        async with Orchestrator(plugins=[plugin], model="offline", http=http) as host:
            toolbox = host.toolbox
        await http.aclose()
        for declared in plugin.manifest.functions or ():
            if (confirmation := declared.capabilities.confirmation) is None:
                continue
            bound = toolbox.at(plugin.namespace, declared.name)
            arguments = example(declared, bound)
            seen, known = seen + 1, known + (bound is not None)
            for template in (confirmation.title, confirmation.body):
                assert template is not None
                text = worded(template, declared.name, arguments, [*arguments]).text
                assert text == expected(template, arguments)
                assert "{" not in text
                assert "}" not in text
    assert (seen, known) == (CONFIRMATIONS, BOUND)
