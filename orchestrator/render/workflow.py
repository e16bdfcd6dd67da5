"""Annotations as GitHub Actions takes them from the output of a step: workflow commands. Pure."""

from __future__ import annotations

import re
from typing import Literal

from orchestrator.render.sanitize import clean, clean_line

_COMMAND = re.compile(r"^([^\S\n]*:)(?=:)", re.MULTILINE)
"""At the start of a line, but for blanks, a runner takes `::name::` for a command."""

_OLD_COMMAND = "##["
"""Anywhere in a line a runner takes `##[name]` for one."""


def _data(text: str) -> str:
    """Escaped as the text of a workflow command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """Escaped as the value of a property of a workflow command."""
    return _data(clean_line(text)).replace(":", "%3A").replace(",", "%2C")


def annotation(
    severity: Literal["error", "warning"], text: str, *, file: str, line: int = 0, column: int = 0, title: str
) -> str:
    """A mark in a file; line 0 stands for the whole of it."""
    place = f",line={line},col={column}" if line else ""
    return f"::{severity} file={_property(file)}{place},title={_property(title)}::{_data(clean(text))}"


def without_commands(text: str) -> str:
    """The lines in which a runner finds no command: a blank stands in the middle of what would begin one."""
    return _COMMAND.sub(r"\1 ", text).replace(_OLD_COMMAND, "## [")


def json_without_commands(text: str) -> str:
    """JSON of the same value in which a runner finds no command."""
    return text.replace(_OLD_COMMAND, "##\\u005b")
