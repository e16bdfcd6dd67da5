"""`orchestrator test --live` as people run it, over the real model client (issue 6)."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from xml.etree import ElementTree

import anyio
import pytest

from orchestrator.cli.main import main
from tests.orchestrator.testing.playing import write_conversation
from tests.servers import warm
from tests.servers.openai_server import Failure, Received, Reply, ScriptedAnswer, openai_server

PATIENCE = 60
"""Seconds until a test that waits for something has failed."""

GREETS = "plugins: []\nname: It [red]greets\nturns: [{say: Hi, model: never asked, expect: {text: Hello}}]\n"
PRICES = '[prices."openai:small"]\ninput = 100.0\noutput = 200.0\ncurrency = "EUR"\n'


def environment(url: str) -> Mapping[str, str]:
    return {**os.environ, "OPENAI_BASE_URL": url, "OPENAI_API_KEY": "key", "COLUMNS": "100"}


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-W", "error", "-m", "orchestrator", "test", *map(str, arguments)]


def failing(*numbers: int) -> Callable[[Received], ScriptedAnswer]:
    """Greets, but for the replies of these numbers."""
    asked = 0

    def script(request: Received) -> ScriptedAnswer:
        nonlocal asked
        asked += 1
        return Reply(text="Go away." if asked in numbers else "Hello.")

    return script


async def run(
    script: Callable[[Received], ScriptedAnswer], *arguments: str | Path, cwd: Path
) -> subprocess.CompletedProcess[str]:
    async with openai_server(script) as server:
        written = command(".", "--live", "openai:small", *arguments)
        done = await warm.run_process(written, folder=cwd, environ=environment(server.url))
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_conversation(tmp_path, GREETS)
    return tmp_path


async def test_three_failures_in_ten_runs_are_counted_and_leave_with_1(folder: Path) -> None:
    done = await run(failing(2, 5, 9), cwd=folder)
    assert (done.returncode, done.stderr) == (1, "")
    assert re.search(r"\n  It \[red\]greets +7/10 \(40-89 %\) ", done.stdout)
    *_, name, rate, place, expected, came, empty, conversations, runs, bill = done.stdout.splitlines()
    assert (name, rate) == ("one.conversation.yaml: It [red]greets", "  turn 1, text: held in 7/10 (40-89 %)")
    assert place == "    one.conversation.yaml:3:54: text: the answer does not contain what it should"
    assert (expected, came, empty) == ("        expected: Hello", "        came:     Go away.", "")
    assert conversations == "0 of 1 conversations passed in every run"
    assert runs.startswith("7 of 10 runs passed; ")
    assert bill.startswith("model openai:small: 110 tokens in, 70 out; for the cost, give ")


async def test_where_every_run_passes_it_leaves_with_0_and_prices_make_a_cost(folder: Path) -> None:
    (folder / "orchestrator.toml").write_text(PRICES, encoding="utf-8")
    done = await run(failing(), "--runs", "3", "--parallel", "2", cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert "3/3 (44-100 %)" in done.stdout
    assert "1 of 1 conversations passed in every run" in done.stdout
    assert "33 tokens in, 21 out, 0.0075 EUR" in done.stdout


async def test_a_saved_result_is_what_later_ones_are_held_against(folder: Path) -> None:
    base = folder / "base.json"
    first = await run(failing(4), "--save-baseline", base, cwd=folder)
    assert first.returncode == 1
    again = await run(failing(1, 2), "--baseline", base, cwd=folder)
    assert (again.returncode, again.stderr) == (0, "")
    assert "1 of 1 conversations are not worse than in the baseline, as far as 10 runs can tell" in again.stdout
    write_conversation(folder, GREETS.replace("It [red]greets", "It is new"), "new")
    new = await run(failing(3), "--baseline", base, "-k", "new", cwd=folder)
    assert new.returncode == 1
    worse = await run(failing(1, 2, 3, 4, 5, 6), "--baseline", base, "-k", "greets", cwd=folder)
    assert worse.returncode == 1
    assert "passed in 4/10 (17-69 %); worse than before: 9/10 (60-98 %), p = 0.029" in worse.stdout


async def test_runs_that_could_show_nothing_worse_are_refused_before_anybody_is_asked(folder: Path) -> None:
    base = folder / "base.json"
    assert (await run(failing(), "--runs", "3", "--save-baseline", base, cwd=folder)).returncode == 0
    few = await run(failing(1, 2, 3), "--runs", "3", "--baseline", base, cwd=folder)
    assert (few.returncode, few.stdout) == (2, "")
    assert "3 runs of each are too few to show that one is worse" in few.stderr
    assert "take --runs 4 at least" in few.stderr
    enough = await run(failing(1, 2, 3, 4), "--runs", "4", "--baseline", base, cwd=folder)
    assert enough.returncode == 1
    assert "passed in 0/4 (0-49 %); worse than before: 3/3" in enough.stdout


@pytest.mark.parametrize("status", [401, 403])
async def test_a_key_that_is_not_taken_stops_all_runs_and_is_told_once(folder: Path, status: int) -> None:
    asked = 0

    def script(request: Received) -> ScriptedAnswer:
        nonlocal asked
        asked += 1
        return Failure(status=status, message="no")

    done = await run(script, "--junit", "report.xml", "--save-baseline", "base.json", cwd=folder)
    assert (done.returncode, done.stderr) == (1, "")
    assert asked <= 4
    assert done.stdout.count(f"({status})") == 1
    assert "stopped: 0 of 1 conversations passed in every run" in done.stdout
    assert not (folder / "base.json").exists()
    [error] = ElementTree.parse(folder / "report.xml").getroot().iter("error")
    assert f"({status})" in str(error.get("message"))


async def test_one_request_that_is_refused_after_others_were_answered_breaks_its_run_alone(folder: Path) -> None:
    answers = iter(
        list[ScriptedAnswer]([Reply(text="Hello."), Failure(status=403, message="no"), Reply(text="Hello.")])
    )
    done = await run(lambda _: next(answers), "--runs", "3", "--parallel", "1", cwd=folder)
    assert done.returncode == 1
    assert "2 of 2 runs passed; 1 broken run is not counted" in done.stdout


def test_a_model_without_a_key_is_refused_before_the_first_run(folder: Path) -> None:
    env = {name: value for name, value in os.environ.items() if not name.startswith("OPENAI_")}
    for options in (("--live", "openai:x"), ("--live", "offline", "--judge", "openai:x")):
        done = warm.run(command(folder, *options), environ=env)
        assert (done.returncode, done.stdout) == (2, "")
        assert "needs OPENAI_API_KEY" in done.stderr


async def test_mistakes_in_a_file_are_told_before_anybody_is_asked(folder: Path) -> None:
    write_conversation(folder, "plugins: []\nturns: [{say: Hi, modell: Hello}]\n", "two")
    done = await run(failing(), cwd=folder)
    assert (done.returncode, done.stdout) == (2, "")


@pytest.mark.parametrize(("columns", "is_told"), [("60", False), ("80", True)])
async def test_the_table_takes_the_columns_that_there_are(folder: Path, columns: str, is_told: bool) -> None:
    write_conversation(folder, GREETS.replace("It [red]greets", "It greets " * 12), "long")
    with anyio.fail_after(PATIENCE):
        async with openai_server(failing()) as server:
            written = command(".", "--live", "openai:small", "--runs", "1")
            env = {**environment(server.url), "COLUMNS": columns}
            done = await warm.run_process(written, folder=folder, environ=env)
    table = done.stdout.decode().split("\n\n")[0].splitlines()
    assert max(map(len, table)) <= int(columns)
    assert ("tokens in" in table[0]) is is_told
    assert "…" not in "".join(table)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--runs", "1001"), "--runs takes a number up to 1000"),
        (("--parallel", "65"), "--parallel takes a number up to 64"),
        (("--update",), "--live and --update do not go together"),
        (("-x",), "--live and --exitfirst do not go together"),
        (("--live", "small"), "did you mean 'openai:small'?"),
        (("--save-baseline", "nowhere/base.json"), "name a file in a folder that is there"),
        (("--save-baseline", "/"), "--save-baseline: cannot write '/'"),
        (("--baseline", "nowhere.json"), "--baseline: cannot read 'nowhere.json'"),
        (("--baseline", __file__), ":1:3: the baseline is no JSON: "),
    ],
)
def test_wrong_use_leaves_with_2_before_anybody_is_asked(
    folder: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], told: str
) -> None:
    assert main(["test", str(folder), "--live", "openai:small", *options]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert told in printed.err


async def test_json_and_junit_have_all_of_it(folder: Path) -> None:
    done = await run(failing(1), "--runs", "4", "--json", "--junit", "report.xml", cwd=folder)
    told = json.loads(done.stdout)
    assert (told["passed"], told["failed"], told["interrupted"]) == (0, 1, False)
    [one] = told["conversations"]
    assert (one["name"], one["runs"], one["passed"]["held"]) == ("It [red]greets", 4, 3)
    root = ElementTree.fromstring((folder / "report.xml").read_text(encoding="utf-8"))
    assert [failure.get("message") for failure in root.iter("failure")] == [
        "held in 3/4 (30-95 %): the answer does not contain what it should"
    ]


async def test_a_judge_of_its_own_is_asked(tmp_path: Path) -> None:
    write_conversation(tmp_path, "plugins: []\nturns: [{say: Hi, expect: {judge: Is it polite?}}]\n")
    asked: list[object] = []

    def script(request: Received) -> ScriptedAnswer:
        asked.append(request.body["model"])
        return Reply(text="yes\nIt is." if request.body["model"] == "large" else "Hello.")

    done = await run(script, "--runs", "2", "--judge", "openai:large", cwd=tmp_path)
    assert done.returncode == 0
    assert sorted(map(str, asked)) == ["large", "large", "small", "small"]
    assert "judge openai:large: 22 tokens in, 14 out" in done.stdout


async def test_an_interrupted_play_tells_what_it_has_counted_and_leaves_with_130(folder: Path) -> None:
    never = anyio.Event()
    asked = 0

    def script(request: Received) -> ScriptedAnswer:
        nonlocal asked
        asked += 1
        return Reply(text="Hello.", gates={0: never} if asked > 3 else {})

    with anyio.fail_after(PATIENCE):
        async with openai_server(script) as server:
            arguments = command(".", "--live", "openai:small", "--parallel", "2", "--junit", "report.xml")
            async with await anyio.open_process(
                warm.line(arguments), cwd=folder, env=environment(server.url), stdin=subprocess.DEVNULL
            ) as process:
                await server.wait_for_requests(5)
                process.send_signal(signal.SIGINT)
                assert process.stdout is not None
                assert process.stderr is not None
                told = b"".join([piece async for piece in process.stdout]).decode()
                complaints = b"".join([piece async for piece in process.stderr]).decode()
                assert (await process.wait(), complaints) == (130, "")
    assert "interrupted: 1 of 1 conversations passed in every run\n3 of 3 runs passed; " in told
    [error] = ElementTree.parse(folder / "report.xml").getroot().iter("error")
    assert error.get("message") == "interrupted: not all runs were played"
