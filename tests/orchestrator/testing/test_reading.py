"""Conversation files as they are read: short forms, sharing, tables, and every mistake at its place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.testing.format.conversation import Conversation
from orchestrator.testing.format.reading import ReadFile, read_conversations
from runtimes.values import Json, dump_json
from tests.orchestrator.testing.test_patterns import VALUES


def read(text: str) -> ReadFile:
    """Reads it as YAML, whatever it begins with: its own first line is the second."""
    return read_conversations(f"#\n{text}".encode(), "homes/search.conversation.yaml")


def conversations(text: str) -> list[Conversation]:
    file = read(text)
    assert file.problems == ()
    return [placed.conversation for placed in file.conversations]


def problems(text: str) -> list[str]:
    file = read(text)
    assert file.conversations == ()
    return [
        f"{found.line - 1}:{found.column} {found.code}: {found.message}" + (f" ({found.hint})" if found.hint else "")
        for found in file.problems
    ]


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("say: hi", "say: {text: hi}"),
        ("say: {text: hi, attachments: a.png}", "say: {text: hi, attachments: [{file: a.png}]}"),
        ("{say: hi, model: Hello}", "{say: hi, model: [{text: Hello}]}"),
        ("{say: hi, model: {call: f, with: {a: 1}}}", "{say: hi, model: [{call: f, with: {a: 1}}]}"),
        ("decide: approve", "decide: [{answer: approve, every: true}]"),
        ("decide: [approve, decline]", "decide: [{answer: approve}, {answer: decline}]"),
        ("{say: hi, expect: {text: a}}", "{say: hi, expect: {text: {contains: [a]}}}"),
        ("{say: hi, expect: {text: [a, b]}}", "{say: hi, expect: {text: {contains: [a, b]}}}"),
        ("{say: hi, expect: {calls: f}}", "{say: hi, expect: {calls: {in_order: [{call: f}]}}}"),
        ("{say: hi, expect: {calls: {call: f}}}", "{say: hi, expect: {calls: {in_order: [{call: f}]}}}"),
        (
            "{say: hi, expect: {requests: GET /a?b=c}}",
            "{say: hi, expect: {requests: {in_order: [{method: GET, path: /a, query: {b: c}}]}}}",
        ),
        (
            "{say: hi, expect: {requests: post /a}}",
            "{say: hi, expect: {requests: {in_order: [{method: post, path: /a}]}}}",
        ),
        ("{say: hi, expect: {questions: f}}", "{say: hi, expect: {questions: {in_order: [{call: f}]}}}"),
        ("{say: hi, expect: {citations: a}}", "{say: hi, expect: {citations: {in_order: [{title: a}]}}}"),
        ("{say: hi, expect: {cards: a}}", "{say: hi, expect: {cards: {in_order: [{shows: {contains: [a]}}]}}}"),
        ("{say: hi, expect: {events: call_asked}}", "{say: hi, expect: {events: [{kind: call_asked}]}}"),
        ("{say: hi, expect: {end: limit}}", "{say: hi, expect: {end: {reason: limit}}}"),
        ("{say: hi, expect: {tokens: 5}}", "{say: hi, expect: {tokens: {total: 5}}}"),
        ("{say: hi, expect: {tokens: {$at-most: 5}}}", "{say: hi, expect: {tokens: {total: {$at-most: 5}}}}"),
        ("{say: hi, expect: {prompts: a}}", "{say: hi, expect: {prompts: [{contains: [a]}]}}"),
    ],
)
def test_a_short_form_means_the_long_one(short: str, long: str) -> None:
    lines = "\n    ".join(short.splitlines())
    assert conversations(f"turns:\n  - {lines}") == conversations(f"turns:\n  - {long}")


def test_the_short_forms_of_settings() -> None:
    short = "{plugins: a.json, api: mock, services: {s: {command: run}}, tags: smoke, turns: [{say: hi}]}"
    long = (
        "{plugins: [{source: a.json}], api: {mock: openapi}, services: {s: {command: [run]}}, tags: [smoke],"
        " turns: [{say: {text: hi}}]}"
    )
    assert conversations(short) == conversations(long)
    [real] = conversations("{api: {real: true, stubs: [{path: /a, answer: 503}]}, turns: [{say: hi}]}")
    assert not real.api.is_mocked
    assert real.api.stubs[0].answer.status == 503


def test_conversations_share_what_stands_beside_them() -> None:
    text = """
    environment: {A: shared, B: shared}
    tags: [all]
    locale: fr
    conversations:
      - {name: first, turns: [{say: hi}]}
      - {environment: {B: own}, tags: one, locale: de, turns: [{say: hi}]}
    """
    first, second = conversations(text)
    assert (first.name, first.environment, first.tags, first.locale) == (
        "first",
        {"A": "shared", "B": "shared"},
        ("all",),
        "fr",
    )
    assert (second.name, second.locale) == ("search 2", "de")
    assert (second.environment, second.tags) == ({"A": "shared", "B": "own"}, ("all", "one"))


def test_each_row_of_a_table_is_a_conversation() -> None:
    text = """
    name: homes
    parameters: [{city: Seattle, rooms: 3, near: {lat: 1}}, {city: Tacoma, rooms: 2, near: null}]
    turns:
      - say: $(rooms) rooms in $(city), not $$(city)
        model: {call: f, with: {rooms: $(rooms), near: $(near)}}
    """
    first, second = conversations(text)
    assert first.name == 'homes [city=Seattle, rooms=3, near={"lat":1}]'
    assert first.turns[0].say is not None
    assert first.turns[0].say.text == "3 rooms in Seattle, not $(city)"
    assert first.turns[0].model[0].with_ == {"rooms": 3, "near": {"lat": 1}}
    assert second.turns[0].model[0].with_ == {"rooms": 2, "near": None}


def test_nothing_is_replaced_without_a_table() -> None:
    [only] = conversations("turns: [{say: $(city) and $$(city)}]")
    assert only.turns[0].say is not None
    assert only.turns[0].say.text == "$(city) and $$(city)"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("turns: [", ["1:9 not-yaml: did not find expected node content"]),
        ("- a", ["1:1 not-an-object: a conversation file is an object with 'turns' or 'conversations'"]),
        ("name: a", ["1:1 missing: member 'turns' is missing (add 'turns')"]),
        ("turns: []", ["1:8 wrong-value: 'turns': there must be at least one"]),
        ("turns: hi", ["1:8 wrong-value: 'turns' must be a list"]),
        ("turns: [{say: 3}]", ["1:15 wrong-value: 'say' must be an object"]),
        ("turns: [{sya: hi}]", ["1:10 unknown-member: there is no member 'sya' here (did you mean 'say'?)"]),
        ("conversations: []", ["1:16 wrong-value: 'conversations' must be a list of conversations"]),
        ("conversations: [hi]", ["1:17 wrong-value: a conversation must be an object"]),
        (
            "{turns: [{say: hi}], conversations: [{turns: [{say: hi}]}]}",
            ["1:9 wrong-value: 'turns' belongs to one of the conversations"],
        ),
        (
            "{plugins: {source: a, service: homs}, services: {homes: {command: run}}, turns: [{say: hi}]}",
            ["1:32 unknown-service: there is no service 'homs' (known: homes)"],
        ),
        (
            "{clock: 2026-11-21, turns: [{say: hi}]}",
            ["1:9 wrong-value: 'clock' must be"],
        ),
        (
            "{api: {mock: openapi, real: true}, turns: [{say: hi}]}",
            ["1:7 wrong-value: 'api': give one of 'mock', 'recorded' and 'real'"],
        ),
        (
            "{api: {real: true, seed: 1}, turns: [{say: hi}]}",
            ["1:7 wrong-value: 'api': 'seed' and 'examples' are for the mock"],
        ),
        (
            "{api: {stubs: [{answer: 200}]}, turns: [{say: hi}]}",
            ["1:16 wrong-value: name the requests that it answers, by 'path' or 'operation'"],
        ),
        (
            "{api: {stubs: [{path: /, answer: {json: 1, body: a}}]}, turns: [{say: hi}]}",
            ["1:34 wrong-value: 'answer': give one of 'json', 'body' and 'file'"],
        ),
        (
            "turns: [{say: a, expect: {cards: {paths: {'$.a[': 1}}}}]",
            ["1:42 wrong-value: 'paths': '$.a[' is not a JSONPath query"],
        ),
        (
            "{parameters: [{a: 1}], turns: [{say: $(b)}]}",
            ["1:38 parameter: there is no parameter 'b' (known: a; the text itself is '$$(b)')"],
        ),
        (
            "{parameters: [{a: 1}], turns: [{say: hi}]}",
            ["1:1 parameter: nothing uses the parameter 'a' (write '$(a)' somewhere)"],
        ),
        (
            "{parameters: [{a: 1}, {b: 1}], turns: [{say: $(a)}]}",
            ["1:23 parameter: the row has other parameters than the first one: b (give each row a)"],
        ),
        ("{parameters: {a: 1}, turns: [{say: $(a)}]}", ["1:14 parameter: 'parameters' must be a list of rows"]),
        ("{parameters: [1], turns: [{say: $(a)}]}", ["1:15 parameter: a row must be an object"]),
    ],
)
def test_a_mistake_is_told_with_its_place(text: str, told: list[str]) -> None:
    found = problems(text)
    assert [one[: len(words)] for one, words in zip(found, told, strict=False)] == told


TURN_MISTAKES = """
turns:
  - say: hi
    modle: x
    model:
      - {call: f, wiht: 3}
      - {with: {}}
      - {call: f, calls: [{call: g}]}
      - {text: a, phrase: b}
    decide: [{answer: edit}]
    expect:
      calls: [{call: f, status: retruned, with: {a: {$regx: x}}}]
      text: {regex: "("}
      requests: homes
      cards: {in_order: [a], include: [b]}
      end: eror
      model_requests: {$at-most: many}
