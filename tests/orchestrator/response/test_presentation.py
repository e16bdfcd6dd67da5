"""Which card a result is shown by (spec 9.4.2; issue 5, line 4)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.content import Card, Shown
from orchestrator.manifest.model import ResponseSemantics
from orchestrator.response.outcome import read_result
from orchestrator.response.presentation import MAX_RESULTS, Presentation, semantic_cards
from orchestrator.response.templates import ANSWER_OUTPUT, MAX_CARDS, CardTemplate
from runtimes.base import CallResult
from runtimes.values import Json, JsonObject, dump_json

BASE = "https://shop.example/v1/"


def card(text: str) -> JsonObject:
    return {"type": "AdaptiveCard", "version": "1.5", "body": [{"type": "TextBlock", "text": text}]}


def static(text: str) -> CardTemplate:
    return CardTemplate(content=card(text))


def shown(
    payload: Json,
    template: CardTemplate | None = None,
    *,
    data_path: str = "$",
    locale: str | None = None,
    **also: Json,
) -> Shown:
    semantics = ResponseSemantics(data_path=data_path, properties=also)
    return semantic_cards(semantics, Presentation(template=template), payload, base=BASE, locale=locale)


def texts(found: Shown) -> list[Json]:
    made: list[Json] = []
    for one in found.cards:
        body = one.body["body"]
        assert isinstance(body, list)
        assert isinstance(body[0], dict)
        made.append(body[0]["text"])
    return made


PEOPLE: Json = {"people": [{"name": "Ada", "tags": ["x", "y"]}, {"name": "Bob", "tags": []}], "total": 2}


@pytest.mark.parametrize(
    ("data_path", "template", "expected"),
    [
        ("$.people", "${name}", ["Ada", "Bob"]),
        ("$.people", "${$root.name}", ["Ada", "Bob"]),
        ("$.people", "${count($root['tags'])}", [2, 0]),
        ("$.people[0]", "${name}", ["Ada"]),
        ("$", "${total} people", ["2 people"]),
        ("$", "${people[1].name}", ["Bob"]),
        ("people", "${name}", ["Ada", "Bob"]),
        ("$.nobody", "${name}", []),
    ],
)
def test_the_result_is_the_root_of_the_template(data_path: str, template: str, expected: list[Json]) -> None:
    """An element of an array, an object, or the whole answer: what the data path selects as it is written."""
    found = shown(PEOPLE, static(template), data_path=data_path)
    assert texts(found) == expected
    assert {one.origin for one in found.cards} <= {"static"}
    assert found.notes == ()


def test_a_template_may_repeat_over_its_root() -> None:
    """As most real templates do, which bind an element by `${$root}`."""
    template = card("")
    template["body"] = [{"type": "Container", "$data": "${$root}", "items": [{"type": "TextBlock", "text": "${name}"}]}]
    found = shown(PEOPLE, CardTemplate(content=template), data_path="$.people")
    assert [one.body["body"] for one in found.cards] == [
        [{"type": "Container", "items": [{"type": "TextBlock", "text": name}]}] for name in ("Ada", "Bob")
    ]


def test_the_data_path_is_taken_as_it_is_written_for_templates() -> None:
    """Citations read `$.results.name` under `$` for each element; templates that say `results.…` mean the answer."""
    answer: Json = {"results": [{"name": "Ada"}, {"name": "Bob"}]}
    found = shown(answer, static("${count(results)} found"), title="$.results.name")
    assert texts(found) == ["2 found"]


@pytest.mark.parametrize(
    ("payload", "selector"),
    [
        ({"items": [{"card": card("${name}"), "name": "Ada"}]}, "$.card"),
        ({"items": [{"card": "$.templates.a", "name": "Ada"}], "templates": {"a": card("${name}")}}, "$.card"),
        ({"items": [{"card": "templates.a", "name": "Ada"}], "templates": {"a": card("${name}")}}, "card"),
        ({"items": [{"card": "$.templates[0]", "name": "Ada"}], "templates": [card("${name}")]}, "$.card"),
        ({"items": [{"card": dump_json(card("${name}")), "name": "Ada"}]}, "$.card"),
        ({"items": [{"card": card("${name}"), "name": "Ada"}]}, "$.items[0].card"),
        ({"items": [{"name": "Ada"}], "template": card("${name}")}, "$.template"),
    ],
)
def test_a_selector_selects_a_card_or_the_path_of_one(payload: Json, selector: str) -> None:
    """`manifests.md` 1: a path that yields a string which is itself a path into the whole response."""
    found = shown(payload, static("static"), data_path="$.items", template_selector=selector)
    assert [(one.origin, one.notes) for one in found.cards] == [("selected", ())]
    assert texts(found) == ["Ada"]


def test_a_selector_may_give_the_place_of_a_card_in_an_answer_that_is_an_array() -> None:
    answer: Json = [{"name": "Ada", "card": 1}, card("${name}")]
    found = shown(answer, data_path="$[0]", template_selector="$.card")
    assert texts(found) == ["Ada"]


@pytest.mark.parametrize("selected", [None, ""])
def test_a_result_without_a_card_of_its_own_is_shown_by_the_static_one(selected: Json) -> None:
    """Spec 9.4.2.3: used where the selector fails to resolve; that is as it should be, and nothing is said of it."""
    found = shown({"card": selected, "name": "Ada"}, static("by ${name}"), template_selector="$.card")
    assert found == Shown(cards=(Card(body=card("by Ada"), origin="static"),))


@pytest.mark.parametrize("selected", ["$.templates.b", "$.[", {"type": "TextBlock"}, 7, [], True, "${{X}}"])
def test_a_selector_that_leads_to_no_card_is_told_of(selected: Json) -> None:
    found = shown({"card": selected, "templates": {"a": card("x")}}, static("s"), template_selector="$.card")
    assert texts(found) == ["s"]
    assert found.cards[0].notes == ("template_selector '$.card' leads to no Adaptive Card",)


def test_without_a_template_there_are_no_cards() -> None:
    """Citations show title and URL already."""
    assert shown({"name": "Ada", "url": "/ada"}, title="$.name", url="$.url") == Shown()


def test_a_result_for_which_nothing_is_selected_has_a_plain_card() -> None:
    answer: Json = {"name": "*Ada*", "job": "Writer", "url": "/ada", "picture": "https://shop.example/ada.png"}
    found = shown(
        answer,
        title="$.name",
        subtitle="$.job",
        url="$.url",
        thumbnail_url="$.picture",
        template_selector="$.card",
    )
    assert found.cards == (
        Card(
            origin="plain",
            notes=("template_selector selects nothing for this result, and there is no static_template",),
            body={
                "type": "AdaptiveCard",
                "version": "1.5",
                "body": [
                    {
                        "type": "ColumnSet",
                        "columns": [
                            {
                                "type": "Column",
                                "width": "auto",
                                "items": [
                                    {
                                        "type": "Image",
                                        "url": "https://shop.example/ada.png",
                                        "altText": "*Ada*",
                                        "size": "Medium",
                                    }
                                ],
                            },
                            {
                                "type": "Column",
                                "width": "stretch",
                                "items": [
                                    {
                                        "type": "RichTextBlock",
                                        "inlines": [
                                            {
                                                "type": "TextRun",
                                                "text": "*Ada*",
                                                "weight": "Bolder",
                                                "size": "Medium",
                                            }
                                        ],
                                    },
                                    {
                                        "type": "RichTextBlock",
                                        "inlines": [{"type": "TextRun", "text": "Writer", "isSubtle": True}],
                                    },
                                ],
                            },
                        ],
                    }
                ],
                "actions": [{"type": "Action.OpenUrl", "title": "Open", "url": "https://shop.example/ada"}],
            },
        ),
    )


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", None])
def test_a_plain_card_opens_web_addresses_only(url: Json) -> None:
    found = shown(
        {"name": "Ada", "url": url}, static("${nope(name)}"), title="$.name", thumbnail_url="$.url", url="$.url"
    )
    assert found.cards[0].origin == "plain"
    assert "actions" not in found.cards[0].body
    assert "Image" not in dump_json(found.cards[0].body)


def test_a_plain_card_is_made_of_what_is_inferred_where_nothing_is_mapped() -> None:
    found = shown({"displayName": "Ada"}, static("${nope(displayName)}"))
    assert [one.origin for one in found.cards] == ["plain"]
    assert "Ada" in dump_json(found.cards[0].body)


FAILS: list[tuple[str, str]] = [
    ("${toUppr(name)}", "there is no function 'toUppr', in '${toUppr(name)}' at /body/0/text"),
    ("a ${1 +} b", "the end of the expression has no place here, in 'a ${1 +} b' at /body/0/text"),
    ("${formatDateTime(name)}", "… is no date, in '${formatDateTime(name)}' at /body/0/text"),
]


@pytest.mark.parametrize(("template", "why"), FAILS)
def test_a_card_that_fails_falls_to_the_next_choice_and_says_why_without_data(template: str, why: str) -> None:
    answer: Json = {"name": "Ada", "card": card(template)}
    next_one = shown(answer, static("static"), title="$.name", template_selector="$.card")
    (found,) = next_one.cards
    assert found.origin == "static"
    (note,) = found.notes
    assert note.startswith("the template that template_selector selects cannot be expanded: ")
    assert note.endswith(why.partition(", in ")[2])
    assert why.partition(", in ")[0] in note
    assert "Ada" not in note

    plain = shown(answer, static(template), title="$.name", template_selector="$.card").cards[0]
    assert plain.origin == "plain"
    assert len(plain.notes) == 2


def test_an_answer_is_never_lost_with_its_card() -> None:
    semantics = ResponseSemantics(data_path="$", static_template=card("${nope(a)}"))
    text, found = read_result(
        CallResult(payload={"a": 1}),
        runtime_type="OpenApi",
        semantics=semantics,
        base=BASE,
        presentation=Presentation(template=static("${nope(a)}")),
    )
    assert text == '{"a":1}'
    assert found.cards == ()
    assert found.notes == (
        "static_template cannot be expanded: there is no function 'nope', in '${nope(a)}' at /body/0/text",
    )


@pytest.mark.parametrize(
    ("made", "note"),
    [
        ({"type": "TextBlock", "text": "x"}, "static_template makes no Adaptive Card"),
        ({"body": []}, "static_template makes no Adaptive Card"),
    ],
)
def test_what_a_template_makes_must_be_a_card(made: JsonObject, note: str) -> None:
    assert shown({"a": 1}, CardTemplate(content=made)).notes == (note,)


def test_a_template_that_is_not_there_is_told_of() -> None:
    found = shown({"name": "Ada"}, CardTemplate(problem="there is no file 'card.json'"), title="$.name")
    assert found.cards[0].origin == "plain"
    assert found.cards[0].notes == ("static_template is not used: there is no file 'card.json'",)


def test_a_card_that_its_author_hides_is_not_replaced() -> None:
    hidden = CardTemplate(content={**card("x"), "$when": "${visible == true}"})
    found = shown([{"visible": False, "name": "Ada"}, {"visible": True, "name": "Bob"}], hidden, title="$.name")
    assert [one.body for one in found.cards] == [card("x")]
    assert found.notes == ()


def test_a_root_that_repeats_makes_several_cards() -> None:
    repeated = CardTemplate(content={**card("${name}"), "$data": "${people}"})
    assert texts(shown(PEOPLE, repeated)) == ["Ada", "Bob"]


@pytest.mark.parametrize("count", [MAX_CARDS, MAX_CARDS + 7])
def test_one_answer_gives_so_many_cards_and_counts_the_others(count: int) -> None:
    answer: Json = [{"n": number} for number in range(count)]
    found = shown(answer, static("${n}"))
    assert texts(found) == [*range(MAX_CARDS)]
    assert found.cards_left_out == count - MAX_CARDS


def test_only_so_many_results_are_looked_at() -> None:
    """A template may hide or fail at every one of them; the others are counted."""
    hidden = CardTemplate(content={**card("x"), "$when": "${n > 150}"})
    answer: Json = [{"n": number} for number in range(5 * MAX_RESULTS)]
    found = shown(answer, hidden)
    assert len(found.cards) == MAX_CARDS
    assert shown(answer, CardTemplate(content={**card("x"), "$when": "${n < 0}"})) == Shown(
        cards_left_out=4 * MAX_RESULTS
    )


def test_numbers_and_dates_are_in_the_persons_language() -> None:
    assert texts(shown({"n": 1234.5}, static("${formatNumber(n, 1)}"), locale="de-DE")) == ["1.234,5"]
    assert texts(shown({"n": 1234.5}, static("${formatNumber(n, 1)}"))) == ["1,234.5"]


@pytest.mark.parametrize("payload", [None, "", [None], []])
def test_an_answer_without_content_has_no_card(payload: Json) -> None:
    assert shown(payload, static("${name}")) == Shown()


@pytest.mark.parametrize("path", ["$[", "the people", "$..[?count(@", "$" + ".a" * 2000])
def test_a_data_path_that_is_none_gives_a_note(path: str) -> None:
    assert shown(PEOPLE, static("x"), data_path=path) == Shown(
        notes=("no card is made: the data path selects nothing that can be read",)
    )


def test_all_cards_of_an_answer_share_one_limit() -> None:
    """A template that makes much of little ends in its limit, whatever the number of results."""
    wide = static("${concat(a, a, a, a, a, a, a, a, a, a)}")
    results: list[Json] = [{"a": "x" * 15_000, "title": "T"}] * MAX_CARDS
    found = shown(results, wide)
    origins = [one.origin for one in found.cards]
    assert origins[0] == "static"
    assert origins[-1] == "plain"
    assert "more text than the host allows" in found.cards[-1].notes[0]
    assert sum(len(dump_json(one.body)) for one in found.cards) < ANSWER_OUTPUT


def test_one_card_has_a_limit() -> None:
    found = shown({"a": "x" * 300_000}, static("${a}"))
    assert found.cards == ()
    assert found.notes[0].startswith("static_template makes a card of more than ")


REFUSAL: JsonObject = {"error": "sign in", "card": card("Sign in")}


def outcome(result: CallResult, path: str | None) -> Shown:
    semantics = ResponseSemantics(data_path="$", oauth_card_path=path)
    return read_result(result, runtime_type="OpenApi", semantics=semantics, base=BASE)[1]


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("path", ["$.card", "card"])
def test_a_refusal_may_bring_a_card_to_sign_in_by(status: int, path: str) -> None:
    found = outcome(CallResult(payload=REFUSAL, is_error=True, status=status), path)
    assert found.cards == (Card(body=card("Sign in"), origin="sign-in"),)


def test_an_answer_may_bring_a_card_to_sign_in_by() -> None:
    assert [one.origin for one in outcome(CallResult(payload=REFUSAL, status=200), "$.card").cards] == ["sign-in"]


@pytest.mark.parametrize(
    ("status", "path"),
    [
        (500, "$.card"),
        (404, "$.card"),
        (401, None),
        (401, "$.error"),
        (401, "cards/sign-in.json"),
        (401, "sign-in.json"),
        (401, "$["),
        (401, ""),
    ],
)
def test_other_failures_and_paths_bring_none(status: int, path: str | None) -> None:
    """Kiota writes the name of a file there; that is neither an error nor a card."""
    assert outcome(CallResult(payload=REFUSAL, is_error=True, status=status), path) == Shown()


def test_an_error_is_not_shown_by_the_functions_template() -> None:
    semantics = ResponseSemantics(data_path="$", static_template=card("x"))
    found = read_result(
        CallResult(payload={"message": "no"}, is_error=True, status=404),
        runtime_type="OpenApi",
        semantics=semantics,
        base=BASE,
        presentation=Presentation(template=static("x")),
    )[1]
    assert found == Shown()


values: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["$.t", "a", "$", "${a}", dump_json(card("x"))]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["t", "a", "card", "type", "body"]), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(payload=values, path=st.sampled_from(["$", "$.a", "$..t", "$.a[0]"]), template=values)
def test_no_answer_breaks_the_choice(payload: Json, path: str, template: Json) -> None:
    content = template if isinstance(template, dict) else None
    found = shown(
        payload, CardTemplate(content=content, problem="no"), data_path=path, template_selector="$.card", title="$.t"
    )
    assert len(found.cards) <= MAX_CARDS
    assert all(one.body.get("type") for one in found.cards)
