"""One input of a fuzz run: a spoilt manifest with its spoilt files, checked as `orchestrator validate` does."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from urllib.parse import unquote

from orchestrator.check.report import Checked, as_github, as_json, as_text
from orchestrator.check.sarif import as_sarif
from orchestrator.check.validation import Reading, check_source
from orchestrator.errors import Problem
from runtimes.documents import DocumentError, parse_document
from runtimes.http import HttpRequest, HttpResponse
from runtimes.openapi.document import Description, OperationUnusable, UnreadableDescription
from runtimes.openapi.operations import read_operation
from runtimes.placeholders import Environment
from tests.fuzz.mutation import mutated
from tests.fuzz.seeds import MANIFEST, Seed

FOLDER = "https://fuzz.test/"
ENVIRONMENT = Environment(given={"GIVEN": "given", "HOST": "https://example.com"})
READINGS = (Reading(environment=ENVIRONMENT), Reading(is_strict=True, environment=ENVIRONMENT))

UNSHOWN = frozenset({"Cc", "Cs", "Zl", "Zp"})
BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

MAX_OPERATIONS = 40
"""Operations of a description that are resolved as a call needs them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """What is checked; `of` makes it of a seed."""

    seed: str
    files: Mapping[str, bytes]

    async def send(self, request: HttpRequest, /) -> HttpResponse:
        """Serves the files."""
        name = unquote(request.url.partition("?")[0].removeprefix(FOLDER))
        found = name in self.files
        return HttpResponse(status=200 if found else 404, headers=(), body=self.files.get(name, b""), url=request.url)


def of(seeds: Sequence[Seed], run: int, index: int) -> Input:
    """Input number `index` of a run: of these seeds always the same."""
    chance = Random(f"{run}:{index}")
    seed = seeds[index % len(seeds)]
    spoilt = chance.choice(("manifest", "files", "both"))
    manifest = seed.manifest if spoilt == "files" and seed.files else mutated(seed.manifest, chance)
    files = {
        name: data if spoilt == "manifest" or chance.random() < 0.2 else mutated(data, chance)
        for name, data in seed.files.items()
    }
    return Input(seed=seed.name, files={MANIFEST: manifest, **files})


def _check_place(found: Problem, checked: Checked) -> None:
    text = checked.texts.get(found.file) if found.file else checked.text
    if not found.line:
        assert found.column == 0, found
        return
    assert text is not None, found
    lines = text.split("\n")
    assert 1 <= found.line <= len(lines), found
    assert 1 <= found.column <= len(lines[found.line - 1]) + 1, found


def _check_reports(files: Sequence[Checked]) -> None:
    listed = json.loads(as_json(files))["files"]
    assert [one["valid"] for one in listed] == [checked.is_valid for checked in files]
    assert json.loads(as_sarif(files))["runs"]
    told = sum(len(checked.problems) for checked in files)
    annotations = as_github(files)
    assert len([line for line in annotations.split("\n") if line.startswith("::")]) == told
    for text in (annotations, as_text(files)):
        assert not [char for char in text.replace("\n", "") if unicodedata.category(char) in UNSHOWN or char in BIDI]
        text.encode()


def _resolve_operations(data: bytes) -> None:
    try:
        description = Description(parse_document(data, "x"), FOLDER)
    except (DocumentError, UnreadableDescription):
        return
    for entry in description.entries[:MAX_OPERATIONS]:
        try:
            read_operation(description, entry.operation_id or entry.function_name, FOLDER)
        except OperationUnusable:
            continue


async def check(one: Input, *, is_twice: bool) -> Sequence[Checked]:
    """Checks it in both readings; what must hold of any input is asserted."""
    files: tuple[Checked, ...] = ()
    for reading in READINGS:
        files = await check_source(FOLDER + MANIFEST, reading, one)
        for checked in files:
            for found in checked.problems:
                _check_place(found, checked)
        _check_reports(files)
        if is_twice:
            assert await check_source(FOLDER + MANIFEST, reading, one) == files
    for name, data in one.files.items():
        if name != MANIFEST:
            _resolve_operations(data)
    return files
