"""The columns of a sealed row as what they ought to be: those of SQLite take anything, whoever writes to the file."""

from __future__ import annotations

from typing import Literal

from sqlalchemy import Column, ColumnElement, LargeBinary, and_, case, cast, func

MAX_BYTES = 1024 * 1024
"""How long a value may be that is read."""

MAX_VERSION = 2**62
"""Higher ones were never counted up to."""

Dialect = Literal["sqlite", "postgresql"]

DIALECTS: tuple[Dialect, ...] = ("sqlite", "postgresql")
"""The databases that rows lie in."""


def text_of(
    column: Column[str], dialect: Dialect, *, most: int = MAX_BYTES
) -> ColumnElement[bytes] | ColumnElement[str]:
    """Its text, or nothing where it has none of at most so many bytes.

    As bytes in SQLite, whose text may be no UTF-8: then the driver would read none of the rows.
    """
    if dialect == "postgresql":
        return case((func.octet_length(column) <= most, column))
    data = cast(column, LargeBinary)
    return case((and_(func.typeof(column) == "text", func.length(data) <= most), data))


def bytes_of(column: Column[bytes], dialect: Dialect, *, most: int = MAX_BYTES) -> ColumnElement[bytes]:
    """Its bytes, or nothing where it has none, or more than so many."""
    if dialect == "postgresql":
        return case((func.octet_length(column) <= most, column))
    return case((and_(func.typeof(column) == "blob", func.length(column) <= most), column))


def count_of(column: Column[int], dialect: Dialect) -> ColumnElement[int]:
    """Its whole number from 1 on, or nothing where it has none."""
    is_count = column.between(1, MAX_VERSION)
    return case((is_count if dialect == "postgresql" else and_(func.typeof(column) == "integer", is_count), column))


def read_text(value: bytes | str | None) -> str:
    """What `text_of` has found. Raises: `ValueError` for no text."""
    if value is None:
        raise ValueError("it is no text")
    return value.decode() if isinstance(value, bytes) else value
