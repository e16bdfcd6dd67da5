"""The sentences in which the stand-in asks for an argument, and says what it can do."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.model.offline.choose import Tool
from orchestrator.model.offline.intent import sense_of
from orchestrator.model.offline.markdown import escape
from orchestrator.model.offline.schema import Kind, Parameter
from orchestrator.model.offline.words import readable, stem_of

MAX_CHOICES = 20
"""Choices that a question lists."""
MAX_FUNCTIONS = 6
"""Functions that are named as what can be done."""
MAX_HINT = 120
"""Characters of a description that are quoted."""

STAND_IN = "I am an offline stand-in without a language model: I only pick functions by the words of a request."


def _hint(text: str) -> str:
    """The first sentence of a description."""
    line = next((line.strip(" #-*") for line in text.splitlines() if line.strip(" #-*")), "")
    sentence = line.split(". ")[0].rstrip(".")
    return escape(sentence if len(sentence) <= MAX_HINT else sentence[: MAX_HINT - 1] + "…")


def _lowered(text: str) -> str:
    """For the middle of a sentence; an abbreviation keeps its capitals."""
    return text[:1].lower() + text[1:] if text[1:2].islower() or text[1:2] == " " else text


def question_for(tool: Tool, parameter: Parameter) -> str:
    """Asks for one argument by its name in words, with its choices."""
    title = " ".join(tool.title) or tool.definition.name
    purpose = f"To {escape(title)}" if sense_of(stem_of(title.split(" ")[0])) else f"For {escape(title)}"
    head = f"{purpose}, I need the {escape(readable(parameter.name))}"
    if parameter.choices:
        listed = [escape(str(choice)) for choice in parameter.choices[:MAX_CHOICES]]
        more = ", …" if len(parameter.choices) > MAX_CHOICES else ""
        return f"{head}: {', '.join(listed)}{more}. Which one?"
    if parameter.kind is Kind.BOOLEAN:
        return f"{head}: yes or no?"
    hint = _lowered(_hint(parameter.description))
    return f"{head} ({hint}). What is it?" if hint else f"{head}. What is it?"


def abilities(tools: Sequence[Tool]) -> str:
    """Says what this stand-in is, and which functions there are."""
    if not tools:
        return f"{STAND_IN} No function is loaded, so there is nothing that I can do."
    lines = [
        f"- **{escape(' '.join(tool.title))}**: {_hint(tool.definition.description)}" for tool in tools[:MAX_FUNCTIONS]
    ]
    more = len(tools) - MAX_FUNCTIONS
    rest = [f"- and {more} more"] if more > 0 else []
    listed = "\n".join(line.removesuffix(": ") for line in [*lines, *rest])
    return f"{STAND_IN} Your words match none of them well enough. I can:\n\n{listed}"
