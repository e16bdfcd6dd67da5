"""Cassettes are written canonically, read back as they are, and refused with every mistake at its place (issue 6)."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.errors import UsageError
from orchestrator.testing.format.conversation import ModelCall, TokenCount
from orchestrator.testing.format.reading import read_conversations
from orchestrator.testing.recordings.asked import meaning
from orchestrator.testing.recordings.cassette import (
    Cassette,
    RecordedAnswer,
    RecordedBody,
    RecordedCallOut,
    RecordedConversation,
    RecordedFailure,
    RecordedReply,
)
from orchestrator.testing.recordings.cassette_file import (
    Cassettes,
    CassetteUnreadable,
    api_cassette,
    cassette_beside,
    owned,
    read_cassette,
    write_cassette,
)
from orchestrator.testing.recordings.packing import Exchanged, packed, unpacked
from runtimes.values import Json, JsonObject

TEXTS = st.text(st.sampled_from("ab \n\t:-\"'[é\r"), max_size=8)
VALUES: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=4,
)
OBJECTS: st.SearchStrategy[JsonObject] = st.dictionaries(TEXTS, VALUES, max_size=2)


def _call(name: str, given: JsonObject | str) -> ModelCall:
    return ModelCall.model_validate({"call": name, "with": given})


CALLS = st.builds(_call, TEXTS, OBJECTS | TEXTS)
REPLIES = st.builds(
    RecordedReply,
    text=TEXTS,
    calls=st.lists(CALLS, max_size=2).map(tuple),
    tokens=st.none() | st.builds(TokenCount, input=st.integers(0, 9), output=st.integers(0, 9)),
    breaks_off=st.booleans(),
)


def _echo(reply: RecordedReply) -> JsonObject:
    calls: list[Json] = [call.model_dump(mode="json", by_alias=True, exclude_defaults=True) for call in reply.calls]
    words: JsonObject = {"assistant": reply.text} if reply.text or not calls else {}
    return {**words, "calls": calls} if calls else words


def _user(text: str, note: str) -> JsonObject:
    value: JsonObject = {"user": text}
    return {**value, "note": note} if note else value


def _result(result: Json, of: int) -> JsonObject:
    return {"result": result, "of": of}


def _tool(name: str, description: str, parameters: JsonObject) -> JsonObject:
    return {"name": name, "description": description, "parameters": parameters}


MESSAGES = (
    st.builds(_user, TEXTS, TEXTS)
    | REPLIES.map(_echo)
    | st.builds(_result, TEXTS | OBJECTS | st.lists(VALUES, max_size=2), st.integers(0, 3))
)
TOOLS = st.builds(_tool, TEXTS, TEXTS, OBJECTS)


@st.composite
def _turns(draw: st.DrawFn) -> list[list[Exchanged]]:
    """Exchanges each of which goes on from the one before, most of the time."""
    history: list[Json] = []
    turns: list[list[Exchanged]] = []
    for count in draw(st.lists(st.integers(0, 3), max_size=3)):
        turns.append([])
        for _ in range(count):
            reply = draw(REPLIES)
            if draw(st.integers(0, 4)) == 0:
                data: JsonObject = draw(OBJECTS)
                asked: JsonObject = {"state": "phrase", "instruction": draw(TEXTS), "data": data}
                turns[-1].append(Exchanged(asked=asked, reply=reply))
                continue
            kept = draw(st.integers(0, len(history))) if draw(st.booleans()) else len(history)
            messages: list[Json] = [*history[:kept], *draw(st.lists(MESSAGES, max_size=2))]
            system = draw(st.sampled_from(["Be kind.", "Be brief.\nSay why."]))
            if draw(st.booleans()):
                tools: list[Json] = [*draw(st.lists(TOOLS, max_size=2))]
                asked = {"state": "reasoning", "system": system, "tools": tools, "messages": messages}
            else:
                asked = {"state": "responding", "system": system, "messages": messages}
            turns[-1].append(Exchanged(asked=asked, reply=reply))
            history = [*messages, _echo(reply)]
    return turns


@given(_turns())
def test_what_a_model_was_asked_and_replied_comes_back_from_a_file(turns: list[list[Exchanged]]) -> None:
    recorded = RecordedConversation(name="one", model=packed("live", turns))
    data = write_cassette(Cassette(conversations=(recorded,)))
    read = read_cassette(data, "tape")
    assert read.problems == ()
    assert write_cassette(read.cassette) == data
    found = read.cassette.of("one")
    assert found is not None
    assert found.model is not None
    again = unpacked(found.model)
    assert [[one.reply for one in turn] for turn in again] == [[one.reply for one in turn] for turn in turns]
    assert [[meaning(one.asked) for one in turn] for turn in again] == [
        [meaning(one.asked) for one in turn] for turn in turns
    ]


def _json_body(value: Json) -> RecordedBody:
    return RecordedBody.model_validate({"json": value})


def _binary_body(data: bytes) -> RecordedBody:
    return RecordedBody(base64=(base64.b64encode(data).decode(),))


BODIES = (
    st.builds(_json_body, OBJECTS | st.lists(VALUES, max_size=2))
    | st.builds(RecordedBody, text=TEXTS, media_type=TEXTS)
    | st.builds(_binary_body, st.binary(max_size=9))
)
ANSWERS = st.builds(
    RecordedAnswer,
    status=st.integers(100, 599),
    headers=st.dictionaries(TEXTS, TEXTS, max_size=2),
    body=st.none() | BODIES,
)
FAILURES = st.builds(
    RecordedFailure,
    message=TEXTS,
    quoted=TEXTS,
    not_executed=st.sampled_from([None, "connect", "rate"]),
    is_lost=st.booleans(),
    is_final=st.booleans(),
    is_unsent=st.booleans(),
)
CALLED_OUT = st.builds(RecordedCallOut, request=TEXTS, body=st.none() | BODIES, answer=ANSWERS) | st.builds(
    RecordedCallOut, request=TEXTS, body=st.none() | BODIES, failure=FAILURES
)


@given(st.lists(CALLED_OUT, max_size=3))
def test_what_an_api_was_asked_and_answered_comes_back_from_a_file(calls: list[RecordedCallOut]) -> None:
    cassette = Cassette(conversations=(RecordedConversation(name="one", http=tuple(calls)),))
    read = read_cassette(write_cassette(cassette), "tape")
    assert (read.problems, read.cassette) == ((), cassette)


def test_what_stands_twice_is_written_once() -> None:
    system = "Be kind to whoever asks."
    said: list[Json] = [{"user": "Find"}]
    reply = RecordedReply(calls=(ModelCall(call="find"),))
    first: JsonObject = {"state": "reasoning", "system": system, "tools": [], "messages": said}
    more: list[Json] = [*said, {"calls": [{"call": "find"}]}, {"result": "none", "of": 1}]
    second: JsonObject = {"state": "responding", "system": system, "messages": more}
    turns = [[Exchanged(asked=first, reply=reply), Exchanged(asked=second, reply=RecordedReply(text="None."))]]
    recorded = RecordedConversation(name="one", model=packed("live", turns))
    assert (
        write_cassette(Cassette(conversations=(recorded,))).decode()
        == """\
