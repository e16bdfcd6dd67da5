"""Results in words: `tests/cases/offline_answers.json`, and what no result may do."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.model.offline.answer import worded
from orchestrator.model.offline.conversation import Made
from orchestrator.model.offline.markdown import MAX_ITEMS, MAX_VALUE, escape
from runtimes.values import Json, JsonObject, dump_json
from tests.orchestrator.model.offline.manifest_tools import objects, read

ROWS = objects(read(Path(__file__).resolve().parents[3] / "cases" / "offline_answers.json")["rows"])


def _made(result: str, tool: str = "shop-getOrders") -> Made:
    return Made(tool=tool, arguments={}, result=result)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row["about"]))
def test_a_result_is_worded_like_this(row: JsonObject) -> None:
    result = row["result"]
    text = result if isinstance(result, str) else dump_json(result)
    lines = row["answer"]
    assert isinstance(lines, list)
    assert worded(_made(text, str(row["tool"]))).split("\n") == lines


def test_a_long_list_is_counted_rather_than_shown() -> None:
    items: list[Json] = [{"title": f"thing {place}"} for place in range(25)]
    answer = worded(_made(dump_json(items)))
    assert answer.startswith("I found 25 orders:")
    assert answer.count("\n- **") == MAX_ITEMS
    assert answer.endswith("- and 15 more")


def test_a_result_that_was_cut_says_so() -> None:
    answer = worded(_made('{"status": "open"}\n[cut: the answer was longer than the host reads]'))
    assert answer.endswith("- status: open\n\nThe result was longer than what I was given.")


def test_every_note_on_what_was_cut_is_taken_off() -> None:
    notes = "[cut: 3 of 9 elements in 'tags' are not shown]\n[cut: 5 of 60 characters in 'about' are not shown]"
    answer = worded(_made(f'{{"status": "open"}}\n{notes}'))
    assert answer.endswith("- status: open\n\nThe result was longer than what I was given.")


def test_nobody_is_said_to_have_declined_when_nobody_was_asked() -> None:
    result = "not called: the person declined: nobody is here to ask; --yes says yes beforehand"
    assert worded(_made(result)) == "Nothing was done: nobody was here to allow it (get orders)."


def test_what_was_not_allowed_is_worded_without_what_is_said_to_models() -> None:
    again = "Do not ask for the same call again in this turn"
    nobody = f"not called, and not allowed: it would need consent, and nobody can be asked here. {again}"
    assert worded(_made(nobody)) == "Nothing was done: nobody was here to allow it (get orders)."
    ruled = f"not called, and not allowed: a rule of the host forbids it. {again}"
    assert worded(_made(ruled)) == "Nothing was done: it is not allowed (get orders): a rule of the host forbids it."


def test_a_failure_of_nothing_but_stops_is_worded() -> None:
    assert worded(_made("error: lost" + " .\n" * 20_000 + "Do not call again.")).endswith(": lost")
    assert worded(_made("error: " + " .\n" * 20_000 + "x"))


def test_a_long_value_is_cut() -> None:
    assert len(escape("x" * 10_000)) == MAX_VALUE


@pytest.mark.parametrize("text", ["*a*", "_a_", "`a`", "[a](b)", "<b>", "a|b", "~~a~~", "\\"])
def test_no_markup_survives_in_a_value(text: str) -> None:
    assert escape(text).count("\\") > text.count("\\")


@pytest.mark.parametrize("text", ["snake_case_name", "https://example.com/a_b?c=*d", "1 < 2"[:1], "a-b"])
def test_what_means_nothing_in_markdown_is_left_alone(text: str) -> None:
    assert escape(text) in (text, text.replace("*", "\\*"))


@given(st.text(max_size=500))
def test_any_text_is_worded(text: str) -> None:
    assert worded(_made(text))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
        max_leaves=20,
    )
)
def test_any_json_is_worded(value: Json) -> None:
    assert worded(_made(dump_json(value)))
