"""Secrets that nobody else has, and a search that finds them in whatever a program leaves behind, however encoded.

The search is written without a look at `auth.masking`, so that it does not share its blind spots.
"""

from __future__ import annotations

import base64
import secrets
import sqlite3
import traceback
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from pathlib import Path

CORE_BYTES = 12
"""Random bytes of a canary, written as letters and digits that no encoding of text changes."""

LEFT_OVER = 9
"""Characters of a canary that are looked for at each end: a part of a key is found as well."""


def canary(before: str = "", after: str = "") -> str:
    """A secret of random letters and digits, between others that encodings write in their own way."""
    return f"{before}cnry{secrets.token_hex(CORE_BYTES)}{after}"


def _aligned(data: bytes) -> Iterator[bytes]:
    """Base64 wherever it begins in a group of three, without what depends on the neighbours."""
    for before in range(3):
        whole = base64.b64encode(bytes(before) + data)
        yield whole[(before * 8 + 5) // 6 : (before + len(data)) * 8 // 6]


def _core(value: str) -> bytes:
    start = value.index("cnry")
    return value[start : start + 4 + 2 * CORE_BYTES].encode()


def encodings(value: str) -> dict[str, bytes]:
    """What gives a canary away: its random letters, which JSON, HTML and URLs leave as they are, and codes of them."""
    core = _core(value)
    forms = {"plain": core, "head": core[: 4 + LEFT_OVER], "tail": core[-LEFT_OVER:]}
    once = tuple(_aligned(core))
    forms |= {f"base64-{number}": letters for number, letters in enumerate(once)}
    twice = [letters for one in once for letters in _aligned(one)]
    forms |= {f"base64-twice-{number}": letters for number, letters in enumerate(twice)}
    forms |= {"hex": core.hex().encode(), "HEX": core.hex().upper().encode()}
    forms |= {"utf-16": core.decode().encode("utf-16-le")}
    return forms


def found_in(data: bytes | str, canaries: Mapping[str, str]) -> list[str]:
    """The canaries in it, each with the way in which it is written."""
    searched = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    return [
        f"{name} ({form})"
        for name, value in canaries.items()
        for form, letters in encodings(value).items()
        if letters in searched
    ]


def held_by(error: BaseException) -> str:
    """All that is told of an error: its traceback, and whatever it and those behind it hold, also those not shown."""
    parts, waiting, seen = traceback.format_exception(error), [error], list[BaseException]()
    while waiting:
        one = waiting.pop()
        if one in seen:
            continue
        seen.append(one)
        parts += [str(one), repr(one), repr(one.args), repr(vars(one))]
        waiting += [behind for behind in (one.__cause__, one.__context__) if behind is not None]
    return "\n".join(parts)


def _unpacked(blob: bytes) -> Iterator[bytes]:
    yield blob
    for bits in (zlib.MAX_WBITS, -zlib.MAX_WBITS, 16 + zlib.MAX_WBITS):
        with suppress(zlib.error):
            yield zlib.decompress(blob, bits)


def _values(database: Path) -> Iterator[bytes]:
    """Every value of every table, also unpacked."""
    with closing(sqlite3.connect(database)) as connection:
        tables = [name for (name,) in connection.execute("select name from sqlite_master where type = 'table'")]
        for table in tables:
            for row in connection.execute(f'select * from "{table}"'):  # the names are of our own tables
                for value in row:
                    yield from _unpacked(value if isinstance(value, bytes) else str(value).encode())


def left_in(folder: Path, canaries: Mapping[str, str]) -> list[str]:
    """Where in a folder they are: in names and bytes of files, and in what databases hold."""
    found: list[str] = []
    for path in sorted(folder.rglob("*")):
        places = found_in(path.name, canaries)
        if path.is_file():
            data = path.read_bytes()
            places += found_in(data, canaries)
            if data.startswith(b"SQLite format 3"):
                places += [place for value in _values(path) for place in found_in(value, canaries)]
        found += [f"{path.relative_to(folder)}: {place}" for place in places]
    return found
