"""What a person types for one thing that a running plugin asks for, as its value. Pure."""

from __future__ import annotations

import math
import re

from orchestrator.live_forms import FormField, complaints
from runtimes.values import Json

CLEAR = "-"
"""What is typed to leave out what has a default."""

MAX_SHOWN = 40
"""Characters of a title, a choice or a default on one line."""

_INTEGER = re.compile(r"[+-]?[0-9]{1,30}")
_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,30}(?:\.[0-9]{0,30})?|\.[0-9]{1,30})(?:[eE][+-]?[0-9]{1,3})?")
_YES = {"y": True, "yes": True, "true": True, "n": False, "no": False, "false": False}
_FORMATS = {"email": "name@example.org", "uri": "https://…", "date": "YYYY-MM-DD", "date-time": "YYYY-MM-DDThh:mm:ssZ"}


class Unfit(ValueError):
    """What was typed is no value for it; the message says why."""


def short(text: str) -> str:
    """The text, or its start and an ellipsis."""
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 1]}…"


def told(one: FormField, value: Json) -> str:
    """A value as the person knows it; empty where there is none."""
    titles = dict(one.choices)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(titles.get(str(part), str(part)) for part in value) or "none"
    return titles.get(value, value) if isinstance(value, str) else str(value)


def prompt_for(one: FormField) -> str:
    """What stands in front of what is typed."""
    kinds = {
        "yes_no": "y/n",
        "integer": "a whole number",
        "number": "a number",
        "choice": "a number from the list",
        "choices": "numbers from the list, with commas",
        "text": _FORMATS.get(str(one.rules.get("format")), ""),
    }
    hints = ", ".join(hint for hint in (kinds[one.kind], "" if one.is_required else "optional") if hint)
    default = short(told(one, one.default))
    return f"{short(one.title)}{f' ({hints})' if hints else ''}{f' [{default}]' if default else ''}: "


def _chosen(one: FormField, typed: str) -> str:
    """Raises: `Unfit`."""
    if typed.isascii() and typed.isdecimal() and len(typed) < 6 and 0 < int(typed) <= len(one.choices):
        return one.choices[int(typed) - 1][0]
    named = [value for value, title in one.choices if typed.casefold() in (value.casefold(), title.casefold())]
    if len(named) != 1:
        raise Unfit(f"choose a number from 1 to {len(one.choices)}")
    return named[0]


def _number(typed: str) -> int | float:
    """Raises: `Unfit`."""
    if _INTEGER.fullmatch(typed):
        return int(typed)
    if not _NUMBER.fullmatch(typed) or not math.isfinite(float(typed)):
        raise Unfit("it is to be a number, such as 2.5")
    return float(typed)


def _value(one: FormField, typed: str) -> Json:
    """Raises: `Unfit`."""
    match one.kind:
        case "text":
            return typed
        case "integer":
            if not _INTEGER.fullmatch(typed):
                raise Unfit("it is to be a whole number, such as 3")
            return int(typed)
        case "number":
            return _number(typed)
        case "yes_no":
            if typed.casefold() not in _YES:
                raise Unfit("it is to be y or n")
            return _YES[typed.casefold()]
        case "choice":
            return _chosen(one, typed)
        case "choices":
            parts = (part.strip() for part in typed.split(","))
            return list(dict.fromkeys(_chosen(one, part) for part in parts if part))


def read_value(one: FormField, typed: str) -> Json:
    """The value of what was typed; None where it is left out. Raises: `Unfit`."""
    typed = typed.strip()
    if not typed and one.default is not None:
        return one.default
    if not typed or (typed == CLEAR and one.default is not None):
        if one.is_required:
            raise Unfit("the plugin does not go on without it; Ctrl-C leaves the question unanswered")
        return None
    value = _value(one, typed)
    if wrong := complaints(one, value):
        raise Unfit("; ".join(wrong))
    return value
