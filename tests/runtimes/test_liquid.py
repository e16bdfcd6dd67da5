"""Liquid templates: what they make, and that hostile ones end soon with an error of ours."""

from __future__ import annotations

import gc
import subprocess
import sys
import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtimes.liquid import TemplateError, render
from runtimes.liquid_guard import FEW_STEPS, RENDER_SECONDS
from runtimes.values import Json
from tests.pace import soon

HOMES: list[Json] = [{"name": "Ada & Co", "beds": 3}, {"name": "Bay", "beds": 2}]

RENDERED: list[tuple[str, str]] = [
    ("{{ response[0].name }}", "Ada & Co"),
    ("{% for home in response %}{{ home.name }}:{{ home.beds | plus: 1 }};{% endfor %}", "Ada & Co:4;Bay:3;"),
    ("{{ response | map: 'name' | join: ', ' }}", "Ada & Co, Bay"),
    ("{{ response | where: 'beds', 2 | json }}", '[{"name": "Bay", "beds": 2}]'),
    (
        '{"first": {{ response[0] | json }}, "none": {{ nothing | json }}}',
        '{"first": {"name": "Ada & Co", "beds": 3}, "none": null}',
    ),
    ("[{{ nothing }}{{ nothing.at.all }}{{ nothing | upcase }}]", "[]"),
    ("{{ response[0].name | escape }}", "Ada &amp; Co"),
    ("{{ response.size }}{{ 'é' | json }}", '2"é"'),
    ("{{ response[0].__class__ }}{{ response.append }}", ""),
    ("{{ false | default: 'no', allow_false: true }}", "false"),
    ("{% assign words = 'a b' | split: ' ' %}{{ words | concat: words | uniq | join }}", "a b"),
]


@pytest.mark.parametrize(("template", "expected"), RENDERED)
def test_templates_make_what_liquid_says(template: str, expected: str) -> None:
    assert render(template, {"response": HOMES}) == expected


def test_filters_can_be_added() -> None:
    def model_generated(value: object) -> str:
        return f"<{value}>"

    assert (
        render("{{ ''|model_generated }}{{ 1 | model_generated }}", {}, {"model_generated": model_generated}) == "<><1>"
    )


@pytest.mark.parametrize(
    ("template", "line", "words"),
    [
        ("a\n{{#items}}b{{/items}}", 2, "unexpected '#'"),
        ("{{^items}}none{{/items}}", 1, "unexpected"),
        ("a\n\n{% if x %}b", 0, "endif"),
        ("a\n{{ x | no_such }}", 2, "unknown filter 'no_such'"),
        ("a\n{{ x", 2, "'{{' without '}}'"),
        ("{% include 'x' %}", 1, "include"),
        ("{% render 'x' %}", 1, "render"),
        ("{% break %}", 1, "break"),
        ("{{ 1 | divided_by: 0 }}", 1, "divide"),
        ("{{ '/w==' | base64_decode }}", 0, "UnicodeDecodeError"),
        ("{{ '99999999999999999999' | date: '%Y' }}", 0, "OverflowError"),
    ],
)
def test_a_template_that_cannot_be_rendered_says_where_and_why(template: str, line: int, words: str) -> None:
    with pytest.raises(TemplateError) as failure:
        render(template, {})
    assert failure.value.line == line
    assert words in str(failure.value)
    assert "\n" not in str(failure.value)


LONG = "(1..99999999999)"
FOUND = "contains 'a'"
SEARCHED: list[str] = [
    f"{{% assign x = {LONG} %}}{{% if x {FOUND} %}}1{{% endif %}}",
    f"{{% if {LONG} {FOUND} %}}1{{% endif %}}",
    f"{{% if false %}}{{% elsif {LONG} {FOUND} %}}1{{% endif %}}",
    f"{{% if x and y %}}{{% elsif x or {LONG} {FOUND} %}}1{{% endif %}}",
    f"{{% unless {LONG} {FOUND} %}}1{{% endunless %}}",
    f"{{% unless true %}}{{% elsif {LONG} {FOUND} %}}1{{% endunless %}}",
    f"{{% case 1 %}}{{% when {LONG} %}}1{{% endcase %}}",
    f"{{% case {LONG} %}}{{% when 1 %}}1{{% endcase %}}",
    f"{{% liquid\nif {LONG} {FOUND}\necho 1\nendif %}}",
    f"{{% capture x %}}{{% for i in (1..2) %}}{{% if {LONG} {FOUND} %}}1{{% endif %}}{{% endfor %}}{{% endcapture %}}",
    f"{{% ifchanged %}}{{% if {LONG} {FOUND} %}}1{{% endif %}}{{% endifchanged %}}",
    f"{{% for i in none %}}{{% else %}}{{% if {LONG} {FOUND} %}}1{{% endif %}}{{% endfor %}}",
    f"{{% tablerow i in (1..2) %}}{{% if {LONG} {FOUND} %}}1{{% endif %}}{{% endtablerow %}}",
    f"{{% tablerow i in {LONG} %}}1{{% endtablerow %}}",
    f"{{% for i in {LONG} limit: 1 %}}1{{% endfor %}}",
    f"{{% echo {LONG} %}}",
    f"{{% cycle {LONG}, 1 %}}",
    f"{{{{ 1 | default: {LONG} }}}}",
    f"{{{{ 1 | plus: 1 if {LONG} {FOUND} else 2 }}}}",
    "{% assign n = 99999999999 %}{% if (1..n) contains 'a' %}1{% endif %}",
]


