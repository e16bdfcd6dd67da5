"""Issue 7, confirmation: a plugin's template and a call's arguments make a text, whatever both are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.turn.wording import MAX_TEXT, worded
from runtimes.values import Json, JsonObject
from tests.pace import soon

ARGUMENTS: JsonObject = {
    "title": "Buy milk",
    "short-description": "with signs",
    "first name": "Ada",
    "$filter": "price eq 5",
    "user.email": "ada@example.org",
    "größe": 3,
    "done": True,
    "none": None,
    "ratio": 1.5,
    "tags": ["a", "b"],
    "item": {"name": "pen", "sizes": [1, {"unit": "cm"}]},
    "sly": "{{ title }} ${title} {title} {% if %}",
}


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("plain", "plain"),
        ("{{function.parameters.title}}", "Buy milk"),
        ("* **Title**: {{ function.parameters.title }}\n* **Done**: {{function.parameters.done}}",
         "* **Title**: Buy milk\n* **Done**: true"),
        ("{{ title }}", "Buy milk"),
        ("{{{title}}} {{{ function.parameters.title }}}", "Buy milk Buy milk"),
        ("{{&title}} {{- title -}} {{~title~}}", "Buy milk Buy milk Buy milk"),
        ("${title} ${function.parameters.title} ${ title }", "Buy milk Buy milk Buy milk"),
        ("{title} {function.parameters.title}", "Buy milk Buy milk"),
        ("costs $${ratio} or ${{ratio}}", "costs $1.5 or $1.5"),
        ("{{function.parameters.short-description}}", "with signs"),
        ("{{ function.parameters.short-description | upcase }}", "WITH SIGNS"),
        ("{{function.parameters['short-description']}}", "with signs"),
        ('{{function.parameters["short-description"]}}', "with signs"),
        ("{{function.parameters.ShortDescription}}", "with signs"),
        ("{{ function.parameters.first name }}", "Ada"),
        ("{{ function.parameters.$filter }} ${$filter}", "price eq 5 price eq 5"),
        ("{{function.parameters.user.email}}", "ada@example.org"),
        ("{{ function.parameters.größe }}", "3"),
        ("{{ function.parameters.item.name }}", "pen"),
        ("{{ function.parameters.item.sizes[1].unit }} {{ item.sizes.1.unit }}", "cm cm"),
        ("{{ function.parameters.task.title }}", "Buy milk"),
        ("{{ function.parameters.item }}", '{"name": "pen", "sizes": [1, {"unit": "cm"}]}'),
        ("{{ tags }} {{ tags | join: ', ' }} {{ tags.size }}", '["a", "b"] a, b 2'),
        ("{% for tag in function.parameters.tags %}<{{ tag }}>{% endfor %}", "<a><b>"),
        ("{% for size in item.sizes %}<{{ size }}>{% endfor %}", '<1><{"unit": "cm"}>'),
        ("{% for title in tags %}{{ title }}{% endfor %}", "ab"),
        ("{%if done%}yes{%else%}no{%endif%}", "yes"),
        ("{{ function.parameters.nothing | default: 'none' }}", "none"),
        ("a{{ function.parameters.nothing }}b{{nothing}}c${nothing}d{{ @odata }}e{{}}f", "abcdef"),
        ("a{{ function.parameters.none }}b{known}c{other}", "abc{other}"),
        ("{{ function.name }}", "create"),
        ("{{ 5 }} {{ 'text' }}", "5 text"),
        ("{{#done}}yes{{/done}}{{^done}}{{/done}}{{! note }}", "yes"),
        ("{% raw %}{{ title }}{% endraw %}", "{{ title }}"),
        ('{"a": 1} {} { }', '{"a": 1} {} { }'),
    ],
)  # fmt: skip
def test_every_spelling_of_a_place_is_filled(template: str, text: str) -> None:
    assert worded(template, "create", ARGUMENTS, ["known"]).text == text


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{ title | no_such_filter }}!", "Buy milk!"),
        ("{% nonsense %}{{title}}{{item}}", 'Buy milk{"name": "pen", "sizes": [1, {"unit": "cm"}]}'),
        ("{% if done %}{{title}}", "Buy milk"),
        ("{{ title", "title"),
        ("a}} {{title}} {{ b", "a Buy milk  b"),
        (
            "{% bad %}{title} ${title} {{{title}}} {function.parameters.no} {other}",
            "Buy milk Buy milk Buy milk  {other}",
        ),
        ("{% bad %}{{ if(title, 'a', 'b') }}{{sly}}", "{{ title }} ${title} {title} {% if %}"),
    ],
)
def test_what_is_no_liquid_is_read_without_raw_braces(template: str, text: str) -> None:
    assert worded(template, "create", ARGUMENTS).text == text


@pytest.mark.parametrize("place", ["{{sly}}", "{{{sly}}}", "${sly}", "{sly}", "{{ function.parameters.sly }}"])
@pytest.mark.parametrize("around", ["", "{% bad %}", "{{ x | bad }}"])
def test_what_an_argument_holds_is_never_taken_for_a_template(place: str, around: str) -> None:
    assert worded(around + place, "create", ARGUMENTS).text == ARGUMENTS["sly"]


@pytest.mark.parametrize(
    "template",
    [
        "{{ ''|model_generated }}",
        "{{''|model_generated}}",
        '{{ "" | model_generated }}',
        "{{- '' | model_generated -}}",
        "{{ 'Ask kindly' | model_generated: 'and shortly' }}",
        "{{ title | model_generated }}",
        "{{ model_generated }}",
        "{{|model_generated}}",
        "{% assign said = '' | model_generated %}{{ said }}",
        "{% bad %}{{ ''|model_generated }}",
    ],
)
def test_the_sentence_of_the_model_stands_in_its_place_and_is_no_template(template: str) -> None:
    sentence = "May {{ title }} be bought?"
    wording = worded(template, "create", ARGUMENTS, sentence=sentence)
    assert (wording.text, wording.wants_sentence) == (sentence, True)


def test_no_sentence_is_asked_for_where_none_is_shown() -> None:
    assert not worded("{% if false %}{{ ''|model_generated }}{% endif %}{{title}}", "create", ARGUMENTS).wants_sentence


def test_a_text_is_cut_where_it_is_too_long_and_says_so() -> None:
    for template in ("x" * 9000, "{{ long }}", "{% bad %}{{ long }}{{ long }}"):
        text = worded(template, "create", {"long": "x" * 9000}).text
        assert len(text) == MAX_TEXT
        assert text.endswith("x…")


def test_many_large_arguments_cost_little() -> None:
    many: list[Json] = ["x" * 1000] * 100
    arguments: JsonObject = {f"name{number}": many for number in range(20)}
    template = "{% bad %}" + "{{ function.parameters }}" * 600
    assert len(worded(template, "create", arguments).text) == MAX_TEXT


SIGNS = ["{{", "}}", "{", "}", "{%", "%}", "${", "|", "'", '"', ".", "[0]", " ", "\n", "-", "#", "\u202e"]
PARTS = ["function.parameters.", "a", "b", "model_generated", "if", "endif", "for x in a", "raw", "endraw", "upcase"]
TEMPLATES = st.lists(st.sampled_from([*SIGNS, *PARTS]), max_size=40).map("".join) | st.text(max_size=60)
VALUES: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    "piece", ["{%", "{% a", "${", "{{a", "{{ a }}", "{", "{{'", "{{a.", "{{" + "a." * 20 + "}}", "{% raw"]
)
def test_a_hostile_template_costs_little(piece: str) -> None:
    with soon(5):
        assert len(worded(piece * 20_000, "create", ARGUMENTS).text) <= MAX_TEXT


@given(template=TEMPLATES, arguments=st.dictionaries(st.sampled_from("ab") | st.text(max_size=5), VALUES, max_size=4))
def test_any_template_and_any_arguments_give_a_bounded_text(template: str, arguments: JsonObject) -> None:
    assert len(worded(template, "create", arguments, [*arguments], "a sentence").text) <= MAX_TEXT


@given(template=TEMPLATES, secret=st.integers(10**12, 10**13).map(str))
def test_a_value_is_never_executed(template: str, secret: str) -> None:
    """Property: an argument that spells another one in every way does not bring that one's value into the text."""
    spelled = "{{zz}}${zz}{zz}{{{zz}}}{{function.parameters.zz}}{% if zz %}{{ zz }}"
    arguments: JsonObject = {"a": spelled, "b": [spelled], "zz": secret}
    assert secret not in worded(template, "create", arguments).text