# Written by `orchestrator test --record`: review it, and keep it beside the conversations.
cassette: 1
conversations:
  - name: one
    model:
      name: live
      systems:
        - Be kind to whoever asks.
      turns:
        - - state: reasoning
            system: 1
            messages:
              - user: Find
            reply:
              calls:
                - call: find
          - state: responding
            system: 1
            messages:
              - result: none
                of: 1
            reply:
              text: None.
"""
    )


HEAD = "cassette: 1\nconversations:\n"
REPLY = f"{HEAD}  - name: x\n    model: {{name: m, systems: [s], turns: [[{{system: 1, "


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("[", ":1:2", "did not find"),
        ("[]", ":1:1", "a cassette is an object with 'conversations'"),
        ("conversations: []", ":1:1", "'cassette' must be 1, the version that is read here"),
        ("cassette: 2", ":1:1", "'cassette' must be 1, the version that is read here"),
        (f"{HEAD}  - name: x\n    nam: x", ":4:5", "there is no member 'nam' here"),
        (f"{HEAD}  - name: x\n  - name: x", ":1:1", "two conversations have the same name"),
        (f"{HEAD}  - name: x\n    http: [{{request: GET /}}]", ":4:12", "give either 'answer' or 'failure'"),
        (
            f"{HEAD}  - name: x\n    http: [{{request: GET /, answer: {{status: 200, body: {{base64: ['!']}}}}}}]",
            ":4:57",
            "'body': 'base64' must be lines of base64",
        ),
        (
            f"{HEAD}  - name: x\n    model: {{name: m, turns: [[{{state: responding, system: 1}}]]}}",
            ":4:59",
            "there is no system text of that number",
        ),
        (
            f"{REPLY}state: reasoning, tools: 1}}]]}}",
            ":4:82",
            "there is no list of tools of that number",
        ),
        (
            f"{REPLY}state: responding, keeps: 1}}]]}}",
            ":4:83",
            "it shares 1 messages with the request before and its reply, which have 0",
        ),
        (
            f"{HEAD}  - name: x\n    model: {{name: m, turns: [[{{state: reasoning}}]]}}",
            ":4:31",
            "'system' belongs to a request that is no phrase",
        ),
    ],
)
def test_a_mistake_is_told_at_its_place(text: str, place: str, message: str) -> None:
    [problem] = read_cassette(text.encode(), "tape").problems
    assert (problem.place, problem.file) == (place, "tape")
    assert problem.message.startswith(message)
    assert problem.hint


def test_all_mistakes_are_told_at_once() -> None:
    text = f"{HEAD}  - name: 3\n    said: yes\n    http: [{{request: 5, failure: {{message: no}}}}]\n"
    assert [problem.place for problem in read_cassette(text.encode(), "tape").problems] == [":3:11", ":4:5", ":5:22"]


@pytest.mark.parametrize(
    "text",
    [
        "cassette: 1\nconversations: " + "[" * 200 + "]" * 200,
        "cassette: 1\nconversations: [&a [x, x, x, x], " + ", ".join(["*a"] * 20_000) + "]",
        f"{HEAD}  - name: " + "x" * 2_000_000,
        f"{HEAD}  - name: x\n    model: {{name: m, systems: [s], turns: [["
        + "{state: responding, system: 1}," * 1001
        + "]]}",
        f"{HEAD}  - name: x\n    model: {{name: m, systems: [s], turns: [["
        + f"{{state: responding, system: 1, messages: [{'{user: a},' * 100}]}}," * 50
        + "]]}",
    ],
    ids=["deep", "aliases", "long", "many", "growing"],
)
def test_a_hostile_file_is_refused(text: str) -> None:
    assert read_cassette(text.encode(), "tape").problems


def test_a_cassette_lies_beside_its_file() -> None:
    assert cassette_beside("a/homes.conversation.yaml") == Path("a/homes.cassette.yaml")
    assert cassette_beside("a/homes.yaml") == Path("a/homes.cassette.yaml")


@pytest.mark.parametrize(
    ("api", "path"),
    [
        ("recorded", "a/homes.cassette.yaml"),
        ("{recorded: true}", "a/homes.cassette.yaml"),
        ("{recorded: tapes/b.cassette.yaml}", "a/tapes/b.cassette.yaml"),
        ("mock", None),
    ],
)
def test_the_recording_of_an_api_is_named_by_its_conversation(api: str, path: str | None) -> None:
    text = f"plugins: []\napi: {api}\nturns: [{{say: Hi}}]\n"
    [placed] = read_conversations(text.encode(), "homes.conversation.yaml").conversations
    assert api_cassette(placed.conversation, "a/homes.conversation.yaml") == (Path(path) if path else None)


@pytest.mark.parametrize(
    ("api", "place", "message"),
    [
        ("{recorded: notes.yaml}", ":2:17", "'recorded': must be true, for the recording beside the file, or name"),
        ("{recorded: true, real: true}", ":2:6", "'api': give one of 'mock', 'recorded' and 'real'"),
        ("{recorded: false}", ":2:17", "'recorded': must be true"),
        ("tape", ":2:6", "'api' must be an object"),
        ("{recorded: ../b.cassette.yaml}", ":2:17", "'recorded': the file must stand in the folder of this one"),
        ("{recorded: /b.cassette.yaml}", ":2:17", "'recorded': the file must stand in the folder of this one"),
        ("{recorded: 'C:b.cassette.yaml'}", ":2:17", "'recorded': the file must stand in the folder of this one"),
        ("{recorded: 'a\\..\\..\\b.cassette.yaml'}", ":2:17", "'recorded': the file must stand in the folder of this"),
    ],
)
def test_what_cannot_be_a_recording_is_a_mistake(api: str, place: str, message: str) -> None:
    text = f"plugins: []\napi: {api}\nturns: [{{say: Hi}}]\n"
    problems = read_conversations(text.encode(), "homes.conversation.yaml").problems
    assert {problem.place for problem in problems} == {place}
    assert problems[0].message.startswith(message)


def test_a_recording_is_not_looked_for_out_of_the_folder_of_its_file(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "tapes").symlink_to(tmp_path)
    text = "plugins: []\napi: {recorded: tapes/b.cassette.yaml}\nturns: [{say: Hi}]\n"
    [placed] = read_conversations(text.encode(), "homes.conversation.yaml").conversations
    with pytest.raises(UsageError, match=r"'tapes/b.cassette.yaml' leads out of the folder of the conversation file"):
        api_cassette(placed.conversation, str(tmp_path / "a" / "homes.conversation.yaml"))


def test_a_symbolic_link_is_no_recording(tmp_path: Path) -> None:
    (tmp_path / "real.yaml").write_text("cassette: 1\n", encoding="utf-8")
    (tmp_path / "one.cassette.yaml").symlink_to(tmp_path / "real.yaml")
    with pytest.raises(UsageError, match="is a symbolic link, which is not followed"):
        Cassettes().at(tmp_path / "one.cassette.yaml")


def test_the_file_that_it_belongs_to_stands_in_a_cassette(tmp_path: Path) -> None:
    file, path = tmp_path / "homes.conversation.yaml", tmp_path / "tapes" / "homes.cassette.yaml"
    cassette = owned(Cassette(conversations=(RecordedConversation(name="one"),)), path, str(file))
    assert cassette.file == "../homes.conversation.yaml"
    assert read_cassette(write_cassette(cassette), "tape").cassette == cassette
    assert owned(cassette, path, str(file)) == cassette


def test_a_cassette_of_another_file_is_refused_while_that_file_is_there(tmp_path: Path) -> None:
    path, cassette = tmp_path / "one.cassette.yaml", Cassette(file="one.conversation.yaml")
    assert owned(cassette, path, str(tmp_path / "two.conversation.yaml")).file == "two.conversation.yaml"
    (tmp_path / "one.conversation.yaml").touch()
    with pytest.raises(UsageError, match=r"one.cassette.yaml' belongs to 'one.conversation.yaml': no two files share"):
        owned(cassette, path, str(tmp_path / "two.conversation.yaml"))


def test_a_file_that_is_not_there_has_nothing_on_it(tmp_path: Path) -> None:
    assert Cassettes().at(tmp_path / "none.cassette.yaml") == Cassette()


def test_a_file_with_mistakes_is_told_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "one.cassette.yaml"
    path.write_text("[]", encoding="utf-8")
    with pytest.raises(CassetteUnreadable) as caught:
        Cassettes().at(path)
    assert str(caught.value) == (
        f"the recording {str(path)!r} cannot be read: a cassette is an object with 'conversations' (1:1)"
    )
