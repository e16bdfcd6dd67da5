"""What is recorded goes beside the file, one conversation at a time (issue 6)."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.errors import UsageError
from orchestrator.model.scripted import Call, Say, ScriptedModel, ScriptTurn
from orchestrator.testing.format.reading import read_conversations
from orchestrator.testing.playing.collect import Choice, collect
from orchestrator.testing.playing.recorder import Recorder, Unkeepable
from orchestrator.testing.playing.stage import Unplayable
from orchestrator.testing.playing.stages import Stages
from orchestrator.testing.recordings.cassette_file import Cassettes
from tests.orchestrator.testing.playing import play, write_conversation
from tests.orchestrator.testing.recorded import home, record, write_files
from tests.servers.loopback import Answer, Request, Response, serve

SECRETS = "credentials: {key: a-test-key-1}\n"


def _said(*texts: str) -> tuple[ScriptTurn, ...]:
    return tuple(ScriptTurn(user=text, steps=(Say(f"{text}!"),)) for text in texts)


def _talk(folder: Path, *names: str) -> Path:
    """A file whose conversations have a name each, which is what is said."""
    conversations = "".join(f"  - name: {name}\n    turns: [{{say: {name}}}]\n" for name in names)
    return write_conversation(folder, f"plugins: []\nconversations:\n{conversations}", "talk")


def _names(path: Path) -> list[str]:
    return [one.name for one in Cassettes().at(path).conversations]


async def _home(request: Request) -> Answer:
    return home(request)


async def _failures(path: Path) -> list[str]:
    return [failure.text for outcome in await play(path) for failure in outcome.failures]


async def test_only_what_was_played_is_recorded_anew(tmp_path: Path) -> None:
    path, tape = _talk(tmp_path, "A", "B", "C"), tmp_path / "talk.cassette.yaml"
    assert await record(path, *_said("A", "B", "C")) == ()
    before = tape.read_text(encoding="utf-8")
    collected = collect([path], Choice(text="B"))
    [(file, placed)] = collected.conversations
    another = ScriptTurn(user="B", steps=(Say("Another."),))
    recorder = Recorder(ScriptedModel(turns=(another,), name="scripted:test"), {})
    async with Stages(casting=recorder) as stages:
        await stages.play(placed, file)
        assert await recorder.keep(placed, file) == (tape,)
    assert _names(tape) == ["A", "B", "C"]
    assert tape.read_text(encoding="utf-8") == before.replace('"B!"', "Another.")
    assert await _failures(path) == []


async def test_entries_stand_in_the_order_of_the_file_and_gone_ones_go(tmp_path: Path) -> None:
    tape = tmp_path / "talk.cassette.yaml"
    assert await record(_talk(tmp_path, "A", "B"), *_said("A", "B")) == ()
    assert await record(_talk(tmp_path, "C", "B"), *_said("C", "B")) == ()
    assert _names(tape) == ["C", "B"]


async def test_a_scripted_conversation_records_its_api_alone(tmp_path: Path) -> None:
    text = f"""{SECRETS}api: recorded
turns: [{{say: Find, model: [{{call: getHome, with: {{id: "1"}}}}, Found.], expect: {{requests: GET /v1/homes/1}}}}]
"""
    async with serve(_home) as server:
        path = write_files(tmp_path, server.url, text)
        assert await record(path) == ()
    [entry] = Cassettes().at(tmp_path / "homes.cassette.yaml").conversations
    assert (entry.model, len(entry.http)) == (None, 1)
    assert await _failures(path) == []


async def test_the_api_may_be_recorded_in_another_file(tmp_path: Path) -> None:
    text = f"{SECRETS}api: {{recorded: api.cassette.yaml}}\nname: Find\nturns: [{{say: Find}}]\n"
    turn = ScriptTurn(user="Find", steps=(Call("getHome", {"id": "1"}), Say("Found.")))
    async with serve(_home) as server:
        path = write_files(tmp_path, server.url, text)
        assert await record(path, turn) == ()
    [beside] = Cassettes().at(tmp_path / "homes.cassette.yaml").conversations
    [other] = Cassettes().at(tmp_path / "api.cassette.yaml").conversations
    assert beside.model is not None
    assert beside.http == ()
    assert (other.name, other.model, len(other.http)) == ("Find", None, 1)
    assert await _failures(path) == []


async def test_stubs_come_first_and_are_not_recorded(tmp_path: Path) -> None:
    text = f"""{SECRETS}api: {{recorded: true, stubs: [{{operation: getHome, answer: {{json: {{name: Stubbed}}}}}}]}}
