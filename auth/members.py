"""Reads the members of a JSON object, strictly; what is wrong names a member, never what it holds. Pure."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence

from auth.secret import Secret

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
"""What a JSON document may be."""


def json_text(value: Json) -> str:
    """Compact, with every character as it is. Raises: `ValueError` for a number that JSON has not."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def parsed(text: str) -> Json:
    """Raises: `ValueError`, without the text."""
    try:
        document: Json = json.loads(text)
    except (ValueError, RecursionError):
        # the decoder's error has the document in it
        raise ValueError("it is not JSON") from None
    return document


class Members:
    """An object with exactly the members that are expected. Every method raises: `ValueError`."""

    def __init__(self, document: Json, names: Sequence[str]) -> None:
        if not isinstance(document, dict):
            raise ValueError("it is no JSON object")
        if set(document) != set(names):
            raise ValueError(f"its members are not {', '.join(names)}")
        self._document = document

    def value(self, name: str) -> Json:
        """Whatever it is."""
        return self._document[name]

    def text(self, name: str) -> str:
        """A text."""
        value = self._document[name]
        if not isinstance(value, str):
            raise ValueError(f"{name!r} is no text")
        return value

    def secret(self, name: str) -> Secret | None:
        """A text that nobody sees, or nothing."""
        return Secret(self.text(name)) if self._document[name] is not None else None

    def sure_secret(self, name: str) -> Secret:
        """A text that nobody sees."""
        return Secret(self.text(name))

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts."""
        value = self._document[name]
        if not isinstance(value, list):
            raise ValueError(f"{name!r} is no list")
        texts = tuple(one for one in value if isinstance(one, str))
        if len(texts) != len(value):
            raise ValueError(f"{name!r} is no list of texts")
        return texts

    def flag(self, name: str) -> bool:
        """True or false."""
        value = self._document[name]
        if not isinstance(value, bool):
            raise ValueError(f"{name!r} is neither true nor false")
        return value

    def count(self, name: str, most: int) -> int:
        """A whole number from 0 to `most`."""
        value = self._document[name]
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
            raise ValueError(f"{name!r} is no whole number up to {most}")
        return value

    def moment(self, name: str) -> float | None:
        """Seconds since the epoch, or nothing."""
        value = self._document[name]
        if value is None:
            return None
        try:
            moment = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
        except OverflowError:
            moment = math.nan
        if not math.isfinite(moment):
            raise ValueError(f"{name!r} is no moment")
        return moment
