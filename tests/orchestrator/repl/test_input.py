"""Lines come from a pipe without blocking, and from a prompt with history, completion and several lines."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import anyio
import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from prompt_toolkit.input import PipeInput as TypedKeys
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from orchestrator.repl.input import MAX_LINE, PipeInput
from orchestrator.repl.prompt import PromptInput, Words

COMMANDS = ("/help", "/plugins", "/tools")


def no_echo(text: str) -> None:
    del text


@contextmanager
def pipe() -> Generator[tuple[int, int]]:
    reader, writer = os.pipe()
    try:
        yield reader, writer
    finally:
        os.close(reader)


@contextmanager
def prompt(tmp_path: Path) -> Generator[tuple[PromptInput, TypedKeys]]:
    with create_pipe_input() as keys, create_app_session(input=keys, output=DummyOutput()):
        yield PromptInput(COMMANDS, lambda: ("find_homes",), tmp_path / "state" / "history"), keys


async def test_each_line_of_a_pipe_is_a_message() -> None:
    """Issue 2, item 9: works from a pipe."""
    echoed: list[str] = []
    with pipe() as (reader, writer):
        person = PipeInput(reader, echo=echoed.append)
        os.write(writer, "  one\n\n \ntwo é\nlast".encode())
        os.close(writer)
        messages = [await person.message() for _ in range(4)]
    assert messages == ["one", "two é", "last", None]
    assert echoed == ["one", "two é", "last"]


async def test_waiting_for_a_pipe_leaves_the_loop_free() -> None:
    with pipe() as (reader, writer):
        person = PipeInput(reader, echo=no_echo)
        got: list[str | None] = []

        async def read() -> None:
            got.append(await person.message())

        with anyio.fail_after(5):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(read)
                await anyio.wait_all_tasks_blocked()
                half, rest = "é\n".encode()[:1], "é\n".encode()[1:]
                os.write(writer, half)
                await anyio.wait_all_tasks_blocked()
                assert got == []
                os.write(writer, rest)
        os.close(writer)
    assert got == ["é"]


async def test_a_file_is_read_like_a_pipe(tmp_path: Path) -> None:
    path = tmp_path / "lines.txt"
    path.write_bytes(b"one\r\n\xff\n")
    with path.open("rb") as file:
        person = PipeInput(file.fileno(), echo=no_echo)
        assert [await person.message() for _ in range(3)] == ["one", "\N{REPLACEMENT CHARACTER}", None]


async def test_a_line_without_an_end_is_taken_in_pieces(tmp_path: Path) -> None:
    path = tmp_path / "long.txt"
    path.write_bytes(b"x" * (MAX_LINE + 1))
    with path.open("rb") as file:
        person = PipeInput(file.fileno(), echo=no_echo)
        assert [len(await person.message() or "") for _ in range(3)] == [MAX_LINE, 1, 0]


async def test_nobody_answers_at_the_end_of_a_pipe() -> None:
    with pipe() as (reader, writer):
        os.write(writer, b"y\n")
        person = PipeInput(reader, echo=no_echo)
        assert not person.is_interactive
        assert await person.answer("run it? ") is None
        assert await person.message() == "y"
        os.close(writer)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ("hello\r", "hello"),
        ("one\\\rtwo\r", "one\ntwo"),
        ("one\x1b\rtwo\r", "one\ntwo"),
        ("a path C:\\\\\r", "a path C:\\\\"),
        ("wrong\x03right\r", "right"),
        (" \r\rhello\r", "hello"),
        ("\x04", None),
    ],
)
async def test_what_keys_do_at_the_prompt(keys: str, message: str | None, tmp_path: Path) -> None:
    with prompt(tmp_path) as (person, typed), anyio.fail_after(5):
        typed.send_text(keys)
        assert await person.message() == message


async def test_messages_are_remembered_where_only_their_writer_reads(tmp_path: Path) -> None:
    with prompt(tmp_path) as (person, typed), anyio.fail_after(5):
        typed.send_text("hello\r")
        await person.message()
    path = tmp_path / "state" / "history"
    assert "hello" in path.read_text()
    assert path.stat().st_mode & 0o077 == 0
    with prompt(tmp_path) as (person, typed), anyio.fail_after(5):
        typed.send_text("\x1b[A\r")
        assert await person.message() == "hello"


async def test_an_answer_is_not_remembered_and_can_be_refused(tmp_path: Path) -> None:
    with prompt(tmp_path) as (person, typed), anyio.fail_after(5):
        for keys, answer in (("y\r", "y"), ("\x03", None), ("\x04", None)):
            got: list[str | None] = []

            async def read(into: list[str | None] = got) -> None:
                into.append(await person.answer("run it? "))

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(read)
                await anyio.wait_all_tasks_blocked()
                typed.send_text(keys)
            assert got == [answer]
    assert "y" not in (tmp_path / "state" / "history").read_text()


@pytest.mark.parametrize(
    ("draft", "keys", "answer"),
    [
        ("{}", "\r", "{}"),
        ("{}", "\x7f\x7f[]\r", "[]"),
        ("{}", "\\\r", "{}\\"),
        ("{\n}", "\r", "{\n}"),
        ("{\n}", "\x7f\x1b\r}\r", "{\n\n}"),
        ("{\n}", "\x03", None),
        ("{\n}", "\x7f\x7f\x7f\x04", None),
    ],
)
async def test_a_draft_stands_in_the_line_and_is_changed(
    draft: str, keys: str, answer: str | None, tmp_path: Path
) -> None:
    """Issue 7, line 2: Enter ends it, however many lines it has."""
    with prompt(tmp_path) as (person, typed), anyio.fail_after(5):
        got: list[str | None] = []

        async def read() -> None:
            got.append(await person.answer("with ", draft=draft))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(read)
            await anyio.wait_all_tasks_blocked()
            typed.send_text(keys)
        assert got == [answer]


@pytest.mark.parametrize(
    ("text", "completions"),
    [
        ("/", ["/help", "/plugins", "/tools"]),
        ("/pl", ["/plugins"]),
        ("/save x", []),
        ("call Fin", ["find_homes"]),
        ("call ", []),
        ("", []),
    ],
)
def test_commands_and_functions_are_completed(text: str, completions: list[str]) -> None:
    words = Words(COMMANDS, lambda: ("find_homes", "save_search"))
    found = words.get_completions(Document(text), CompleteEvent())
    assert [completion.text for completion in found] == completions
