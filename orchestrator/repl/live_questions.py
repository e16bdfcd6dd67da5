"""Asks the person at the terminal what a plugin wants to know while a call of its runs, as the plugin's own words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import anyio
from rich import box
from rich.panel import Panel
from rich.text import Text

from orchestrator.live_forms import FormField, read_form
from orchestrator.render.calls import CallLabel, Labels
from orchestrator.render.console import MAX_WIDTH
from orchestrator.render.sanitize import clean, clean_line
from orchestrator.render.terminal import TerminalView
from orchestrator.repl.answers import read_answer
from orchestrator.repl.confirm import quoted, short
from orchestrator.repl.input import Answers
from orchestrator.repl.interrupts import Interrupts
from orchestrator.repl.live_values import CLEAR, Unfit, prompt_for, read_value, told
from orchestrator.repl.live_values import short as shortened
from orchestrator.signals import QuestionRaised
from orchestrator.turn.live_questions import WITHDRAWN, PluginQuestion
from runtimes.questions import LiveAnswer
from runtimes.values import JsonObject

MAX_LINES = 40
"""Lines of the plugin's words that are shown."""

PROMPT = "your answer? [y/n] "
PROMPT_TO_SEND = "send this to the plugin? [y/n] "
PROMPT_TO_OPEN = "will you open this page yourself? [y/n] "

_HINT = "y: yes; n: no; Ctrl-C: no answer, and a second one stops the {}"
_FORM_HINT = (
    f"it is sent to the plugin, so type no password; Enter takes what stands in brackets, {CLEAR} leaves it out; "
    "Ctrl-C: no answer"
)
_NOT_AN_ANSWER = "type y or n"
NOBODY_WAITS = "the plugin does not wait for an answer any more"
_FRAME = 4
"""Columns that the frame takes."""


def _said(asked: PluginQuestion) -> str:
    question = asked.question
    return "\n".join(text for text in (clean(question.title), clean(question.text)) if text)


def _lines(view: TerminalView, asked: PluginQuestion, width: int) -> Iterator[str]:
    """Who asks, as the host knows it, then the plugin's words."""
    yield f"while it runs: {clean_line(asked.function)} of {clean_line(asked.plugin)}"
    if url := asked.question.url:
        yield f"a page of:     {clean_line(urlsplit(url).hostname or '')}"
        yield f"address:       {clean_line(url)}"
    if said := _said(asked):
        yield from quoted(view, said, width, MAX_LINES)


def show_asked(view: TerminalView, asked: PluginQuestion, labels: Labels) -> None:
    """Shows a question, and whose it is."""
    view.open("question")
    label = labels.get((asked.plugin, asked.function)) or CallLabel(plugin=asked.plugin, function=asked.function)
    heading = f"{short(clean_line(label.plugin))} asks you"
    width = min(view.console.width, MAX_WIDTH)
    if not view.is_live:
        view.line(f"? {heading}")
        for line in _lines(view, asked, width - 2):
            view.line(f"  {line}")
        return
    view.console.print(
        Panel(
            Text("\n".join(_lines(view, asked, width - _FRAME)), overflow="fold"),
            title=Text(heading, style="bold yellow"),
            title_align="left",
            box=box.ROUNDED,
            border_style="yellow",
            width=width,
        )
    )


