"""The loop: commands, turns, starters and questions, without a terminal."""

from __future__ import annotations

import re
from collections.abc import Sequence
from io import StringIO
from pathlib import Path

import pytest

from orchestrator.host import Orchestrator
from orchestrator.manifest.load import load_plugin
from orchestrator.render.console import console_for
from orchestrator.render.terminal import TerminalView
from orchestrator.repl.commands import COMMANDS
from orchestrator.repl.dialogue import MAX_STARTERS, OFFLINE_NOTICE, Dialogue, labels_of, starters_of
from orchestrator.repl.interrupts import Interrupts
from orchestrator.repl.session import converse
from runtimes.values import Json, JsonObject
from tests.servers.person import WrittenPerson
from tests.servers.talking import MANIFEST, talking_host

ANSWER = "There are **three homes**.\n\n- a\n- b\n"


async def said(person: WrittenPerson, *, approve_all: bool = False, host: Orchestrator | None = None) -> str:
    """What a session with that person looks like in a pipe."""
    file = StringIO()
    async with host or await talking_host() as opened:
        view = TerminalView(console_for(file, is_live=False), labels_of(opened), is_live=False)
        interrupts = Interrupts()
        dialogue = Dialogue(opened, view, person, interrupts, approve_all=approve_all)
        assert await converse(dialogue, person, interrupts) == 0
    return file.getvalue()


async def pipe(*messages: str, approve_all: bool = False) -> str:
    return await said(WrittenPerson(messages, is_interactive=False), approve_all=approve_all)


async def at_desk(messages: Sequence[str], answers: Sequence[str | None]) -> str:
    return await said(WrittenPerson(messages, answers=answers))


async def test_a_session_begins_with_the_starters() -> None:
    assert await pipe() == (
        "Ask something, or pick one by its number:\n"
        "  1  Look                       find homes\n"
        "  2  save a search for Seattle\n"
    )


async def test_a_starter_is_picked_by_its_number_and_only_right_at_the_start() -> None:
    text = await pipe("1", "2")
    assert ANSWER in text
    assert "you said 2" in text


async def test_a_number_that_no_starter_has_is_a_message() -> None:
    assert "you said 3" in await pipe("3")


async def test_a_call_is_shown_before_the_answer_it_leads_to() -> None:
    text = await pipe("find homes")
    line = '✓ Home Finder · find_homes(city="Seattle")\n  {"city":"Seattle","homes":3}\n\n'
    assert f"{line}{ANSWER}\n20 tokens in, 4 out\n" in text


async def test_a_yes_runs_the_call() -> None:
    """Issue 2, item 8."""
    text = await at_desk(["save it"], ["y"])
    assert 'I got: {"saved":"Seattle"}' in text


async def test_a_no_tells_the_model_why() -> None:
    text = await at_desk(["save it"], ["no, the wrong city"])
    assert "declined\n  the wrong city" in text
    assert "I got: not called" in text
    assert '"saved"' not in text


async def test_an_open_question_is_declined_by_the_next_message() -> None:
    text = await at_desk(["save it", "hello", "/why"], [None])
    assert "left open: none of it has run, and your next message puts it aside" in text
    assert "you said hello" in text
    assert '"saved"' not in text


async def test_in_a_pipe_nobody_is_asked_and_the_output_says_so() -> None:
    """Issue 7, line 4: without a person ask means deny; what would have been sent is still shown."""
    text = await pipe("save it", "y", "/why")
    assert "Home Finder · save_search" in text
    assert " not allowed\n  it would need a person's consent, and nobody can be asked here" in text
    assert re.search(r"not sent: save_search of \w+ to .* with \{\"city\":\"Seattle\"\}", text)
    assert text.count("nobody is here to ask; --yes says yes beforehand") == 1
    assert '"saved"' not in text
    assert "you said y" in text


async def test_yes_beforehand_runs_the_call_and_says_so() -> None:
    text = await pipe("save it", approve_all=True)
    assert "approved by --yes" in text
    assert 'I got: {"saved":"Seattle"}' in text


async def test_a_model_that_fails_is_one_line_and_the_session_goes_on() -> None:
    text = await pipe("fail", "hello")
    assert "the model gave no answer: HTTP 503; trying again in 0.0 s" in text
    assert "✗ the model is away\n" in text
    assert "you said hello" in text


