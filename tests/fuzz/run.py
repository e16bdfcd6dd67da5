"""A long fuzz run of `orchestrator validate`, on one core: what breaks is told with its number, and can be repeated.

    python -m tests.fuzz.run --inputs 20000 --seed 1
    python -m tests.fuzz.run --seed 1 --only 4711 --keep /tmp/input

It starts from the examples, the cases of the tests and, where it lies beside the checkout, the corpus.
"""

from __future__ import annotations

import argparse
import faulthandler
import sys
import time
import traceback
from collections import Counter
from pathlib import Path

import anyio

from tests.fuzz import inputs
from tests.fuzz.seeds import all_seeds

HANG_SECONDS = 60
"""After which one input hangs: the process ends with the stack."""

MAX_TOLD = 20
"""Failures after which a run gives up."""


def _keep(one: inputs.Input, folder: Path) -> None:
    for name, data in one.files.items():
        path = (folder / name.replace("..", "_")).resolve()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def _tell(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


async def _run(options: argparse.Namespace) -> int:
    seeds = all_seeds()
    failures: Counter[str] = Counter()
    verdicts: Counter[bool] = Counter()
    slowest, slowest_index = 0.0, 0
    numbers = range(options.inputs) if options.only is None else [options.only]
    for index in numbers:
        one = inputs.of(seeds, options.seed, index)
        if options.keep:
            _keep(one, options.keep)
        faulthandler.dump_traceback_later(HANG_SECONDS, exit=True)
        started = time.process_time()
        try:
            files = await inputs.check(one, is_twice=index % 4 == 0)
            verdicts[all(checked.is_valid for checked in files)] += 1
        except Exception as error:  # noqa: BLE001  whatever breaks is what is looked for
            place = traceback.extract_tb(error.__traceback__)[-1]
            kind = f"{type(error).__name__} at {Path(place.filename).name}:{place.lineno}"
            failures[kind] += 1
            if failures[kind] == 1:
                _tell(f"input {index} ({one.seed}):\n{''.join(traceback.format_exception(error, limit=-6))}")
        took = time.process_time() - started
        slowest, slowest_index = max((slowest, slowest_index), (took, index))
        if len(failures) >= MAX_TOLD:
            break
    faulthandler.cancel_dump_traceback_later()
    _tell(f"{verdicts.total()} inputs had a verdict, {verdicts[True]} of them valid when strict")
    _tell(f"the slowest took {slowest:.2f} s: input {slowest_index}")
    _tell(f"{failures.total()} failures: {dict(failures)}")
    return 1 if failures else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--inputs", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, help="one input, by its number")
    parser.add_argument("--keep", type=Path, help="a folder to write the files of each input to")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(anyio.run(_run, _options()))
