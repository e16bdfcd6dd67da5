"""The forms of a report: for people, for programs and for GitHub."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.check.report import MAX_AFTER, MAX_BEFORE, Checked, as_github, as_json, as_text
from orchestrator.check.sarif import as_sarif
from orchestrator.errors import Problem

TYPO = Problem(
    severity="warning",
    code="unknown-member",
    message="member 'nmae' is not known",
    pointer="/nmae",
    line=2,
    column=3,
    hint="did you mean 'name'?",
    clause="3.3",
)
UNREADABLE = Problem(severity="error", code="unreadable", message="there is no file 'b.json'")
FILES = (
    Checked(path="a.json", text='{\n\t "nmae": 1\r\n}', problems=(TYPO,)),
    Checked(path="b.json", problems=(UNREADABLE,)),
    Checked(path="c.json", text="{}", problems=()),
)
REFERRING = Checked(
    path="p/plugin.json",
    text="{}",
    texts={"p/api.yaml": "#\na: [1]\n", "p/card.json": "[]"},
    problems=(
        Problem(severity="warning", code="y", message="m", line=1, column=1, file="p/card.json"),
        Problem(severity="error", code="x", message="m", line=1, column=1, file="p/gone.yaml"),
        Problem(severity="error", code="x", message="m", line=2, column=4, file="p/api.yaml"),
        Problem(severity="warning", code="y", message="m", line=1, column=1),
    ),
)
HOSTILE = "\x1b[2J\u202eevil\x7f\r\n\x9b1m"


def caret_under(line: str, column: int) -> str:
    """What the caret points at in the drawn line."""
    problem = Problem(severity="error", code="x", message="m", line=1, column=column)
    lines = as_text([Checked(path="p", text=line, problems=(problem,))]).split("\n")
    return lines[1][lines[2].index("^") :]


def test_text_draws_the_line_with_a_caret_and_ends_each_file_with_a_verdict() -> None:
    assert as_text(FILES).split("\n") == [
        "a.json:2:3: warning unknown-member: member 'nmae' is not known",
        '    "nmae": 1',
        "    ^",
        "    hint: did you mean 'name'?",
        "    spec: 3.3",
        "",
        "a.json: valid (0 errors, 1 warning)",
        "b.json: error unreadable: there is no file 'b.json'",
        "",
        "b.json: not valid (1 error, 0 warnings)",
        "c.json: valid (0 errors, 0 warnings)",
        "3 checked: 2 valid, 1 not valid (1 error, 1 warning)",
    ]


def test_one_document_needs_no_summary() -> None:
    assert as_text(FILES[2:]) == "c.json: valid (0 errors, 0 warnings)"


def test_a_problem_is_drawn_in_the_file_it_stands_in() -> None:
    assert as_text([REFERRING]).split("\n") == [
        "p/plugin.json:1:1: warning y: m",
        "    {}",
        "    ^",
        "",
        "p/api.yaml:2:4: error x: m",
        "    a: [1]",
        "       ^",
        "",
        "p/card.json:1:1: warning y: m",
        "    []",
        "    ^",
        "",
        "p/gone.yaml:1:1: error x: m",
        "",
        "p/plugin.json: not valid (2 errors, 2 warnings)",
    ]


def test_problems_are_in_the_order_of_their_files_and_places() -> None:
    def at(line: int, column: int, file: str = "", *, is_error: bool = False) -> Problem:
        return Problem(
            severity="error" if is_error else "warning", code="x", message="m", line=line, column=column, file=file
        )

    ordered = (
        at(1, 2, is_error=True),
        at(1, 2),
        at(1, 10),
        at(2, 1, "own.json"),
        at(10, 1),
        at(0, 0, "z.yaml"),
        at(3, 1, "z.yaml"),
        at(1, 1, "a.yaml"),
        at(1, 1, "gone.yaml"),
        at(1, 1, "lost.yaml"),
    )
    texts = {"z.yaml": "", "a.yaml": ""}
    assert tuple(Checked(path="own.json", texts=texts, problems=ordered[::-1]).in_order()) == ordered


def test_programs_are_told_the_file_of_each_problem() -> None:
    (told,) = json.loads(as_json([REFERRING]))["files"]
    assert told["path"] == "p/plugin.json"
    names = ["p/plugin.json", "p/api.yaml", "p/card.json", "p/gone.yaml"]
    assert [item["file"] for item in told["problems"]] == names
    assert [line.split("file=")[1].split(",")[0] for line in as_github([REFERRING]).split("\n")] == names


@pytest.mark.parametrize("report", [as_text, as_json, as_github, as_sarif])
def test_a_name_that_is_no_text_is_reported_all_the_same(report: Callable[[Sequence[Checked]], str]) -> None:
    name = b"\xff.json".decode(errors="surrogateescape")
    problem = Problem(severity="error", code="unreadable", message=f"there is no file {name}", file=name, pointer=name)
    report([Checked(path=name, problems=(problem,))]).encode()


def test_a_long_line_with_many_problems_is_drawn_at_each_of_them() -> None:
    text = "[" + "0," * 2_000_000 + "0]"
    found = [Problem(severity="error", code="x", message="m", line=1, column=2 * at) for at in range(1, 1001)]
    told = as_text([Checked(path="p", text=text, problems=tuple(found))])
    assert told.count("^") == 1000


def test_the_end_of_a_long_line_has_no_mark_for_more() -> None:
    assert caret_under("x" * 10 + "y" * MAX_AFTER + " \t\r", 11) == "y" * MAX_AFTER


def test_colours_change_only_the_severity() -> None:
    coloured = as_text(FILES, is_coloured=True)
    assert "\x1b[1;33mwarning\x1b[0m unknown-member" in coloured
    assert "\x1b[1;31merror\x1b[0m unreadable" in coloured
    for code in ("\x1b[1;33m", "\x1b[1;31m", "\x1b[0m"):
        coloured = coloured.replace(code, "")
    assert coloured == as_text(FILES)


@pytest.mark.parametrize(
    ("line", "column", "shown"),
    [
        ('{"a":   1, "b"', 12, '"b"'),
        ("\t\t{", 3, "{"),
        ("x" * 500 + "HERE" + "y" * 500, 501, "HERE" + "y" * (MAX_AFTER - 4) + "…"),
        ("é" * 10 + "HERE", 11, "HERE"),
        ("{}", 3, ""),
    ],
    ids=["white-space", "tabs", "long", "accents", "end"],
)
def test_the_caret_stands_under_the_place(line: str, column: int, shown: str) -> None:
    assert caret_under(line, column) == shown


@pytest.mark.parametrize(
    ("before", "width"),
    [
        ("日本語", 6),
        ("e\u0301e\u0301", 2),
        ("\u0646\u200d\u0645", 2),
        ("\u0646\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", 8),
        ("\u263a\ufe0e!", 2),
        ("\u0915\u0902", 1),
    ],
    ids=["wide", "combining", "joiner", "non-joiner", "selector", "sign"],
)
def test_the_caret_counts_columns_of_the_terminal(before: str, width: int) -> None:
    problem = Problem(severity="error", code="x", message="m", line=1, column=len(before) + 1)
    text = as_text([Checked(path="p", text=before + "!", problems=(problem,))])
    assert text.split("\n")[2] == " " * (4 + width) + "^"


@given(st.text(max_size=300), st.integers(1, 300))
def test_any_line_is_drawn_in_a_bounded_width(line: str, column: int) -> None:
    problem = Problem(severity="error", code="x", message="m", line=1, column=column)
    drawn = as_text([Checked(path="p", text=line, problems=(problem,))]).split("\n")
    assert all(len(part) <= 10 * (MAX_BEFORE + MAX_AFTER) for part in drawn)
    assert not any("\x00" <= char < " " or "\x7f" <= char < "\xa0" for part in drawn for char in part)


def test_json_has_the_documented_members() -> None:
    assert json.loads(as_json(FILES)) == {
        "files": [
            {
                "path": "a.json",
                "valid": True,
                "problems": [
                    {
                        "severity": "warning",
                        "code": "unknown-member",
                        "pointer": "/nmae",
                        "line": 2,
                        "column": 3,
                        "message": "member 'nmae' is not known",
                        "hint": "did you mean 'name'?",
                        "clause": "3.3",
                        "file": "a.json",
                    }
                ],
            },
            {
                "path": "b.json",
                "valid": False,
                "problems": [
                    {
                        "severity": "error",
                        "code": "unreadable",
                        "pointer": "",
                        "line": 0,
                        "column": 0,
                        "message": "there is no file 'b.json'",
                        "hint": "",
                        "clause": "",
                        "file": "b.json",
                    }
                ],
            },
            {"path": "c.json", "valid": True, "problems": []},
        ]
    }


def test_github_annotations_are_escaped() -> None:
    problem = Problem(severity="error", code="x", message="100% a:b,\nc", line=4, column=5, hint="no", clause="3.3")
    assert as_github([Checked(path="a,b:c%.json", problems=(problem,)), *FILES[1:]]).split("\n") == [
        "::error file=a%2Cb%3Ac%25.json,line=4,col=5,title=x::100%25 a:b, c%0Ahint: no%0Aspec: 3.3",
        "::error file=b.json,title=unreadable::there is no file 'b.json'",
    ]


@pytest.mark.parametrize("report", [as_text, as_json, as_github, as_sarif])
def test_nothing_in_a_file_reaches_the_terminal_as_a_command(report: Callable[[Sequence[Checked]], str]) -> None:
    problem = Problem(
        severity="error",
        code="x",
        message=HOSTILE,
        line=1,
        column=8,
        hint=HOSTILE,
        pointer=HOSTILE,
        file=HOSTILE,
    )
    told = report([Checked(path=HOSTILE, text=HOSTILE, problems=(problem,))])
    assert "evil" in told
    assert not any(char in told for char in "\x1b\x9b\x7f\u202e\r")


def test_the_caret_points_into_a_text_at_what_is_wrong_in_it() -> None:
    """Issue 5, line 1: JSONPath errors with a caret. Where the text is written with escapes, it points at its start."""
    problem = Problem(severity="warning", code="x", message="m", line=1, column=3, before="$.a[?@ ")
    for line, pointed in (('  "$.a[?@ = 1]"', "= 1]"), ('  "$.a[?\\u0040 = 1]"', '"$.a'), ('  "$.b"', '"$.b')):
        lines = as_text([Checked(path="p", text=line, problems=(problem,))]).split("\n")
        assert lines[1][lines[2].index("^") :].startswith(pointed)