@pytest.mark.parametrize("word", ["/quit", "/QUIT"])
async def test_quit_leaves(word: str) -> None:
    assert "hello" not in await pipe(word, "hello")


async def test_help_names_every_command() -> None:
    text = await pipe("/help")
    assert all(command.usage in text and command.summary in text for command in COMMANDS.values())


async def test_a_command_that_is_not_there_says_which_was_meant() -> None:
    assert "there is no command /plguins; did you mean /plugins?" in await pipe("/plguins")
    assert "there is no command /xyzzy; /help lists them" in await pipe("/xyzzy")


async def test_a_path_in_a_message_is_no_command() -> None:
    assert "you said /etc/passwd is a file" in await pipe("/etc/passwd is a file")


async def test_plugins_shows_who_made_them_and_what_is_left_out() -> None:
    """Issue 2, item 9."""
    text = await pipe("/plugins")
    for part in (
        "Finds homes and keeps searches",
        "contact  homes@example.test",
        "legal    https://example.test/legal",
        "privacy  https://example.test/privacy",
        "logo     https://example.test/logo.png",
        "without  burn_down: ",
    ):
        assert part in text


async def test_tools_shows_the_functions_as_the_model_sees_them() -> None:
    assert "homes-find_homes(city)\n  Finds homes in a city\n" in await pipe("/tools")


async def test_the_model_is_named_and_changed() -> None:
    text = await pipe("/model", "/model offlin", "/model offline", "/model")
    assert "the model is words\n" in text
    assert "did you mean 'offline'?" in text
    assert text.count("the model is offline\n") == 2
    assert text.count(OFFLINE_NOTICE) == 1


async def test_why_explains_the_last_calls() -> None:
    """Issue 7, line 6: it says that nobody was there, not that somebody said no."""
    text = await pipe("save it", "/why")
    assert "was not allowed by the policy: it would need a person's consent, and nobody can be asked here" in text
    assert "you declined" not in text


async def test_undo_takes_the_last_message_back() -> None:
    text = await pipe("/undo", "hello", "/undo", "/undo")
    assert text.count("nothing to take back") == 2
    assert "taken back: “hello”" in text


async def test_retry_sends_the_last_message_again() -> None:
    text = await pipe("/retry", "hello", "/retry")
    assert "nothing to send again" in text
    assert text.count("you said hello") == 2


async def test_clear_begins_anew() -> None:
    text = await pipe("find homes", "/clear", "/why", "1")
    assert "a new conversation" in text
    assert "No function was called." in text
    assert text.count(ANSWER) == 2


async def test_after_the_model_has_ended_the_conversation_the_next_message_starts_a_new_one(tmp_path: Path) -> None:
    path = tmp_path / "talk.md"
    text = await pipe("goodbye", "hello", f"/save {path}")
    assert "that is all\n\n10 tokens in, 2 out\n" in text
    assert "the assistant has ended this conversation\nyour next message starts a new one\n" in text
    assert "you said hello" in text
    assert "goodbye" not in path.read_text()


async def test_save_keeps_the_conversation_and_overwrites_nothing(tmp_path: Path) -> None:
    path = tmp_path / "talk.md"
    text = await pipe("hello", f"/save {path}", f"/save {path}", "/save")
    assert f"saved to {path}\n" in text
    assert "exists and is not overwritten" in text
    assert "a file name is missing" in text
    assert path.read_text() == "# Conversation\n\n> hello\n\nyou said hello\n"


async def test_the_stand_in_says_that_it_is_one_at_the_start_of_every_conversation() -> None:
    """Issue 2, item 5: once per chat."""
    host = Orchestrator(plugins=[], model="offline")
    text = await said(WrittenPerson(["/clear"], is_interactive=False), host=host)
    assert text.count(OFFLINE_NOTICE) == 2


async def test_every_plugin_has_its_share_of_the_starters() -> None:
    many: list[Json] = [{"text": f"question {number}"} for number in range(20)]
    capabilities: JsonObject = {"conversation_starters": many}
    plugins = [
        await load_plugin({**MANIFEST, "namespace": name, "capabilities": capabilities}) for name in ("one", "two")
    ]
    async with Orchestrator(plugins=plugins, model="offline") as host:
        starters = starters_of(host)
    assert len(starters) <= MAX_STARTERS
    assert [starter.text for starter in starters].count("question 0") == 2
