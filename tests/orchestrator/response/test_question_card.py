"""Issue 7, confirmation: a question's card shows what would really happen, and none of it is a plugin's doing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.check.cards import schema_problems
from orchestrator.events import Reason
from orchestrator.response.card_forms import choices_of
from orchestrator.response.question_card import MAX_ROWS, Asked, question_card
from runtimes.values import Json, JsonObject

ASKED = Asked(
    call_id="c1",
    plugin="shop",
    function="buy_now",
    arguments={"count": 2},
    destination="https://shop.example",
    title="Buy 2?",
    body="* **Count**: 2",
)
WEB = "[free](https://evil.example) ![x](https://evil.example/x.png) <b>bold</b>"
SLY = f"{WEB} ${{$root}} {{{{DATE(2020-01-01T00:00:00Z,SHORT)}}}} \u202e"


def nodes(node: Json) -> Iterator[JsonObject]:
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from nodes(child)
    if isinstance(node, dict):
        yield node


def lines(card: Json) -> list[str]:
    """What is read, in order: a line for each block of text."""
    found: list[str] = []
    for node in nodes(card):
        inlines = node.get("inlines")
        if isinstance(inlines, list):
            found.append("".join(str(run["text"]) for run in inlines if isinstance(run, dict)).replace("\u00a0", " "))
        elif node.get("type") == "TextBlock":
            found.append(str(node["text"]))
    return found


def texts(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for child in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from texts(child)


def test_the_hosts_words_stand_above_those_of_the_plugin() -> None:
    reasons = (
        Reason(source="method", text="it is a POST request"),
        Reason(source="data", text="the model had read what mail answered"),
    )
    files = ("attachment:f1 is 'photo.png', image/png, 3 bytes",)
    card = question_card(replace(ASKED, reasons=reasons, files=files))
    assert lines(card) == [
        "May this be run?",
        "Mind this", "• the model had read what mail answered",
        "Function", "buy_now", "Plugin", "shop", "Goes to", "https://shop.example",
        "With", "count", "2",
        "Files", "• attachment:f1 is 'photo.png', image/png, 3 bytes",
        "You are asked because", "• it is a POST request",
        "The plugin says:", "Buy 2?", "• Count: 2",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("milk", ["milk"]),
        ("two\nlines", ["two", "lines"]),
        ("", ['""']),
        ("5", ['"5"']),
        ("null", ['"null"']),
        (" x", ['" x"']),
        ("x\n\n\n\n\nSent to a friend", ['"x\\n\\n\\n\\n\\nSent to a friend"']),
        ("a\u202eb", ['"a\\u202eb"']),
        (5, ["5"]),
        (None, ["null"]),
        (True, ["true"]),
        (["a", {"b": 1}], ['["a", {"b": 1}]']),
        (["word " * 12], ["[", f'  "{"word " * 12}"', "]"]),
    ],
)
def test_an_argument_is_shown_in_full_and_as_what_it_is(value: Json, shown: list[str]) -> None:
    found = lines(question_card(replace(ASKED, arguments={"x": value})))
    at = found.index("With")
    assert found[at + 1 : found.index("The plugin says:")] == ["x", *shown]


def test_many_arguments_share_a_row_and_none_is_left_out() -> None:
    card = question_card(replace(ASKED, arguments={f"name{number}": number for number in range(MAX_ROWS + 2)}))
    assert "and 2 more" in lines(card)
    assert f'{{"name{MAX_ROWS}": {MAX_ROWS}, "name{MAX_ROWS + 1}": {MAX_ROWS + 1}}}' in lines(card)
    assert "Without arguments" in lines(question_card(replace(ASKED, arguments={})))


def test_the_answers_are_verbs_and_only_a_no_takes_the_note_along() -> None:
    for may_always in (False, True):
        card = question_card(replace(ASKED, may_always=may_always))
        verbs = [(choice.verb, [field.id for field in choice.inputs]) for choice in choices_of(card)]
        always: list[tuple[str, list[str]]] = [("always", [])] if may_always else []
        assert verbs == [("approve", []), ("decline", ["note"]), *always]
        assert all(choice.data == {"call_id": "c1"} for choice in choices_of(card))


def test_nothing_of_a_plugin_is_markdown_a_picture_an_expression_or_a_date() -> None:
    asked = replace(
        ASKED, plugin=SLY, function=SLY, arguments={SLY: SLY, "o": [SLY]}, destination=SLY, title=SLY, body=SLY
    )
    card = question_card(replace(asked, reasons=(Reason(source="data", text=SLY),), files=(SLY,)))
    blocks = [node["text"] for node in nodes(card) if node.get("type") == "TextBlock"]
    assert not [text for text in blocks if "evil" in str(text)]
    assert {str(node["type"]) for node in nodes(card) if "type" in node} <= {
        "AdaptiveCard", "TextBlock", "RichTextBlock", "TextRun", "Table", "TableRow", "TableCell", "Container",
        "Input.Text", "Action.Execute",
    }  # fmt: skip
    assert "\u202e" not in json.dumps(card, ensure_ascii=False)
    assert any(WEB in line for line in lines(card))
    assert all("{{DATE(2020-01-01T00:00:00Z,SHORT)}}" in line for line in lines(card) if WEB in line)


WORDS = st.text(max_size=30) | st.lists(
    st.sampled_from(["{", "$", "{{", "${", "}", "\n", " ", "*", "**", "- ", "a", "[a](https://b)", "\u202e", "\x1b["]),
    max_size=30,
).map("".join)
VALUES: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=8,
)


@given(words=WORDS, arguments=st.dictionaries(WORDS, VALUES, max_size=4), may_always=st.booleans())
def test_any_question_is_a_card_that_nothing_expands(words: str, arguments: JsonObject, *, may_always: bool) -> None:
    """Property: it is right by our own table of Adaptive Cards, and no text in it opens an expression or a date."""
    reasons = (Reason(source="data", text=words), Reason(source="host", text=words))
    card = question_card(
        Asked(
            call_id="c", plugin=words, function=words, arguments=arguments, destination=words, title=words, body=words,
            reasons=reasons, files=(words,), may_always=may_always,
        )
    )  # fmt: skip
    assert list(schema_problems(card)) == []
    assert not [text for text in texts(card) if "${" in text or "{{" in text]
