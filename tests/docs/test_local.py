"""docs/local.md: both of its plugins run, and what it says of names and limits is what the code has."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest

from orchestrator import load_plugin
from orchestrator.cli.configuration import parse_configuration
from orchestrator.cli.configured_local import read_local
from orchestrator.errors import UsageError
from orchestrator.manifest.load import Plugin
from runtimes.base import CallContext, CallResult, FunctionCall, RuntimeExecutor, RuntimeServices, RuntimeSpec
from runtimes.fetch import SharedClient
from runtimes.local import connection, contract, demands, framing, introduction, messages, open_call, programs
from runtimes.local.executor import open_local
from runtimes.local.supervision import FIRST_PAUSE, MAX_PAUSE, PAUSING_DEATHS, WINDOW
from runtimes.local.transports import process, program
from runtimes.local_endpoint import FRAMINGS, IDLE_SECONDS, MAX_OPEN_FILES, LocalEndpoint
from runtimes.questions import (
    ANSWER_SECONDS,
    MAX_QUESTION_CHARS,
    MAX_QUESTIONS,
    MAX_TITLE_CHARS,
    LiveAnswer,
    LiveQuestion,
)
from runtimes.values import JsonObject, parse_json

SOURCE = (Path(__file__).resolve().parents[2] / "docs" / "local.md").read_text(encoding="utf-8")
TEXT = " ".join(SOURCE.split())
SECONDS = 30


def block(language: str) -> str:
    [found] = re.findall(rf"^```{language}\n(.*?)^```", SOURCE, re.DOTALL | re.MULTILINE)
    return str(found)


async def manifest() -> Plugin:
    document = parse_json(block("json"))
    assert isinstance(document, dict)
    return await load_plugin(document)


def endpoint(language: str, folder: Path) -> LocalEndpoint:
    program = folder / ("notes.py" if language == "py" else "notes.mjs")
    program.write_text(block(language), encoding="utf-8")
    if language == "py":
        return LocalEndpoint(command=(sys.executable, "-W", "error", program.name), directory=str(folder))
    if shutil.which("node") is None:
        assert not os.environ.get("CI"), "node is not installed"
        pytest.skip("node is not installed")
    return LocalEndpoint(command=("node", program.name), directory=str(folder))


@asynccontextmanager
async def opened(language: str, folder: Path) -> AsyncGenerator[RuntimeExecutor]:
    """The runtime of the page's manifest, with its plugin in that language behind it."""
    plugin = await manifest()
    [runtime] = plugin.manifest.runtimes
    services = RuntimeServices(http=SharedClient(), local_endpoints={"Notes": endpoint(language, folder)})
    spec = RuntimeSpec(
        plugin=plugin.namespace,
        type=runtime.type,
        spec=runtime.spec,
        location="",
        functions=tuple(function.name for function in plugin.manifest.functions or ()),
    )
    async with open_local(spec, services) as executor:
        yield executor


class Person:
    """Somebody who says yes or no."""

    def __init__(self, *, approves: bool) -> None:
        self._approves = approves
        self.asked: list[str] = []
        self.told: list[str] = []

    async def ask(self, question: LiveQuestion) -> LiveAnswer:
        self.asked.append(question.text)
        return LiveAnswer(action="accept" if self._approves else "decline")

    async def call(self, executor: RuntimeExecutor, function: str, arguments: JsonObject) -> CallResult:
        call = FunctionCall(id="c", function=function, arguments=arguments)
        context = CallContext(person="ada", timeout=SECONDS, progress=self.told.append, ask=self.ask)
        return await executor.invoke(call, context)


@pytest.mark.parametrize("language", ["py", "js"])
async def test_the_plugin_of_the_page_asks_before_it_deletes(language: str, tmp_path: Path) -> None:
    """Issue 10, item 3."""
    yes, no = Person(approves=True), Person(approves=False)
    with anyio.fail_after(2 * SECONDS):
        async with opened(language, tmp_path) as executor:
            assert await yes.call(executor, "addNote", {"text": "Sleep"}) == CallResult(payload={"count": 3})
            assert await no.call(executor, "clearNotes", {}) == CallResult(payload={"deleted": 0})
            assert await yes.call(executor, "clearNotes", {}) == CallResult(payload={"deleted": 3})
            assert await yes.call(executor, "addNote", {"text": "Rise"}) == CallResult(payload={"count": 1})
    assert (yes.asked, no.asked) == (["Delete all 3 notes?"], ["Delete all 3 notes?"])
    assert yes.told == no.told == ["counting 3 notes"]


