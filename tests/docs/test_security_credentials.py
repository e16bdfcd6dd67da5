"""docs/security.md on credentials: every row of its tables names tests that exist, and its limits are the code's."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from auth.freshness import SKEW_SECONDS
from auth.in_use import MAX_KNOWN
from auth.keys import GivenKeys, new_key
from auth.login import HEAD_SECONDS, LOGIN_SECONDS, MAX_CONNECTIONS
from auth.masking import MIN_SECRET_CHARS
from auth.oauth.client import MAX_SECONDS
from auth.oauth.code_request import MAX_LOGIN_SECONDS
from auth.oauth.device import MAX_DEVICE_SECONDS
from auth.oauth.grants import RANDOM_BYTES
from auth.oauth.jwt import SKEW_SECONDS as JWT_SKEW
from auth.records import Record
from auth.rows import SHARED, RecordKey, Row, RowsInMemory
from auth.sealed import SealedRecords
from auth.secret import Secret

ROOT = Path(__file__).parents[2]
COLUMNS = 4
SECTIONS = (
    *("2.1", "2.1.1", "2.1.2", "2.2.1", "2.2.2", "2.3", "2.4", "2.5", "2.6"),
    *("4.1", "4.2", "4.3", "4.4", "4.5", "4.6", "4.7", "4.8", "4.9", "4.10", "4.11", "4.12", "4.14", "4.16", "4.17"),
)
"""What RFC 9700 recommends that a client has a part in; 4.13 and 4.15 are its servers' alone."""

_NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
KEY = RecordKey(owner="ada", name="ref", kind="credential")


def section() -> str:
    """The part of the page."""
    page = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    return re.split(r"^## ", page.partition("\n## Credentials\n")[2], maxsplit=1, flags=re.MULTILINE)[0]


def rows() -> list[list[str]]:
    """Those of the tables that have tests."""
    lines = section().partition("### RFC 9700")[2].splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    return [row for row in cells if not row[0].startswith("---") and row[-1] != "test"]


@cache
def defined_in(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return frozenset(one.name for one in tree.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef))


@pytest.mark.parametrize("row", [pytest.param(row, id=row[0]) for row in rows()])
def test_a_row_says_what_is_done_and_names_tests_that_exist(row: list[str]) -> None:
    assert len(row) == COLUMNS
    assert row[1]
    named = _NAMED.findall(row[-1])
    assert ", ".join(f"`{path}::{name}`" for path, name in named) == row[-1] != ""
    for path, name in named:
        assert name.startswith("test_")
        assert name in defined_in(path), f"{path} has no {name}"


def test_every_recommendation_has_a_row() -> None:
    found = [row[0].split()[0] for row in rows() if row[0][0].isdigit()]
    assert tuple(dict.fromkeys(found)) == SECTIONS
    assert len(rows()) > len(found), "and time has some of its own"


def test_what_is_not_done_says_what_that_means() -> None:
    assert [row[0] for row in rows() if row[1].startswith("Not ") and not row[2]] == []


@pytest.mark.parametrize(
    "words",
    [
        f"shorter than {MIN_SECRET_CHARS} characters, older ones than the last {MAX_KNOWN}",
        f"A state of {8 * RANDOM_BYTES} bits",
        f"{LOGIN_SECONDS / 60:.0f} minutes for the browser",
        f"an answer after {MAX_LOGIN_SECONDS / 60:.0f} is not sent on",
        f"Left after {MAX_SECONDS:.0f} seconds in all",
        f"Closed after {HEAD_SECONDS:.0f} seconds",
        f"{MAX_CONNECTIONS} at once",
    ],
)
def test_a_limit_is_the_one_of_the_code(words: str) -> None:
    assert words in " ".join(section().split())


def test_minutes_and_hours_are_those_of_the_code() -> None:
    assert (JWT_SKEW, SKEW_SECONDS, MAX_DEVICE_SECONDS) == (300, 60, 3600)


async def kept(*secrets: str) -> tuple[SealedRecords, RowsInMemory, list[Row]]:
    """A record that was written over, and each state of its row."""
    rows_in_memory = RowsInMemory()
    records, states = SealedRecords(rows_in_memory, GivenKeys(new_key())), list[Row]()
    for version, secret in enumerate(secrets):
        content = Secret(secret)
        await records.write(Record(key=KEY, origins=("https://a.example:443",), content=content, version=version))
        state = await rows_in_memory.read(KEY)
        assert state is not None
        states.append(state)
    return records, rows_in_memory, states


async def test_an_older_state_of_a_row_is_taken_for_the_row() -> None:
    """A limit: somebody who can write to the store can bring back what was revoked."""
    records, store, (older, newer) = await kept("the older one", "the newer one")
    await store.write(
        Row(key=KEY, origins=older.origins, key_id=older.key_id, sealed=older.sealed, version=newer.version)
    )
    found = await records.read(KEY)
    assert found is not None
    assert found.content == Secret("the older one")


async def test_a_row_that_was_deleted_is_as_if_it_had_never_been() -> None:
    """A limit: a person's own registration that is deleted leaves the place to the shared one."""
    records, store, _ = await kept("the only one")
    await store.remove(KEY)
    assert await records.read(KEY) is None
    assert await records.read(RecordKey(owner=SHARED, name="ref", kind="registration")) is None
