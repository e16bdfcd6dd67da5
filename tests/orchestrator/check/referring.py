"""Manifests with the files that they refer to, from `tests/cases/references`, and what is found in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from orchestrator.check.references import check_references
from orchestrator.errors import Problem
from orchestrator.manifest.model import Manifest
from runtimes.http import HttpClient
from runtimes.placeholders import Environment
from runtimes.values import Json, JsonObject, parse_json
from tests.servers.no_http import NoHttp

ROOT = Path(__file__).resolve().parents[3]
PLACE = "▶"
"""Stands in the text of a case where the problem is expected."""
FILE = "--- "
"""Begins the line that names the next file of a case; the line before the first is the pointer."""
ENVIRONMENT = Environment(given={"TENANT": "contoso"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    code: str
    pointer: str
    files: Mapping[str, str]


def read_case(path: Path) -> Case:
    pointer, *parts = path.read_text(encoding="utf-8").split("\n" + FILE)
    files = dict(part.split("\n", 1) for part in parts)
    return Case(code=path.name.partition(".")[0], pointer=pointer.strip(), files=files)


FOLDER = ROOT / "tests" / "cases" / "references"
CASES = {path.stem: read_case(path) for path in sorted(FOLDER.glob("*.txt"))}
QUIET = {path.stem: read_case(path) for path in sorted((FOLDER / "quiet").glob("*.txt"))}


async def found_in(
    document: JsonObject, location: str, *, http: HttpClient | None = None
) -> tuple[tuple[Problem, ...], Mapping[str, str]]:
    manifest = Manifest.model_validate(document)
    return await check_references(document, manifest, location, http=http or NoHttp(), environment=ENVIRONMENT)


async def problems_of(document: JsonObject, folder: Path) -> list[Problem]:
    return list((await found_in(document, str(folder / "plugin.json")))[0])


def written(folder: Path, files: Mapping[str, str]) -> JsonObject:
    """Writes the files and gives the manifest among them."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    document = parse_json(files["plugin.json"])
    assert isinstance(document, dict)
    return document


def manifest_for(*references: str, **members: Json) -> JsonObject:
    runtimes: list[Json] = [{"type": "OpenApi", "spec": {"url": reference}} for reference in references]
    return {"name_for_human": "Mine", "runtimes": runtimes, **members}
