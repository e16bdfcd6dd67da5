"""`orchestrator history --import` of odd files, and of one file twice at once, into real databases. Issue 8."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.cli.slow_store import WAITING
from orchestrator.content import AttachedFile
from orchestrator.events import AnswerReceived, TurnStarted
from runtimes.values import Json
from tests.orchestrator.journal.stores import store_url
from tests.orchestrator.journal.written import (
    ENDED,
    PICTURE,
    PICTURE_HASH,
    STARTED,
    TURN,
    data_of,
    end_line,
    fact_line,
    start_line,
    text_of,
    written,
)
from tests.servers import warm

SECONDS = 60
ODD = "a\0b\x1b[2J\u202ec\u2028\U0010ffff"
MANY = 40


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[str]:
    with store_url(request.param, tmp_path) as url:
        yield url


def begun(folder: Path, store: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        warm.line([sys.executable, "-W", "error", "-m", "orchestrator", "history", *arguments, "--store", store]),
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


def ran(folder: Path, store: str, *arguments: str, said: str = "") -> tuple[int, str, str]:
    process = begun(folder, store, *arguments)
    out, err = process.communicate(said, timeout=SECONDS)
    return process.returncode, out, err.replace(f"{WAITING.format(what='the store')}\n", "")  # on a busy machine


def test_texts_with_anything_in_them_are_kept_as_they_are(store: str, tmp_path: Path) -> None:
    picture = AttachedFile(id=ODD, name=ODD, media_type=ODD, size=len(PICTURE), sha256=PICTURE_HASH)
    started = TurnStarted(text=ODD, person="me", documents={ODD: ODD}, locale=ODD, attachments=(picture,), fence=ODD)
    answered = AnswerReceived(text=ODD * 2_000)
    data = data_of(written((started, answered, ENDED), PICTURE)).decode()
    assert ran(tmp_path, store, "--import", "-", said=data) == (0, "imported: c1\n", "")
    code, out, err = ran(tmp_path, store)
    assert (code, "\0" in out, err) == (0, False, "")
    assert ran(tmp_path, store, "c1", "--export", "-") == (0, data, "")


@pytest.mark.parametrize("lines", [[start_line(name="c\0")], [start_line(person="me\0")]])
def test_a_name_that_no_database_holds_is_told_of_before_anything_is_kept(
    store: str, tmp_path: Path, lines: list[Json]
) -> None:
    assert ran(tmp_path, store, "--import", "-", said=data_of().decode())[0] == 0
    good = [fact_line(0, name="good", kind="turn_started", person="me", documents={}), end_line(1, name="good")]
    code, out, err = ran(tmp_path, store, "--import", "-", said=text_of(*good, *lines).decode())
    assert (code, out) == (1, "")
    assert "orchestrator: standard input:4: a " in err
    assert "cannot be named" in err
    assert "nothing is imported" in err
    assert ran(tmp_path, store)[1] == "no conversation is kept\n"


def test_a_file_that_two_processes_import_at_once_is_imported_once(store: str, tmp_path: Path) -> None:
    picture = AttachedFile(id="f", name="p.png", media_type="image/png", size=len(PICTURE), sha256=PICTURE_HASH)
    facts = (replace(STARTED, attachments=(picture,)), *TURN[1:])
    names = [f"c{number}" for number in range(MANY)]
    data = data_of(*(written(facts, PICTURE, name=name) for name in names)).decode()
    processes = [begun(tmp_path, store, "--import", "-", "--json") for _ in range(2)]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write(data)
    told: list[dict[str, list[str]]] = []
    for process in processes:
        assert process.stdin is not None
        process.stdin.close()
    for process in processes:
        assert process.stdout is not None
        assert process.stderr is not None
        out, err = process.stdout.read(), process.stderr.read()
        assert process.wait(SECONDS) == 0, err
        assert "Traceback" not in err  # one may say that it waits for the store
        process.stdout.close()
        process.stderr.close()
        told.append(json.loads(out))
    assert sorted(told[0]["imported"] + told[1]["imported"]) == sorted(names)
    for one in told:
        assert sorted(one["imported"] + one["skipped"]) == sorted(names)
        assert one["problems"] == []
    exported = ran(tmp_path, store, "--export", "-")[1]
    assert sorted(exported.splitlines()) == sorted(data.splitlines())
