"""docs/consent.md: the questions as a terminal shows them, and what is typed there."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import anyio

from orchestrator.render.console import console_for
from orchestrator.render.sanitize import clean
from orchestrator.render.terminal import TerminalView
from orchestrator.repl.asking import Asking
from orchestrator.repl.dialogue import labels_of
from tests.servers.asking import asking_host

PATH = Path(__file__).resolve().parents[2] / "docs" / "consent.md"
START = "<!-- terminal: written by `python -m tests.docs.test_consent_terminal` -->\n"
END = "<!-- end of what is written -->\n"
MESSAGE = 'order {"item": "Earl Grey", "count": 2} & cancel {"id": "7"} & find {"id": "9"}'
ANSWERS = ("2 n it has been paid for", "3 a", "yes please", "y")
WIDTH = 76


class Typing:
    """Somebody whose keys are seen, as at a terminal."""

    is_interactive = True

    def __init__(self, view: TerminalView) -> None:
        self._view = view
        self._answers = list(ANSWERS)

    async def message(self) -> str | None:
        """Nothing more is said."""
        return None

    async def answer(self, prompt: str, *, is_secret: bool = False, draft: str = "") -> str | None:
        """The next answer."""
        del is_secret, draft
        typed = self._answers.pop(0)
        self._view.line(f"{prompt}{typed}")
        return typed


async def screen() -> str:
    """What stands on the terminal once everything is answered; nothing is sent."""
    file = StringIO()
    async with await asking_host("https://tea.example.com") as host:
        view = TerminalView(console_for(file, is_live=True, width=WIDTH, environ={}), labels_of(host), is_live=True)
        chat = host.conversation()
        async for event in chat.send(MESSAGE):
            view.show(event)
        assert await Asking(view, labels_of(host), Typing(view), is_kept=True)(chat)
    return "".join(f"{line.rstrip()}\n" for line in clean(file.getvalue()).splitlines())


async def test_the_page_shows_what_a_terminal_shows() -> None:
    """Issue 7: a screenshot-like snapshot. Renew it with `python -m tests.docs.test_consent_terminal`."""
    shown = PATH.read_text(encoding="utf-8").partition(START)[2].partition(END)[0]
    assert shown == f"\n```text\n{await screen()}```\n\n"


def _renew() -> None:
    before, _, rest = PATH.read_text(encoding="utf-8").partition(START)
    after = rest.partition(END)[2]
    PATH.write_text(f"{before}{START}\n```text\n{anyio.run(screen)}```\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    _renew()
