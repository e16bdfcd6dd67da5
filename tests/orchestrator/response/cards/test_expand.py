"""Issue 5: templates are expanded, and what cannot be is told with its place."""

from __future__ import annotations

import copy
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from orchestrator.errors import OrchestratorError
from orchestrator.response.cards import CardError, Template, expand, prepared
from runtimes.values import Json, JsonObject, dump_json

ITEMS: JsonObject = {"items": [{"n": "one"}, {"n": "two"}], "a": 1, "nothing": None}


def _error(template: Json, data: Json = None) -> CardError:
    with pytest.raises(CardError) as caught:
        expand(template, data)
    return caught.value


def test_a_card_is_expanded_over_its_data() -> None:
    card: Json = {
        "type": "AdaptiveCard",
        "body": [
            {"type": "TextBlock", "text": "${count(items)} items, ${missing}"},
            {
                "$data": "${items}",
                "$when": "${n != 'x'}",
                "text": "${$index}: ${n} of ${$root.a}",
                "value": "${$index}",
            },
        ],
    }
    assert expand(card, ITEMS) == {
        "type": "AdaptiveCard",
        "body": [
            {"type": "TextBlock", "text": "2 items, ${missing}"},
            {"text": "0: one of 1", "value": 0},
            {"text": "1: two of 1", "value": 1},
        ],
    }


def test_members_keep_their_order() -> None:
    expanded = expand({"z": "${a}", "y": 1, "x": "${a}", "w": "${first(createArray())}", "v": 2}, ITEMS)
    assert isinstance(expanded, dict)
    assert list(expanded) == ["z", "y", "x", "v"]


def test_a_template_is_read_once_and_expanded_often() -> None:
    template: Json = {"text": "${n} of ${$root.n}"}
    assert prepared(template) is prepared(copy.deepcopy(template))
    assert [prepared(template).expand({"n": number}) for number in (1, 2)] == [{"text": "1 of 1"}, {"text": "2 of 2"}]


def test_what_is_expanded_shares_nothing_with_the_data_or_the_template() -> None:
    template: Json = {"all": "${items}", "fixed": {"deep": ["x"]}}
    data = copy.deepcopy(ITEMS)
    expanded = expand(template, data)
    assert isinstance(expanded, dict)
    assert isinstance(expanded["all"], list)
    assert isinstance(expanded["fixed"], dict)
    expanded["all"].clear()
    expanded["fixed"].clear()
    assert data == ITEMS
    assert expand(template, data) == {"all": ITEMS["items"], "fixed": {"deep": ["x"]}}


def test_the_host_the_moment_the_locale_and_chance_can_be_given() -> None:
    template: Json = "${$host.theme} ${utcNow()} ${formatNumber(1234.5, 1)} ${rand(1, 1000)}"
    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    ours = [expand(template, {}, host={"theme": "dark"}, locale="de-DE", now=moment, seed=7) for _ in range(2)]
    assert ours[0] == ours[1]
    assert str(ours[0]).startswith("dark 2026-01-02T03:04:05.000Z 1.234,5 ")


def test_a_syntax_error_names_the_place_in_the_card_and_draws_it() -> None:
    error = _error({"body": [{"a/b": "Total: ${price *}"}]})
    assert isinstance(error, OrchestratorError)
    assert error.pointer == "/body/0/a~1b"
    assert error.text == "Total: ${price *}"
    assert str(error).splitlines() == [
        "the end of the expression has no place here at /body/0/a~1b",
        "  Total: ${price *}",
        "                  ^",
    ]


@pytest.mark.parametrize(
    ("text", "at", "message"),
    [
        ("${sub('a', 1)}", "sub", "argument 1 of '-' must be a number"),
        ("${if(1)}", "if", "'if' takes 3 arguments, not 1"),
        ("${add(1)}", "add", "'+' takes at least 2 arguments, not 1"),
        ("${a b}", "b}", "'b' has no place here"),
        ("${add(1;2)}", ";", "';' has no place here"),
        ("${(1 + 2}", "}", "expected ')', not the end of the expression"),
        ("${foreach(a, 1, 2)}", "foreach", "the second argument is the name of a variable"),
        ("x ${'a'.b}", ".b", "only an object has members"),
        ("`${a}", "`", "a back quote ends the text here"),
        ("${a} it`s", "`s", "a back quote ends the text here"),
        ("${a}\\", "\\", "a text with '${' in it cannot end"),
    ],
)
def test_a_mistake_is_found_when_the_template_is_read(text: str, at: str, message: str) -> None:
    with pytest.raises(CardError) as caught:
        Template(text)
    assert caught.value.message.startswith(message)
    assert caught.value.text[caught.value.offset :].startswith(at)


def test_an_expression_without_a_value_is_an_error_where_it_stands_alone() -> None:
    error = _error({"x": ["${items[7]}"]}, ITEMS)
    assert (error.pointer, error.message) == ("/x/0", "there is no element 7 in an array of 2")


def test_an_unknown_function_is_an_error_only_where_it_is_evaluated() -> None:
    assert _error("${nope(1)}").message == "there is no function 'nope'"
    assert _error({"$when": "${nope(1)}"}).pointer == "/$when"
    assert expand("${if(true, 1, nope(1))}", {}) == 1
    assert expand("x ${nope(1)}", {}) == "x ${nope(1)}"


def test_null_in_a_text_is_an_error_that_names_it() -> None:
    assert _error("x ${nothing}", ITEMS).message == "${nothing} is null, which has no text"


def test_a_long_string_is_drawn_in_part_and_without_control_characters() -> None:
    error = _error("\n" * 200 + "${a b}" + "\t" * 200)
    drawn = str(error).splitlines()
    assert len(drawn) == 3
    assert drawn[1][drawn[2].index("^")] == "b"
    assert len(drawn[1]) < 120


def test_the_names_are_loaded_when_they_are_asked_for() -> None:
    program = (
        "import sys, orchestrator.response.cards as cards\n"
        "assert 'orchestrator.response.cards.expansion' not in sys.modules\n"
        "assert cards.expand('${1 + 1} x', {}) == '2 x'\n"
        "assert not hasattr(cards, 'nothing')\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_half_a_character_never_leaves_the_engine() -> None:
    card = expand({"a": "${first(e)}", "b": ["${substring(e, 1, 1)}"], "c": "${e}"}, {"e": "😀"})
    assert card == {"a": "\ufffd", "b": ["\ufffd"], "c": "😀"}
    dump_json(card)
