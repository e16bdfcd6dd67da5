"""Environment placeholders: what fills them, what does not, and what is left."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtimes.placeholders import (
    MAX_FILLED,
    MAX_VARIABLE,
    Environment,
    filled,
    unresolved_placeholder,
    why_unresolved,
)
from runtimes.values import Json

NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,10}", fullmatch=True)
PLAIN = st.text(st.characters(exclude_characters="${}", exclude_categories=["Cs", "Cc"]), max_size=20)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${{HOST}}", "example.org"),
        ("https://${{HOST}}/v1?x=${topic}", "https://example.org/v1?x=${topic}"),
        ("${{ HOST }}", "example.org"),
        ("${{HOST:localhost}}", "example.org"),
        ("${{PORT:8080}}", "8080"),
        ("${{URL:apiSpecificationFile/openapi.yaml}}", "apiSpecificationFile/openapi.yaml"),
        ("${{URL:https://{region}.example.org}}", "https://{region}.example.org"),
        ("${{EMPTY:}}", ""),
        ("${{PORT}}", "${{PORT}}"),
        ("${{}}", "${{}}"),
        ("${{a b}}", "${{a b}}"),
        ("{{function.parameters.HOST}}", "{{function.parameters.HOST}}"),
        ("${HOST}", "${HOST}"),
        ("${{HOST", "${{HOST"),
    ],
)
def test_a_placeholder_becomes_the_variable_else_its_default_else_stays(text: str, expected: str) -> None:
    assert filled(text, {"HOST": "example.org"}) == expected


def test_names_of_members_are_filled_as_well_as_values_at_any_depth() -> None:
    document: Json = {"paths": {"/t/${{T}}/x": [{"url": "${{T}}"}, 1, None, True]}}
    assert filled(document, {"T": "a"}) == {"paths": {"/t/a/x": [{"url": "a"}, 1, None, True]}}


def test_names_of_members_can_be_left_as_they_are_written() -> None:
    document: Json = {"${{T}}": {"${{T}}": "${{T}}"}}
    assert filled(document, {"T": "a"}, has_names=False) == {"${{T}}": {"${{T}}": "a"}}


def test_a_name_never_becomes_that_of_another_member() -> None:
    assert filled({"${{A}}": 1, "a": 2}, {"A": "a"}) == {"${{A}}": 1, "a": 2}
    assert filled({"a": 2, "${{A}}": 1}, {"A": "a"}) == {"${{A}}": 1, "a": 2}
    assert filled({"${{A}}": 1, "${{B}}": 2}, {"A": "a", "B": "a"}) == {"a": 1, "${{B}}": 2}
    assert filled({"${{A}}": 1, "${{B}}": 2}, {"A": "${{B}}"}) == {"${{A}}": 1, "${{B}}": 2}


@pytest.mark.parametrize(
    ("text", "left", "words"),
    [
        ("https://x/${{X/e", "${{X", "has no end"),
        ("https://x/${{X}", "${{X", "has no end"),
        ("${{ X?key=1", "${{ X", "has no end"),
        ("${{a{b{c}}}}}", "${{a", "has no end"),
        ("${{X ${{Y}}", "${{X", "has no end"),
        ("${{", "${{", "has no end"),
        ("${{Y}} ${{X", "${{Y}}", "has no value"),
        ("${{X-Y}}", "${{X-Y}}", "names no variable"),
        ("${{}}", "${{}}", "names no variable"),
        ("${ {X}}", None, ""),
    ],
)
def test_whatever_begins_a_placeholder_and_is_left_is_found(text: str, left: str | None, words: str) -> None:
    found = unresolved_placeholder(text)
    assert found == left
    assert found is None or words in why_unresolved(found)


def test_what_a_variable_holds_is_never_a_placeholder_itself() -> None:
    assert filled("${{A}}", {"A": "${{B}}", "B": "secret"}) == "${{B}}"


@pytest.mark.parametrize("value", ["x" * (MAX_VARIABLE + 1), "two\nlines", "a\x00b", "\udc80"])
def test_a_variable_that_is_too_long_or_no_plain_text_fills_nothing(value: str) -> None:
    assert filled("${{A}}", {"A": value}) == "${{A}}"


def test_a_document_cannot_be_made_to_grow_without_bound() -> None:
    document: Json = ["${{A}}" for _ in range(2000)]
    made = filled(document, {"A": "x" * MAX_VARIABLE})
    assert isinstance(made, list)
    assert sum(len(item) for item in made if isinstance(item, str)) <= MAX_FILLED + 2000 * len("${{A}}")


def test_the_process_fills_local_files_only_and_never_with_what_looks_like_a_secret() -> None:
    environment = Environment(ambient={"HOST": "h", "API_KEY": "k"})
    assert environment.of("/app/plugin.json") == {"HOST": "h"}
    assert environment.of("https://example.org/plugin.json") == {}
    assert environment.of("HTTPS://example.org/plugin.json") == {}


def test_what_somebody_gave_wins_over_the_process_and_what_looks_like_a_secret_fills_no_document_at_a_url() -> None:
    given = {"HOST": "given", "API_KEY": "chosen", "DATABASE": "postgres://ada:pass@db/x"}
    environment = Environment(given=given, ambient={"HOST": "process"})
    assert environment.of("/app/plugin.json") == given
    assert environment.of("https://example.org/plugin.json") == {"HOST": "given"}
    assert environment.of("HTTP://example.org/plugin.json") == {"HOST": "given"}


def test_values_do_not_show_in_the_repr() -> None:
    assert "chosen" not in repr(Environment(given={"API_KEY": "chosen"}, ambient={"A": "chosen"}))


@given(st.lists(st.tuples(PLAIN, NAMES)), st.dictionaries(NAMES, PLAIN.filter(str.isprintable)))
def test_every_placeholder_with_a_value_is_filled_and_every_other_is_left(
    parts: list[tuple[str, str]], values: dict[str, str]
) -> None:
    text = "".join(f"{before}${{{{{name}}}}}" for before, name in parts)
    expected = "".join(before + values.get(name, f"${{{{{name}}}}}") for before, name in parts)
    assert filled(text, values) == expected


@given(st.text(max_size=200) | st.text("${}X:", max_size=30), st.dictionaries(NAMES, PLAIN))
def test_any_text_can_be_filled_and_what_is_left_is_found(text: str, values: dict[str, str]) -> None:
    made = filled(text, values)
    assert isinstance(made, str)
    left = unresolved_placeholder(made)
    assert left in made if left is not None else "${{" not in made


@pytest.mark.parametrize(
    ("given", "ambient", "fills"),
    [
        ({}, {}, False),
        ({}, {"API_TOKEN": "x", "MY_SECRET": "y"}, False),
        ({}, {"API_TOKEN": "x", "HOST": "y"}, True),
        ({"API_TOKEN": "x"}, {}, True),
    ],
)
def test_an_environment_that_has_nothing_to_fill_in_is_empty(
    given: dict[str, str], ambient: dict[str, str], *, fills: bool
) -> None:
    values = Environment(given=given, ambient=ambient).of("plugin.json")
    assert bool(values) is fills
    assert (len(values) > 0) is fills
