"""Documents that mean harm end in one clear problem, at the limit they break, in bounded memory. Issue 3, point 9."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from runtimes.documents import DocumentError, parse_document
from runtimes.limits import MAX_ALIASES, MAX_DEPTH, MAX_KEY_CHARS, MAX_NUMBER_DIGITS, MAX_TAG_DIRECTIVES
from runtimes.values import Json
from tests.runtimes.hostile_documents import MAX_PEAK, TABLES

ROOT = Path(__file__).resolve().parents[2]

GUARD_SECONDS = 120
"""After which a reader hangs; it takes a few seconds."""


@pytest.mark.parametrize("table", TABLES)
def test_each_limit_is_named_where_it_stops_a_document_and_memory_is_bounded(table: str) -> None:
    command = [sys.executable, "-m", "tests.runtimes.hostile_documents", table]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, timeout=GUARD_SECONDS).stdout
    answers: dict[str, str | int] = dict(json.loads(line) for line in told.splitlines())
    peak = answers.pop("peak")
    assert isinstance(peak, int)
    assert peak < MAX_PEAK
    wanted = {name: words for name, (_, words) in TABLES[table].items()}
    assert {name: words for name, words in wanted.items() if words not in str(answers.get(name))} == {}
    assert set(answers) == set(wanted)


AT_THE_LIMITS: dict[str, tuple[bytes, Json]] = {
    "depth": (b"[" * (MAX_DEPTH - 1) + b"]" * (MAX_DEPTH - 1), None),
    "digits": (b'{"a": 0.' + b"5" * MAX_NUMBER_DIGITS + b"}", {"a": 5 / 9}),
    "digits in yaml": (b"a: 0." + b"5" * MAX_NUMBER_DIGITS, {"a": 5 / 9}),
    "digits of a string": (b'{"a": "' + b"9" * 5000 + b'"}', {"a": "9" * 5000}),
    "digits of a string in yaml": (b"a: '" + b"9" * 5000 + b"'", {"a": "9" * 5000}),
    "key": (b'{"' + b"\\u0041" * MAX_KEY_CHARS + b'": 1}', {"A" * MAX_KEY_CHARS: 1}),
    "key in yaml": (b"? " + b"k" * MAX_KEY_CHARS + b"\n: 1", {"k" * MAX_KEY_CHARS: 1}),
    "aliases": (b"[&a 1" + b",*a" * MAX_ALIASES + b"]", list[Json]([1]) * (MAX_ALIASES + 1)),
    "directives": (
        b"".join(b"%%TAG !%d! x\n" % number for number in range(MAX_TAG_DIRECTIVES)) + b"---\na: '%TAG'",
        {"a": "%TAG"},
    ),
    "the word of a directive": (b"a: |\n" + b" %TAG x\n" * 50, {"a": "%TAG x\n" * 50}),
}


@pytest.mark.parametrize(("data", "value"), AT_THE_LIMITS.values(), ids=AT_THE_LIMITS)
def test_what_is_at_a_limit_is_read(data: bytes, value: Json) -> None:
    read = parse_document(data, "x")
    assert read == value or value is None


UNREADABLE: dict[str, tuple[bytes, int, int, str]] = {
    "empty": (b"", 1, 1, "nothing in it"),
    "only a mark": (b"\xef\xbb\xbf", 1, 1, "nothing in it"),
    "only a comment": (b"# x\n", 1, 1, "nothing in it"),
    "utf-16": ('{"a": 1}'.encode("utf-16"), 1, 1, "UTF-16"),
    "utf-16 without a mark": ('{"a": 1}'.encode("utf-16-le"), 1, 1, "UTF-16"),
    "utf-16 the other way": ("a: 1".encode("utf-16-be"), 1, 1, "UTF-16"),
    "utf-32": ('{"a": 1}'.encode("utf-32"), 1, 1, "UTF-16 or UTF-32"),
    "latin-1": (b'{"\xc3\xa9":\n"\xe9"}', 2, 2, "not UTF-8"),
    "latin-1 in yaml": (b"\xc3\xa9: 1\na: \xe9", 2, 4, "not UTF-8"),
    "surrogate": (b'{"a": "\\ud800"}', 1, 8, "lone surrogate"),
    "surrogate in yaml": (b'a: "x\\ud800"', 1, 8, "is no character"),
    "encoded surrogate": (b"a: \xed\xa0\x80", 1, 4, "not UTF-8"),
    "NUL": (b'{"a": "\0"}', 1, 8, "control character"),
    "NUL in yaml": ("é: é\nb: \0".encode(), 2, 4, "not allowed"),
    "NaN": (b'{"a": NaN}', 1, 7, "unexpected"),
    "NaN in yaml": (b"a: .nan", 1, 4, "no number in JSON"),
    "Infinity": (b'{"a": -Infinity}', 1, 8, "no digit"),
    "infinity in yaml": (b"a: -.inf", 1, 4, "no number in JSON"),
    "large exponent": (b'{"a": 1e999}', 1, 7, "too large"),
    "large exponent in yaml": (b"a: 1e999", 1, 4, "too large"),
    "same key in yaml": (b"a: {b: 1,\n b: 2}", 2, 2, "'b' occurs twice"),
    "merged scalar": (b"a: &a 1\nc:\n  <<: *a", 3, 7, "must be a mapping or a list of mappings"),
    "merged list of scalars": (b"a:\n  <<: [{b: 1}, 2]", 2, 17, "must be a mapping or a list of mappings"),
    "two merge keys": (b"a: &a {b: 1}\nc:\n  <<: *a\n  <<: *a", 4, 3, "'<<' occurs twice"),
    "merge into itself": (b"a: &a\n  <<: *a", 2, 7, "no anchor"),
    "two of its own beside a merge": (b"a:\n  <<: {b: 1}\n  b: 2\n  b: 3", 4, 3, "'b' occurs twice"),
    "tag of a key": (b"!x a: 1", 1, 1, "tag"),
    "lines of another kind": (b"a: '\xc2\x85\xe2\x80\xa8'\r\nb: *c", 2, 4, "no anchor"),
}


@pytest.mark.parametrize(("data", "line", "column", "words"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_no_document_is_one_problem_at_its_place(data: bytes, line: int, column: int, words: str) -> None:
    with pytest.raises(DocumentError) as caught:
        parse_document(data, "x")
    assert words in caught.value.reason
    assert (caught.value.line, caught.value.column) == (line, column)
