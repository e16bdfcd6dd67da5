"""The questions before calls that need consent: what the host says of each, and below it what the plugin says."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from rich import box
from rich.console import Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from orchestrator.render.calls import CallLabel, Labels
from orchestrator.render.console import MAX_WIDTH
from orchestrator.render.sanitize import clean, clean_line
from orchestrator.render.terminal import TerminalView
from orchestrator.repl.editing import MAX_ON_ONE_LINE
from orchestrator.reply import Question
from orchestrator.response.unseen import masked
from orchestrator.tools.attachments import reference_to
from runtimes.values import dump_json, pretty_json

MAX_PLUGIN_NAME = 40
"""Characters of a plugin's name in the heading of a question."""
MAX_SAID_LINES = 16
"""Lines of the plugin's own words that are shown, so that they cannot push the rest out of sight."""

Open = Mapping[str, Question]
"""The open questions, by the number that they are answered with."""

_CONTROLS = re.compile("[\x7f-\x9f]")
"""Controls that JSON does not escape: cleaned as a terminal's, they would take what follows with them."""
_FRAME = 4
"""Columns that the frame of a question takes from its width."""
_NAMES = 9
"""Columns that the names of its rows take."""
_QUOTED = "> "
"""What each line of the plugin's words begins with, so that none of them looks like the host's."""
_STYLES = {"goes to": "bold", "with": "bold", "files": "bold", "careful": "bold red"}


def label_of(labels: Labels, question: Question) -> CallLabel:
    """What a person calls the function that is asked about."""
    known = labels.get((question.plugin, question.function))
    return known or CallLabel(plugin=question.plugin, function=question.function)


def numbered(questions: Sequence[Question]) -> dict[str, Question]:
    """The questions by their numbers, from 1."""
    return {str(number): question for number, question in enumerate(questions, start=1)}


def short(name: str) -> str:
    """A plugin's name, which its author chose, leaves room for the function's."""
    return name if len(name) <= MAX_PLUGIN_NAME else f"{name[:MAX_PLUGIN_NAME]}…"


def _arguments(question: Question, *, room: int | None) -> str:
    """All of the arguments, whatever they are: they are what is approved. What was typed unseen stays so."""
    if not question.arguments:
        return "no arguments"
    arguments = masked(question.arguments, question.secret)
    text = dump_json(arguments)
    if room is not None and len(text) > min(room, MAX_ON_ONE_LINE):
        text = pretty_json(arguments)
    return clean(_CONTROLS.sub(lambda match: f"\\u{ord(match[0]):04x}", text))


def _reasons(question: Question, *, from_data: bool) -> str:
    """Why it is asked; what the model had read before is a warning of its own."""
    texts = [reason.text for reason in question.reasons if (reason.source == "data") is from_data]
    return "\n".join(clean_line(text) for text in texts)


def _rows(question: Question, *, room: int | None = None) -> list[tuple[str, str]]:
    """What the host says; `room` is how many columns it has, as far as that matters."""
    rows = [
        ("runs", f"{clean_line(question.function)} of {clean_line(question.plugin)}"),
        ("goes to", clean_line(question.destination)),
        ("with", _arguments(question, room=room)),
        ("files", "\n".join(clean_line(f"{reference_to(file)} is {file.label}") for file in question.attachments)),
        ("because", _reasons(question, from_data=False)),
        ("careful", _reasons(question, from_data=True)),
    ]
    return [(name, text) for name, text in rows if text]


def folded(view: TerminalView, text: str, width: int) -> list[str]:
    """The lines of a text, none of them longer than that; in a pipe they are left as long as they are."""
    if not (view.is_live or view.console.file.isatty()):
        return text.split("\n")
    lines = Text(text).wrap(view.console, max(width, 1), overflow="fold")
    return [line.plain for line in lines]


def quoted(view: TerminalView, said: str, width: int, most: int = MAX_SAID_LINES) -> Iterator[str]:
    """The plugin's own words, clean before, each line marked as theirs."""
    yield "the plugin says:"
    lines = [line for line in folded(view, said, width - len(_QUOTED)) if line.strip()]
    yield from (f"{_QUOTED}{line}" for line in lines[:most])
    if (more := len(lines) - most) > 0:
        yield f"… and {more} more lines of it"


def _said(view: TerminalView, question: Question, label: CallLabel, width: int) -> Iterator[str]:
    """What the plugin says, under that name."""
    title = "" if question.title == label.plugin else question.title
    said = "\n".join(text for text in (clean(title).strip(), clean(question.body).strip()) if text)
    if not said:
        return
    yield from quoted(view, said, width)


def _heading(question: Question, label: CallLabel, number: str) -> str:
    heading = f"{short(clean_line(label.plugin))} wants to run {clean_line(question.function)}"
    return f"({number}) {heading}" if number else heading


def _plain(view: TerminalView, question: Question, label: CallLabel, heading: str) -> None:
    indent = " " * 4
    width = min(view.console.width, MAX_WIDTH) - len(indent)
    view.line(f"? {heading}")
    for name, text in _rows(question):
        first, *rest = folded(view, f"{name}: {text}", width)
        view.line("\n".join((f"  {first}", *(indent + line for line in rest))))
    for line in _said(view, question, label, width):
        view.line(f"  {line}")


def show_question(view: TerminalView, question: Question, label: CallLabel, *, number: str = "") -> None:
    """Shows everything that a decision can rest on; `number` is what the answer begins with."""
    view.open("question")
    heading = _heading(question, label, number)
    if not view.is_live:
        _plain(view, question, label, heading)
        return
    width = min(view.console.width, MAX_WIDTH)
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, text in _rows(question, room=width - _FRAME - _NAMES):
        grid.add_row(name, Text(text, style=_STYLES.get(name, "")))
    said = Text("\n".join(_said(view, question, label, width - _FRAME)), style="italic")
    view.console.print(
        Panel(
            Group(grid, said) if said else grid,
            title=Text(heading, style="bold yellow"),
            title_align="left",
            box=box.ROUNDED,
            border_style="yellow",
            width=width,
        )
    )


def show_questions(view: TerminalView, questions: Open, labels: Labels) -> None:
    """Shows them one below the other, numbered where there are several."""
    for number, question in questions.items():
        if not view.is_live and number != "1":
            view.part()
        show_question(view, question, label_of(labels, question), number=number if len(questions) > 1 else "")


def list_questions(view: TerminalView, questions: Open) -> None:
    """A line for each that is still open."""
    view.open("notice")
    for number, question in questions.items():
        view.line(f"({number}) {clean_line(question.function)} of {clean_line(question.plugin)}")
