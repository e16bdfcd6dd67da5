"""Real manifests against what they refer to: nothing ends in an exception, and nothing right is complained about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.check.bindings import Bound, bound_by
from orchestrator.check.references import check_references
from orchestrator.check.referred import read_referred
from orchestrator.check.sources import Sources
from orchestrator.manifest.examine import Examined, examine
from runtimes.http import HttpRequest, HttpResponse
from runtimes.placeholders import Environment
from tests.orchestrator.check.referring import ROOT

CORPUS = ROOT.parent / "shared" / "corpus"
FOUND = {
    "unconfirmed-change": 42,
    "path-finds-nothing": 47,
    "unreadable-reference": 9,
    "auth-unneeded": 4,
    "auth-missing": 2,
    "server-url": 2,
    "description-too-long": 1,
    "undeclared-path-variable": 1,
    "card-name": 48,
    "card-handlebars": 1,
}
"""How many problems there are of each kind, unresolved placeholders aside; each was looked at and is one."""

pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of plugins does not lie beside the checkout")


class NotThere:
    """An HTTP client for which nothing is anywhere."""

    async def send(self, request: HttpRequest, /) -> HttpResponse:
        return HttpResponse(status=404, headers=(), body=b"", url=request.url)


def manifests() -> Iterator[tuple[Path, Examined]]:
    rows = [row.split("\t") for row in (CORPUS / "INDEX.tsv").read_text(encoding="utf-8").splitlines()[1:]]
    for row in rows:
        path = CORPUS / row[0].replace("/", "__") / row[2]
        examined = examine(path.read_bytes())
        if examined.manifest is not None:
            yield path, examined


async def test_every_problem_of_a_real_manifest_is_one() -> None:
    """Issue 3, point 4 and what it must show."""
    counts: Counter[str] = Counter()
    walked = 0
    for path, examined in manifests():
        assert examined.manifest is not None
        problems, texts = await check_references(
            examined.document, examined.manifest, str(path), http=NotThere(), environment=Environment()
        )
        walked += 1
        counts.update(problem.code for problem in problems)
        for problem in problems:
            assert problem.severity == "warning"
            assert bool(problem.file) == bool(problem.line)
            assert not problem.file or len(texts[problem.file].split("\n")) >= problem.line
    assert walked == 97
    assert counts.pop("unresolved-placeholder") > 100
    assert counts == FOUND


async def bound_functions() -> list[Bound]:
    found: list[Bound] = []
    for path, examined in manifests():
        assert examined.manifest is not None
        sources = Sources(str(path), NotThere(), Environment())
        referred = await read_referred(examined.document, examined.manifest, sources)
        for described in referred.runtimes:
            found += bound_by(described, referred.functions)
    return found


async def test_functions_are_called_as_their_operations_are() -> None:
    """Names equal operationIds exactly; one file has operations without any."""
    bound = await bound_functions()
    assert len(bound) == 217
    assert [one.name for one in bound if one.entry.operation_id != one.name] == ["delete_repairs", "patch_repairs"]
    assert all(one.entry.operation_id in (one.name, None) for one in bound)
