"""The array of spec 13.2.1, as written, as bent, and as garbage."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.check.responses import card_problems
from orchestrator.content import Card, Shown
from orchestrator.response.local_result import MAX_ENTRIES, TEMPLATES, read_local_results
from orchestrator.response.templates import MAX_CARD, MAX_CARDS
from orchestrator.tools.visual_templates import bundled_templates
from runtimes.values import Json, JsonObject, dump_json

FLIGHT: JsonObject = {"flightId": "LH490", "departureDate": "1/1/24"}
TEMPLATE = f"{TEMPLATES}flight_status_v1.0.json"


def card_entry(data: Json, description: str = "Flight LH490 leaves on 1/1/24") -> JsonObject:
    return {"id": "1", "type": "text/adaptivecard", "description_for_model": description, "data": data}


def test_plain_text_goes_to_the_model_and_the_person() -> None:
    assert read_local_results([{"id": "1", "type": "text/plain", "data": "Bluetooth is on"}]) == (
        "Bluetooth is on",
        Shown(text="Bluetooth is on"),
    )


def test_a_card_goes_to_the_person_and_its_description_to_the_model() -> None:
    data = dump_json({"template": TEMPLATE, "data": {"cardContent": FLIGHT}})
    assert read_local_results([card_entry(data)]) == (
        "Flight LH490 leaves on 1/1/24",
        Shown(cards=(Card(body=FLIGHT, template=TEMPLATE, result_id="1"),)),
    )


def test_several_results_keep_their_order() -> None:
    data = dump_json({"template": TEMPLATE, "data": {"cardContent": FLIGHT}})
    plain: list[Json] = [{"type": "text/plain", "data": text} for text in ("one", "two")]
    assert read_local_results([plain[0], card_entry(data, "a flight"), plain[1]]) == (
        "one\n\na flight\n\ntwo",
        Shown(text="one\n\ntwo", cards=(Card(body=FLIGHT, template=TEMPLATE, result_id="1"),)),
    )


CARD: JsonObject = {"type": "AdaptiveCard", "version": "1.5", "body": []}
LENIENT: list[tuple[str, JsonObject, str, Shown]] = [
    (
        "data as an object",
        card_entry({"template": TEMPLATE, "data": {"cardContent": FLIGHT}}, "d"),
        "d",
        Shown(cards=(Card(body=FLIGHT, template=TEMPLATE, result_id="1"),)),
    ),
    ("an inline card", card_entry(dump_json(CARD), "d"), "d", Shown(cards=(Card(body=CARD, result_id="1"),))),
    (
        "no description",
        card_entry({"template": TEMPLATE, "data": {"cardContent": {"a": 1}}}, ""),
        'A card is shown with: {"a":1}',
        Shown(cards=(Card(body={"a": 1}, template=TEMPLATE, result_id="1"),)),
    ),
    (
        "a template from elsewhere",
        card_entry({"template": "https://evil.example/t.json", "data": {"cardContent": {"a": 1}}}, "d"),
        "d",
        Shown(
            cards=(
                Card(
                    body={"a": 1},
                    template="",
                    result_id="1",
                    notes=(f"its template is not used: it does not start with {TEMPLATES}",),
                ),
            )
        ),
    ),
    (
        "no template",
        card_entry({"data": {"cardContent": {"a": 1}}}, "d"),
        "d",
        Shown(cards=(Card(body={"a": 1}, template="", result_id="1", notes=("it names no template",)),)),
    ),
    (
        "content that is an array",
        card_entry({"template": TEMPLATE, "data": {"cardContent": [1, 2]}}, "d"),
        "d",
        Shown(cards=(Card(body={"cardContent": [1, 2]}, template=TEMPLATE, result_id="1"),)),
    ),
    (
        "a type with parameters in another case",
        {"type": "Text/Plain; charset=utf-8", "data": "x"},
        "x",
        Shown(text="x"),
    ),
    ("another text type", {"type": "text/markdown", "data": "**x**"}, "**x**", Shown(text="**x**")),
    (
        "plain data that is no string",
        {"type": "text/plain", "data": {"on": True}},
        '{"on":true}',
        Shown(text='{"on":true}'),
    ),
    (
        "a description of plain text",
        {"type": "text/plain", "description_for_model": "the state", "data": "on"},
        "the state\non",
        Shown(text="on"),
    ),
]


@pytest.mark.parametrize(("entry", "told", "shown"), [case[1:] for case in LENIENT], ids=[case[0] for case in LENIENT])
def test_what_is_bent_is_read_for_what_it_means(entry: JsonObject, told: str, shown: Shown) -> None:
    assert read_local_results([entry]) == (told, shown)


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (5, "it is not an object"),
        ({"data": "x"}, "its type does not start with 'text/'"),
        ({"type": "image/png", "data": "x"}, "its type does not start with 'text/'"),
        ({"type": "text/plain"}, "it has no data"),
        (card_entry("{"), "its data is not JSON"),
        (card_entry("[]"), "its data is not a JSON object"),
        (card_entry({"template": TEMPLATE}), "its data has neither 'cardContent'"),
        (card_entry({"data": {"cardContent": "text"}}), "its data has neither 'cardContent'"),
    ],
)
def test_an_entry_that_cannot_be_read_is_named_and_the_others_count(entry: Json, reason: str) -> None:
    result = read_local_results([{"type": "text/plain", "data": "good"}, entry])
    assert result is not None
    told, shown = result
    (note,) = shown.notes
    assert note.startswith(f"result 2 of 2 cannot be used: {reason}")
    assert told == f"good\n\n[{note}]"
    assert shown == Shown(text="good", notes=(note,))


@pytest.mark.parametrize(
    "payload", [None, "text", {"type": "text/plain", "data": "x"}, [], [1, 2], [{"id": 1, "type": "home"}], [[]]]
)
def test_other_answers_are_left_to_others(payload: Json) -> None:
    assert read_local_results(payload) is None


def test_only_so_many_entries_are_read() -> None:
    entry: Json = {"type": "text/plain", "data": "x"}
    payload: list[Json] = [entry] * (MAX_ENTRIES + 7)
    result = read_local_results(payload)
    assert result is not None
    assert result[0].endswith("[7 further results are left out]")
    assert result[1].text.count("x") == MAX_ENTRIES


scalars = st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=8)
members = st.sampled_from(["id", "type", "description_for_model", "data", "template", "cardContent"])
words = st.sampled_from(["text/plain", "text/adaptivecard", "AdaptiveCard", TEMPLATE, "{}", '{"data":{}}'])
anything = st.recursive(
    scalars | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(members, inner, max_size=5),
    max_leaves=12,
)


@given(payload=anything, entries=st.lists(anything, max_size=3))
def test_no_payload_breaks_the_reader(payload: Json, entries: list[Json]) -> None:
    read_local_results(payload)
    good: Json = {"type": "text/plain", "data": "good"}
    result = read_local_results([good, *entries])
    assert result is not None
    assert "good" in result[0]
    assert "good" in result[1].text


KNOWN: Mapping[str, JsonObject] = {
    "flight_status_v1.0.json": {
        "type": "AdaptiveCard",
        "version": "1.5",
        "body": [{"type": "TextBlock", "text": "Flight ${flightId}"}],
    },
    "list.json": {"type": "AdaptiveCard", "$data": "${$root}", "body": [{"type": "TextBlock", "text": "${n}"}]},
}


def sent(url: str, content: Json) -> Json:
    return {"id": "r1", "type": "text/adaptivecard", "data": {"template": url, "data": {"cardContent": content}}}


def shown_of(*entries: Json) -> Shown:
    result = read_local_results([*entries], KNOWN)
    assert result is not None
    return result[1]


@pytest.mark.parametrize("suffix", ["", "?v=2", "#x"])
def test_a_known_template_is_filled_with_the_content(suffix: str) -> None:
    """Spec 13.2.2.1: the remaining portion of the URL identifies a known template."""
    shown = shown_of(sent(f"{TEMPLATES}visuals/flight_status_v1.0.json{suffix}", FLIGHT))
    assert shown.cards == (
        Card(
            body={"type": "AdaptiveCard", "version": "1.5", "body": [{"type": "TextBlock", "text": "Flight LH490"}]},
            result_id="r1",
        ),
    )


def test_a_known_template_knows_the_time_by_the_clock_that_is_given() -> None:
    templates: Mapping[str, JsonObject] = {"now.json": {"type": "AdaptiveCard", "speak": "${utcNow()}"}}
    read = read_local_results([sent(f"{TEMPLATES}now.json", {"a": 1})], templates, clock=lambda: 0.0)
    assert read is not None
    assert [card.body["speak"] for card in read[1].cards] == ["1970-01-01T00:00:00.000Z"]


def test_a_known_template_may_make_several_cards_of_an_array_and_not_too_many() -> None:
    numbers: list[Json] = [{"n": number} for number in range(MAX_CARDS + 2)]
    shown = shown_of(sent(f"{TEMPLATES}list.json", numbers))
    assert len(shown.cards) == MAX_CARDS
    assert shown.cards_left_out == 2
    assert {card.result_id for card in shown.cards} == {"r1"}


@pytest.mark.parametrize("name", ["", "none.json", "..%2fflight_status_v1.0.json", "flight_status_v1.0.json/", "../x"])
def test_a_template_that_is_not_known_stays_data(name: str) -> None:
    assert shown_of(sent(TEMPLATES + name, FLIGHT)).cards == (
        Card(body=FLIGHT, template=TEMPLATES + name, result_id="r1"),
    )


def test_content_that_is_a_card_is_shown_as_it_is() -> None:
    """No template language: it is no template."""
    card: JsonObject = {"type": "AdaptiveCard", "version": "1.5", "body": [{"type": "TextBlock", "text": "${name}"}]}
    assert shown_of(sent(f"{TEMPLATES}flight_status_v1.0.json", card)).cards == (Card(body=card, result_id="r1"),)


def test_texts_and_cards_may_be_mixed_and_keep_their_ids() -> None:
    text: Json = {"id": "t", "type": "text/markdown", "data": "*done*"}
    card: Json = {"id": "c", "type": "text/adaptivecard", "data": CARD}
    shown = shown_of(text, sent(f"{TEMPLATES}none.json", FLIGHT), card)
    assert shown.text == "*done*"
    assert [(card.result_id, card.template is None) for card in shown.cards] == [("r1", False), ("c", True)]


@pytest.mark.parametrize("name", [7, None, ["x"], "x" * 201])
def test_an_id_that_is_none_is_empty(name: Json) -> None:
    assert shown_of({"id": name, "type": "text/adaptivecard", "data": CARD}).cards == (Card(body=CARD),)


def test_a_card_that_is_too_large_is_told_of() -> None:
    large: Json = {**CARD, "body": [{"type": "TextBlock", "text": "x" * MAX_CARD}]}
    result = read_local_results([{"type": "text/adaptivecard", "data": large}])
    note = "result 1 of 1 cannot be used: it is larger than a card may be"
    assert result == (f"[{note}]", Shown(notes=(note,)))


def test_the_bundled_templates_are_right_by_our_own_rules() -> None:
    bundled = bundled_templates()
    assert set(bundled) == {"flight_status_v1.0.json", "windows_settings_v1.0.json"}
    assert [problem for card in bundled.values() for problem in card_problems(card)] == []
