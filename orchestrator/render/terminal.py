"""The events of a conversation on a terminal: Markdown that grows while it is written, or plain lines in a pipe."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Literal

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from orchestrator.content import Card, Citation
from orchestrator.events import AnswerReceived, Event, ReplyReceived, TurnEnded, TurnStarted
from orchestrator.model.base import Usage
from orchestrator.render.answer import Answer, ends_in_question
from orchestrator.render.calls import SLOW, CallLine, CallLog, Labels
from orchestrator.render.card_view import Offer, TurnCards, print_card
from orchestrator.render.console import marks_for
from orchestrator.render.sanitize import clean, clean_line
from orchestrator.response.numbering import TurnCitations
from orchestrator.signals import RetryScheduled, StateEntered, TextDelta

MAX_CITATIONS = 40
"""How many citations of one turn are listed."""
REFRESHES = 8
"""Repaints of a growing answer in a second."""

Section = Literal["", "calls", "text", "card", "citations", "notice", "question", "starters", "person"]
"""What was printed last: between two different ones there is an empty line."""

_STYLES = {"fine": "green", "bad": "red", "note": "dim"}


class _Bottom:
    """What is not final: the end of a growing block, and what is being waited for."""

    def __init__(self, view: TerminalView) -> None:
        self._view = view

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        from orchestrator.render.markdown import Prose

        waiting = self._view.waiting()
        room = max(1, console.height - len(waiting) - 3)
        answer = self._view.answer
        if answer and answer.pending.strip():
            pending = answer.pending
            if answer.has_blocks:
                yield Segment.line()
            for line in console.render_lines(Prose(pending), options.update(height=None), pad=False)[-room:]:
                yield from line
                yield Segment.line()
        for text in waiting:
            yield Text(text, style="dim", no_wrap=True, overflow="ellipsis")


class TerminalView:
    """Shows events as they come."""

    def __init__(
        self,
        console: Console,
        labels: Labels,
        *,
        is_live: bool,
        clock: Callable[[], float] = time.monotonic,
        locale: str | None = None,
    ) -> None:
        self.console = console
        self.is_live = is_live
        self.locale = locale or ""
        self.marks = marks_for(console)
        self._clock = clock
        self._log = CallLog(labels, clock)
        self._section: Section = ""
        self.answer: Answer | None = None
        """The text that is still growing."""
        self.offers: tuple[Offer, ...] = ()
        """What can be chosen on the cards of the last turn."""
        self.takes_choices = False
        """True where a choice can be taken by its number; else cards show their choices without."""
        self.is_asking = False
        """True when the last answer ended in a question."""
        self._waiting_since: float | None = None
        self._begin()

    def _begin(self) -> None:
        self._is_answered = False
        self._citations = TurnCitations()
        self._cards = TurnCards()
        self._usage = Usage()

    def waiting(self) -> tuple[str, ...]:
        """What is being waited for, once that takes longer than `SLOW`."""
        now = self._clock()
        frame = self.marks.frames[int(now * REFRESHES) % len(self.marks.frames)]
        if running := self._log.running():
            return tuple(f"{frame} {text}" for text in running)
        since = self._waiting_since
        if since is None or now - since < SLOW or self._log.is_waiting:
            return ()
        return (f"{frame} thinking ({now - since:.0f} s)",)

    @contextmanager
    def following(self) -> Generator[None]:
        """While events are shown: on a terminal, what is not final is repainted at the bottom."""
        self._waiting_since = self._clock()
        try:
            if not self.is_live:
                yield
                return
            with Live(_Bottom(self), console=self.console, refresh_per_second=REFRESHES, transient=True):
                try:
                    yield
                finally:
                    self._settle()
        finally:
            self._settle()

    def _settle(self) -> None:
        """Makes everything that was shown final."""
        self._waiting_since = None
        answer, self.answer = self.answer, None
        if answer:
            answer.finish()

    def reset(self) -> None:
        """The person has just typed a line: what comes next needs no empty line before it."""
        self._section = ""

    def open(self, section: Section) -> None:
        """Ends the running text, and parts what comes from what was printed."""
        if section != "text":
            self._settle()
        if self._section and self._section != section:
            self.console.print()
        self._section = section

    def part(self) -> None:
        """An empty line, unless nothing stands above."""
        self.open("")

    def notice(self, text: str, *, style: str = "dim") -> None:
        """Says something of the program's own; `text` may quote what came from outside."""
        self.open("notice")
        self.console.print(Text(clean(text), style=style))

    def line(self, text: str, *, style: str = "", note: str = "") -> None:
        """One more line of the section that is open; `note` is said quietly at its end."""
        self.console.print(Text.assemble((clean(text), style), (f"  {clean(note)}" if note else "", "dim")))

    def banner(self, text: str) -> None:
        """The program's own first words."""
        self.open("notice")
        self.line(text, style="bold")

    def failure(self, text: str) -> None:
        """Says what went wrong."""
        self.notice(f"{self.marks.bad} {text}", style="red")

    def person(self, text: str) -> None:
        """What the person said, where they did not type it here."""
        self.open("person")
        self.line(f"{self.marks.person} {text}", style="bold")
        self.reset()

    def show(self, event: Event) -> None:
        """Shows one event."""
        match event:
            case TurnStarted():
                self._begin()
                self.offers = ()
                self.is_asking = False
            case StateEntered():
                self._settle()
                self._is_answered = False
            case TextDelta():
                self._text(event.text)
            case AnswerReceived() | ReplyReceived():
                self._complete(event)
            case RetryScheduled():
                reason = clean_line(event.reason)
                self.notice(f"the model gave no answer: {reason}; trying again in {event.delay:.1f} s")
            case TurnEnded():
                self._end(event)
            case _:
                pass
        self._citations.read(event)
        self._cards.read(event)
        if line := self._log.read(event):
            self._call(line)
        self._waiting_since = self._clock()

    def stopped(self) -> None:
        """The person has stopped the turn."""
        self.notice("stopped", style="yellow")
        self._begin()

    def _text(self, text: str) -> None:
        if not text:
            return
        if self.answer is None:
            self.open("text")
            self.answer = Answer(self.console, is_live=self.is_live)
        self._is_answered = True
        self.answer.feed(text)

    def _complete(self, event: AnswerReceived | ReplyReceived) -> None:
        """An answer that was not streamed is shown whole; a reply that was not is not for the person."""
        if isinstance(event, AnswerReceived) and not self._is_answered:
            self._text(event.text)
        self._settle()
        self.is_asking = ends_in_question(event.text)
        self._usage += event.usage or Usage()

    def _call(self, line: CallLine) -> None:
        self.open("calls")
        mark = {"fine": self.marks.fine, "bad": self.marks.bad, "note": self.marks.note}[line.tone]
        self.console.print(Text.assemble((mark, _STYLES[line.tone]), " ", (line.text, "dim")))
        if line.detail:
            self.console.print(Text(f"  {line.detail}", style="dim"))

    def _end(self, event: TurnEnded) -> None:
        self._settle()
        self._show_cards()
        if citations := tuple(self._citations.numbers):
            self._cite(citations)
        if self._usage != Usage():
            self.notice(f"{self._usage.input_tokens} tokens in, {self._usage.output_tokens} out")
        detail = clean_line(event.detail)
        match event.reason:
            case "error":
                self.failure(detail or "the turn broke off")
            case "limit":
                self.notice(f"stopped at a limit: {detail}" if detail else "stopped at a limit", style="yellow")
            case "cancelled":
                self.stopped()
            case "disengaged":
                self.notice("the assistant has ended this conversation", style="yellow")
            case "answered":
                pass
        self._begin()

    def _show_cards(self) -> None:
        """What the turn's calls have for the person: texts, cards, and what is to be said of cards."""
        for text in self._cards.texts():
            self.part()
            self.open("card")
            for line in text:
                self.line(line)
        cards = self._cards.offered()
        self.offers = tuple(offer for one in cards for offer in one.offers)
        for one in cards:
            self.card(one.card, first=one.first if self.takes_choices else None)
        for remark in self._cards.remarks():
            self.notice(remark)

    def card(self, card: Card, *, first: int | None = None) -> None:
        """Shows a card as text; `first` is the number of its first choice."""
        self.part()
        self.open("card")
        print_card(self.console, card, is_live=self.is_live, first=first, locale=self.locale)

    def _cite(self, citations: tuple[Citation, ...]) -> None:
        self.open("citations")
        grid = Table.grid(padding=(0, 1))
        grid.add_column(justify="right", no_wrap=True)
        grid.add_column(overflow="fold")
        for number, citation in enumerate(citations[:MAX_CITATIONS], start=1):
            words = _citation(citation)
            if self.is_live:
                grid.add_row(Text(f"[{number}]", style="dim"), words)
            else:
                self.console.print(Text.assemble(f"[{number}] ", words))
        if self.is_live:
            self.console.print(grid)
        if (more := len(citations) - MAX_CITATIONS) > 0:
            self.console.print(Text(f"… and {more} more", style="dim"))


def _citation(citation: Citation) -> Text:
    label = f"({citation.information_protection_label})" if citation.information_protection_label else None
    parts = [
        (clean_line(citation.title), ""),
        (clean_line(citation.subtitle or ""), "dim"),
        (clean_line(label or ""), "yellow"),
        (clean_line(citation.url or ""), "blue"),
    ]
    return Text(" · ", style="dim", end="").join(Text(text, style=style) for text, style in parts if text)
