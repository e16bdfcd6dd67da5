"""The question before a call that needs consent: what the plugin says, and beside it what would really be sent."""

from __future__ import annotations

from dataclasses import dataclass

from rich import box
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from orchestrator.render.calls import CallLabel
from orchestrator.render.markdown import MAX_WIDTH
from orchestrator.render.sanitize import clean, clean_line
from orchestrator.render.terminal import TerminalView
from orchestrator.repl.input import PersonInput
from orchestrator.reply import Question
from orchestrator.response.unseen import masked
from orchestrator.tools.attachments import reference_to
from runtimes.values import dump_json, pretty_json

MAX_PLUGIN_NAME = 40
"""Characters of a plugin's name in the heading of a question."""
MAX_NOTE = 500
"""Characters of the person's note that are kept."""

MAX_ON_ONE_LINE = 50
"""Characters of arguments that are shown on one line; longer ones have a line for each member."""

PROMPT = "run it? [y]es / [n]o (or n WHY): "
_AGAIN = 'nothing runs without an answer: "y" runs it, "n" or "n WHY" does not'


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the person decided of one call."""

    approve: bool
    note: str = ""


def read_verdict(text: str) -> Verdict | None:
    """What was answered, if it was an answer; a yes counts only when it stands alone."""
    word, _, rest = clean_line(text).partition(" ")
    word = word.casefold().rstrip(".,:;!")
    note = rest.strip()[:MAX_NOTE]
    if word in ("y", "yes") and not note:
        return Verdict(approve=True)
    if word in ("n", "no"):
        return Verdict(approve=False, note=note)
    return None


def _short(name: str) -> str:
    """A plugin's name, which its author chose, leaves room for the function's."""
    return name if len(name) <= MAX_PLUGIN_NAME else f"{name[:MAX_PLUGIN_NAME]}…"


def _arguments(question: Question, *, is_wide: bool) -> str:
    """All of the arguments, whatever they are: they are what is approved. What was typed unseen stays so."""
    if not question.arguments:
        return "no arguments"
    arguments = masked(question.arguments, question.secret)
    text = dump_json(arguments)
    if len(text) > MAX_ON_ONE_LINE and not is_wide:
        text = pretty_json(arguments)
    return clean(text)


def _rows(question: Question, label: CallLabel, *, is_wide: bool) -> list[tuple[str, str]]:
    title = "" if question.title == label.plugin else question.title
    said = (clean(title).strip(), clean(question.body).strip())
    rows = [
        ("runs", f"{clean_line(label.function)} of {clean_line(question.plugin)}"),
        ("it says", "\n".join(text for text in said if text)),
        ("goes to", clean_line(question.destination)),
        ("with", _arguments(question, is_wide=is_wide)),
        ("files", "\n".join(clean_line(f"{reference_to(file)} is {file.label}") for file in question.attachments)),
        ("because", "; ".join(clean_line(reason.text) for reason in question.reasons)),
    ]
    return [(name, text) for name, text in rows if text]


def show_question(view: TerminalView, question: Question, label: CallLabel) -> None:
    """Shows everything that a decision can rest on."""
    title = f"{_short(clean_line(label.plugin))} wants to run {clean_line(label.function)}"
    view.open("question")
    if not view.is_live:
        view.console.print(Text(f"? {title}"))
        for name, text in _rows(question, label, is_wide=True):
            view.console.print(Text(f"  {name}: " + text.replace("\n", "\n    ")))
        return
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, text in _rows(question, label, is_wide=False):
        grid.add_row(name, Text(text, style="bold" if name in ("goes to", "with", "files") else ""))
    heading = Text(title, style="bold yellow")
    width = min(view.console.width, MAX_WIDTH)
    panel = Panel(grid, title=heading, title_align="left", box=box.ROUNDED, border_style="yellow", width=width)
    view.console.print(panel)


async def confirm(view: TerminalView, question: Question, label: CallLabel, person: PersonInput) -> Verdict | None:
    """Asks until there is an answer; None when the person refuses to give one. Where nobody is, the answer is no."""
    show_question(view, question, label)
    while True:
        if (text := await person.answer(PROMPT)) is None:
            return None
        view.reset()
        if verdict := read_verdict(text):
            return verdict
        view.notice(_AGAIN)