turns: [{{say: Find, model: [{{call: getHome, with: {{id: "1"}}}}, Found.]}}]
"""
    async with serve(_home) as server:
        path = write_files(tmp_path, server.url, text)
        assert await record(path) == ()
        assert server.requests == []
    [entry] = Cassettes().at(tmp_path / "homes.cassette.yaml").conversations
    assert entry.http == ()


async def test_redirects_are_recorded_request_by_request(tmp_path: Path) -> None:
    async def moved(request: Request) -> Answer:
        if request.path.endswith("/new"):
            return home(request)
        return Response(status=302, headers=(("Location", "/v1/homes/1/new"),), body=b"")

    text = f"""{SECRETS}api: recorded
turns: [{{say: Find, model: [{{call: getHome, with: {{id: "1"}}}}, Found.], expect: {{citations: Oak Street}}}}]
"""
    async with serve(moved) as server:
        path = write_files(tmp_path, server.url, text)
        assert await record(path) == ()
    [entry] = Cassettes().at(tmp_path / "homes.cassette.yaml").conversations
    assert [one.request.rpartition("/v1")[2] for one in entry.http] == ["/homes/1", "/homes/1/new"]
    assert await _failures(path) == []


async def test_an_api_that_is_gone_is_recorded_as_such(tmp_path: Path) -> None:
    text = f"""{SECRETS}api: recorded
turns:
  - say: Find
    model: [{{call: getHome, with: {{id: "1"}}}}, It failed.]
    expect: {{calls: {{call: getHome, status: any}}}}
"""
    async with serve(_home) as server:
        gone = server.url
    path = write_files(tmp_path, gone, text)
    assert await record(path) == ()
    [entry] = Cassettes().at(tmp_path / "homes.cassette.yaml").conversations
    assert {one.failure.not_executed for one in entry.http if one.failure is not None} == {"connect"}
    assert await _failures(path) == []


async def test_a_reply_that_never_came_is_recorded_where_that_is_expected(tmp_path: Path) -> None:
    path = write_conversation(tmp_path, "plugins: []\nname: A\nturns: [{say: A, expect: {end: error}}]\n", "talk")
    assert await record(path, *_said("B")) == ()
    [entry] = Cassettes().at(tmp_path / "talk.cassette.yaml").conversations
    assert entry.model is not None
    assert entry.model.turns[0][0].reply.breaks_off
    assert await _failures(path) == []


async def test_a_secret_in_a_name_is_not_written(tmp_path: Path) -> None:
    path = _talk(tmp_path, "a-secret-value")
    with pytest.raises(Unkeepable, match="the variable 'MY_TOKEN'"):
        await record(path, *_said("a-secret-value"), environ={"MY_TOKEN": "a-secret-value"})
    assert _names(tmp_path / "talk.cassette.yaml") == []


async def test_a_text_that_is_too_long_is_not_written(tmp_path: Path) -> None:
    turn = ScriptTurn(user="A", steps=(Say("x" * 2_000_000),))
    with pytest.raises(Unkeepable, match="it could not be read back: a string is longer than"):
        await record(_talk(tmp_path, "A"), turn)


async def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    path = write_conversation(
        tmp_path, "plugins: []\napi: {recorded: nowhere/api.cassette.yaml}\nturns: [{say: Hi, model: Hi}]\n"
    )
    with pytest.raises(UsageError, match=r"cannot write the recording '.*/nowhere/api.cassette.yaml': no such file"):
        await record(path)


async def test_a_planted_link_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "talk").mkdir()
    victim = tmp_path / "victim.txt"
    victim.write_text("precious", encoding="utf-8")
    path = _talk(tmp_path / "talk", "A")
    for name in (".talk.cassette.yaml.new", ".talk.cassette.yaml"):
        (path.parent / name).symlink_to(victim)
    assert await record(path, *_said("A")) == ()
    (path.parent / "talk.cassette.yaml").unlink()
    (path.parent / "talk.cassette.yaml").symlink_to(victim)
    recorder = Recorder(ScriptedModel(turns=_said("A"), name="scripted:test"), {})
    [(file, placed)] = [(str(path), one) for one in read_conversations(path.read_bytes(), str(path)).conversations]
    with pytest.raises(Unplayable, match="is a symbolic link"):
        recorder.cast(placed, file)
    assert victim.read_text(encoding="utf-8") == "precious"


async def test_no_two_files_record_into_one_cassette(tmp_path: Path) -> None:
    text = "plugins: []\napi: {recorded: tape.cassette.yaml}\nname: A\nturns: [{say: Hi, model: Hi}]\n"
    one, other = (write_conversation(tmp_path, text, name) for name in ("one", "other"))
    assert await record(one) == ()
    before = (tmp_path / "tape.cassette.yaml").read_bytes()
    assert b"\nfile: one.conversation.yaml\n" in before
    [told] = await record(other)
    assert "belongs to 'one.conversation.yaml': no two files share one" in told
    assert (tmp_path / "tape.cassette.yaml").read_bytes() == before
    one.unlink()
    assert await record(other) == ()
    assert b"\nfile: other.conversation.yaml\n" in (tmp_path / "tape.cassette.yaml").read_bytes()
