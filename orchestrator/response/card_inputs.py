"""The input fields of an Adaptive Card, and what a person may put into each. Pure.

The card is a stranger's: what is missing or odd in it makes a field simpler, never an error.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, time

from orchestrator.response.card_flags import flag
from runtimes.values import Json, JsonObject

MAX_CHOICES = 200
"""Choices of one field that can be picked."""

MAX_TYPED = 10_000
"""Characters of an answer."""

MAX_NAME = 300
"""Characters of a label, a title or a message of the card's."""

MAX_PATTERN = 500
"""Characters of a regular expression; a longer one is not applied."""

PATTERN_SECONDS = 0.2
"""Seconds that matching an answer may take."""

_YES = ("y", "yes", "true", "on", "1", "x")
_NO = ("n", "no", "false", "off", "0")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?")
_TIME = re.compile(r"\d\d:\d\d")


class Unacceptable(ValueError):
    """What was typed does not fit the field; the message tells the person what would."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InputChoice:
    """One of the choices of a field."""

    title: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """A field; every value is text, as it is sent."""

    id: str
    kind: str
    """`Text`, `Number`, `Date`, `Time`, `Toggle` or `ChoiceSet`; any other is filled in like a text."""
    label: str
    value: str = ""
    """What stands in it before anybody types."""
    placeholder: str = ""
    is_required: bool = False
    is_hidden: bool = False
    """True for a field that the card never shows: it is sent as it is."""
    is_secret: bool = False
    """True for a password: it is not to be shown while it is typed."""
    is_multiple: bool = False
    """True when several choices may be picked."""
    takes_any: bool = False
    """True when an answer need not be one of the choices."""
    choices: tuple[InputChoice, ...] = ()
    least: str = ""
    most: str = ""
    longest: int = MAX_TYPED
    pattern: str = ""
    on: str = "true"
    off: str = "false"
    message: str = ""
    """What the author says where an answer does not fit."""


def _text(value: Json, limit: int = MAX_NAME) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)[:limit] if isinstance(value, str | int | float) else ""


def _choices(value: Json) -> tuple[InputChoice, ...]:
    items = [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
    read = ((_text(item.get("title")), _text(item.get("value"))) for item in items[:MAX_CHOICES])
    return tuple(InputChoice(title=title or chosen, value=chosen) for title, chosen in read if chosen)


def _longest(value: Json) -> int:
    return min(value, MAX_TYPED) if isinstance(value, int) and not isinstance(value, bool) and value > 0 else MAX_TYPED


def read_input(element: JsonObject) -> Input | None:
    """The field that the element is; nothing when it is none, or has no id to send its value under."""
    kind, name = _text(element.get("type")), _text(element.get("id"))
    if not kind.startswith("Input.") or not name:
        return None
    label = _text(element.get("label")) or _text(element.get("title")) or _text(element.get("placeholder")) or name
    return Input(
        id=name,
        kind=kind.removeprefix("Input."),
        label=label,
        value=_text(element.get("value"), MAX_TYPED),
        placeholder=_text(element.get("placeholder")),
        is_required=flag(element.get("isRequired")),
        is_hidden=not flag(element.get("isVisible"), otherwise=True),
        is_secret=_text(element.get("style")).casefold() == "password",
        is_multiple=flag(element.get("isMultiSelect")),
        takes_any="choices.data" in element,
        choices=_choices(element.get("choices")),
        least=_text(element.get("min")),
        most=_text(element.get("max")),
        longest=_longest(element.get("maxLength")),
        pattern=_text(element.get("regex"), MAX_PATTERN + 1),
        on=_text(element.get("valueOn")) or "true",
        off=_text(element.get("valueOff")) or "false",
        message=_text(element.get("errorMessage")),
    )


def _matches(pattern: str, typed: str) -> bool:
    """Whether the author's expression is found in the answer; one that is broken or slow forbids nothing."""
    import regex  # type: ignore[import-untyped]  # pyright has its stubs

    if len(pattern) > MAX_PATTERN:
        return True
    try:
        found: object = regex.search(pattern, typed, timeout=PATTERN_SECONDS)
    except (regex.error, TimeoutError, RecursionError):
        return True
    return found is not None


