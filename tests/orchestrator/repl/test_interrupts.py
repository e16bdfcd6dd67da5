"""Ctrl-C ends what is running, and the program only when pressed again."""

from __future__ import annotations

import signal
import sys
from io import StringIO

import anyio
import pytest

from orchestrator.events import Event
from orchestrator.render.console import console_for
from orchestrator.render.terminal import TerminalView
from orchestrator.repl.interrupts import Interrupts
from orchestrator.repl.turns import Turns
from orchestrator.signals import TextDelta
from tests.servers.talking import talking_host

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no loop there can receive signals")


async def test_an_interrupt_ends_what_is_stoppable_and_nothing_else() -> None:
    """Issue 2, item 9."""
    interrupts = Interrupts()
    with anyio.fail_after(5):
        async with interrupts.heeded():
            for _ in range(2):
                with interrupts.stoppable() as scope:
                    await anyio.wait_all_tasks_blocked()
                    signal.raise_signal(signal.SIGINT)
                    await anyio.sleep_forever()
                assert scope.cancelled_caught
    assert not interrupts.has_left


async def test_an_interrupt_while_nothing_is_stoppable_is_let_pass() -> None:
    interrupts = Interrupts()
    with anyio.fail_after(5):
        async with interrupts.heeded():
            await anyio.wait_all_tasks_blocked()
            signal.raise_signal(signal.SIGINT)
            await anyio.wait_all_tasks_blocked()
            with interrupts.stoppable() as scope:
                await anyio.lowlevel.checkpoint()
    assert not scope.cancelled_caught


async def test_a_second_interrupt_leaves_what_will_not_stop() -> None:
    interrupts = Interrupts()
    with anyio.fail_after(5):
        async with interrupts.heeded():
            await anyio.wait_all_tasks_blocked()
            with interrupts.stoppable():
                signal.raise_signal(signal.SIGINT)
                try:
                    await anyio.sleep_forever()
                finally:
                    with anyio.move_on_after(5, shield=True):
                        signal.raise_signal(signal.SIGINT)
                        while not interrupts.has_left:
                            await anyio.lowlevel.checkpoint()
            await anyio.sleep_forever()
    assert interrupts.has_left


async def test_a_turn_that_is_stopped_leaves_a_conversation_that_goes_on() -> None:
    file = StringIO()
    view = TerminalView(console_for(file, is_live=False), {}, is_live=False)
    interrupts = Interrupts()

    class Impatient:
        """Presses Ctrl-C at the first word."""

        following = view.following
        stopped = view.stopped

        def show(self, event: Event, /) -> None:
            if isinstance(event, TextDelta) and event.text.startswith("thinking"):
                signal.raise_signal(signal.SIGINT)
            view.show(event)

    async with await talking_host() as host:
        chat = host.conversation()

        async def answering(chat: object) -> bool:
            raise NotImplementedError

        with anyio.fail_after(5):
            async with interrupts.heeded():
                await anyio.wait_all_tasks_blocked()
                turns = Turns(Impatient(), answering, interrupts)
                assert await turns.run(chat, "linger") == "cancelled"
                assert await turns.run(chat, "hello") == "answered"
    assert "stopped" in file.getvalue()
