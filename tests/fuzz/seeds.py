"""What mutation starts from: manifests with the files that they refer to, of the examples, the cases and the corpus."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestrator.check.sources import MAX_REFERENCES
from runtimes.values import InvalidJson, Json, parse_json
from tests.orchestrator.check.referring import CASES, QUIET

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT.parent / "shared" / "corpus"
MANIFEST = "plugin.json"

_SUFFIXES = (".json", ".yaml", ".yml", ".txt", ".md")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seed:
    """A manifest and what lies beside it."""

    name: str
    manifest: bytes
    files: Mapping[str, bytes]
    """By the reference that the manifest has."""


def _strings(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)


def _beside(path: Path) -> dict[str, bytes]:
    try:
        names = {text for text in _strings(parse_json(path.read_bytes())) if text.endswith(_SUFFIXES)}
    except InvalidJson:
        return {}
    found = {name: path.parent / name for name in sorted(names) if not name.startswith("/")}
    return {name: file.read_bytes() for name, file in [*found.items()][:MAX_REFERENCES] if file.is_file()}


def _read(path: Path, root: Path) -> Seed:
    return Seed(name=str(path.relative_to(root)), manifest=path.read_bytes(), files=_beside(path))


def _of_cases() -> Iterator[Seed]:
    for name, case in {**CASES, **QUIET}.items():
        files = {file: text.replace("▶", "").encode() for file, text in case.files.items()}
        manifest = files.pop(MANIFEST, None)
        if manifest is not None:
            yield Seed(name=f"case {name}", manifest=manifest, files=files)


def _of_corpus() -> Iterator[Seed]:
    for line in (CORPUS / "INDEX.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        repository, _, path, *_ = line.split("\t")
        file = CORPUS / repository.replace("/", "__") / path
        if file.is_file():
            yield _read(file, CORPUS)


def own_seeds() -> Sequence[Seed]:
    """Those that come with the project."""
    examples = sorted((ROOT / "examples").glob("*/plugin.json"))
    return [*(_read(path, ROOT) for path in examples), *_of_cases()]


def all_seeds() -> Sequence[Seed]:
    """With the corpus where it lies beside the checkout."""
    return [*own_seeds(), *(_of_corpus() if CORPUS.is_dir() else ())]