@pytest.mark.parametrize("language", ["py", "js"])
async def test_a_call_while_the_person_is_asked_is_answered_too(language: str, tmp_path: Path) -> None:
    """Issue 10, item 3: such a question lives as long as its call, and others go on."""
    person, is_asked, may_answer = Person(approves=True), anyio.Event(), anyio.Event()
    results: dict[str, CallResult] = {}

    async def slow(question: LiveQuestion) -> LiveAnswer:
        is_asked.set()
        await may_answer.wait()
        return LiveAnswer(action="accept")

    async def clear(executor: RuntimeExecutor) -> None:
        call = FunctionCall(id="c", function="clearNotes", arguments={})
        results["clear"] = await executor.invoke(call, CallContext(person="ada", timeout=SECONDS, ask=slow))

    async def add(executor: RuntimeExecutor) -> None:
        await is_asked.wait()
        may_answer.set()
        results["add"] = await person.call(executor, "addNote", {"text": "Sleep"})

    with anyio.fail_after(2 * SECONDS):
        async with opened(language, tmp_path) as executor, anyio.create_task_group() as tasks:
            tasks.start_soon(clear, executor)
            tasks.start_soon(add, executor)
    assert not any(result.is_error for result in results.values())
    assert results.keys() == {"clear", "add"}


def test_every_member_of_the_table_is_told_and_read() -> None:
    rows = set(re.findall(r"^\| `(\w+)` \| ", SOURCE.partition("| member |")[2].partition("\n\n")[0], re.MULTILINE))
    written = parse_configuration(Path("/p/orchestrator.toml"), block("toml").encode()).local
    assert len(written) == 2
    with pytest.raises(UsageError) as refused:
        read_local(Path("f"), "x", {"none": 1})
    assert set(str(refused.value).rpartition("known: ")[2].split(", ")) == rows


def test_the_names_of_the_contract_are_told() -> None:
    for name in (*contract.OFFERS, contract.INITIALIZE, contract.SHUTDOWN, contract.PROGRESS, connection.CANCEL):
        assert f"| `{name}`" in SOURCE
    for framed in FRAMINGS:
        assert f"`{framed}`" in SOURCE
    for name in process.INHERITED:
        assert f"`{name}`" in SOURCE


@pytest.mark.parametrize(
    "words",
    [
        f"a message has at most {framing.MAX_MESSAGE_BYTES} bytes",
        f"{connection.MAX_OUTSTANDING} calls of one program may be open",
        f"{demands.MAX_DEMANDS} of its own requests at once",
        f"{MAX_QUESTIONS} questions in one call",
        f"{contract.MAX_FORM_MEMBERS} members in a form",
        f"{connection.MAX_BATCH} messages in a batch",
        f"a person has {ANSWER_SECONDS:g} seconds for an answer",
        f"a question is shown with {MAX_QUESTION_CHARS} characters, its title with {MAX_TITLE_CHARS}",
        f"a progress note with {open_call.MAX_PROGRESS_CHARS}",
        f"of one call {open_call.MAX_PROGRESS_NOTES} notes",
        f"or none within {introduction.INITIALIZE_SECONDS:g} seconds",
        f"silent for {introduction.INITIALIZE_SECONDS:g} seconds",
        f"is stopped ({IDLE_SECONDS:g} without it)",
        f"`open_files` ({MAX_OPEN_FILES} without it)",
        f"dies {PAUSING_DEATHS} times, each within {WINDOW:g} seconds of the last",
        f"only after {FIRST_PAUSE:g}, 2, 4 … {MAX_PAUSE:g} seconds",
        f"at most {programs.MAX_PROGRAMS} at once",
        f"the last {program.STDERR_BYTES // 1024} kib of its stderr",
        f"after {program.CLOSE_GRACE:g} second,",
        f"{messages.METHOD_NOT_FOUND} (no such method)",
        f"{messages.INVALID_PARAMS} (the params do not fit",
        f"{messages.TOO_BUSY} (too many",
        f"{contract.REQUEST_CANCELLED} (the question was",
        f"{messages.PARSE_ERROR} or {messages.INVALID_REQUEST} (no json",
        f'"protocol": {contract.PROTOCOL},',
    ],
)
def test_a_limit_is_named_as_it_is(words: str) -> None:
    assert words in TEXT.lower()