class LivePrompt:
    """Takes the answer to one question after the other."""

    def __init__(self, view: TerminalView, labels: Labels, person: Answers, *, stops: str = "turn") -> None:
        """`stops` is what ends when the person leaves one question after the other unanswered."""
        self._hint = _HINT.format(stops)
        self._view = view
        self._labels = labels
        self._person = person

    async def __call__(self, asked: PluginQuestion) -> LiveAnswer | None:
        """What the person says; None where they leave it unanswered. Nothing counts as yes but a yes."""
        show_asked(self._view, asked, self._labels)
        form = asked.question.form
        content = JsonObject()
        if form is not None:
            filled = await self._filled(read_form(form))
            if filled is None:
                return None
            content = filled
        else:
            self._view.line(self._hint, style="dim")
        ask = PROMPT_TO_SEND if form is not None else PROMPT_TO_OPEN if asked.question.url else PROMPT
        is_yes = await self._confirmed(ask)
        if is_yes is None:
            return None
        return LiveAnswer(action="accept", content=content) if is_yes else LiveAnswer(action="decline")

    async def _typed(self, prompt: str) -> str | None:
        typed = await self._person.answer(prompt)
        self._view.reset()
        return typed

    async def _confirmed(self, prompt: str) -> bool | None:
        while (typed := await self._typed(prompt)) is not None:
            answer = read_answer(typed)
            if answer is not None and answer.choice in ("approve", "decline"):
                return answer.choice == "approve"
            self._view.notice(_NOT_AN_ANSWER, style="yellow")
        return None

    async def _filled(self, fields: tuple[FormField, ...]) -> JsonObject | None:
        self._view.line(_FORM_HINT, style="dim")
        content = JsonObject()
        for one in fields:
            self._introduce(one)
            while (typed := await self._typed(prompt_for(one))) is not None:
                try:
                    value = read_value(one, typed)
                except Unfit as error:
                    self._view.notice(clean_line(str(error)), style="yellow")
                    continue
                if value is not None:
                    content[one.name] = value
                break
            if typed is None:
                return None
        self._review(fields, content)
        return content

    def _introduce(self, one: FormField) -> None:
        if one.description:
            self._view.notice(f"{shortened(one.title)}: {one.description}")
        for number, (_, title) in enumerate(one.choices, start=1):
            self._view.line(f"  {number}  {shortened(title)}")

    def _review(self, fields: tuple[FormField, ...], content: JsonObject) -> None:
        self._view.open("notice")
        for one in fields:
            value = clean_line(told(one, content[one.name])) if one.name in content else "left out"
            self._view.line(f"  {shortened(one.title)}: {value}")


@dataclass(slots=True, kw_only=True, eq=False)
class _Waiting:
    """A question that waits for the terminal, or is asked there."""

    asked: PluginQuestion
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    answered: anyio.Event = field(default_factory=anyio.Event)
    answer: LiveAnswer = field(default_factory=lambda: LiveAnswer(action="cancel"))


class LiveAsking:
    """Asks between the events of a turn, when the events before are shown; several questions one after the other."""

    def __init__(self, view: TerminalView, labels: Labels, person: Answers, interrupts: Interrupts) -> None:
        self._view = view
        self._prompt = LivePrompt(view, labels, person)
        self._interrupts = interrupts
        self._waiting: dict[tuple[str, int], _Waiting] = {}

    async def asks(self, asked: PluginQuestion) -> LiveAnswer:
        """As `orchestrator.turn.live_questions.Asks`: waits until whoever follows the turn has come to it."""
        key = (asked.call_id, asked.number)
        one = self._waiting[key] = _Waiting(asked=asked)
        try:
            await one.answered.wait()
        finally:
            del self._waiting[key]
            one.scope.cancel()
        return one.answer

    def has(self, raised: QuestionRaised) -> bool:
        """True where the question still waits for an answer."""
        return (raised.call_id, raised.number) in self._waiting

    async def put(self, raised: QuestionRaised) -> bool:
        """Asks; False where the person has left it unanswered."""
        one = self._waiting[raised.call_id, raised.number]
        answer: LiveAnswer | None = LiveAnswer(action="cancel", reason=WITHDRAWN)
        with one.scope, self._interrupts.stoppable() as asking:
            answer = await self._prompt(one.asked)
        if one.scope.cancelled_caught:
            self._view.notice(NOBODY_WAITS)
            return True
        if answer is None or asking.cancelled_caught:
            one.answered.set()
            return False
        one.answer = answer
        one.answered.set()
        return True
