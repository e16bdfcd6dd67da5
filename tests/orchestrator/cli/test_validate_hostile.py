"""`orchestrator validate` as a process, on manifests that mean harm: one error each, in bounded memory (issue 3)."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from runtimes.limits import MAX_DEPTH, MAX_KEY_CHARS, MAX_NUMBER_DIGITS, MAX_STRING_CHARS
from runtimes.positions import MAX_NODES

GUARD_SECONDS = 120
"""After which the command hangs; it takes a second or two."""

ADDRESS_SPACE = 2 * 1024**3
"""Bytes that the command may have, its libraries and threads included."""

HOSTILE: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "nothing in it"),
    "mark": (b"\xef\xbb\xbf", "nothing in it"),
    "utf-16": ('{"a": 1}'.encode("utf-16"), "UTF-16"),
    "utf-16-le": ('{"a": 1}'.encode("utf-16-le"), "UTF-16"),
    "latin-1": (b'{"a": "\xe9"}', "not UTF-8"),
    "nul": (b'{"a": "\x00"}', "control character"),
    "surrogate": (b'{"a": "\\ud800"}', "lone surrogate"),
    "nan": (b'{"a": NaN}', "unexpected character"),
    "exponent": (b'{"a": 1e999}', "too large"),
    "digits": (b'{"a": ' + b"9" * 100_000 + b"}", f"more than {MAX_NUMBER_DIGITS} digits"),
    "deep": (b'{"a":' * 100_000, f"more than {MAX_DEPTH} deep"),
    "deep-array": (b"[" * 100_000 + b"]" * 100_000, f"more than {MAX_DEPTH} deep"),
    "values": (b'{"a": [' + b"{}," * 1_300_000 + b"0]}", "values"),
    "places": (b'{"a": [' + b"0," * (MAX_NODES + 1) + b"0]}", f"more than {MAX_NODES} values"),
    "key": (b'{"' + b"k" * (MAX_KEY_CHARS + 1) + b'": 1}', f"longer than {MAX_KEY_CHARS} characters"),
    "string": (b'{"a": "' + b"s" * (MAX_STRING_CHARS + 1) + b'"}', f"longer than {MAX_STRING_CHARS} characters"),
    "bytes": (b'{"a": "' + b"s" * (4 * 1024**2) + b'"}', "larger than"),
    "array": (b"[]", "object"),
    "yaml": (b"schema_version: v2.2\nname_for_human: x", "not JSON"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("hostile")
    for name, (data, _) in HOSTILE.items():
        (made / f"{name}.json").write_bytes(data)
    return made


def limit_memory() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))


def validated(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    files = [f"{name}.json" for name in HOSTILE]
    return subprocess.run(
        [sys.executable, "-m", "orchestrator", "validate", *files, *arguments],
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=GUARD_SECONDS,
        preexec_fn=limit_memory,
    )


def test_each_is_one_error_in_the_report_for_programs(folder: Path) -> None:
    done = validated(folder, "--json")
    assert (done.returncode, done.stderr) == (1, "")
    told = {file["path"].removesuffix(".json"): file for file in json.loads(done.stdout)["files"]}
    assert set(told) == set(HOSTILE)
    assert [name for name, file in told.items() if file["valid"]] == []
    messages = {name: [one["message"] for one in file["problems"]] for name, file in told.items()}
    assert {name: found for name, found in messages.items() if len(found) != 1} == {}
    assert {name: found for name, found in messages.items() if HOSTILE[name][1] not in found[0]} == {}


def test_each_is_one_line_in_the_report_for_people(folder: Path) -> None:
    done = validated(folder, "--strict")
    assert (done.returncode, done.stderr) == (1, "")
    assert "Traceback" not in done.stdout
    errors = [line for line in done.stdout.splitlines() if ": error " in line]
    assert [line.partition(".json")[0] for line in errors] == [*HOSTILE]
    assert max(map(len, done.stdout.splitlines())) < 300
