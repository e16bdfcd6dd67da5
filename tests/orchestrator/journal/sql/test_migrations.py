"""A store of an older form is brought up to date with all it keeps; one of a newer form is left alone."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Generator
from functools import partial
from pathlib import Path

import anyio
import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from orchestrator.errors import StoreNewer
from orchestrator.event_json import encode
from orchestrator.events import Fact, TurnEnded, TurnStarted
from orchestrator.journal.base import AT_ONCE
from orchestrator.journal.open import open_journal
from orchestrator.journal.sql.engine import engine_of, url_of
from orchestrator.journal.sql.migrate import REVISIONS, SCRIPTS, run_alembic, upgrade
from orchestrator.journal.sql.sqlite_file import prepare
from tests.orchestrator.journal.stores import store_url

STARTED = TurnStarted(text="hello", person="ada", documents={"todo": "1"})
ENDED = TurnEnded(reason="answered", detail="x" * 20_000)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[str]:
    with store_url(request.param, tmp_path) as url:
        if url.startswith("sqlite"):
            prepare(tmp_path / "chats.db", "the store")
        yield url


@pytest.fixture
async def engine(url: str) -> AsyncGenerator[AsyncEngine]:
    engine = engine_of(url_of(url))
    yield engine
    await engine.dispose()


async def fill_first_form(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(
            text("INSERT INTO orchestrator_conversation VALUES ('c', 2, 'ada', 'hello', 1, 1700000000.0, 1700000001.0)")
        )
        facts: list[Fact] = [STARTED, ENDED]
        for sequence, fact in enumerate(facts):
            await connection.execute(
                text("INSERT INTO orchestrator_fact VALUES ('c', :sequence, :kind, :body)"),
                {"sequence": sequence, "kind": fact.kind, "body": encode(fact).decode()},
            )


async def test_what_the_first_form_kept_is_there_afterwards(url: str, engine: AsyncEngine) -> None:
    await anyio.to_thread.run_sync(upgrade, url_of(url), "the store", REVISIONS[0])
    await fill_first_form(engine)
    await engine.dispose()
    async with open_journal(url) as journal:
        assert list(await journal.read("c")) == [STARTED, ENDED]
        [kept] = await journal.kept("ada")
        assert (kept.standing, kept.updated, kept.turns, kept.title) == ("at rest", 1_700_000_001.0, 1, "hello")
        lease = await journal.claim("c", 2, [STARTED], wake=AT_ONCE)
        assert await journal.append("c", 3, [ENDED], lease=lease) == 4
        assert list(await journal.read("c")) == [STARTED, ENDED, STARTED, ENDED]
        assert await journal.forget("c")


@pytest.mark.parametrize("first", [None, *REVISIONS])
async def test_the_scripts_make_the_tables_that_the_code_works_with(
    url: str, engine: AsyncEngine, first: str | None
) -> None:
    if first is not None:
        await anyio.to_thread.run_sync(upgrade, url_of(url), "the store", first)
    await anyio.to_thread.run_sync(upgrade, url_of(url), "the store")
    async with engine.connect() as connection:
        await connection.run_sync(run_alembic, "check")


def test_the_known_forms_are_those_of_the_scripts() -> None:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    scripts = ScriptDirectory.from_config(config)
    assert tuple(reversed([script.revision for script in scripts.walk_revisions()])) == REVISIONS
    assert scripts.get_heads() == [REVISIONS[-1]]


async def test_who_works_on_the_tables_can_use_alembic(url: str, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(f'[tool.alembic]\nscript_location = "{SCRIPTS}"\n', encoding="utf-8")
    plain = url.replace("+aiosqlite", "")
    with anyio.fail_after(60):
        for command in ("upgrade", "check"):
            alembic = [sys.executable, "-m", "alembic", "-x", f"url={plain}", command]
            done = await anyio.run_process([*alembic, "head"] if command == "upgrade" else alembic, cwd=tmp_path)
    assert b"No new upgrade operations detected." in done.stdout
    async with open_journal(url) as journal:
        assert await journal.append("c", 0, [STARTED]) == 1


async def test_a_store_of_a_newer_program_is_left_alone(url: str, engine: AsyncEngine) -> None:
    async with open_journal(url) as journal:
        await journal.append("c", 0, [STARTED])
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE orchestrator_schema SET version_num = '9999'"))
    with pytest.raises(StoreNewer, match="a newer version of this program has made it; update this one"):
        async with open_journal(url):
            raise NotImplementedError
    with pytest.raises(StoreNewer):
        await anyio.to_thread.run_sync(upgrade, url_of(url), "the store")


async def test_a_fact_of_a_newer_program_is_told(url: str, engine: AsyncEngine) -> None:
    async with open_journal(url) as journal:
        await journal.append("c", 0, [STARTED])
        async with engine.begin() as connection:
            newer = encode(STARTED).decode().rpartition(",")[0] + ',"v":99}'
            await connection.execute(text("UPDATE orchestrator_fact SET body = :body"), {"body": newer})
        with pytest.raises(StoreNewer, match="update this one"):
            await journal.read("c")


async def test_many_who_open_a_new_store_at_once_all_can(url: str) -> None:
    async def open_and_write(number: int) -> None:
        async with open_journal(url) as journal:
            await journal.append(str(number), 0, [STARTED])

    async with anyio.create_task_group() as tasks:
        for number in range(4):
            tasks.start_soon(open_and_write, number)
    async with open_journal(url) as journal:
        assert len(await journal.kept()) == 4


async def test_processes_that_open_a_new_store_at_once_all_can(url: str) -> None:
    code = (
        "import anyio, sys\n"
        "from orchestrator.events import TurnStarted\n"
        "from orchestrator.journal.open import open_journal\n"
        "async def main():\n"
        "    async with open_journal(sys.argv[1]) as journal:\n"
        "        await journal.append(sys.argv[2], 0, [TurnStarted(text='a', person='p', documents={})])\n"
        "anyio.run(main)\n"
    )
    async with anyio.create_task_group() as tasks:
        for number in range(3):
            tasks.start_soon(partial(anyio.run_process, [sys.executable, "-c", code, url, str(number)]))
    async with open_journal(url) as journal:
        assert len(await journal.kept()) == 3