"""


def test_all_mistakes_of_a_file_are_told_at_once() -> None:
    assert problems(TURN_MISTAKES) == [
        "4:5 unknown-member: there is no member 'modle' here (did you mean 'model'?)",
        "6:19 unknown-member: there is no member 'wiht' here (did you mean 'with'?)",
        "7:9 wrong-value: 'with' goes with 'call'",
        "8:9 wrong-value: give either 'call' or 'calls'",
        "9:9 wrong-value: a step has 'text', 'call' or 'calls', or 'phrase' alone",
        "10:14 wrong-value: 'edit' and 'with' go together",
        "12:33 wrong-value: 'status' must be 'returned', 'error', 'asked', 'sign_in', 'refused', 'denied', 'declined', "
        "'expired', 'edited', 'failed', 'unknown', 'withdrawn' or 'any' (did you mean 'returned'?)",
        "12:54 pattern: there is no matcher '$regx' (did you mean '$regex'? Else, data whose name begins with a dollar "
        "is written with two: '$$regx')",
        "13:14 pattern: '(' is no regular expression: missing ) at position 1",
        "14:17 wrong-value: a request in one line is a method and a path, such as 'GET /listings?city=Seattle'",
        "15:14 wrong-value: 'cards': give one of 'in_order', 'any_order' and 'include'",
        "16:12 wrong-value: 'reason' must be 'answered', 'disengaged', 'limit', 'cancelled', 'error' or 'waiting' "
        "(did you mean 'error'?)",
        "17:24 pattern: '$at-most' takes a number",
    ]


def test_a_mistake_in_what_is_shared_is_told_once_and_where_it_stands() -> None:
    text = "{locale: 3, conversations: [{turns: [{say: a}]}, {turns: [{say: b}], person: 4}]}"
    assert problems(text) == ["1:10 wrong-value: 'locale' must be a text", "1:78 wrong-value: 'person' must be a text"]


def test_places_lead_to_what_short_forms_stand_for() -> None:
    file = read("turns:\n  - say: hi\n    expect:\n      calls: [f]\n      text: [a, b]\n")
    where = file.conversations[0].turn(0)
    for pointer, place in {
        "/expect/calls/in_order/0/call": (4, 15),
        "/expect/text/contains/1": (5, 17),
        "/expect/end": (4, 7),
        "/decide": (2, 5),
    }.items():
        found = where.place(pointer)
        assert (found.line - 1, found.column) == place, pointer


@given(VALUES | st.fixed_dictionaries({"turns": VALUES, "conversations": VALUES, "parameters": VALUES}))
def test_no_file_breaks_the_reader(value: Json) -> None:
    file = read_conversations(dump_json(value).encode(), "x")
    assert bool(file.problems) != bool(file.conversations)
