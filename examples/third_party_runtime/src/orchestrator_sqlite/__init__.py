"""The runtime `x-Sqlite`: each function of a plugin is a query over a SQLite file that lies beside its manifest.

A query only reads: it reaches neither another file nor a setting of the database. The seam is `runtimes.base`.
"""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
import threading
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path

from auth import SignIn
from runtimes.base import (
    CallContext,
    CallResult,
    FunctionCall,
    FunctionSignature,
    RuntimeExecutor,
    RuntimeServices,
    RuntimeSpec,
    WireMessage,
)
from runtimes.errors import InvocationError, RuntimeUnavailable
from runtimes.values import Json, JsonObject, canonical_json

__all__ = ["open_sqlite"]

MAX_ROWS = 200
"""How many rows an answer has; a note says when there are more."""

MAX_CELL_BYTES = 64 * 1024
"""How long a text or a blob of a database may be."""

CHECK_SECONDS = 1.0
"""How long a database that another program holds is waited for when the queries are looked at."""

STEPS = 1000
"""After how many steps of a query the clock is looked at."""

_READING = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Query:
    sql: str
    signature: FunctionSignature


def _only_reading(action: int, *_: object) -> int:
    return sqlite3.SQLITE_OK if action in _READING else sqlite3.SQLITE_DENY


def _connect(database: Path, seconds: float) -> sqlite3.Connection:
    """Waits for that long where another program holds the database."""
    connection = sqlite3.connect(f"{database.as_uri()}?mode=ro", timeout=max(0.0, seconds), uri=True)
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_CELL_BYTES)
    connection.set_authorizer(_only_reading)
    return connection


def _database(spec: RuntimeSpec) -> Path:
    """The file, in the folder of the manifest or below. Raises: `RuntimeUnavailable`."""
    named = spec.spec.get("database")
    if not isinstance(named, str) or not named:
        raise RuntimeUnavailable("the spec of an x-Sqlite runtime needs 'database': the name of a file")
    folder = Path(spec.location).resolve().parent
    database = (folder / named).resolve()
    if "://" in spec.location or not database.is_relative_to(folder):
        raise RuntimeUnavailable(f"the database {named!r} does not lie beside a manifest on this machine")
    if not database.is_file():
        raise RuntimeUnavailable(f"there is no database {named!r} beside the manifest")
    return database


def _query(name: str, given: Json, database: Path) -> _Query:
    """Raises: `ValueError`, `sqlite3.Error` where it is none."""
    sql = given.get("sql") if isinstance(given, dict) else None
    if not isinstance(given, dict) or not isinstance(sql, str):
        raise ValueError("it has no 'sql'")
    parameters = given.get("parameters", {})
    if not isinstance(parameters, dict):
        raise ValueError("its 'parameters' are no JSON Schema")
    properties = parameters.get("properties", {})
    names = dict.fromkeys(properties) if isinstance(properties, dict) else {}
    with closing(_connect(database, CHECK_SECONDS)) as connection:
        columns = connection.execute(f"EXPLAIN {sql}", names).description
    if columns[0][0] != "addr":
        raise ValueError("its 'sql' is no query")  # but the rest of an EXPLAIN QUERY PLAN
    signature = FunctionSignature(
        name=name,
        description=str(given.get("description", "")),
        parameters=parameters,
        destination=f"the database {database.name}",
        repeatable=True,
        is_read_only=True,
        fingerprint=hashlib.sha256(canonical_json(given).encode()).hexdigest(),
    )
    return _Query(sql=sql, signature=signature)


def _queries(spec: RuntimeSpec, database: Path) -> tuple[dict[str, _Query], dict[str, str]]:
    """Those that can be called, and why the others cannot."""
    given = spec.spec.get("queries")
    described: JsonObject = given if isinstance(given, dict) else {}
    queries: dict[str, _Query] = {}
    unusable: dict[str, str] = {}
    for name in described if spec.functions is None else spec.functions:
        try:
            if name not in described:
                raise ValueError("it has no query")
            queries[name] = _query(name, described[name], database)
        except (ValueError, sqlite3.Error) as error:
            unusable[name] = f"{database.name}: {error}"
    return queries, unusable


