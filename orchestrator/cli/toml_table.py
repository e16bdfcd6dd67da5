"""A table of `orchestrator.toml`, read member by member; every mistake names the file, the table and the member."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TypeVar

from orchestrator.errors import UsageError
from runtimes.values import Json, JsonObject, dump_json

MAX_WHOLE = 2**31
"""Above every whole number that a file may set as a bound."""

Choice = TypeVar("Choice", bound=str)


class Table:
    """A table of the file that complains with its name.

    Raises: `UsageError` for a member that is not known, at construction, and for one of another type.
    """

    def __init__(self, path: Path, name: str, members: JsonObject, known: tuple[str, ...]) -> None:
        self._place = f"{path}: [{name}]" if name else f"{path}:"
        self._members = members
        for member in members:
            if member not in known:
                near = difflib.get_close_matches(member, known, n=1)
                hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}"
                raise UsageError(f"{self._place} has no member {member!r}; {hint}")

    def text(self, member: str) -> str | None:
        """A string; None where it is missing."""
        value = self._members.get(member)
        if value is None or isinstance(value, str):
            return value
        raise UsageError(f"{self._place} {member} must be a string")

    def flag(self, member: str) -> bool:
        """True or false; false where it is missing."""
        value = self._members.get(member, False)
        if isinstance(value, bool):
            return value
        raise UsageError(f"{self._place} {member} must be true or false")

    def amount(self, member: str) -> float:
        """A number that is not negative; 0 where it is missing."""
        value = self._members.get(member, 0.0)
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < math.inf:
            return float(value)
        raise UsageError(f"{self._place} {member} must be a number that is not negative")

    def bound(self, member: str, otherwise: float | None) -> float | None:
        """A number above 0; None for 0 and `false`, which set no bound; `otherwise` where it is missing."""
        value = self._members.get(member, otherwise)
        if value is None or value is False:
            return None
        if isinstance(value, int | float) and value is not True and 0 <= value < math.inf:
            return float(value) or None
        raise UsageError(f"{self._place} {member} must be a number that is not negative, or false for no bound")

    def whole_bound(self, member: str, otherwise: int | None) -> int | None:
        """As `bound`, with a whole number of less than `MAX_WHOLE`."""
        value = self.bound(member, otherwise)
        if value is None or (value.is_integer() and value < MAX_WHOLE):
            return None if value is None else int(value)
        raise UsageError(f"{self._place} {member} must be a whole number below {MAX_WHOLE}")

    def has(self, member: str) -> bool:
        """True where the member is written."""
        return member in self._members

    def texts(self, member: str) -> tuple[str, ...]:
        """An array of strings."""
        value = self._members.get(member, [])
        items = value if isinstance(value, list) else [value]
        texts = tuple(item for item in items if isinstance(item, str))
        if not isinstance(value, list) or len(texts) != len(items):
            raise UsageError(f"{self._place} {member} must be an array of strings")
        return texts

    def texts_by_name(self, member: str) -> Mapping[str, str]:
        """A table of strings; a whole number is one."""
        values = self.table(member)
        written = {name: str(value) if type(value) is int else value for name, value in values.items()}
        texts = {name: value for name, value in written.items() if isinstance(value, str) and value.strip()}
        if len(texts) != len(values):
            raise UsageError(f"{self._place} {member} must be a table of strings and numbers")
        return texts

    def patterns(self, member: str) -> Mapping[str, str]:
        """A table of texts, empty ones too; numbers, true and false are taken as JSON writes them."""
        texts: dict[str, str] = {}
        for name, value in self.table(member).items():
            if isinstance(value, str):
                texts[name] = value
            elif isinstance(value, bool | int | float) and math.isfinite(value):
                texts[name] = dump_json(value)
            else:
                raise UsageError(f"{self._place} {member}: {name!r} must be a text, a number, or true or false")
        return texts

    def array(self, member: str, of: str) -> list[Json]:
        """An array; `of` what, for messages."""
        value = self._members.get(member, [])
        if isinstance(value, list):
            return value
        raise UsageError(f"{self._place} {member} must be an array of {of}")

    def table(self, member: str) -> JsonObject:
        """A table."""
        value = self._members.get(member, {})
        if isinstance(value, dict):
            return value
        raise UsageError(f"{self._place} {member} must be a table")

    def choice(self, member: str, choices: tuple[Choice, ...], otherwise: Choice | None = None) -> Choice:
        """One of these words; `otherwise` where it is missing."""
        value = self.text(member)
        if value is None and otherwise is not None:
            return otherwise
        if value is None:
            raise UsageError(f"{self._place} needs {member}: {', '.join(choices)}")
        for choice in choices:
            if choice == value:
                return choice
        near = difflib.get_close_matches(value, choices, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(choices)}"
        raise UsageError(f"{self._place} {member} cannot be {value!r}; {hint}")

    def end_of_time(self, member: str) -> float | None:
        """Seconds since the epoch at which a date is over, or that a date with a time is; None where it is missing.

        Without an offset it is the time of this machine.
        """
        value: object = self._members.get(member)
        if value is None:
            return None
        if not isinstance(value, date):
            raise UsageError(f"{self._place} {member} must be a date, such as 2027-01-31, without quotes")
        try:
            if isinstance(value, datetime):
                return value.timestamp()
            return (datetime.combine(value, time.min) + timedelta(days=1)).timestamp()
        except (OverflowError, OSError, ValueError):
            raise UsageError(f"{self._place} {member} is out of range") from None
