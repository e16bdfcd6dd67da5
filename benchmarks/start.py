"""What starting costs, in fresh interpreters: imports, a host that is ready for its first turn, and commands.

    python -m benchmarks.start [--repetitions N]

CPU time and the peak of memory of each process, interleaved, beside `import openai` and a ready `openai` client in the
same round; what is printed is the median. "ready" is all that a process has spent when its first turn has ended,
without what a second turn costs: nothing that is put off until the first turn is left out. Modules are compiled before
anything is measured, as they are where a distribution is installed. Nothing is asserted on the clock.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[1]
OPENAI = "import openai"
READY_OPENAI = "openai, ready"
READY = "ready for the first turn"
PLUGIN = "examples/donations/plugin.json"
COMMANDS: Mapping[str, list[str]] = {
    "orchestrator --help": ["--help"],
    "orchestrator tools": ["tools", PLUGIN],
    "orchestrator validate": ["validate", PLUGIN],
    "orchestrator call --dry-run": ["call", PLUGIN, "ListDonations", "--dry-run"],
    "orchestrator chat -m": ["chat", PLUGIN, "--model", "offline", "-m", "hello"],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """By one process: seconds of CPU, and MB at its peak."""

    cpu: float
    memory: float


def _programs(urls: Mapping[str, str]) -> dict[str, list[str]]:
    code = {
        "python": "pass",
        OPENAI: "import openai",
        READY_OPENAI: "import openai; openai.AsyncOpenAI(api_key='x').chat.completions",
        "import orchestrator": "import orchestrator",
        "import the host": "from orchestrator import Orchestrator, load_plugin",
    }
    programs = {name: ["-c", text] for name, text in code.items()}
    programs[READY] = ["-m", "benchmarks.ready", urls["model"], urls["api"]]
    for name, arguments in COMMANDS.items():
        programs[name] = ["-c", "from orchestrator.cli.main import run; run()", *arguments]
    return programs


def _spent(arguments: list[str], environment: Mapping[str, str], *, ends_with_marks: bool) -> Spent:
    process = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    told = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, f"{arguments} ended with {process.returncode}: {told.decode()}"
    memory = usage.ru_maxrss / 1024
    if ends_with_marks:
        _, first, second = json.loads(told)
        return Spent(cpu=first - (second - first), memory=memory)
    return Spent(cpu=usage.ru_utime + usage.ru_stime, memory=memory)


@contextmanager
def _servers() -> Generator[Mapping[str, str]]:
    program = [sys.executable, "-m", "benchmarks.servers"]
    with subprocess.Popen(program, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
        process.communicate()


def _print(samples: Mapping[str, list[Spent]]) -> None:
    width = max(map(len, samples))
    print(f"{'':{width}}   CPU ms      MB   of import openai   of openai, ready")
    for name, column in samples.items():
        cpu, memory = (statistics.median(values) for values in ([s.cpu for s in column], [s.memory for s in column]))
        ratios = [
            statistics.median(ours.cpu / theirs.cpu for ours, theirs in zip(column, samples[beside], strict=True))
            for beside in (OPENAI, READY_OPENAI)
        ]
        print(f"{name:{width}} {cpu * 1000:8.0f} {memory:7.1f} {ratios[0]:18.2f} {ratios[1]:18.2f}")


def main(repetitions: int) -> None:
    """Measures everything so often, after one round that compiles modules."""
    with _servers() as urls, TemporaryDirectory() as folder:
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": folder, "HOME": folder}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        programs = _programs(urls)
        samples: dict[str, list[Spent]] = {name: [] for name in programs}
        for round_ in range(repetitions + 1):
            for name, arguments in programs.items():
                spent = _spent(arguments, environment, ends_with_marks=name == READY)
                if round_:
                    samples[name].append(spent)
    _print(samples)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--repetitions", type=int, default=7)
    main(parser.parse_args().repetitions)
