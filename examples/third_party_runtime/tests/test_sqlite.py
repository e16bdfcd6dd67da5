"""The runtime `x-Sqlite`, as the host opens it: by its type, from what is installed."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, closing
from pathlib import Path

import pytest

from runtimes.base import CallContext, CallResult, FunctionCall, RuntimeExecutor, RuntimeServices, RuntimeSpec
from runtimes.discovery import factory_for
from runtimes.errors import InvocationError, RuntimeUnavailable
from runtimes.http import HttpRequest, HttpResponse
from runtimes.values import Json, JsonObject

WORDS: JsonObject = {"type": "object", "properties": {"words": {"type": "string"}}}
ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n WHERE i < 0"
QUERIES: JsonObject = {
    "echo": {"sql": "SELECT :words AS words", "description": "Says it again.", "parameters": WORDS},
    "books": {"sql": "SELECT title FROM books WHERE title LIKE '%' || :words || '%'", "parameters": WORDS},
    "many": {"sql": "SELECT a.title FROM books AS a, books AS b, books AS c"},
    "blob": {"sql": "SELECT x'00ff' AS picture, 1.5 AS number, NULL AS missing"},
    "long": {"sql": "SELECT zeroblob(1000000)"},
    "endless": {"sql": ENDLESS},
}


class NoHttp:
    """This runtime makes no requests."""

    async def send(self, request: HttpRequest, /) -> HttpResponse:
        raise NotImplementedError


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with closing(sqlite3.connect(tmp_path / "books.db")) as connection:
        connection.execute("CREATE TABLE books (title TEXT)")
        connection.executemany("INSERT INTO books VALUES (?)", [(f"Volume {number}",) for number in range(10)])
        connection.commit()
    return tmp_path


def opening(
    folder: Path | str,
    queries: Json = QUERIES,
    database: Json = "books.db",
    functions: tuple[str, ...] | None = None,
) -> AbstractAsyncContextManager[RuntimeExecutor]:
    spec = RuntimeSpec(
        plugin="p",
        type="x-Sqlite",
        spec={"database": database, "queries": queries},
        location=f"{folder}/plugin.json",
        functions=functions,
    )
    return factory_for("x-Sqlite", {})(spec, RuntimeServices(http=NoHttp()))


@pytest.fixture
async def executor(folder: Path) -> AsyncGenerator[RuntimeExecutor]:
    async with opening(folder) as opened:
        yield opened


async def ask(executor: RuntimeExecutor, function: str, timeout: float = 30.0, **arguments: Json) -> CallResult:
    call = FunctionCall(id="c", function=function, arguments=arguments)
    return await executor.invoke(call, CallContext(person="ada", timeout=timeout))


async def test_each_query_is_a_function_that_only_reads(executor: RuntimeExecutor) -> None:
    assert set(executor.functions) == set(QUERIES)
    signature = executor.functions["echo"]
    assert (signature.description, signature.parameters) == ("Says it again.", WORDS)
    assert (signature.destination, signature.is_read_only, signature.repeatable) == (
        "the database books.db",
        True,
        True,
    )
    assert await executor.sign_in("echo", "ada") is None
    with pytest.raises(InvocationError, match="sends nothing"):
        executor.preview(FunctionCall(id="c", function="echo", arguments={}))


async def test_rows_are_objects_by_the_names_of_their_columns(executor: RuntimeExecutor) -> None:
    assert (await ask(executor, "books", words="7")).payload == [{"title": "Volume 7"}]
    assert (await ask(executor, "blob")).payload == [{"picture": "(bytes)", "number": 1.5, "missing": None}]


async def test_columns_of_the_same_name_are_numbered(folder: Path) -> None:
    sql = "SELECT a.title, b.title, 1 AS 'title 2', 2 AS title FROM books AS a, books AS b LIMIT 1"
    async with opening(folder, {"pairs": {"sql": sql}}) as executor:
        rows = (await ask(executor, "pairs")).payload
    assert rows == [{"title": "Volume 0", "title 2": "Volume 0", "title 2 2": 1, "title 3": 2}]


async def test_a_database_that_another_program_holds_is_waited_for_as_long_as_the_call_may_take(
    executor: RuntimeExecutor, folder: Path
) -> None:
    with closing(sqlite3.connect(folder / "books.db")) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(InvocationError, match="another program holds the database of 'books'"):
            await ask(executor, "books", timeout=0.05, words="7")
    assert (await ask(executor, "books", words="7")).payload == [{"title": "Volume 7"}]


@pytest.mark.parametrize("words", ["", "'; DROP TABLE books; --", "ü\N{SNOWMAN}", None, 5, True])
async def test_arguments_are_values_and_never_a_part_of_the_query(executor: RuntimeExecutor, words: Json) -> None:
    assert (await ask(executor, "echo", words=words)).payload == [{"words": words}]
    left = (await ask(executor, "books", words="Volume")).payload
    assert isinstance(left, list)
    assert len(left) == 10


async def test_an_argument_that_is_left_out_is_null(executor: RuntimeExecutor) -> None:
    assert (await ask(executor, "echo")).payload == [{"words": None}]


async def test_an_answer_has_so_many_rows_and_says_so(executor: RuntimeExecutor) -> None:
    result = await ask(executor, "many")
    assert isinstance(result.payload, list)
    assert (len(result.payload), result.notes) == (200, ("there are more than 200 rows",))


@pytest.mark.parametrize(
    ("function", "arguments", "message"),
    [
        ("long", {}, "string or blob too big"),
        ("echo", {"words": 2**70}, "too large"),
        ("echo", {"words": [1]}, "not supported"),
        ("echo", {"other": 5, "words": {}}, "not supported"),
    ],
)
async def test_what_the_database_refuses_is_a_failed_answer(
    executor: RuntimeExecutor, function: str, arguments: JsonObject, message: str
) -> None:
    result = await ask(executor, function, 30.0, **arguments)
    assert result.is_error
    assert message in result.explanation


async def test_a_query_that_does_not_end_is_ended(executor: RuntimeExecutor) -> None:
    with pytest.raises(InvocationError, match=r"took longer than 0\.05 s"):
        await ask(executor, "endless", timeout=0.05)


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("DELETE FROM books", "not authorized"),
        ("INSERT INTO books VALUES ('x')", "not authorized"),
        ("ATTACH 'other.db' AS other", "not authorized"),
        ("PRAGMA journal_mode", "not authorized"),
        ("SELECT * FROM shelves", "no such table"),
        ("SELECT 1; SELECT 2", "one statement at a time"),
        ("SELEC", "syntax error"),
        ("QUERY PLAN SELECT 1", "its 'sql' is no query"),
        ("/* no */ query plan SELECT 1", "its 'sql' is no query"),
        ("EXPLAIN SELECT 1", "syntax error"),
        ("SELECT :who", ":who"),
    ],
)
async def test_a_query_that_is_none_or_does_more_than_read_cannot_be_called(
    folder: Path, sql: str, reason: str
) -> None:
    async with opening(folder, {"bad": {"sql": sql}, "good": {"sql": "SELECT 1"}}) as executor:
        assert set(executor.functions) == {"good"}
        assert reason in executor.unusable["bad"]


async def test_functions_without_a_query_cannot_be_called(folder: Path) -> None:
    async with opening(folder, {"none": {}, "odd": 5}, functions=("none", "odd", "other")) as executor:
        assert executor.unusable == {
            "none": "books.db: it has no 'sql'",
            "odd": "books.db: it has no 'sql'",
            "other": "books.db: it has no query",
        }


@pytest.mark.parametrize(
    ("database", "reason"),
    [
        (None, "needs 'database'"),
        ("other.db", "there is no database 'other.db'"),
        ("../books.db", "does not lie beside a manifest"),
        ("/etc/passwd", "does not lie beside a manifest"),
    ],
)
async def test_the_database_lies_beside_the_manifest(folder: Path, database: Json, reason: str) -> None:
    with pytest.raises(RuntimeUnavailable, match=reason):
        async with opening(folder, database=database):
            raise NotImplementedError


async def test_a_manifest_from_elsewhere_reaches_no_file() -> None:
    with pytest.raises(RuntimeUnavailable, match="does not lie beside a manifest"):
        async with opening("https://library.example"):
            raise NotImplementedError
