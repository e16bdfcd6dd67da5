"""Two requests are shown by the lines in which they differ, and no more than a person reads (issue 6)."""

from __future__ import annotations

from orchestrator.testing.recordings.asked import alike
from orchestrator.testing.recordings.prompt_diff import MAX_COMPARED_LINES, MAX_DIFF_LINES, MAX_LINE_CHARS, difference
from runtimes.values import JsonObject


def test_the_lines_that_differ_stand_among_their_neighbours() -> None:
    told = difference({"a": 1, "b": 2, "c": 3, "d": 4}, {"a": 1, "b": 2, "c": 5, "d": 4})
    assert told == " a: 1\n b: 2\n-c: 3\n+c: 5\n d: 4"


def test_texts_of_several_lines_are_compared_line_by_line() -> None:
    told = difference({"system": "Be kind.\nBe brief."}, {"system": "Be kind.\nBe long."})
    assert told == " system: |-\n   Be kind.\n-  Be brief.\n+  Be long."


def test_a_long_difference_is_cut() -> None:
    one, other = ({f"{mark}{number}": number for number in range(100)} for mark in "ab")
    lines = difference({**one}, {**other}).splitlines()
    assert len(lines) == MAX_DIFF_LINES + 1
    assert lines[-1] == f"… and {200 - MAX_DIFF_LINES} more lines"


def test_changes_that_are_far_from_each_other_stand_apart() -> None:
    value: JsonObject = {f"m{number}": number for number in range(9)}
    told = difference(value, {**value, "m0": 10, "m8": 18})
    assert told == "-m0: 0\n+m0: 10\n m1: 1\n m2: 2\n…\n m6: 6\n m7: 7\n-m8: 8\n+m8: 18"


def test_of_a_long_line_the_part_that_differs_is_shown() -> None:
    def line(word: str) -> JsonObject:
        return {"system": f"{'before ' * 100}{word}{' after' * 100}"}

    removed, added = difference(line("kind"), line("brief")).splitlines()
    assert (removed[:2], added[:2]) == ("-…", "+…")
    assert "kind" in removed
    assert "brief" in added
    assert max(len(removed), len(added)) <= MAX_LINE_CHARS + 3


def test_the_order_of_members_is_no_difference() -> None:
    recorded: JsonObject = {"tools": [{"a": 1, "b": 2, "c": 3}]}
    assert difference(recorded, {"tools": [{"c": 4, "b": 2, "a": 1}]}) == "   - a: 1\n     b: 2\n-    c: 3\n+    c: 4"


def test_white_space_in_words_is_no_difference() -> None:
    recorded: JsonObject = {"system": "Be kind.\nBe brief.", "messages": [{"user": "Hi"}]}
    came: JsonObject = {"system": "Be  kind. Be\n\nbrief. ", "messages": [{"user": "Bye"}]}
    told = difference(*alike(recorded, came))
    assert [line for line in told.splitlines() if line[0] in "+-"] == ["-  - user: Hi", "+  - user: Bye"]


def test_a_difference_at_the_end_of_a_long_request_is_shown() -> None:
    lines = "\n".join(f"line {number}" for number in range(6000))
    told = difference({"user": f"{lines}\nkind"}, {"user": f"new\n{lines}\nbrief"})
    assert told.startswith(" user: |-\n+  new\n   line 0\n   line 1\n")
    assert told.endswith(f"\n… only {MAX_COMPARED_LINES} lines from the first that differs are compared")
    assert "-" not in {line[0] for line in told.splitlines() if not line.startswith(" user")}
    assert difference({"user": f"{lines}\nkind"}, {"user": f"{lines}\nbrief"}).endswith("\n-  kind\n+  brief")


def test_long_lines_are_told_apart_in_no_time() -> None:
    one, other = (" ".join(f"{mark if at == 9000 else ''}{at * 7919}" for at in range(18_000)) for mark in "ab")
    removed, added = difference({"user": one}, {"user": other}).splitlines()
    assert ("a71271000" in removed, "b71271000" in added) == (True, True)
