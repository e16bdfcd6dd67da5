"""What the model reads of an answer: the results, nothing binary, within a budget, JSON where there was JSON."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.content import Shown
from orchestrator.manifest.model import ResponseSemantics
from orchestrator.response.hidden import clean_value
from orchestrator.response.outcome import read_result
from orchestrator.response.projection import MAX_NOTES, MIN_BUDGET, RESULT_BUDGET, project
from runtimes.base import CallResult
from runtimes.values import Json, dump_json, parse_json
from tests.pace import soon

HOMES: Json = {"total": 2, "next": "/p2", "homes": [{"name": "Cabin"}, {"name": "Hut"}]}


def read(
    payload: Json, data_path: str | None = None, *, budget: int = RESULT_BUDGET, is_templated: bool = False
) -> str:
    semantics = ResponseSemantics(data_path=data_path) if data_path is not None else None
    text, shown = read_result(
        CallResult(payload=payload),
        runtime_type="OpenApi",
        semantics=semantics,
        base="https://api.example",
        budget=budget,
        is_templated=is_templated,
    )
    assert shown == Shown()
    return text


@pytest.mark.parametrize(
    ("data_path", "text"),
    [
        (None, dump_json(HOMES)),
        ("$", dump_json(HOMES)),
        ("$.homes", '[{"name":"Cabin"},{"name":"Hut"}]'),
        ("$.homes[0]", '{"name":"Cabin"}'),
        ("$.homes[*].name", '["Cabin","Hut"]'),
        ("$.nothing", dump_json(HOMES)),
        ("$[", dump_json(HOMES)),
    ],
)
def test_the_model_reads_the_results(data_path: str | None, text: str) -> None:
    """Issue 5, line 7."""
    assert read(HOMES, data_path) == text


def test_an_answer_without_results_is_read_whole() -> None:
    """It may say why there are none."""
    assert read({"homes": [], "message": "try Oslo"}, "$.homes") == '{"homes":[],"message":"try Oslo"}'


def test_what_a_template_made_is_not_projected_again() -> None:
    assert read(HOMES, "$.homes", is_templated=True) == dump_json(HOMES)


def test_results_are_cut_between_two_of_them() -> None:
    """Issue 5, line 7: a note of what was cut."""
    results: list[Json] = [{"id": index, "text": "x" * 50} for index in range(40)]
    text, _, note = read({"results": results}, "$.results", budget=1000).partition("\n")
    kept = parse_json(text)
    assert isinstance(kept, list)
    assert kept == results[: len(kept)]
    assert len(text) <= 1000
    assert note == f"[cut: {40 - len(kept)} of 40 results are not shown]"


def test_of_an_object_the_large_members_are_shortened() -> None:
    value: Json = {"items": [{"n": index} for index in range(500)], "total": 500, "about": "y" * 3000, "next": None}
    projection = project(value, 1000)
    kept = parse_json(projection.text)
    assert isinstance(kept, dict)
    assert (kept["total"], kept["next"], list(kept)) == (500, None, ["items", "total", "about", "next"])
    assert [note.split(" are not")[0].rpartition(" of ")[2] for note in projection.notes] == [
        "500 elements in 'items'",
        "3000 characters in 'about'",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "data:image/png;base64," + base64.b64encode(bytes(range(256)) * 3).decode(),
        base64.b64encode(bytes(range(256)) * 3).decode(),
        base64.encodebytes(bytes(range(256)) * 3).decode(),
        base64.urlsafe_b64encode(bytes(range(256)) * 3).decode(),
    ],
    ids=["data URL", "base64", "lines", "url-safe"],
)
def test_files_within_an_answer_are_not_shown(text: str) -> None:
    """Issue 5, line 7: binary never."""
    assert read({"name": "a.png", "content": text}) == (
        f'{{"name":"a.png","content":"(a file, {len(text)} characters of Base64, not shown)"}}'
    )


@pytest.mark.parametrize(
    "start", ["data:image/png;base64,", "DATA:;Base64,", "data:text/plain;charset=utf-8;name=a.txt;base64,"]
)
def test_files_within_a_text_are_not_shown(start: str) -> None:
    """Issue 5, line 7: binary never, such as the image of a page in Markdown."""
    url = start + base64.b64encode(bytes(range(256)) * 200).decode()
    left = f"(a file, {len(url)} characters of Base64, not shown)"
    assert read(f"# Plan\n\n![plan]({url}) and ![]({url})") == f"# Plan\n\n![plan]({left}) and ![]({left})"
    assert read({"html": f"<img src='{url}'>"}) == dump_json({"html": f"<img src='{left}'>"})


GUARD_SECONDS = 20
"""Of processor time, after which reading a text grows with the square of its length: a fraction of one is enough."""


@pytest.mark.parametrize("text", ["data:" + "a" * 200_000, "data:a" * 50_000, "data:" + ";a" * 100_000])
def test_what_only_begins_like_a_file_costs_no_time(text: str) -> None:
    with soon(GUARD_SECONDS):
        assert read(text, budget=len(text)) == text


@pytest.mark.parametrize(
    "text", ["a" * 5000, "word " * 500, "ab12" * 20, "https://a.example/" + "Ab1/" * 100, "0" * 999]
)
def test_long_texts_are_no_files(text: str) -> None:
    assert read([text]) == dump_json([text])


values: st.SearchStrategy[Json] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=400)
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=30) | st.dictionaries(st.text(max_size=80), inner, max_size=30),
    max_leaves=60,
)


@given(values, st.integers(MIN_BUDGET, 2000))
def test_what_is_read_fits_is_json_and_what_is_missing_is_told(value: Json, budget: int) -> None:
    projection = project(value, budget)
    assert len(projection.text) <= budget
    if not isinstance(value, str):
        kept = parse_json(projection.text)
        assert (kept == clean_value(parse_json(dump_json(value)))) == (not projection.notes)


def test_only_so_many_cuts_are_told_one_by_one() -> None:
    projection = project({f"text{index}": "x" * 400 for index in range(MAX_NOTES + 4)}, 1000)
    assert len(projection.notes) == MAX_NOTES + 1
    assert projection.notes[0].endswith("of 400 characters in 'text0' are not shown]")
    assert projection.notes[-1] == "[cut: 4 more places are shortened]"


def test_what_is_deeper_than_json_from_outside_is_read_as_text() -> None:
    value: Json = "x"
    for _ in range(400):
        value = [value]
    assert project(value).text == dump_json(value)
    projection = project(value, MIN_BUDGET)
    assert (len(projection.text), len(projection.notes)) == (MIN_BUDGET, 1)


def test_cutting_a_large_answer_is_quick_work() -> None:
    """Each level is looked at once more on the way down, so a deep answer is the worst."""
    value: Json = [{"text": "word " * 20} for _ in range(10_000)]
    for _ in range(60):
        value = {"inner": value}
    assert len(project(value).text) <= RESULT_BUDGET


ENCODED = base64.b64encode(bytes(range(256))).decode()


@pytest.mark.parametrize(
    ("text", "is_file"),
    [
        (ENCODED[:256], True),
        (ENCODED[:255], False),
        (ENCODED[:200] + " " * 56, True),
        (ENCODED[:254] + "==", True),
        (ENCODED[:128] + "\n" + ENCODED[:127], True),
        ("data:image/png;base64,AAAA", True),
        ("Data:image/png;BASE64,AAAA", True),
        ("über " + "data:image/png;base64,AAAA", True),
        ("the word data: and no more", False),
        ("plain words " * 40, False),
    ],
)
def test_a_file_in_an_answer_is_told_from_words_wherever_it_stands(text: str, is_file: bool) -> None:
    payloads: list[Json] = [{"a": [text]}, [text], text]
    for payload in payloads:
        assert ("characters of Base64, not shown" in project(payload).text) is is_file


def test_what_hides_in_a_name_or_a_text_of_an_answer_is_made_visible() -> None:
    assert project({"na\u202eme": ["a\u200bb", "c\x7fd", "e\x1b[31mf", "\u00fc"]}).text == dump_json(
        {"na<U+202E>me": ["a<U+200B>b", "cd", "ef", "\u00fc"]}
    )
