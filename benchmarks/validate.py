"""CPU time of validating the corpus beside plain parsing of the same files, in one process.

    python benchmarks/validate.py [--corpus FOLDER] [--repetitions N] [--profile]

Plain parsing is the standard library's JSON and a libyaml loader, over every manifest and each file that a manifest
refers to, as often as manifests refer to it. In each repetition both run in alternating order, and the ratio is taken
inside it; what is printed is the median. Nothing is asserted on the clock; the target is a ratio of at most 5.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import gc
import json
import pstats
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import yaml

from orchestrator.check.sources import MAX_REFERENCES
from orchestrator.check.validation import Reading, check_source
from runtimes.documents import DocumentError, parse_document
from runtimes.errors import FetchError, InvocationError
from runtimes.fetch import resolve_location
from runtimes.http import HttpRequest, HttpResponse
from runtimes.values import Json

CORPUS = Path(__file__).resolve().parents[2] / "shared" / "corpus"

TARGET = 5
"""The ratio that validation is to stay below."""

PROFILE_LINES = 30
"""How many functions a profile prints."""

READINGS = {
    "lenient": Reading(),
    "strict": Reading(is_strict=True),
    "lenient, no references": Reading(has_references=False),
    "strict, no references": Reading(is_strict=True, has_references=False),
}

Work = Callable[[], Awaitable[int]]


class Offline:
    """An HTTP client without a network: what a manifest refers to by URL cannot be had."""

    async def send(self, request: HttpRequest, /) -> HttpResponse:
        raise InvocationError("there is no network here", not_executed="connect")


def _manifests(corpus: Path) -> list[Path]:
    lines = (corpus / "INDEX.tsv").read_text(encoding="utf-8").splitlines()[1:]
    fields = (line.split("\t") for line in lines)
    return [corpus / repository.replace("/", "__") / path for repository, _, path, *_ in fields]


def _references(value: Json) -> list[str]:
    """The values of `url` and `file` anywhere in a manifest."""
    if isinstance(value, list):
        return [found for inner in value for found in _references(inner)]
    if not isinstance(value, dict):
        return []
    own = [inner for name, inner in value.items() if name in {"url", "file"} and isinstance(inner, str)]
    return own + [found for inner in value.values() for found in _references(inner)]


def _files_of(manifest: Path) -> list[Path]:
    """The manifest, and each local file that it refers to, once."""
    try:
        document = parse_document(manifest.read_bytes(), manifest.name)
    except DocumentError:
        return [manifest]
    found: dict[Path, None] = {manifest: None}
    for reference in _references(document):
        try:
            path = Path(resolve_location(str(manifest), reference))
        except FetchError:
            continue
        if path.is_file() and len(found) <= MAX_REFERENCES:
            found[path.resolve()] = None
    return [*found]


def _parse(path: Path) -> None:
    data = path.read_bytes()
    try:
        json.loads(data)
    except ValueError:
        if path.suffix in {".yaml", ".yml"}:
            yaml.load(data, Loader=yaml.CSafeLoader)


def _plain(files: Sequence[Path]) -> Work:
    async def parse_all() -> int:
        for path in files:
            _parse(path)
        return len(files)

    return parse_all


def _ours(manifests: Sequence[Path], reading: Reading) -> Work:
    http = Offline()

    async def validate_all() -> int:
        return sum([len(await check_source(str(path), reading, http)) for path in manifests])

    return validate_all


async def _cpu(work: Work) -> float:
    """Milliseconds of this process's CPU time."""
    gc.collect()
    start = time.process_time()
    assert await work()
    return (time.process_time() - start) * 1000


async def _compare(name: str, ours: Work, plain: Work, repetitions: int) -> None:
    samples: list[tuple[float, float]] = []
    for repetition in range(repetitions):
        if repetition % 2:
            mine = await _cpu(ours)
            samples.append((mine, await _cpu(plain)))
        else:
            theirs = await _cpu(plain)
            samples.append((await _cpu(ours), theirs))
    ratios = sorted(mine / theirs for mine, theirs in samples)
    mine, theirs = (statistics.median(column) for column in zip(*samples, strict=True))
    print(
        f"{name:24} ours {mine:7.1f} ms   parsing {theirs:6.1f} ms   ratio {statistics.median(ratios):5.2f}"
        f"  ({ratios[0]:.2f} to {ratios[-1]:.2f}, target {TARGET})"
    )


async def _profile(ours: Work) -> None:
    await ours()
    profile = cProfile.Profile()
    profile.enable()
    await ours()
    profile.disable()
    for order in ("tottime", "cumulative"):
        pstats.Stats(profile).sort_stats(order).print_stats(PROFILE_LINES)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--corpus", type=Path, default=CORPUS)
    parser.add_argument("--repetitions", type=int, default=9)
    parser.add_argument(
        "--profile", action="store_true", help="print where the lenient reading spends its time instead"
    )
    return parser.parse_args()


async def _main(arguments: argparse.Namespace) -> None:
    manifests = _manifests(arguments.corpus)
    files = [path for manifest in manifests for path in _files_of(manifest)]
    if arguments.profile:
        await _profile(_ours(manifests, READINGS["lenient"]))
        return
    print(f"{len(manifests)} manifests, {len(files)} files, {sum(path.stat().st_size for path in files) / 1e6:.1f} MB")
    plain = _plain(files)
    for reading in READINGS.values():
        await _ours(manifests, reading)()
    for name, reading in READINGS.items():
        await _compare(name, _ours(manifests, reading), plain, arguments.repetitions)


if __name__ == "__main__":
    asyncio.run(_main(_arguments()))
