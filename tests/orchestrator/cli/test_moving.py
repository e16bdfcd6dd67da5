"""`orchestrator history --export` and `--import`: conversations move, whole and at rest. Issue 8."""

from __future__ import annotations

import json
from collections.abc import Generator
from pathlib import Path

import pytest

from orchestrator.content import AttachedFile
from orchestrator.event_json import decode
from orchestrator.events import Fact, TurnStarted
from orchestrator.turn.importing import at_rest
from runtimes.values import JsonObject
from tests.orchestrator.cli.kept_facts import Run, command_line, keep, said
from tests.orchestrator.cli.kept_shop import ORDER, Shop, open_shop
from tests.orchestrator.journal.written import FIRST, PICTURE, PICTURE_HASH, TURN, data_of, written


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    return command_line(tmp_path, capsys)


@pytest.fixture
def shop(tmp_path: Path) -> Generator[Shop]:
    with open_shop(tmp_path) as opened:
        yield opened


def test_conversations_move_to_another_store_with_all_their_facts(shop: Shop, run: Run, tmp_path: Path) -> None:
    first, second, third = shop.say(ORDER, "hello", "good bye")
    file = str(tmp_path / "all.jsonl")
    done = run("history", "--export", file)
    assert (done.code, done.out) == (0, f"3 conversations written to {file}\n")
    taken = run("history", "--import", file, store="other.db")
    assert (taken.code, taken.out) == (0, f"imported: {first}\nimported: {second}\nimported: {third}\n")
    order = [one["id"] for one in json.loads(run("history", "--json", store="other.db").out)["conversations"]]
    assert order == [third, second, first]
    for conversation in (second, third):
        there = run("history", conversation, "--json", store="other.db").out
        assert there == run("history", conversation, "--json").out
    facts = tuple(decode(line) for line in run("history", first, "--json").out.splitlines())
    moved = run("history", first, "--json", store="other.db").out.splitlines()
    kept_facts = [fact for fact in facts if isinstance(fact, Fact)]
    assert tuple(decode(line) for line in moved) == at_rest(kept_facts)
    assert run("pending", store="other.db").out == "nothing waits for an answer\n"
    again = run("history", "--import", file, "--json", store="other.db")
    assert json.loads(again.out) == {"imported": [], "skipped": [first, second, third], "problems": []}
    assert json.loads(run("history", "--import", file, "--json").out)["skipped"] == [first, second, third]


def test_one_conversation_is_printed_and_read_from_a_pipe(shop: Shop) -> None:
    first, _ = shop.say("hello", "good bye")
    lines = shop.run("history", first, "--export").stdout
    assert lines.splitlines()[0] == FIRST.replace(", ", ",").replace(": ", ":")
    shop.store = "other.db"
    taken = shop.run("history", "--import", "-", said=lines)
    assert (taken.returncode, taken.stdout) == (0, f"imported: {first}\n")
    assert shop.run("history", first, "--export").stdout == lines


def test_files_move_with_their_conversation(tmp_path: Path, run: Run) -> None:
    picture = AttachedFile(id="f1", name="p.png", media_type="image/png", size=len(PICTURE), sha256=PICTURE_HASH)
    started = TurnStarted(text="look", person="me", documents={}, attachments=(picture,))
    file = tmp_path / "in.jsonl"
    file.write_bytes(data_of(written((started, *TURN[1:]), PICTURE)))
    assert run("history", "--import", str(file)).code == 0
    out = tmp_path / "out.jsonl"
    assert run("history", "--export", str(out)).code == 0
    assert out.read_bytes() == file.read_bytes()


def test_a_file_with_mistakes_is_refused_whole_with_every_line(tmp_path: Path, run: Run) -> None:
    bad = tmp_path / "bad.jsonl"
    good = data_of(written(name="good")).decode().splitlines()
    lines = [*good, "nonsense \x1b[2J", '{"a": 1}', '{"conversation": "c", "sequence": 5, "fact": {}}']
    bad.write_text("\n".join(lines) + "\n", encoding="utf-8")
    done = run("history", "--import", str(bad))
    assert (done.code, done.out) == (1, "")
    told = done.err.splitlines()
    numbers = [line.removeprefix(f"orchestrator: {bad}:").partition(":")[0] for line in told[:-1]]
    assert numbers == [str(len(good) + 1), str(len(good) + 2), str(len(good) + 3), str(len(good) + 3)]
    assert told[-1] == "nothing is imported"
    assert "\x1b" not in done.err
    assert not (tmp_path / "chats.db").exists()
    told_json: JsonObject = json.loads(run("history", "--import", str(bad), "--json").out)
    assert told_json["imported"] == []


def test_a_conversation_that_is_there_with_other_facts_stops_an_import(tmp_path: Path, run: Run) -> None:
    keep(tmp_path, ("c1", said("hello")))
    file = tmp_path / "in.jsonl"
    file.write_bytes(data_of(written(name="c0"), written(name="c1")))
    done = run("history", "--import", str(file))
    assert (done.code, done.out) == (1, "")
    assert "conversation 'c1' is kept already, with other facts: delete it, or import into another store" in done.err
    assert [one["id"] for one in json.loads(run("history", "--json").out)["conversations"]] == ["c1"]


def test_an_export_writes_over_nothing(tmp_path: Path, run: Run) -> None:
    keep(tmp_path, ("c1", said("hello")))
    file = tmp_path / "there.jsonl"
    file.write_text("mine", encoding="utf-8")
    done = run("history", "--export", str(file))
    assert (done.code, file.read_text(encoding="utf-8")) == (2, "mine")
    assert "exists and is not overwritten" in done.err
    assert run("history", "c9", "--export", str(tmp_path / "new.jsonl")).code == 2
    assert not (tmp_path / "new.jsonl").exists()
    assert "name IDs before --export" in run("history", "--export", "c1").err