def _as_text(field: Input, typed: str) -> str:
    if len(typed) > field.longest:
        raise Unacceptable(f"at most {field.longest} characters, these are {len(typed)}")
    if field.pattern and not _matches(field.pattern, typed):
        raise Unacceptable("this does not have the form that is asked for")
    return typed


def _number(text: str) -> float:
    if not _NUMBER.fullmatch(text):
        raise ValueError(text)
    return float(text)


def _day(text: str) -> float:
    return date.fromisoformat(text).toordinal()


def _minute(text: str) -> float:
    if not _TIME.fullmatch(text):
        raise ValueError(text)
    moment = time.fromisoformat(text)
    return moment.hour * 60 + moment.minute


_MEASURES: dict[str, tuple[Callable[[str], float], str]] = {
    "Number": (_number, "a number is wanted, such as 3 or 2.5"),
    "Date": (_day, "a date is wanted, such as 2027-01-31"),
    "Time": (_minute, "a time of day is wanted, such as 09:30"),
}
"""How the value of a field is measured, and what is said where it cannot be."""


def _limit(read: Callable[[str], float], bound: str, missing: float) -> float:
    """The author's bound; one that cannot be read forbids nothing."""
    try:
        return read(bound)
    except ValueError:
        return missing


def _as_measure(field: Input, typed: str) -> str:
    read, wanted = _MEASURES[field.kind]
    try:
        value = read(typed)
    except ValueError:
        raise Unacceptable(wanted) from None
    if value < _limit(read, field.least, -math.inf):
        raise Unacceptable(f"at least {field.least}")
    if value > _limit(read, field.most, math.inf):
        raise Unacceptable(f"at most {field.most}")
    return typed


def _as_toggle(field: Input, typed: str) -> str:
    word = typed.casefold()
    if typed == field.on or word in _YES:
        return field.on
    if typed == field.off or word in _NO:
        return field.off
    raise Unacceptable("yes or no")


def _choice(choices: Sequence[InputChoice], typed: str) -> InputChoice | None:
    """By number, by title or by value, whichever is unmistakable."""
    for choice in choices:
        if typed in (choice.value, choice.title):
            return choice
    if typed.isascii() and typed.isdigit() and 1 <= int(typed[:6]) <= len(choices):
        return choices[int(typed[:6]) - 1]
    folded = [choice for choice in choices if typed.casefold() == choice.title.casefold()]
    return folded[0] if len(folded) == 1 else None


def _as_choice(field: Input, typed: str) -> str:
    parts = [part.strip() for part in typed.split(",")] if field.is_multiple else [typed]
    chosen: list[str] = []
    for part in filter(None, parts):
        choice = _choice(field.choices, part)
        if choice is None and not field.takes_any:
            names = ", ".join(choice.title for choice in field.choices)
            raise Unacceptable(f"one of: {names}" if names else "there is nothing to choose from")
        chosen.append(part if choice is None else choice.value)
    return ",".join(dict.fromkeys(chosen))


_READERS: dict[str, Callable[[Input, str], str]] = {
    "Number": _as_measure,
    "Date": _as_measure,
    "Time": _as_measure,
    "Toggle": _as_toggle,
    "ChoiceSet": _as_choice,
}


def accepted(field: Input, typed: str) -> str:
    """The value that is sent for what a person typed; empty means that nothing is.

    Raises: `Unacceptable`, in the author's words where the card has some.
    """
    typed = typed if field.kind == "Text" else typed.strip()
    try:
        if typed:
            return _READERS.get(field.kind, _as_text)(field, typed[: MAX_TYPED + 1])
        if field.is_required:
            raise Unacceptable("an answer is needed here")
    except Unacceptable as error:
        raise Unacceptable(field.message or str(error)) from None
    return field.off if field.kind == "Toggle" else ""