@pytest.mark.parametrize("template", SEARCHED)
def test_a_long_range_is_refused_wherever_it_stands(template: str) -> None:
    with pytest.raises(TemplateError):
        render(template, {})


def test_a_range_of_usual_length_is_searched_and_counted() -> None:
    assert render("{% assign x = (2..5) %}{% if x contains 3 %}yes{% endif %}{{ x | join: ' ' }}", {}) == "yes2 3 4 5"
    assert render("{% for i in (-5..-9) %}{{ i }}{% endfor %}", {}) == ""


LOOP = "{% for i in (1..20000) %}"
END = "{% endfor %}"
HOSTILE: dict[str, str] = {
    "nested loops": LOOP * 3 + END * 3,
    "a long range": "{% for i in (1..1000000000) %}{% endfor %}",
    "a joined range": "{{ (1..1000000000) | join }}",
    "a sliced range": "{{ (1..1000000000) | slice: 0, 999999999 }}",
    "loops after loops": (LOOP + END) * 400,
    "a large body": LOOP + "{% if 1 %}{% endif %}" * 400 + END,
    "searches": LOOP + "{% if text contains 'zzz' %}{% endif %}" + END,
    "output": LOOP + "x" * 1000 + END,
    "doubling by assign": "{% assign a = text %}" + "{% assign a = a | append: a %}" * 40,
    "doubling by capture": "{% assign a = 'xxxxxxxx' %}" + "{% capture a %}{{ a }}{{ a }}{% endcapture %}" * 40,
    "replacing nothing": "{% assign a = many %}" + "{% assign a = a | replace: '', a %}" * 3,
    "replacing by name": "{{ many | replace: seq: '', sub: many }}",
    "splitting": "{{ text | split: '' | size }}",
    "joining": "{{ many | split: '' | join: many | size }}",
    "a chain of filters": "{{ text" + " | upcase" * 3000 + " | size }}",
    "multiplying": "{% assign a = 99999999 %}" + "{% assign a = a | times: a %}" * 200,
    "sorting in loops": "{% for i in (1..140) %}{% for j in (1..140) %}{% assign x = homes | sort: 'beds' %}" + END * 2,
    "unique of many": "{{ many | split: '' | uniq | size }}",
    "concatenating": "{% assign a = homes %}" + "{% assign a = a | concat: a %}" * 30,
    "unclosed outputs": "{{" * 16000,
    "unclosed tags": "{% a " * 6000,
    "blanks": "{{" + " " * 30000 + "}}",
    "brackets": "{{ " + "[" * 8000 + " }}",
    "parentheses": "{% if " + "(" * 15_000 + "a" + ")" * 15_000 + " %}{% endif %}",
    "searched ranges": "{% if " + " or ".join(["(1..200000) contains 'a'"] * 900) + " %}{% endif %}",
    "conditions": "{% if a" + " and a" * 4000 + " %}{% endif %}",
    "raw": "{%raw%}" * 4000,
    "unclosed comments": "{{ html | strip_html }}",
    "a long template": "x" * 40_000,
}


@pytest.mark.parametrize("template", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_template_ends_soon_with_our_error(template: str) -> None:
    variables: dict[str, Json] = {
        "text": "x" * 5_000_000,
        "many": "x" * 10_000,
        "homes": HOMES * 500,
        "html": "<!--" * 10_000,
    }
    with soon(4 * RENDER_SECONDS, time.thread_time), pytest.raises(TemplateError):
        render(template, variables)


markup = st.sampled_from(["{{", "}}", "{%", "%}", "|", ":", "'", "\n", "#", "[", "..", "(", "1"])
words = st.sampled_from([" if ", " for ", "i in a", "endfor", " a ", " join", "liquid", "raw", " date", " json"])


@given(template=st.lists(markup | words | st.text(max_size=3), max_size=15).map("".join))
def test_no_template_raises_anything_else(template: str) -> None:
    with suppress(TemplateError):
        assert isinstance(render(template, {"a": [1, "b", None]}), str)


def test_the_engine_is_imported_at_the_first_template() -> None:
    program = "import sys, runtimes.liquid, runtimes.wrappers; sys.exit('liquid' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_full_collection_of_garbage_is_not_the_templates_time() -> None:
    """A process that holds much needs long for one, and it may fall into any rendering."""
    held = [[number] for number in range(400_000)]
    collecting = time.thread_time()

    def collected(value: object) -> object:
        while time.thread_time() - collecting < 2 * RENDER_SECONDS:
            gc.collect()
        return value

    assert render("{{ 1 | collected }}" * 5, {}, {"collected": collected}) == "11111"
    assert len(held) == 400_000


@pytest.mark.parametrize(("steps", "ends"), [(FEW_STEPS // 4, False), (FEW_STEPS, True)])
def test_time_that_is_lost_ends_a_rendering_of_many_steps_alone(steps: int, ends: bool) -> None:
    """As on a machine that is lent to others, where a processor counts what it did not do."""

    def lost(value: object) -> object:
        begun = time.thread_time()
        while time.thread_time() - begun < 1.2 * RENDER_SECONDS:
            pass
        return value

    template = "{{ 1 }}" * steps + "{{ 1 | lost }}" + "{{ 1 }}"
    if not ends:
        assert render(template, {}, {"lost": lost}) == "1" * (steps + 2)
        return
    with pytest.raises(TemplateError, match="takes longer"):
        render(template, {}, {"lost": lost})


def test_the_collector_tells_nobody_when_nothing_is_rendered() -> None:
    before = list(gc.callbacks)
    render("{{ 1 }}", {})
    with pytest.raises(TemplateError):
        render("{% nonsense %}", {})
    assert gc.callbacks == before
