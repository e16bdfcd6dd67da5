"""The adapter for the outside harness does the harness's turn, and finds its place in a copy of it (issue 11)."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import orjson
import pytest

from benchmarks import outside_adapter
from benchmarks.outside import EDITS, VARIANTS, main
from benchmarks.outside_adapter import Described, setup
from benchmarks.place import ANSWER, Addresses, Counts, counts, fetched, running_servers
from runtimes.values import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setting:
    llm: str
    api: str
    spec: JsonObject
    max_conn: int = 4


@pytest.fixture(scope="module")
def servers() -> Generator[Addresses]:
    with running_servers() as addresses:
        yield addresses


def _setting(servers: Addresses) -> _Setting:
    spec: JsonObject = {**fetched(f"{servers.api}/openapi/10.json"), "servers": [{"url": servers.api}]}
    return _Setting(llm=servers.model, api=servers.api, spec=spec)


@pytest.mark.parametrize("variant", [name.partition(":")[2] for name in VARIANTS])
async def test_a_turn_is_two_model_requests_and_one_call(variant: str, servers: Addresses) -> None:
    ours = await setup(_setting(servers), variant)
    try:
        before = counts(servers.api)
        assert await ours.turn() == ANSWER
        assert counts(servers.api).since(before) == Counts(model=2, api=1)
        assert "".join([text async for text in ours.stream_turn()]) == ANSWER
        assert "".join([text async for text in ours.stream("say 3 words")]) == "word0 word1 word2"
    finally:
        await ours.close()


async def test_every_operation_of_a_description_becomes_a_tool(servers: Addresses, tmp_path: Path) -> None:
    document = tmp_path / "api.json"
    document.write_bytes(orjson.dumps(_setting(servers).spec))
    tools = await Described(str(document)).tools()
    functions = [tool["function"] for tool in tools]
    names = [function["name"] for function in functions if isinstance(function, dict)]
    assert names == [f"api-getItem{number}" for number in range(10)]


def _harness(folder: Path) -> Path:
    """A folder with what is looked for in the harness, and no more."""
    for name, edits in EDITS.items():
        file = folder / name
        file.parent.mkdir(exist_ok=True)
        file.write_text("".join(f"{before}\n" for before, _ in edits), encoding="utf-8")
    (folder / "adapters").mkdir()
    return folder


def test_a_copy_of_the_harness_is_told_of_the_adapter(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    harness = _harness(tmp_path)
    main([str(harness)])
    assert "v_ours" in capsys.readouterr().out
    adapter = (harness / "adapters" / "ours.py").read_text(encoding="utf-8")
    assert adapter == Path(outside_adapter.__file__).read_text(encoding="utf-8")
    for name, edits in EDITS.items():
        assert (harness / name).read_text(encoding="utf-8") == "".join(f"{after}\n" for _, after in edits)


def test_a_folder_that_is_not_the_harness_is_left_alone(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"there is no run\.py"):
        main([str(tmp_path)])
    harness = _harness(tmp_path)
    main([str(harness)])
    told = (harness / "run.py").read_text(encoding="utf-8")
    with pytest.raises(SystemExit, match="take a fresh copy"):
        main([str(harness)])
    assert (harness / "run.py").read_text(encoding="utf-8") == told