def _cell(value: object) -> Json:
    return value if isinstance(value, str | int | float) or value is None else "(bytes)"


def _names(columns: Sequence[Sequence[object]]) -> list[str]:
    """A name for each column; what two have is given numbers."""
    names: dict[str, None] = {}
    for column in columns:
        given = name = str(column[0])
        number = 1
        while name in names:
            number += 1
            name = f"{given} {number}"
        names[name] = None
    return [*names]


def _rows(
    database: Path, query: _Query, arguments: Mapping[str, object], deadline: float, has_ended: threading.Event
) -> CallResult:
    """Runs in a thread, which ends when the time is over."""

    def is_over() -> bool:
        return has_ended.is_set() or time.monotonic() > deadline

    properties = query.signature.parameters.get("properties")
    values = dict.fromkeys(properties if isinstance(properties, dict) else ()) | dict(arguments)
    with closing(_connect(database, deadline - time.monotonic())) as connection:
        connection.set_progress_handler(is_over, STEPS)
        cursor = connection.execute(query.sql, values)
        names = _names(cursor.description)
        found: list[tuple[object, ...]] = cursor.fetchmany(MAX_ROWS + 1)
    payload: Json = [{name: _cell(cell) for name, cell in zip(names, row, strict=True)} for row in found[:MAX_ROWS]]
    notes = (f"there are more than {MAX_ROWS} rows",) if len(found) > MAX_ROWS else ()
    return CallResult(payload=payload, notes=notes, is_truncated=bool(notes))


class _Sqlite:
    """The executor."""

    def __init__(self, database: Path, queries: Mapping[str, _Query], unusable: Mapping[str, str]) -> None:
        self._database = database
        self._queries = queries
        self._unusable = unusable

    @property
    def functions(self) -> Mapping[str, FunctionSignature]:
        return {name: query.signature for name, query in self._queries.items()}

    @property
    def unusable(self) -> Mapping[str, str]:
        return self._unusable

    def preview(self, call: FunctionCall, /) -> tuple[WireMessage, ...]:
        raise InvocationError(f"a call of {call.function!r} reads a file of this machine and sends nothing")

    async def sign_in(self, function: str, person: str, /) -> SignIn | None:
        del function, person
        return None

    async def invoke(self, call: FunctionCall, context: CallContext, /) -> CallResult:
        query = self._queries.get(call.function)
        if query is None:
            known = ", ".join(self._queries) or "none"
            raise InvocationError(f"there is no function {call.function!r}; known functions: {known}")
        deadline, has_ended = time.monotonic() + context.timeout, threading.Event()
        try:
            return await asyncio.to_thread(_rows, self._database, query, call.arguments, deadline, has_ended)
        except (sqlite3.Error, OverflowError) as error:
            if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY:
                raise InvocationError(f"another program holds the database of {call.function!r}") from None
            if time.monotonic() > deadline:
                raise InvocationError(
                    f"the query of {call.function!r} took longer than {context.timeout:g} s"
                ) from None
            return CallResult(payload={"error": str(error)}, is_error=True, explanation=str(error))
        finally:
            has_ended.set()  # whoever is cancelled leaves no query behind


@asynccontextmanager
async def open_sqlite(spec: RuntimeSpec, services: RuntimeServices, /) -> AsyncGenerator[RuntimeExecutor]:
    """What the entry point names: a factory.

    Raises: `RuntimeUnavailable` where there is no such database.
    """
    del services
    database = _database(spec)
    queries, unusable = await asyncio.to_thread(_queries, spec, database)
    yield _Sqlite(database, queries, unusable)
