"""What a person is asked, as text for whatever a client shows it in. Pure.

Of a call that needs consent, what the host says comes first: what would be sent, where, and why it asks. The plugin's
words stand below it, each line marked, so that none of them looks like the host's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from orchestrator.policy.decide import COVERS
from orchestrator.render.sanitize import clean, clean_line, plain_json
from orchestrator.reply import Question
from orchestrator.turn.live_questions import PluginQuestion
from runtimes.questions import LiveQuestion
from runtimes.values import dump_json

MAX_PLUGIN_NAME = 40
"""Characters of a plugin's name: its author chose it."""

MAX_SAID_LINES = 16
"""Lines of the plugin's words about a call that are shown, so that they cannot push the rest out of sight."""

_QUOTED = "> "


def short_name(name: str) -> str:
    """What a plugin calls itself, on one line."""
    line = clean_line(name)
    return line if len(line) <= MAX_PLUGIN_NAME else f"{line[:MAX_PLUGIN_NAME]}…"


def quoted(text: str, most: int | None = None) -> Iterator[str]:
    """The lines of a text of somebody else's, each marked as that; all of them, or the first so many."""
    lines = [line for line in clean(text).split("\n") if line.strip()]
    yield from (f"{_QUOTED}{line}" for line in lines[:most])
    if most is not None and len(lines) > most:
        yield f"… and {len(lines) - most} more lines of it"


def _rows(question: Question) -> Iterator[tuple[str, str]]:
    """What the host says; the arguments are all there, whatever they are: they are what is approved.

    That a yes covers more of the turn is left out: no other call is of the same turn.
    """
    yield "runs", f"{clean_line(question.function)} of {clean_line(question.plugin)}"
    yield "goes to", clean_line(question.destination)
    yield "with", plain_json(dump_json(question.arguments)) if question.arguments else "no arguments"
    for reason in question.reasons:
        if reason == COVERS:
            continue
        yield "careful" if reason.source == "data" else "because", clean_line(reason.text)


def _said(question: Question, plugin: str) -> str:
    """What the plugin says; what the host says where an author has written nothing is not among it."""
    hosts = {clean(plugin), clean(f"Run {question.function}?"), clean(f"May {plugin} run {question.function}?")}
    return "\n".join(text for text in (question.title, question.body) if text.strip() and text not in hosts)


def _lines(question: Question, plugin: str) -> Iterator[str]:
    yield f"{short_name(plugin)} wants to run {clean_line(question.function)}"
    yield from (f"{name}: {text}" for name, text in _rows(question) if text)
    if words := [*quoted(_said(question, plugin), MAX_SAID_LINES)]:
        yield from ("the plugin says:", *words)


def plugin_question(question: PluginQuestion, plugin: str) -> LiveQuestion:
    """What a plugin asks while a call of its runs, said to be its own words."""
    asked = question.question
    said = "\n".join(text for text in (asked.title, asked.text) if text.strip())
    lead = f"{short_name(plugin)} asks, while {clean_line(question.function)} runs; these are the plugin's words:"
    return replace(asked, title="", text="\n".join((lead, *quoted(said))))


def consent_question(question: Question, plugin: str) -> LiveQuestion:
    """Everything that a decision can rest on; `plugin` is what the plugin calls itself."""
    return LiveQuestion(text="\n".join(_lines(question, plugin)))
