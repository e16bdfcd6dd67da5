"""Tables of parameters: each row fills the `$(name)` placeholders of a conversation. Pure.

No other language that such a file may carry begins a placeholder like that: manifests have `${{name}}`, cards
`${name}`, templates `{{name}}`. Values are filled into what is parsed already, so they cannot change its shape.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence

from orchestrator.testing.format.matching import shown
from runtimes.positions import pointer_to
from runtimes.values import Json, JsonObject

MAX_ROWS = 1000
"""Rows of a table."""

MAX_LABEL = 60
"""Characters of a row's label for each parameter."""

MAX_FILLED = 1024 * 1024
"""Characters that the placeholders of one conversation may become."""

_PLACEHOLDER = re.compile(r"\$(\$)?\(([A-Za-z_][A-Za-z0-9_-]*)\)")


class ParameterError(ValueError):
    """A table or a placeholder is wrong; `pointer` leads there."""

    def __init__(self, message: str, pointer: str, hint: str = "") -> None:
        super().__init__(message)
        self.pointer = pointer
        self.hint = hint


def rows_of(table: Json, pointer: str) -> Sequence[JsonObject]:
    """The rows of a table. Raises: `ParameterError`."""
    if not isinstance(table, list) or not table:
        raise ParameterError("'parameters' must be a list of rows, each an object", pointer)
    if len(table) > MAX_ROWS:
        raise ParameterError(f"there are more than {MAX_ROWS} rows", pointer)
    rows: list[JsonObject] = []
    for index, row in enumerate(table):
        if not isinstance(row, dict) or not row:
            raise ParameterError("a row must be an object with a value for each parameter", pointer + pointer_to(index))
        if rows and row.keys() != rows[0].keys():
            message = f"the row has other parameters than the first one: {', '.join(row)}"
            raise ParameterError(message, pointer + pointer_to(index), f"give each row {', '.join(rows[0])}")
        rows.append(row)
    return rows


def label_of(row: JsonObject) -> str:
    """What tells the row from the others, in a line."""
    values = {name: value if isinstance(value, str) else shown(value) for name, value in row.items()}
    return ", ".join(f"{name}={value[:MAX_LABEL]}" for name, value in values.items())


def _unknown(name: str, row: Mapping[str, Json], pointer: str) -> ParameterError:
    near = difflib.get_close_matches(name, row, n=1)
    hint = f"did you mean {near[0]!r}" if near else f"known: {', '.join(row)}"
    return ParameterError(f"there is no parameter {name!r}", pointer, f"{hint}; the text itself is '$$({name})'")


class _Filling:
    def __init__(self, row: Mapping[str, Json]) -> None:
        self._row = row
        self._left = MAX_FILLED
        self.used: set[str] = set()

    def value(self, value: Json, pointer: str) -> Json:
        if isinstance(value, dict):
            return {name: self.value(item, pointer + pointer_to(name)) for name, item in value.items()}
        if isinstance(value, list):
            return [self.value(item, pointer + pointer_to(index)) for index, item in enumerate(value)]
        return self._text(value, pointer) if isinstance(value, str) and "$(" in value else value

    def _text(self, text: str, pointer: str) -> Json:
        whole = _PLACEHOLDER.fullmatch(text)
        if whole and not whole[1]:
            return self._named(whole[2], pointer)
        return _PLACEHOLDER.sub(lambda found: self._part(found, pointer), text)

    def _part(self, found: re.Match[str], pointer: str) -> str:
        if found[1]:
            return f"$({found[2]})"
        value = self._named(found[2], pointer)
        return value if isinstance(value, str) else shown(value)

    def _named(self, name: str, pointer: str) -> Json:
        if name not in self._row:
            raise _unknown(name, self._row, pointer)
        value = self._row[name]
        self.used.add(name)
        self._left -= len(value) if isinstance(value, str) else len(shown(value))
        if self._left < 0:
            raise ParameterError(f"placeholders become more than {MAX_FILLED} characters", pointer)
        return value


def filled(value: Json, row: JsonObject, pointer: str) -> Json:
    """The value with its placeholders filled; one that is a whole text becomes the value of any type.

    Raises: `ParameterError` for a name that the row has not, and for a parameter that nothing uses.
    """
    filling = _Filling(row)
    done = filling.value(value, pointer)
    unused = [name for name in row if name not in filling.used]
    if unused:
        raise ParameterError(f"nothing uses the parameter {unused[0]!r}", pointer, f"write '$({unused[0]})' somewhere")
    return done


def filled_rows(value: JsonObject, table: Json, pointer: str) -> Iterator[tuple[str, JsonObject]]:
    """The object for each row of a table, with the row's label. Raises: `ParameterError`."""
    for row in rows_of(table, pointer + pointer_to("parameters")):
        done = filled(value, row, pointer)
        assert isinstance(done, dict)
        yield label_of(row), done
